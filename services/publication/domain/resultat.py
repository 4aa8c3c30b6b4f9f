"""Le résultat publié d'un candidat : ce que ses documents disent, sans son identité."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from contracts.evenements.deliberation import Ligne
from contracts.reglement import Reglement
from contracts.vocabulaire import Decision, EtatResultat

# Ces états n'ont pas de note, même si l'épreuve en a reçu une (BTS-C03, BTS-C05, AMB-23, AMB-46).
SANS_NOTE = frozenset(
    {
        EtatResultat.SUSPENDUE,
        EtatResultat.NON_VALIDE,
        EtatResultat.NON_VALIDEE_U1,
        EtatResultat.FRAUDE_ANNULEE,
    }
)
PREMIERE, CONTROLE = "PREMIERE", "CONTROLE"
"""Dans les situations d'une ligne : la note d'avant l'oral de contrôle, et cet oral (DC-BTS11)."""
TENUES = frozenset({EtatResultat.ACQUISE, EtatResultat.VAE, EtatResultat.DISPENSE})
TUES: dict[str, object] = {"note": None, "note_exacte": None, "points": None, "controle": None, "situations": {}}


@dataclass(frozen=True)
class ResultatPublie:
    """La décision du jury, une fois publique. Tant qu'elle ne l'est pas, il n'y a pas de `ResultatPublie`.

    ``academie`` est celle où le candidat est inscrit. ``points`` et ``coefficients`` sont exacts (``125.5`` ou
    ``32/3``) ; les moyennes sont tronquées à deux décimales (AMB-38). ``unites`` : celles qu'il acquiert ou conserve.
    """

    candidat: str
    academie: str
    jury: str
    publie_le: datetime
    decision: Decision
    lignes: tuple[Ligne, ...] = ()
    mention: str | None = None
    points: str = "0"
    coefficients: str = "0"
    moyenne: str | None = None
    moyenne_professionnelle: str | None = None
    permis: EtatResultat | None = None
    remplacement_possible: tuple[str, ...] = ()
    unites: tuple[str, ...] = ()
    epreuves_controle: tuple[str, ...] = ()


def lignes_publiables(lignes: Iterable[Ligne]) -> tuple[Ligne, ...]:
    """Les épreuves, sans la note de celles dont l'état n'en a pas : une note gelée ne sort pas de la délibération."""
    return tuple(one.model_copy(update=TUES) if one.etat in SANS_NOTE else one for one in lignes)


def acquises_par_decision(publie: ResultatPublie) -> frozenset[str]:
    """Les unités que le jury tient pour acquises alors qu'une compétence ne l'est pas (AMB-28).

    Leur ligne reste « non acquise » : c'est le titre, ou l'unité gardée, qui dit la décision motivée du jury.
    """
    non_acquises = (one for one in publie.lignes if one.etat is EtatResultat.NON_ACQUISE)
    titre = publie.decision is Decision.ADMIS
    return frozenset(one.epreuve for one in non_acquises if titre or one.epreuve in publie.unites)


def ccp_obtenu(decision: Decision, lignes: Iterable[Ligne], unites: Collection[str], reglement: Reglement) -> bool:
    """Toutes les unités présentées sont acquises, mais pas toutes celles du titre l'ont été : un CCP (TP-D03)."""
    tenues = {one.epreuve: one.etat in TENUES or one.epreuve in unites for one in lignes}
    restent = {code for code, one in reglement.epreuves.items() if one.obligatoire} - tenues.keys()
    return decision is Decision.REUSSITE_PARTIELLE and bool(tenues) and bool(restent) and all(tenues.values())


def a_un_total(publie: ResultatPublie) -> bool:
    """Un total se dit-il ? Pas s'il laisse calculer une note tue, ni tant qu'il reste des unités (DC-BTS03)."""
    calcule = publie.decision is not Decision.POURSUITE and publie.coefficients != "0"
    return calcule and not a_une_note_tue(publie.lignes)


def a_une_note_tue(lignes: Iterable[Ligne]) -> bool:
    """Y a-t-il une épreuve dont la note se tait ? Aucun total n'est alors donné : il la laisserait calculer."""
    return any(one.etat in SANS_NOTE for one in lignes)
