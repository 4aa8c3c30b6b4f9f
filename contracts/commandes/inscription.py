"""Ce que l'on peut demander au service inscription."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import Field

from contracts.commandes import confidence, regroupement, transfert
from contracts.messages import Command, Instant
from contracts.vocabulaire import (
    Anteriorite,
    Categorie,
    Code,
    CodeEpreuve,
    CodeSituation,
    Creneau,
    Fondement,
    Forme,
    Identite,
    Mode,
    Motif,
    Note,
    Numero,
    Parametres,
    TypeCentre,
    Valeurs,
)


class OuvrirSession(Command):
    """Ouvrir la session d'un diplôme : règlement figé, paramètres de l'académie, valeurs absentes des textes.

    ``arrete`` : le texte qui ouvre encore le diplôme, quand le règlement l'exige (AMB-25).
    """

    NAME: ClassVar[str] = "inscription.ouvrir_session"
    reglement: str
    parametres: Parametres
    valeurs: Valeurs | None = None
    arrete: str = Field(default="", max_length=200)


class FournirValeurs(Command):
    """Fournir après l'ouverture les valeurs encore manquantes, avec leur référence."""

    NAME: ClassVar[str] = "inscription.fournir_valeurs"
    valeurs: Valeurs


class OuvrirCentre(Command):
    """Ouvrir un centre d'examen, principal ou annexe (l'annexe veut un acte de désignation).

    ``places_accueil`` : celles qu'il offre aux candidats des autres académies ; redit, le nombre change.
    """

    NAME: ClassVar[str] = "inscription.ouvrir_centre"
    centre: Code
    type: TypeCentre
    acte: str = ""
    places_accueil: int | None = Field(default=None, ge=0, le=100_000)


class InscrireCandidat(Command):
    """Inscrire un candidat : identité, statut, modes par épreuve, facultatives.

    Une épreuve sans mode dit prend le premier que le règlement donne à son statut. ``derogation`` : le recteur permet
    une seconde spécialité à cette session ; ``contrat_deux_specialites`` : le contrat de travail le prévoit (DC-CAP07).
    ``unites`` : celles qu'il présente ; aucune, il les présente toutes. ``anteriorite`` : titre professionnel.
    """

    NAME: ClassVar[str] = "inscription.inscrire_candidat"
    candidat: Numero
    identite: Identite
    categorie: Categorie
    modes: dict[CodeEpreuve, Mode] = {}
    facultatives: tuple[CodeEpreuve, ...] = ()
    etablissement: Code | None = None
    formation_attestee: bool = False
    permis_b: bool = False
    livret: bool = False
    derogation: bool = False
    contrat_deux_specialites: bool = False
    forme: Forme = Forme.GLOBALE
    unites: tuple[CodeEpreuve, ...] = ()
    anteriorite: Anteriorite | None = None


class ModifierInscription(Command):
    """Changer les modes, facultatives ou l'établissement avant la clôture des inscriptions.

    ``modes`` complète les modes déjà choisis. Ce qui est absent ne change pas ; ``facultatives`` vide : il n'en passe
    plus aucune.
    """

    NAME: ClassVar[str] = "inscription.modifier_inscription"
    candidat: Numero
    modes: dict[CodeEpreuve, Mode] = {}
    facultatives: tuple[CodeEpreuve, ...] | None = None
    etablissement: Code | None = None


class AccorderDispense(Command):
    """Dispenser d'une épreuve ou d'une situation, sur titre ; ou prendre acte d'une unité acquise par VAE."""

    NAME: ClassVar[str] = "inscription.accorder_dispense"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    motif: Motif
    fondement: Fondement = Fondement.TITRE


class ReconnaitreAcquis(Command):
    """Reprendre une unité déjà acquise sans note : un CCP obtenu, sous ce titre ou sous celui qu'il remplace (TP-I05).

    ``ccp_origine`` : son code dans le titre d'origine ; le même s'il est absent.
    """

    NAME: ClassVar[str] = "inscription.reconnaitre_acquis"
    candidat: Numero
    epreuve: CodeEpreuve
    obtenu_le: date
    titre_origine: str = Field(min_length=3, max_length=120)
    ccp_origine: CodeEpreuve | None = None


