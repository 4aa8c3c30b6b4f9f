"""Comment un document se désigne et quel gabarit le met en page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from contracts.commandes.publication import DelivrerAttestation, DelivrerDiplome, EditerReleve
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat
from services.publication.domain.resultat import ResultatPublie

DocumentCommand: TypeAlias = EditerReleve | DelivrerDiplome | DelivrerAttestation

SIGLES: dict[type[DocumentCommand], str] = {EditerReleve: "R", DelivrerDiplome: "D", DelivrerAttestation: "A"}

# Gabarits en vigueur : ceux des prochains documents. Un document déjà édité garde le sien.
MODELES: dict[type[DocumentCommand], str] = {
    EditerReleve: "releve.v2",
    DelivrerDiplome: "diplome.v2",
    DelivrerAttestation: "attestation.v1",
}
# Les premiers gabarits ne savent dire que ceci ; ils restent en vigueur là où ils suffisent.
PREMIERS: dict[type[DocumentCommand], str] = {EditerReleve: "releve.v1", DelivrerDiplome: "diplome.v1"}
# Ceux qui impriment les voies et délais de recours : sans eux, le délai ne court pas (DC-REC04).
AVEC_VOIES = frozenset({"releve.v1", "releve.v2", "attestation.v1"})
PREMIERE_AUTORITE = "recteur"
PREMIERES_DECISIONS = frozenset({Decision.ADMIS, Decision.AJOURNE})
PREMIERS_ETATS = frozenset(
    {
        EtatResultat.NOTE,
        EtatResultat.ZERO_SUPPORT,
        EtatResultat.ABSENT_JUSTIFIE,
        EtatResultat.ABSENT_INJUSTIFIE,
        EtatResultat.DISPENSE,
        EtatResultat.BENEFICE,
    }
)


@dataclass(frozen=True)
class Edition:
    """Ce qui s'imprime sur le document pour le désigner, et le gabarit qui le met en page."""

    numero: str
    version: int
    modele: str


def modele(command: DocumentCommand, publie: ResultatPublie, reglement: Reglement) -> str:
    """Le gabarit d'un nouveau document : le premier tant qu'il dit tout ce que ce résultat a à dire."""
    premier = PREMIERS.get(type(command))
    suffit = premiers_gabarits(reglement) and _premier_resultat(publie)
    return premier if premier is not None and suffit else MODELES[type(command)]


def premiers_gabarits(reglement: Reglement) -> bool:
    """Les documents de ce règlement ne disent-ils rien que les premiers gabarits ne sachent dire ?"""
    documents = reglement.documents
    nouveautes = (documents.intitules, documents.attestation, documents.communication, documents.credits_ects)
    return documents.autorite == PREMIERE_AUTORITE and not any(nouveautes)


def numero(command: DocumentCommand, session: SessionFigee, version: int) -> str:
    """``NORMANDIE-2026-CAP-OSRCL-N2600001-R1`` : académie, session, diplôme, candidat, nature et version."""
    parties = (session.academie, annee(session), session.reglement.diplome, command.candidat)
    return "-".join((*parties, f"{SIGLES[type(command)]}{version}")).replace("_", "-").upper()


def annee(session: SessionFigee) -> str:
    """L'année de la session : un règlement peut en régir plusieurs."""
    return str(session.annee) if session.reglement.sessions else session.reglement.session


def _premier_resultat(publie: ResultatPublie) -> bool:
    connus = all(one.etat in PREMIERS_ETATS and one.controle is None for one in publie.lignes)
    return publie.decision in PREMIERES_DECISIONS and connus
