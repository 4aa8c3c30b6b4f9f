"""The jury and what it decides: composition, conditions of award, second chance, mentions, kept marks, documents."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from contracts.reglement.base import Annee, Bloc, Cle, RegleId


class Conservation(Bloc):
    """Kept marks, or kept units of a titre. ``forme_progressive``: no threshold there (DC-BTS03).

    ``annees``: without it, no limit of its own; the validity of the titre bounds it (DC-TP03).
    """

    regle: RegleId
    annees: int = 100
    seuil: Decimal | None = None
    autre_specialite: tuple[Cle, ...] = ()
    regle_autre_specialite: RegleId | None = None
    regle_seuil: RegleId | None = None
    progressive_sans_seuil: RegleId | None = None
    origines: dict[str, dict[Cle, Cle]] = {}  # titre d'origine → son unité → la nôtre (TP-I05)
    regle_origines: RegleId | None = None


class Clause(Bloc):
    """One condition of award: a named procedure with its numbers."""

    regle: RegleId
    procedure: Literal[
        "toutes_presentees",
        "toutes_valides",
        "toutes_acquises",
        "moyenne_ensemble",
        "moyenne_domaine",
        "livret_vise",
    ]
    seuil: Decimal | None = None
    domaine: Literal["professionnel", "general"] | None = None
    echec: Literal["ajourne", "non_admissible"] = "ajourne"
    etats: tuple[str, ...] = ()  # toutes_valides: the states that bar the diploma


class SecondeChance(Bloc):
    """Oral épreuves de contrôle, between two averages, the professional domain holding (DC-BTS11)."""

    regle: RegleId
    plancher: Decimal
    seuil: Decimal
    domaine_tenu: Literal["professionnel", "general"]
    seuil_domaine: Decimal
    domaine: Literal["professionnel", "general"]
    nombre: int
    regle_exclusion: RegleId


class Mention(Bloc):
    code: str
    intitule: str
    seuil: Decimal
    regle: RegleId
    des: Annee | None = None  # first session that has it


class Profil(Bloc):
    """A share of the jury: how many at least of a profile; ``regle``: that of a lack of them, if not the jury's own."""

    profil: str
    minimum: int
    regle: RegleId | None = None


class CompetenceRequise(Bloc):
    """At least one member who sits must have it, for whoever presents this épreuve (TP-N17).

    ``parcours``: only for whoever presents it in one of these ways; none: in any way.
    """

    epreuve: Cle
    competence: str
    regle: RegleId
    parcours: tuple[str, ...] = ()


class JuryRegle(Bloc):
    """Who may sit. Several profiles may fill a place: ``president``, ``vice_president`` and each side of ``parite``.

    ``majorite_public``: of the members of these profiles, more than half belong to public education (DC-BTS15).
    """

    regle: RegleId
    president: str | tuple[str, ...]
    regle_president: RegleId
    vice_president: str | tuple[str, ...]
    vice_president_public: bool = True
    profils: tuple[Profil, ...]
    parite: tuple[str | tuple[str, ...], str | tuple[str, ...]] | None = None
    regle_parite: RegleId | None = None
    majorite_public: tuple[str, ...] = ()
    regle_majorite_public: RegleId | None = None
    membres_min: int = 2
    competences: tuple[CompetenceRequise, ...] = ()
    incompatibilite: RegleId | None = None  # whoever trained the candidate does not judge him
    experience_annees: int | None = None
    metier_quitte_max: int | None = None
    regle_experience: RegleId | None = None

    @staticmethod
    def profils_de(place: str | tuple[str, ...]) -> tuple[str, ...]:
        """The profiles that may fill a place."""
        return (place,) if isinstance(place, str) else place


class Remplacement(Bloc):
    """Session de remplacement; not ``ouverte``: the texts have none, and ``regle`` says it (AMB-48)."""

    regle: RegleId
    regle_motif: RegleId
    regle_academie: RegleId
    ouverte: bool = True


class Intitule(Bloc):
    """What the diploma is called from a session on (DC-MC01)."""

    des: Annee
    intitule: str
    regle: RegleId


class Attestation(Bloc):
    """What is delivered to whoever does not get the diploma, for his units (DC-BTS17, DC-MC11, DC-TP08)."""

    regle: RegleId
    type: Literal["attestation_blocs", "livret_certification"]
    intitule: str
    autorite: str
    seuil: Decimal | None = None


class Communication(Bloc):
    """A document or grid, and whether the candidate may have it (TR-R01)."""

    intitule: str
    communicable: bool
    regle: RegleId


class Documents(Bloc):
    intitule_diplome: str
    autorite: str
    regle_releve: RegleId
    regle_diplome: RegleId
    mention_permis: RegleId | None = None
    intitules: tuple[Intitule, ...] = ()
    attestation: Attestation | None = None
    communication: dict[str, Communication] = {}  # by annexe
    credits_ects: int | None = None
    regle_credits: RegleId | None = None
    pieces_jusqua: Literal["un_an", "session_suivante"] = "un_an"  # how long his dossiers are kept, appeals apart
    regle_pieces: RegleId = "AMB-58"

    def intitule(self, annee: int) -> str:
        """The title of the diploma for a session."""
        vus = [one for one in self.intitules if int(one.des) <= annee]
        return max(vus, key=lambda one: one.des).intitule if vus else self.intitule_diplome


class Deliberation(Bloc):
    conditions: tuple[Clause, ...]
    facultatif_seuil: Decimal = Decimal(10)
    regle_facultatif: RegleId = "TR-N05"
    regle_seuil_professionnel: RegleId = "AMB-40"
    regle_absence: RegleId
    regle_exactitude: RegleId = "AMB-38"
    regle_dispense: RegleId = "AMB-39"
    regle_valeurs: RegleId = "AMB-05"
    defavorable: Literal["ajourne", "refuse", "echec"] = "ajourne"
    seconde_chance: SecondeChance | None = None
    regle_progressive: RegleId | None = None  # units chosen: no decision on the diploma until all are there
    regle_partielle: RegleId | None = None  # some units of a titre are acquired (DC-TP06)
    regle_acquis: RegleId | None = None  # the jury may hold a unit acquired all the same (AMB-28)
    regle_suspension: RegleId | None = None
    regle_complement: RegleId = "AMB-44"
    mentions: tuple[Mention, ...] = ()
    points_jury: RegleId = "AMB-53"
    unique_specialite: RegleId = "DC-CAP07"