class PlanifierPassage(Command):
    """Planifier le passage d'un candidat, modalité par modalité (TR-N04)."""

    NAME: ClassVar[str] = "inscription.planifier_passage"
    candidat: Numero
    creneaux: tuple[Creneau, ...] = Field(min_length=1, max_length=40)


class FermerCentre(Command):
    """Constater qu'un centre n'ouvre pas un jour d'épreuve (CL-140)."""

    NAME: ClassVar[str] = "inscription.fermer_centre"
    centre: Code
    jour: date
    motif: Motif


class ReporterPassage(Command):
    """Reporter le passage d'un candidat, à une autre date ou dans un autre centre (CL-140).

    ``epreuves`` : celles que la fermeture a empêchées ; aucune nommée, toutes celles de sa convocation.
    """

    NAME: ClassVar[str] = "inscription.reporter_passage"
    candidat: Numero
    centre: Code
    date: Instant
    motif: Motif
    epreuves: tuple[CodeEpreuve, ...] = Field(default=(), max_length=20)


class AccorderBenefice(Command):
    """Conserver une note d'une session passée."""

    NAME: ClassVar[str] = "inscription.accorder_benefice"
    candidat: Numero
    epreuve: CodeEpreuve
    note: Note
    session_origine: str = Field(pattern=r"^[0-9]{4}$")
    autre_specialite: bool = False


class AbandonnerBenefice(Command):
    """Repasser une épreuve dont la note était conservée."""

    NAME: ClassVar[str] = "inscription.abandonner_benefice"
    candidat: Numero
    epreuve: CodeEpreuve


class AccorderAmenagement(Command):
    """Accorder un aménagement (le motif médical ne se saisit pas ici)."""

    NAME: ClassVar[str] = "inscription.accorder_amenagement"
    candidat: Numero
    nature: str = Field(min_length=3, max_length=60)
    epreuves: tuple[CodeEpreuve, ...] = ()


class AffecterCentre(Command):
    """Affecter un candidat à un centre ouvert ; son établissement s'il est centre annexe, sinon un principal."""

    NAME: ClassVar[str] = "inscription.affecter_centre"
    candidat: Numero
    centre: Code


class EnregistrerAutorisation(Command):
    """Prendre acte de l'issue du contrôle du dossier (réaction), de tout l'examen ou de ces seules ``epreuves``."""

    NAME: ClassVar[str] = "inscription.enregistrer_autorisation"
    candidat: Numero
    autorise: bool
    regle: str
    epreuves: tuple[CodeEpreuve, ...] = ()


class EmettreConvocation(Command):
    """Convoquer un candidat autorisé et affecté."""

    NAME: ClassVar[str] = "inscription.emettre_convocation"
    candidat: Numero
    date: Instant


class AnnulerInscription(Command):
    """Annuler une inscription, avec motif."""

    NAME: ClassVar[str] = "inscription.annuler_inscription"
    candidat: Numero
    motif: Motif


class DemanderRemplacement(Command):
    """Demander la session de remplacement pour des épreuves manquées avec justification."""

    NAME: ClassVar[str] = "inscription.demander_remplacement"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...] = Field(min_length=1)
    academie_depot: Code


class FusionnerDoublon(Command):
    """Rapprocher à la main deux inscriptions de la même personne : ``candidat`` reste, ``remplace`` est annulée."""

    NAME: ClassVar[str] = "inscription.fusionner_doublon"
    candidat: Numero
    remplace: Numero
    motif: Motif


COMMANDES: tuple[type[Command], ...] = (
    OuvrirSession,
    FournirValeurs,
    OuvrirCentre,
    InscrireCandidat,
    ModifierInscription,
    AccorderDispense,
    AccorderBenefice,
    AbandonnerBenefice,
    AccorderAmenagement,
    AffecterCentre,
    EnregistrerAutorisation,
    EmettreConvocation,
    AnnulerInscription,
    DemanderRemplacement,
    FusionnerDoublon,
    ReconnaitreAcquis,
    PlanifierPassage,
    FermerCentre,
    ReporterPassage,
    *regroupement.COMMANDES,
    *confidence.COMMANDES,
    *transfert.INSCRIPTION,
)
