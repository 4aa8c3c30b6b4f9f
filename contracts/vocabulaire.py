"""Words of the exam shared by events, commands and règlements. Values exactly as in the rules catalogue."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from contracts.messages import Instant, Message

Numero = Annotated[str, Field(pattern=r"^[A-Z0-9]{4,20}$")]
"""Candidate number: the only name of a candidate outside the events that declare an identity."""

Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
CodeEpreuve = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9]{0,9}$")]
CodeSituation = Annotated[str, Field(pattern=r"^S[1-9]$")]
Note = Annotated[Decimal, Field(ge=0, max_digits=5, decimal_places=2)]
Motif = Annotated[str, Field(min_length=3, max_length=500)]


class Categorie(StrEnum):
    """Statut du candidat (CAP24-I02, DC-CAP03)."""

    SCOLAIRE_PUBLIC = "scolaire_public"
    SCOLAIRE_PRIVE = "scolaire_prive_sous_contrat"
    APPRENTI = "apprenti"
    FORMATION_CONTINUE = "formation_continue"
    HORS_CONTRAT = "hors_contrat"
    DISTANCE = "distance"
    INDIVIDUEL = "individuel"
    PERFECTIONNEMENT = "perfectionnement"  # formation continue de perfectionnement (MC-C08)
    EXPERIENCE = "experience"  # au titre de l'expérience (BTS-I04, MC-C10)
    PARCOURS_CONTINU = "parcours_continu"  # les quatre voies du titre professionnel (TP-I02)
    VAE = "vae"
    CAPITALISATION = "capitalisation"
    CCS = "ccs"


class Forme(StrEnum):
    """Toutes les unités à une seule session, ou celles que le candidat choisit (DC-BTS02, DC-CAP06)."""

    GLOBALE = "globale"
    PROGRESSIVE = "progressive"


class Fondement(StrEnum):
    """Ce qui fonde une dispense : un titre détenu, ou l'unité acquise par validation de l'expérience."""

    TITRE = "titre"
    VAE = "vae"


class Mode(StrEnum):
    PONCTUEL = "ponctuel"
    CCF = "ccf"


class TypeCentre(StrEnum):
    PRINCIPAL = "principal"
    ANNEXE = "annexe"


class CauseAccueil(StrEnum):
    """Pourquoi un candidat d'une autre académie n'est pas accueilli dans un centre."""

    CENTRE_PLEIN = "CENTRE_PLEIN"
    CENTRE_INCONNU = "CENTRE_INCONNU"
    CENTRE_ANNEXE = "CENTRE_ANNEXE"  # réservé à ses propres élèves et apprentis
    HORS_REGROUPEMENT = "HORS_REGROUPEMENT"  # pas accepté des deux côtés, ou clos


class EtatResultat(StrEnum):
    """État d'un résultat d'épreuve (regles.md §6.2)."""

    NOTE = "note"
    ZERO_SUPPORT = "zero_support"
    ABSENT_INJUSTIFIE = "absent_injustifie"
    ABSENT_JUSTIFIE = "absent_justifie"
    DISPENSE = "dispense"
    BENEFICE = "benefice"
    VALIDEE = "validee"
    NON_VALIDEE = "non_validee"
    FAVORABLE = "favorable"
    INSUFFISANT = "insuffisant"
    NON_ORGANISEE = "non_organisee"
    NON_AUTORISE = "non_autorise"
    SUSPENDUE = "suspendue"  # gelée : vérification du dossier (BTS-C05), ou commission de discipline (DC-FRA01)
    NON_VALIDE = "non_valide"
    NON_VALIDEE_U1 = "non_validee_U1"
    VAE = "vae"
    FRAUDE_ANNULEE = "fraude_annulee"
    NON_TENUE = "non_tenue"  # facultative sans le document qu'elle exige (BTS-C21)
    ACQUISE = "acquise"
    NON_ACQUISE = "non_acquise"


class Decision(StrEnum):
    """Ce que le jury décide d'un candidat (regles.md §6.3, DC-BTS11, DC-TP06)."""

    ADMIS = "admis"
    AJOURNE = "ajourne"
    EN_ATTENTE = "en_attente"
    NON_AUTORISE = "non_autorise"
    REFUSE = "refuse"
    EPREUVES_CONTROLE = "epreuves_de_controle"
    POURSUITE = "poursuite"  # forme progressive : toutes les unités ne sont pas encore présentées
    REUSSITE_PARTIELLE = "reussite_partielle"
    ECHEC = "echec"


class CauseReduction(StrEnum):
    """Pourquoi une durée exigée est réduite (BTS-C08, BTS-C09)."""

    FORCE_MAJEURE = "force_majeure"
    AMENAGEMENT = "amenagement"
    POSITIONNEMENT = "positionnement"
    VALIDATION_ACADEMIQUE = "validation_academique"


class Profil(StrEnum):
    """Qualité d'un membre de commission ou de jury."""

    ENSEIGNANT = "enseignant_specialite"
    PROFESSIONNEL = "professionnel"
    EXPERT_PERMIS = "expert_permis"
    ENSEIGNANT_CONDUITE = "enseignant_conduite"
    ENSEIGNANT_CHERCHEUR = "enseignant_chercheur"
    INSPECTEUR = "inspecteur"  # IGEN, IA-IPR, IEN


