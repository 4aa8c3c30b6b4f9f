"""Ce que dit l'attestation d'unités : à qui, lesquelles, à quel titre."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.evenements.deliberation import Ligne
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Identite
from services.publication.documents.donnees import EnTete, Personne, faire_entete, personne
from services.publication.documents.francais import capitale, nombre, typographie
from services.publication.domain.attestation import exiger_unites, note_retenue
from services.publication.domain.edition import Edition
from services.publication.domain.resultat import ResultatPublie, lignes_publiables


@dataclass(frozen=True)
class UniteAttestee:
    """``note`` : vide quand l'unité ne se note pas ; ``competences`` : celles qui la font."""

    code: str
    intitule: str
    note: str
    competences: tuple[str, ...]


@dataclass(frozen=True)
class DonneesAttestation:
    """L'attestation de blocs, ou le livret de certification."""

    entete: EnTete
    personne: Personne
    jury: str
    titre: str
    seuil: str
    source: str
    unites: tuple[UniteAttestee, ...]


def donnees_attestation(
    resultat: ResultatPublie, edition: Edition, identite: Identite, session: SessionFigee
) -> DonneesAttestation:
    """L'attestation d'un candidat sans le diplôme.

    Raises:
        Refus: rien à attester.
    """
    reglement = session.reglement
    attestation, codes = exiger_unites(resultat, reglement)
    lignes = {one.epreuve: one for one in lignes_publiables(resultat.lignes)}
    source = reglement.source(attestation.regle)
    return DonneesAttestation(
        entete=faire_entete(edition, resultat.publie_le, session, attestation.autorite),
        personne=personne(resultat.candidat, identite),
        jury=resultat.jury,
        titre=capitale(typographie(attestation.intitule)),
        seuil="" if attestation.seuil is None else nombre(attestation.seuil),
        source="" if source is None else typographie(", ".join(filter(None, (source.texte, source.section)))),
        unites=tuple(_unite(code, lignes.get(code), reglement) for code in codes),
    )


def _unite(code: str, ligne: Ligne | None, reglement: Reglement) -> UniteAttestee:
    epreuve = reglement.epreuves[code]
    note = None if ligne is None else note_retenue(ligne)
    faites = epreuve.situations.values() if epreuve.acquise_ou_non else ()
    return UniteAttestee(
        code=code,
        intitule=typographie(epreuve.unite or epreuve.intitule),
        note="" if note is None else nombre(note),
        competences=tuple(typographie(one.intitule) for one in faites),
    )
