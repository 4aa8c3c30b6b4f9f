"""Ce que dit le service inscription : la session, les centres, les candidatures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import ClassVar

from pydantic import AwareDatetime

from contracts.evenements import confidence, regroupement, transfert
from contracts.evenements.etapes import inchange
from contracts.messages import Event, Personnel
from contracts.vocabulaire import (
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
    Numero,
    Parametres,
    TypeCentre,
    Valeurs,
)


class SessionOuverte(Event):
    """La session est ouverte : son règlement est figé (identifiant, version, empreinte)."""

    NAME: ClassVar[str] = "inscription.session_ouverte.v1"
    reglement: str
    version: int
    empreinte: str
    parametres: Parametres
    valeurs: Valeurs | None = None
    arrete: str = ""  # texte qui ouvre encore le diplôme, quand le règlement l'exige (AMB-25)


class ValeursFournies(Event):
    """Les valeurs que les textes ne donnent pas sont fournies après l'ouverture (AMB-05)."""

    NAME: ClassVar[str] = "inscription.valeurs_fournies.v1"
    valeurs: Valeurs


class CentreOuvert(Event):
    """Un centre d'examen est ouvert (CAP24-G06, CAP24-G07), avec les places qu'il offre aux autres académies."""

    NAME: ClassVar[str] = "inscription.centre_ouvert.v1"
    centre: Code
    type: TypeCentre
    acte: str = ""
    places_accueil: int | None = None


class CandidatInscrit(Event):
    """Un candidat est inscrit. Seul événement du socle commun qui porte son identité, scellée par sa clé.

    ``majeur`` : majeur au 31 décembre de l'année de l'examen (CAP26-I02). ``modes`` : le mode de chaque épreuve que le
    candidat passe, facultatives comprises. ``personne`` : empreinte qui réserve sa place dans la session (DC-CAP07).
    ``unites`` : celles qu'il présente, quand ce ne sont pas toutes les obligatoires. v2 : d'autres statuts.
    """

    NAME: ClassVar[str] = "inscription.candidat_inscrit.v2"
    PERSONAL: ClassVar[tuple[str, ...]] = ("identite",)
    candidat: Numero
    identite: Personnel[Identite]
    categorie: Categorie
    majeur: bool
    modes: dict[CodeEpreuve, Mode]
    facultatives: tuple[CodeEpreuve, ...] = ()
    etablissement: Code | None = None
    formation_attestee: bool = False
    livret: bool = False
    reglement: str
    personne: str = ""
    forme: Forme = Forme.GLOBALE
    unites: tuple[CodeEpreuve, ...] = ()


class InscriptionModifiee(Event):
    """Les modes, facultatives ou l'établissement changent : voici, en entier, ce qui vaut désormais."""

    NAME: ClassVar[str] = "inscription.inscription_modifiee.v1"
    candidat: Numero
    modes: dict[CodeEpreuve, Mode] = {}
    facultatives: tuple[CodeEpreuve, ...] = ()
    etablissement: Code | None = None


class DispenseAccordee(Event):
    """Une épreuve ou une situation n'est pas due (CAP24-I04, DC-CAP20)."""

    NAME: ClassVar[str] = "inscription.dispense_accordee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    regle: str
    motif: Motif
    fondement: Fondement = Fondement.TITRE


class AcquisReconnu(Event):
    """Une unité déjà acquise est reprise, sans note : un CCP obtenu, sous ce titre ou celui qu'il remplace (TP-I05)."""

    NAME: ClassVar[str] = "inscription.acquis_reconnu.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    obtenu_le: date
    titre_origine: str
    regle: str
    regles: tuple[str, ...] = ()


class PassagePlanifie(Event):
    """Le passage du candidat est planifié, modalité par modalité ; remplace la planification précédente (TR-N04).

    ``minutes_candidat`` et ``minutes_jury`` : durées exactes, en fraction ``n/d`` quand un tiers-temps en fait une.
    """

    NAME: ClassVar[str] = "inscription.passage_planifie.v1"
    candidat: Numero
    creneaux: tuple[Creneau, ...]
    minutes_candidat: str
    minutes_jury: str
    regle: str


class CentreFerme(Event):
    """Le centre n'ouvre pas ce jour-là : aucun de ses candidats n'est absent ni sanctionné (CL-140)."""

    NAME: ClassVar[str] = "inscription.centre_ferme.v1"
    centre: Code
    jour: date
    motif: Motif
    regle: str


class PassageReporte(Event):
    """Le candidat passera ces épreuves à une autre date, dans ce centre ou un autre (CL-140)."""

    NAME: ClassVar[str] = "inscription.passage_reporte.v1"
    candidat: Numero
    centre: Code
    le: AwareDatetime
    motif: Motif
    regle: str
    epreuves: tuple[CodeEpreuve, ...] = ()


class BeneficeAccorde(Event):
    """Une note d'une session passée est conservée (DC-CAP18, DC-CAP19)."""

    NAME: ClassVar[str] = "inscription.benefice_accorde.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    note: Decimal
    session_origine: str
    regle: str


