"""Ce que dit le service notation du relevé : ce que le candidat doit passer, et ce qui y change."""

from __future__ import annotations

from typing import ClassVar

from pydantic import AwareDatetime

from contracts.messages import Event
from contracts.vocabulaire import (
    Categorie,
    Code,
    CodeEpreuve,
    CodeSituation,
    Fondement,
    Mode,
    Motif,
    Note,
    Numero,
)


class ReleveOuvert(Event):
    """Le service a appris l'inscription : voici ce que le candidat doit passer, et comment.

    ``unites`` : celles qu'il présente, quand ce ne sont pas toutes les obligatoires. v2 : d'autres statuts.
    """

    NAME: ClassVar[str] = "notation.releve_ouvert.v2"
    candidat: Numero
    categorie: Categorie
    reglement: str
    modes: dict[CodeEpreuve, Mode]
    facultatives: tuple[CodeEpreuve, ...] = ()
    unites: tuple[CodeEpreuve, ...] = ()


class AccesFerme(Event):
    """Dossier non conforme : le candidat n'est évalué à aucune épreuve (CAP26-I05)."""

    NAME: ClassVar[str] = "notation.acces_ferme.v1"
    candidat: Numero
    regle: str


class AccesRouvert(Event):
    """Le dossier est finalement déclaré conforme : le candidat peut être évalué (TR-C02)."""

    NAME: ClassVar[str] = "notation.acces_rouvert.v1"
    candidat: Numero
    regle: str


class EpreuveDispensee(Event):
    """Épreuve ou situation non due (CAP24-I04)."""

    NAME: ClassVar[str] = "notation.epreuve_dispensee.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    situation: CodeSituation | None = None
    regle: str
    fondement: Fondement = Fondement.TITRE


class ReleveModifie(Event):
    """Les modes ou les facultatives changent : voici, en entier, ce qui vaut désormais."""

    NAME: ClassVar[str] = "notation.releve_modifie.v1"
    candidat: Numero
    modes: dict[CodeEpreuve, Mode] = {}
    facultatives: tuple[CodeEpreuve, ...] = ()


class BeneficeReporte(Event):
    """Note conservée d'une session passée ; une note saisie ensuite la remplace (DC-CAP18)."""

    NAME: ClassVar[str] = "notation.benefice_reporte.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    note: Note
    session_origine: str
    regle: str


class BeneficeRetire(Event):
    """Le candidat repasse l'épreuve : la note conservée ne compte plus (DC-CAP18)."""

    NAME: ClassVar[str] = "notation.benefice_retire.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class AcquisReporte(Event):
    """Une unité acquise auparavant est reprise, sans note (TP-I05, DC-TP03)."""

    NAME: ClassVar[str] = "notation.acquis_reporte.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    regle: str


class ControleChoisi(Event):
    """Le candidat admis au contrôle choisit les épreuves orales qu'il passe (DC-BTS11)."""

    NAME: ClassVar[str] = "notation.controle_choisi.v1"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...]
    regle: str


class RemplacementOuvert(Event):
    """Le candidat passe ces épreuves à la session de remplacement : leur note rejoint les autres (DC-CAP17)."""

    NAME: ClassVar[str] = "notation.remplacement_ouvert.v1"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...]
    regle: str


class FicheSujetEtablie(Event):
    """La commission a tiré la fiche-sujet du candidat d'une des activités de son dossier (BTS-N05)."""

    NAME: ClassVar[str] = "notation.fiche_sujet_etablie.v1"
    candidat: Numero
    epreuve: CodeEpreuve
    activite: Code
    fiche: Code
    auteur: str = ""
    regle: str


class EpreuvesReportees(Event):
    """Le centre n'a pas ouvert : le candidat passe ces épreuves à partir de ``passage`` (CL-140)."""

    NAME: ClassVar[str] = "notation.epreuves_reportees.v1"
    candidat: Numero
    epreuves: tuple[CodeEpreuve, ...]
    passage: AwareDatetime
    motif: Motif
    regle: str


EVENEMENTS: tuple[type[Event], ...] = (
    ReleveOuvert,
    AccesFerme,
    AccesRouvert,
    EpreuveDispensee,
    ReleveModifie,
    BeneficeReporte,
    BeneficeRetire,
    AcquisReporte,
    ControleChoisi,
    RemplacementOuvert,
    FicheSujetEtablie,
    EpreuvesReportees,
)
