"""An open session as deciders see it: its frozen règlement, the académie's parameters, the values supplied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from fractions import Fraction
from functools import cache
from zoneinfo import ZoneInfo

from contracts.conservation import Conservation, conservation_legale
from contracts.evenements.inscription import SessionOuverte, ValeursFournies
from contracts.messages import Event, Refus
from contracts.reglement import AFournir, Reglement, load_all
from contracts.vocabulaire import Parametres, Valeurs


@dataclass(frozen=True)
class SessionFigee:
    """A session as opened in one académie. ``conservation``: how long what is held is kept, as the law is today."""

    academie: str
    reglement: Reglement
    parametres: Parametres
    valeurs: Valeurs | None = None
    conservation: Conservation = field(default_factory=conservation_legale)

    @property
    def annee(self) -> int:
        """Year of the session: that of its first épreuve, which the opening checks."""
        return self.parametres.premiere_epreuve.year

    def option(self, ambiguite: str) -> str:
        """The option retained on an ambiguity: the académie's own, else the règlement's; empty when it has none."""
        choix = self.reglement.choix.get(ambiguite)
        return self.parametres.choix.get(ambiguite, choix.retenu if choix else "")

    def valeurs_manquantes(self) -> list[str]:
        """Keys (``EP1``, ``EP1.S1``) that neither the règlement nor the session gives (AMB-05)."""
        fournies = {**self.valeurs.coefficients, **self.valeurs.poids} if self.valeurs else {}
        return [cle for cle in self.reglement.a_fournir() if cle not in fournies]

    def coefficient(self, epreuve: str) -> Fraction:
        """Exact coefficient of an épreuve.

        Raises:
            Refus: AMB-05, the value was never supplied.
        """
        return self._valeur(epreuve, self.reglement.epreuves[epreuve].coefficient)

    def poids(self, epreuve: str, situation: str) -> Fraction:
        """Exact weight of a situation.

        Raises:
            Refus: AMB-05, the value was never supplied.
        """
        return self._valeur(f"{epreuve}.{situation}", self.reglement.epreuves[epreuve].situations[situation].poids)

    def fin_du_jour(self, jour: date) -> datetime:
        """Last second of a day, legal time of the académie (AMB-36)."""
        return datetime.combine(jour, time(23, 59, 59, 999999), ZoneInfo(self.parametres.fuseau))

    def dans_les_delais(self, instant: datetime, jour: date) -> bool:
        """Was it on that day at the latest, 23:59:59 included, in the académie's legal time (AMB-36)?"""
        return instant.astimezone(ZoneInfo(self.parametres.fuseau)).date() <= jour

    def _valeur(self, cle: str, ecrite: object) -> Fraction:
        if ecrite is not None and ecrite != AFournir.A_FOURNIR:
            return Fraction(str(ecrite))
        fournies = {**self.valeurs.coefficients, **self.valeurs.poids} if self.valeurs else {}
        if cle not in fournies:
            raise Refus(
                "AMB-05", f"la valeur de {cle} n'est pas dans les textes : fournissez-la avec sa référence", cle=cle
            )
        return Fraction(fournies[cle])


def session_figee(academie: str, events: Iterable[Event], reglements: Mapping[str, Reglement]) -> SessionFigee:
    """The session as its own events tell it, with the very règlement that its opening froze.

    Raises:
        Refus: ``SESSION_NON_OUVERTE``; ``REGLEMENT_CHANGE`` when the file no longer has the frozen digest.
    """
    figee: SessionFigee | None = None
    for event in events:
        if isinstance(event, SessionOuverte):
            reglement = reglements.get(event.reglement)
            if reglement is None or (reglement.version, reglement.empreinte) != (event.version, event.empreinte):
                raise Refus(
                    "REGLEMENT_CHANGE",
                    f"{event.reglement} v{event.version} n'est plus le fichier figé à l'ouverture ; "
                    "remettez ce fichier : une correction est une nouvelle version",
                )
            figee = SessionFigee(academie, reglement, event.parametres, event.valeurs)
        elif isinstance(event, ValeursFournies) and figee is not None:
            figee = replace(figee, valeurs=_completees(figee.valeurs, event.valeurs))
    if figee is None:
        raise Refus("SESSION_NON_OUVERTE", "ouvrez d'abord la session de ce diplôme (inscription.ouvrir_session)")
    return figee


def valeurs_dites(events: Iterable[Event]) -> Valeurs | None:
    """The values that a session's own events supply, whatever its règlement."""
    found: Valeurs | None = None
    for event in events:
        if isinstance(event, SessionOuverte):
            found = event.valeurs
        elif isinstance(event, ValeursFournies):
            found = _completees(found, event.valeurs)
    return found


def valeurs_contraires(une: Valeurs | None, autre: Valeurs | None) -> list[str]:
    """Keys (``EP1``, ``EP1.S1``) to which both give a value, and not the same: no mark can be counted by both."""
    if une is None or autre is None:
        return []
    ici, la = ({**one.coefficients, **one.poids} for one in (une, autre))
    return sorted(cle for cle in ici.keys() & la.keys() if ici[cle] != la[cle])


Events = Callable[[str, str, str, str], Awaitable[list[Event]]]
"""``events(session, diplome, service, aggregate)``: the history of an aggregate, as the shell reads it."""


@cache
def reglements() -> Mapping[str, Reglement]:
    """The règlements of this program, loaded once."""
    return load_all()


async def charger_session(events: Events, academie: str, session: str, diplome: str) -> SessionFigee:
    """The session as its aggregate tells it now.

    Raises:
        Refus: see `session_figee`.
    """
    return session_figee(academie, await events(session, diplome, "inscription", "session"), reglements())


def _completees(avant: Valeurs | None, ajout: Valeurs) -> Valeurs:
    if avant is None:
        return ajout
    return Valeurs(
        coefficients={**avant.coefficients, **ajout.coefficients},
        poids={**avant.poids, **ajout.poids},
        reference=f"{avant.reference} ; {ajout.reference}"[:300],
        demonstration=avant.demonstration or ajout.demonstration,
    )