class BeneficeAbandonne(Event):
    """Le candidat repasse l'épreuve : la dernière note remplacera la précédente (DC-CAP18)."""

    NAME: ClassVar[str] = "inscription.benefice_abandonne.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class AmenagementAccorde(Event):
    """Un aménagement est accordé ; son motif médical n'est jamais écrit (DC-HAN01, DC-HAN02).

    ``epreuves`` : celles où il vaut, toutes si aucune ; il remplace l'aménagement précédent de même nature.
    """

    NAME: ClassVar[str] = "inscription.amenagement_accorde.v1"
    candidat: Numero
    nature: str
    epreuves: tuple[CodeEpreuve, ...] = ()
    regle: str


class CentreAffecte(Event):
    """Le candidat composera dans ce centre (CAP24-G07).

    ``academie``, ``fuseau`` : l'académie d'accueil et son heure légale, quand le centre est d'une autre (BTS-G05).
    """

    NAME: ClassVar[str] = "inscription.centre_affecte.v1"
    candidat: Numero
    centre: Code
    type: TypeCentre
    regle: str
    academie: Code | None = None
    fuseau: str = ""


class AutorisationEnregistree(Event):
    """L'issue du contrôle du dossier est connue ici : autorisé ou non (CAP26-I05, CAP26-P01).

    ``epreuves`` : les seules qu'elle ouvre ou ferme (BTS-C03, BTS-C04) ; aucune, c'est tout l'examen.
    """

    NAME: ClassVar[str] = "inscription.autorisation_enregistree.v1"
    candidat: Numero
    autorise: bool
    regle: str
    epreuves: tuple[CodeEpreuve, ...] = ()


class ConvocationEmise(Event):
    """Le candidat est convoqué à ces épreuves ponctuelles ; remplace la convocation précédente.

    ``academie``, ``fuseau`` : l'académie d'accueil et son heure légale, quand le centre est d'une autre.
    """

    NAME: ClassVar[str] = "inscription.convocation_emise.v1"
    candidat: Numero
    centre: Code
    epreuves: tuple[CodeEpreuve, ...]
    le: AwareDatetime
    academie: Code | None = None
    fuseau: str = ""


class InscriptionAnnulee(Event):
    """L'inscription est annulée, avec son motif."""

    NAME: ClassVar[str] = "inscription.inscription_annulee.v1"
    candidat: Numero
    motif: Motif


class RemplacementAutorise(Event):
    """Le recteur de l'académie d'origine autorise ces épreuves de remplacement (DC-CAP16, DC-CAP17)."""

    NAME: ClassVar[str] = "inscription.remplacement_autorise.v1"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...]
    regle: str


class DemandeRemplacementRenvoyee(Event):
    """Demande déposée dans l'académie d'accueil : renvoyée au recteur de l'académie d'origine (CAP24-I06)."""

    NAME: ClassVar[str] = "inscription.demande_remplacement_renvoyee.v1"
    candidat: Numero
    academie_origine: Code
    regle: str


class PersonneReservee(Event):
    """Une personne prend place dans la session au titre d'un diplôme ; garde l'unicité (DC-CAP07, AMB-56).

    ``famille`` : les diplômes d'une même famille (« certificat d'aptitude professionnelle ») s'excluent.
    """

    NAME: ClassVar[str] = "inscription.personne_reservee.v1"
    candidat: Numero
    diplome: str
    famille: str = ""
    derogation: bool = False


class PersonneLiberee(Event):
    """La place prise sous ce numéro est rendue : inscription annulée, ou fusionnée avec une autre."""

    NAME: ClassVar[str] = "inscription.personne_liberee.v1"
    candidat: Numero
    diplome: str


class DoublonFusionne(Event):
    """Deux inscriptions de la même personne sont rapprochées à la main (AMB-56) ; ``remplace`` est annulée.

    ``personnes`` : les empreintes de l'inscription remplacée, qui mènent désormais à ``candidat``.
    """

    NAME: ClassVar[str] = "inscription.doublon_fusionne.v1"
    candidat: Numero
    remplace: Numero
    motif: Motif
    personnes: tuple[str, ...] = ()


EVENEMENTS: tuple[type[Event], ...] = (
    SessionOuverte,
    ValeursFournies,
    CentreOuvert,
    CandidatInscrit,
    InscriptionModifiee,
    DispenseAccordee,
    BeneficeAccorde,
    BeneficeAbandonne,
    AmenagementAccorde,
    CentreAffecte,
    AutorisationEnregistree,
    ConvocationEmise,
    InscriptionAnnulee,
    RemplacementAutorise,
    DemandeRemplacementRenvoyee,
    PersonneReservee,
    PersonneLiberee,
    DoublonFusionne,
    AcquisReconnu,
    PassagePlanifie,
    CentreFerme,
    PassageReporte,
    *regroupement.EVENEMENTS,
    *confidence.EVENEMENTS,
    *transfert.INSCRIPTION,
)
ETAPES = {"inscription.candidat_inscrit.v1": inchange}
