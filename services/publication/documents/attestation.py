"""Ce que dit l'attestation d'unités : à qui, lesquelles, à quel titre."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.evenements.deliberation import Ligne
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat, Identite
from services.publication.documents.donnees import CCP_OBTENU, EnTete, Personne, faire_entete, personne
from services.publication.documents.francais import capitale, nombre, typographie
from services.publication.domain.attestation import exiger_unites, note_retenue
from services.publication.domain.edition import Edition
from services.publication.domain.resultat import ResultatPublie, acquises_par_decision, ccp_obtenu, lignes_publiables


@dataclass(frozen=True)
class UniteAttestee:
    """``note`` : vide quand l'unité ne se note pas ; ``competences`` : celles qui la font.

    ``precision`` : ce qui distingue cette unité des autres, s'il y a lieu.
    """

    code: str
    intitule: str
    note: str
    competences: tuple[str, ...]
    precision: str = ""


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
    source, accordees = reglement.source(attestation.regle), acquises_par_decision(resultat)
    obtenu = ccp_obtenu(resultat.decision, resultat.lignes, resultat.unites, reglement)
    return DonneesAttestation(
        entete=faire_entete(edition, resultat.publie_le, session, attestation.autorite),
        personne=personne(resultat.candidat, identite),
        jury=resultat.jury,
        titre=capitale(typographie(attestation.intitule)),
        seuil="" if attestation.seuil is None else nombre(attestation.seuil),
        source="" if source is None else typographie(", ".join(filter(None, (source.texte, source.section)))),
        unites=tuple(_unite(code, lignes.get(code), code in accordees, reglement, obtenu=obtenu) for code in codes),
    )


def _unite(code: str, ligne: Ligne | None, accordee: bool, reglement: Reglement, *, obtenu: bool) -> UniteAttestee:
    """Une compétence que le jury n'a pas dite acquise n'est pas attestée, même si l'unité l'est (AMB-28)."""
    epreuve = reglement.epreuves[code]
    vues = ligne.situations if accordee and ligne is not None else {}
    note = None if ligne is None else note_retenue(ligne)
    faites = epreuve.situations.items() if epreuve.acquise_ou_non else ()
    return UniteAttestee(
        code=code,
        intitule=typographie(epreuve.unite or epreuve.intitule),
        note="" if note is None else nombre(note),
        competences=tuple(
            typographie(one.intitule) for rang, one in faites if vues.get(rang) != EtatResultat.NON_ACQUISE
        ),
        precision=", ".join(
            [*([CCP_OBTENU] if obtenu else []), *(["par décision motivée du jury"] if accordee else [])]
        ),
    )