class NaturePeriode(StrEnum):
    STAGE = "stage"
    EMPLOI = "emploi"


class NaturePiece(StrEnum):
    ATTESTATION_EXPERIENCE = "attestation_experience"
    ATTESTATION_PFMP = "attestation_pfmp"
    PREUVE_FORMATION = "preuve_formation"
    FICHE_PRODUIT = "fiche_produit"
    FICHE_ENVIRONNEMENT = "fiche_environnement"
    RECAPITULATIF_PFMP = "recapitulatif_pfmp"
    RECAPITULATIF_EXPERIENCE = "recapitulatif_experience"
    LIVRET_SCOLAIRE = "livret_scolaire"
    PERMIS_B = "permis_b"
    ATTESTATION_STAGE = "attestation_stage"
    CERTIFICAT_TRAVAIL = "certificat_travail"
    DOSSIER_E4 = "dossier_e4"
    DOSSIER_E6 = "dossier_e6"
    DOSSIER_E1 = "dossier_e1"
    FICHE_ENGAGEMENT = "fiche_engagement"
    RAPPORT_STAGE = "rapport_stage"
    RAPPORT_ACTIVITES = "rapport_activites"
    DOSSIER_PROFESSIONNEL = "dossier_professionnel"
    EVALUATIONS_FORMATION = "evaluations_formation"
    LIVRET_CERTIFICATION = "livret_certification"


class Verdict(StrEnum):
    CONFORME = "conforme"
    INCOMPLETE = "incomplete"
    NON_CONFORME = "non_conforme"
    A_EXAMINER = "a_examiner"


INIMPRIMABLES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "So"})


def imprimable(texte: str) -> bool:
    """Can an official document print it: no symbol, control or private character, nothing beyond the BMP?"""
    return all(ord(letter) <= 0xFFFF and unicodedata.category(letter) not in INIMPRIMABLES for letter in texte)


class Identite(Message):
    """Who a candidate is. Travels only in the events that declare it, sealed with the person's key."""

    ine: str | None = Field(default=None, pattern=r"^[0-9A-Za-z]{11}$")
    nom: str = Field(min_length=1, max_length=100)
    nom_usage: str | None = Field(default=None, max_length=100)
    prenoms: str = Field(min_length=1, max_length=200)
    naissance: date
    lieu_naissance: str = Field(min_length=1, max_length=100)
    adresse: str = Field(default="", max_length=300)
    code_postal: str = Field(default="", max_length=10)
    ville: str = Field(default="", max_length=100)
    courriel: str = Field(default="", max_length=200)

    @field_validator("nom", "nom_usage", "prenoms", "lieu_naissance")
    @classmethod
    def _writable(cls, value: str | None) -> str | None:
        if not imprimable(value or ""):
            raise ValueError("un caractère ne s'imprime pas sur un document officiel")
        return value


class Periode(Message):
    """One period of an attestation: a stage or a job (CAP26-C07). Hours are per week."""

    nature: NaturePeriode
    debut: date
    fin: date
    # Bounded in digits too: an exact fraction of 1e-5000000 would take the machine's whole time.
    semaines_annoncees: Decimal | None = Field(default=None, ge=0, le=1000, max_digits=8, decimal_places=4)
    heures_hebdomadaires: Decimal = Field(gt=0, le=60, max_digits=5, decimal_places=2)


class Entreprise(Message):
    """The company of an attestation (CAP26-C05). No natural person in it."""

    type: str = ""
    denomination: str = ""
    adresse: str = ""
    code_postal: str = ""
    ville: str = ""
    activite: str = ""
    siret: str = ""
    pays: str = "FR"


class Attestation(Message):
    """Content of the 001 form: one company, its periods, who signed (CAP26-C04 to C08).

    The signatory is told by his function, not by his name; ``signataire_est_candidat`` covers the self-employed.
    """

    entreprise: Entreprise
    periodes: tuple[Periode, ...] = Field(min_length=1, max_length=40)
    signataire_nomme: bool = True
    signataire_fonction: str = ""
    signataire_est_candidat: bool = False
    sur_honneur: bool = True
    fait_a: str = ""
    fait_le: date | None = None
    cachet: bool = True
    signature: bool = True
    candidat_identifie: bool = True
    activites: tuple[str, ...] = ()


class Contenu(Message):
    """What a dossier holds, counted when it is received: its form, never its quality (BTS-C11).

    ``fiches``: the nature of each one. ``periodes``: distinct periods of stage or employment that it tells.
    ``situations``: lived situations, each with its two sheets (MC-C12).
    """

    fiches: tuple[Code, ...] = ()
    annexes: int = Field(default=0, ge=0, le=100)
    situations: tuple[Code, ...] = ()
    etude: bool = False
    experience_reelle: bool = False
    pages: int | None = Field(default=None, ge=0, le=1000)
    faces: int | None = Field(default=None, ge=0, le=1000)
    periodes: int | None = Field(default=None, ge=0, le=100)
    hors_referentiel: bool = False


