"""What a jury's decisions would be under another règlement, or with other results: read models in, nothing written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Engine

from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat, Explication
from services.deliberation.domain.dossier import DossierJury, ResultatJury
from services.deliberation.domain.hypothese import redecider
from services.deliberation.domain.proposition import Proposition
from services.deliberation.projections import candidats_jury, dossiers_jury, jurys

__all__ = ["Hypothese", "ResultatJury", "supposer"]

SANS_DECISION = "sans_decision"


@dataclass(frozen=True)
class Hypothese:
    """One candidate, as decided on the facts, and as it would be. ``change``: he would change category."""

    candidat: str
    avant: str
    apres: str
    moyenne_avant: str | None
    moyenne_apres: str | None
    explication: tuple[Explication, ...]

    @property
    def change(self) -> bool:
        return self.avant != self.apres


def supposer(
    engine: Engine,
    session: SessionFigee,
    lieu: Mapping[str, str],
    *,
    reglement: Reglement | None = None,
    changements: Mapping[str, Mapping[str, ResultatJury | None]] | None = None,
) -> Iterator[Hypothese]:
    """Every candidate of the session, in the order of their numbers, then those of others that our juries decide on.

    ``lieu``: académie, session, diplôme. ``changements``: candidate → épreuve → the result supposed, or none; without
    it, the other règlement is applied to all. Only the candidates named there are supposed otherwise.
    """
    changements = changements or {}
    with engine.connect() as connection:
        regle, fuseau = session.reglement, session.parametres.fuseau
        dossiers = dossiers_jury.charger_dossiers(connection, **lieu, reglement=regle, fuseau=fuseau)
        eux = jurys.lire_origines(connection, **lieu)
        dossiers += candidats_jury.dossiers(connection, **lieu, candidats=eux, reglement=regle, fuseau=fuseau)
        accords = jurys.lire_accords(connection, **lieu)
        acquis = jurys.lire_acquis(connection, **lieu)
    for dossier in dossiers:
        numero = dossier.numero

        def conclure(
            other: Reglement | None,
            changes: Mapping[str, ResultatJury | None],
            dossier: DossierJury = dossier,
            numero: str = numero,
        ) -> Proposition | Refus:
            try:
                return redecider(
                    dossier,
                    session,
                    reglement=other,
                    changements=changes,
                    accords=accords.get(numero),
                    acquis=acquis.get(numero, {}),
                    livret_vise=True,  # the visa changes no decision
                )
            except Refus as refus:
                return refus

        supposes = _fondus(changements.get(numero, {}), dossier)
        avant, apres = conclure(None, {}), conclure(reglement, supposes)
        yield Hypothese(
            candidat=numero,
            avant=_decision(avant),
            apres=_decision(apres),
            moyenne_avant=_moyenne(avant),
            moyenne_apres=_moyenne(apres),
            explication=apres.explication if isinstance(apres, Proposition) else (),
        )


def _fondus(changements: Mapping[str, ResultatJury | None], dossier: DossierJury) -> Mapping[str, ResultatJury | None]:
    """A supposed mark takes the place of the mark alone: the mode, and the oral that followed, stay."""
    fondus = dict(changements)
    for code, suppose in changements.items():
        reel = dossier.resultats.get(code)
        if suppose is not None and reel is not None and suppose.etat is EtatResultat.NOTE:
            fondus[code] = replace(suppose, mode=reel.mode, controle=reel.controle, controle_fait=reel.controle_fait)
    return fondus


def _decision(issue: Proposition | Refus) -> str:
    """The decision, or the rule that forbids any."""
    return issue.decision.value if isinstance(issue, Proposition) else f"{SANS_DECISION} ({issue.regle})"


def _moyenne(issue: Proposition | Refus) -> str | None:
    return issue.moyenne if isinstance(issue, Proposition) else None
