"""Ce qu'une commande vise dans le règlement, et si le candidat y est évalué."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from contracts.messages import Refus
from contracts.reglement import Conduite, Epreuve, Situation, Support
from contracts.session import SessionFigee
from contracts.vocabulaire import Mode
from services.notation.domain.etats import Cle, Dispensee, Ferme, Inscription, Ouvert, Place, Releve


class Visee(Protocol):
    """Une commande qui porte sur une épreuve ou l'une de ses situations."""

    @property
    def epreuve(self) -> str: ...
    @property
    def situation(self) -> str | None: ...


@dataclass(frozen=True)
class CibleConduite:
    """Une situation de conduite : elle porte une mention, jamais une note."""

    code: str
    situation: str
    regles: Conduite

    @property
    def cle(self) -> Cle:
        return self.code, self.situation

    @property
    def nom(self) -> str:
        return f"{self.code} {self.situation}"

    def regle_mention(self, mode: Mode) -> str:
        """La règle de son vocabulaire : CAP24-N14 en ponctuel, CAP24-N15 en CCF."""
        return self.regles.regle_ccf if mode is Mode.CCF else self.regles.regle

    def mentions(self, mode: Mode) -> str:
        return " ou ".join(self.regles.mentions[mode])


@dataclass(frozen=True)
class Cible:
    """Une épreuve du règlement, et sa situation quand elle est nommée."""

    code: str
    epreuve: Epreuve
    situation: str | None = None
    definition: Situation | None = None

    @property
    def cle(self) -> Cle:
        return self.code, self.situation

    @property
    def nom(self) -> str:
        return f"{self.code} {self.situation}" if self.situation else self.code

    @property
    def conduite(self) -> CibleConduite | None:
        if self.situation is None or self.definition is None or self.definition.conduite is None:
            return None
        return CibleConduite(self.code, self.situation, self.definition.conduite)

    @property
    def support(self) -> Support | None:
        return self.definition.support if self.definition else self.epreuve.support

    def notees(self) -> list[Cible]:
        """Là où se porte une note : la cible elle-même, ou les situations notées d'une épreuve qui en a."""
        if self.situation is not None or not self.epreuve.situations:
            return [self]
        return [Cible(self.code, self.epreuve, nom, one) for nom, one in self.epreuve.situations.items() if one.notee]


@dataclass(frozen=True)
class Evaluation:
    """Une place où une note peut se porter : sa cible, le mode du candidat, ce qui y est déjà."""

    cible: Cible
    mode: Mode
    place: Place


def viser_epreuve(code: str, session: SessionFigee) -> Cible:
    """Une épreuve entière.

    Raises:
        Refus: ``EPREUVE_INCONNUE``.
    """
    epreuve = session.reglement.epreuves.get(code)
    if epreuve is None:
        raise Refus("EPREUVE_INCONNUE", f"{code} n'est pas une épreuve de {session.reglement.id}")
    return Cible(code, epreuve)


def viser(visee: Visee, session: SessionFigee) -> Cible:
    """La cible d'une commande.

    Raises:
        Refus: ``EPREUVE_INCONNUE``, ``SITUATION_INCONNUE`` ou ``SITUATION_SANS_OBJET``.
    """
    entiere, situation = viser_epreuve(visee.epreuve, session), visee.situation
    if situation is None:
        return entiere
    situations = entiere.epreuve.situations
    if not situations:
        raise Refus("SITUATION_SANS_OBJET", f"{entiere.code} n'a pas de situation : ne la nommez pas")
    if situation not in situations:
        raise Refus("SITUATION_INCONNUE", f"{entiere.code} a pour situations {', '.join(situations)}")
    return Cible(entiere.code, entiere.epreuve, situation, situations[situation])


def exiger_situation(cible: Cible) -> None:
    """Une note se porte à une situation quand l'épreuve en a.

    Raises:
        Refus: ``SITUATION_REQUISE``.
    """
    if cible.situation is None and cible.epreuve.situations:
        raise Refus("SITUATION_REQUISE", f"{cible.code} : nommez la situation ({', '.join(cible.epreuve.situations)})")


def exiger_ouvert(releve: Releve) -> Inscription:
    """L'inscription d'un candidat qui peut être évalué.

    Raises:
        Refus: ``RELEVE_NON_OUVERT`` ; ou la règle qui ferme l'accès (CAP26-I05).
    """
    match releve.acces:
        case Ouvert(inscription=inscription):
            return inscription
        case Ferme(regle=regle):
            raise Refus(regle, "le candidat n'est pas autorisé à se présenter : rien ne s'enregistre à ses épreuves")
        case _:
            raise Refus("RELEVE_NON_OUVERT", "aucune inscription connue pour ce numéro : vérifiez le numéro")


def exiger_inscrite(cible: Cible, inscription: Inscription) -> Mode:
    """Le mode du candidat à cette épreuve ; ponctuel pour celles que l'inscription ne nomme pas.

    Raises:
        Refus: ``EPREUVE_NON_INSCRITE``, une facultative qu'il n'a pas choisie.
    """
    if not cible.epreuve.obligatoire and cible.code not in inscription.facultatives:
        raise Refus("EPREUVE_NON_INSCRITE", f"le candidat n'est pas inscrit à la facultative {cible.code}")
    return mode_de(cible.code, inscription)


def mode_de(code: str, inscription: Inscription) -> Mode:
    return inscription.modes.get(code, Mode.PONCTUEL)


def evaluer(visee: Visee, releve: Releve, session: SessionFigee) -> Evaluation:
    """La place visée, si une note peut s'y porter.

    Raises:
        Refus: accès, cible ou inscription (voir les fonctions de ce module) ; une mention se porte là, pas une note
            (CAP24-N14, CAP24-N15) ; épreuve dispensée.
    """
    inscription = exiger_ouvert(releve)
    cible = viser(visee, session)
    exiger_situation(cible)
    mode = exiger_inscrite(cible, inscription)
    if cible.conduite:
        detail = f"{cible.nom} ne se note pas : portez « {cible.conduite.mentions(mode)} »"
        raise Refus(cible.conduite.regle_mention(mode), detail)
    place = releve.place(cible.cle)
    if isinstance(place, Dispensee):
        raise Refus(place.regle, f"{cible.nom} : le candidat en est dispensé, aucune note n'est due")
    return Evaluation(cible, mode, place)


def en_retard(mode: Mode, le: datetime, session: SessionFigee) -> bool:
    """Une note de CCF arrive-t-elle après le dernier jour de la remontée, en heure légale (CAP24-N07) ?"""
    return mode is Mode.CCF and not session.dans_les_delais(le, session.parametres.remontee_ccf)


def conduites(session: SessionFigee, code: str | None = None) -> Iterator[CibleConduite]:
    """Les situations de conduite du règlement, ou d'une seule de ses épreuves."""
    for nom_epreuve, epreuve in session.reglement.epreuves.items():
        for nom, situation in epreuve.situations.items():
            if situation.conduite and code in (None, nom_epreuve):
                yield CibleConduite(nom_epreuve, nom, situation.conduite)


def epreuves_dues(inscription: Inscription, session: SessionFigee) -> list[str]:
    """Les épreuves du candidat : les obligatoires, et ses facultatives."""
    return [
        code for code, one in session.reglement.epreuves.items() if one.obligatoire or code in inscription.facultatives
    ]