class Enveloppe(Message):
    """The key of one person, wrapped for one académie and for no other: what it was confided, and nothing more."""

    pour: Code
    cle: str = Field(max_length=200)
    chiffre: str = Field(max_length=1000)


class Anteriorite(Message):
    """What the candidate already went through for this titre (DC-TP03, DC-TP07)."""

    premiere_inscription: date | None = None
    dernier_echec: date | None = None
    formation_suivie: bool = False


class Creneau(Message):
    """One moment of a sitting: a modality of the règlement, where, when, in front of whom. Instants with their zone."""

    modalite: Code
    debut: Instant
    fin: Instant
    poste: Code | None = None
    jury: bool = False
    surveillant: bool = False


Valeur = Annotated[Decimal, Field(le=1000, max_digits=8, decimal_places=4)]


class Valeurs(Message):
    """Values that the texts do not give, with the reference of the text that does (AMB-05). Exact, never a default."""

    coefficients: dict[str, Valeur] = {}
    poids: dict[str, Valeur] = {}
    reference: str = Field(min_length=3, max_length=300)
    demonstration: bool = False

    @field_validator("coefficients", "poids")
    @classmethod
    def _positive(cls, value: dict[str, Decimal]) -> dict[str, Decimal]:
        if any(not number.is_finite() or number <= 0 for number in value.values()):
            raise ValueError("un coefficient ou un poids est un nombre strictement positif")
        return value


class Ecrit(Message):
    """A written test that begins at the same instant in every académie (BTS-G03).

    ``moment``: the épreuve, or the moment of it that is written (``E1``, ``E5-ecrit``). Candidates are in loge from
    ``loge`` minutes before; none leaves before ``retenue`` minutes after the beginning.
    """

    moment: Code
    debut: Instant
    loge: int = Field(default=0, ge=0, le=600)
    retenue: int = Field(default=0, ge=0, le=600)


class Calendrier(Message):
    """The national written tests of a session, with the reference of the text that gives their hours and loge times."""

    reference: str = Field(min_length=3, max_length=300)
    ecrits: tuple[Ecrit, ...] = Field(min_length=1, max_length=40)

    @model_validator(mode="after")
    def _once_each(self) -> Calendrier:
        if len({one.moment for one in self.ecrits}) != len(self.ecrits):
            raise ValueError("ecrits : un même écrit y est dit deux fois")
        return self


class Parametres(Message):
    """What the académie fixes for a session. Dates are days of legal time at ``fuseau``."""

    fuseau: str = "Europe/Paris"
    premiere_epreuve: date
    cloture_inscriptions: date
    limite_attestation: date | None = None
    remise_supports: date
    remontee_ccf: date
    jury_le: date
    publication: Instant
    conduite_individuels: bool = False
    strict_001: bool = False
    a_venir_sous_reserve: bool = False
    remise_dossiers: date | None = None  # dossiers d'épreuve contrôlés (BTS-C04, MC-C05) ; sinon ``remise_supports``
    habilites_ccf: tuple[Code, ...] = ()  # établissements habilités au CCF, quand le règlement l'exige (BTS-I06)
    suspension_jours: int = Field(default=15, ge=1, le=365)  # relance d'une note suspendue (AMB-45)
    echeance_titre: date | None = None  # fin de validité du titre professionnel (DC-TP03, DC-TP04)
    choix: dict[str, str] = {}  # option de l'académie, par ambiguïté (``AMB-37: demi_point``)
    calendrier: Calendrier | None = None  # écrits nationaux et temps de loge (BTS-G03)

    @model_validator(mode="after")
    def _in_order(self) -> Parametres:
        if self.remontee_ccf > self.jury_le:
            raise ValueError("remontee_ccf : la remontée des notes de CCF précède le jury")
        if self.publication.date() < self.jury_le:
            raise ValueError("publication : les résultats ne sont pas publiés avant le jury")
        return self


class Membre(Message):
    """A member of a jury or commission: an account number and a profile, no name."""

    id: Code
    profil: Profil
    public: bool = True  # enseignant d'un établissement public (CAP24-D01, DC-BTS15)
    competences: tuple[Code, ...] = ()  # ``retention`` (TP-N17)
    a_forme: tuple[Numero, ...] = ()  # candidats qu'il a formés : il ne les juge pas (DC-TP12)
    experience_annees: int | None = Field(default=None, ge=0, le=60)  # dans le métier (DC-TP05)
    metier_quitte_depuis: int | None = Field(default=None, ge=0, le=60)  # années


class Explication(Message):
    """One clause of an explained decision: the rule, its source, the facts used, the figures, the effect.

    ``faits`` are told in words; ``preuves`` are the ids of the events that establish them. What was written before
    ``preuves`` was there has ids among its ``faits``.
    """

    regle: str
    source: str = ""
    texte: str
    faits: tuple[str, ...] = ()
    chiffres: dict[str, str] = {}
    effet: str = ""
    details: tuple[Explication, ...] = ()
    preuves: tuple[str, ...] = ()
