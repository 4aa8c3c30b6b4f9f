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
from services.notation.domain.etats import Cle, Dispensee, Ferme, Inscription, NonTenue, Ouvert, Place, Releve
from services.notation.domain.transfert import exiger_ici


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

    def notees(self, mode: Mode) -> list[Cible]:
        """Là où se porte une note : la cible elle-même, ou les situations notées de l'épreuve dans ce mode."""
        situations = self.epreuve.situations_en(mode)
        if self.situation is not None or not situations:
            return [self]
        return [Cible(self.code, self.epreuve, nom, one) for nom, one in situations.items() if one.notee]


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


def exiger_situation(cible: Cible, mode: Mode | None = None) -> None:
    """Une note se porte à une situation quand l'épreuve en a, et à elle-même sinon.

    ``mode`` : celui du candidat, quand il est connu ; une épreuve peut n'être découpée qu'en CCF (MC-N05).

    Raises:
        Refus: ``SITUATION_REQUISE``, ``SITUATION_SANS_OBJET``.
    """
    epreuve = cible.epreuve
    if mode is None and epreuve.modes_situations:
        return
    situations = epreuve.situations_en(mode) if mode else epreuve.situations
    if cible.situation is None and situations:
        raise Refus("SITUATION_REQUISE", f"{cible.code} : nommez la situation ({', '.join(situations)})")
    if cible.situation is not None and not situations:
        raise Refus("SITUATION_SANS_OBJET", f"{cible.code} n'a pas de situation en mode {mode} : ne la nommez pas")


def exiger_note_possible(cible: Cible, session: SessionFigee) -> None:
    """L'épreuve se note : elle n'est pas de celles où l'on dit seulement acquis ou non.

    Raises:
        Refus: AMB-28.
    """
    if cible.epreuve.acquise_ou_non:
        detail = f"{cible.nom} ne se note jamais : dites la compétence acquise ou non (notation.evaluer_competence)"
        raise Refus(session.reglement.notation.regle_competence, detail)


def exiger_evaluable(code: str, releve: Releve) -> None:
    """Rien ne tient lieu de note à cette épreuve : le candidat y est interrogé.

    Raises:
        Refus: la règle de la mention portée (BTS-C03, MC-C13, DC-FRA01), ou celle du document qui manque (BTS-C21).
    """
    portee, place = releve.mention(code), releve.place((code, None))
    if portee is not None:
        mot = portee.mention.replace("_", " ")
        detail = f"{code} porte la mention « {mot} » : le candidat n'y est pas interrogé, même présent, ni porté absent"
        raise Refus(portee.regle, detail)
    if isinstance(place, NonTenue):
        raise Refus(place.regle, f"{code} n'a pas lieu, faute du document qu'elle exige : rien ne s'y enregistre")


def exiger_ouvert(releve: Releve) -> Inscription:
    """L'inscription d'un candidat qui peut être évalué.

    Raises:
        Refus: ``RELEVE_NON_OUVERT``, ``CANDIDAT_TRANSFERE`` ; ou la règle qui ferme l'accès (CAP26-I05).
    """
    exiger_ici(releve)
    match releve.acces:
        case Ouvert(inscription=inscription):
            return inscription
        case Ferme(regle=regle):
            raise Refus(regle, "le candidat n'est pas autorisé à se présenter : rien ne s'enregistre à ses épreuves")
        case _:
            raise Refus("RELEVE_NON_OUVERT", "aucune inscription connue pour ce numéro : vérifiez le numéro")


def exiger_inscrite(cible: Cible, inscription: Inscription, releve: Releve) -> Mode:
    """Le mode du candidat à cette épreuve ; ponctuel pour celles que l'inscription ne nomme pas.

    Raises:
        Refus: ``EPREUVE_NON_INSCRITE``, une facultative qu'il n'a pas choisie, ou une unité qu'il ne présente pas.
    """
    if not cible.epreuve.obligatoire and cible.code not in inscription.facultatives:
        raise Refus("EPREUVE_NON_INSCRITE", f"le candidat n'est pas inscrit à la facultative {cible.code}")
    if not presentee(cible.code, cible.epreuve, inscription) and not releve.gardee(cible.code):
        presentees = ", ".join(inscription.unites)
        raise Refus("EPREUVE_NON_INSCRITE", f"le candidat ne présente pas {cible.code}, seulement {presentees}")
    return mode_de(cible.code, inscription)


def presentee(code: str, epreuve: Epreuve, inscription: Inscription) -> bool:
    """Le candidat présente-t-il cette épreuve : une facultative choisie, une unité nommée, ou toutes ?"""
    if not epreuve.obligatoire:
        return code in inscription.facultatives
    return not inscription.unites or code in inscription.unites


def mode_de(code: str, inscription: Inscription) -> Mode:
    return inscription.modes.get(code, Mode.PONCTUEL)


def evaluer(visee: Visee, releve: Releve, session: SessionFigee) -> Evaluation:
    """La place visée, si une note peut s'y porter.

    Raises:
        Refus: accès, cible ou inscription (voir les fonctions de ce module) ; une mention se porte là, pas une note
            (CAP24-N14, CAP24-N15) ; AMB-28, acquis ou non ; mention portée ou épreuve non tenue ; épreuve dispensée.
    """
    exiger_note_possible(viser(visee, session), session)
    return placer(visee, releve, session)


def placer(visee: Visee, releve: Releve, session: SessionFigee) -> Evaluation:
    """La place visée, si le candidat y est évalué, par une note ou autrement.

    Raises:
        Refus: voir `evaluer`.
    """
    inscription = exiger_ouvert(releve)
    cible = viser(visee, session)
    mode = exiger_inscrite(cible, inscription, releve)
    exiger_situation(cible, mode)
    exiger_evaluable(cible.code, releve)
    if cible.conduite:
        detail = f"{cible.nom} ne se note pas : portez « {cible.conduite.mentions(mode)} »"
        raise Refus(cible.conduite.regle_mention(mode), detail)
    place = releve.place(cible.cle)
    if isinstance(place, Dispensee):
        raise Refus(place.regle, f"{cible.nom} : le candidat en est dispensé, aucune note n'est due")
    return Evaluation(cible, mode, place)


def trop_tard(evaluation: Evaluation, releve: Releve, le: datetime, session: SessionFigee) -> bool:
    """Cette note de CCF est-elle tardive ? Jamais celle de la session de remplacement (DC-CAP17)."""
    return evaluation.cible.code not in releve.remplacees and en_retard(evaluation.mode, le, session)


def en_retard(mode: Mode, le: datetime, session: SessionFigee) -> bool:
    """Une note de CCF arrive-t-elle après le dernier jour de la remontée, en heure légale (CAP24-N07) ?"""
    return mode is Mode.CCF and not session.dans_les_delais(le, session.parametres.remontee_ccf)


def conduites(session: SessionFigee, code: str | None = None) -> Iterator[CibleConduite]:
    """Les situations de conduite du règlement, ou d'une seule de ses épreuves."""
    for nom_epreuve, epreuve in session.reglement.epreuves.items():
        for nom, situation in epreuve.situations.items():
            if situation.conduite and code in (None, nom_epreuve):
                yield CibleConduite(nom_epreuve, nom, situation.conduite)


def epreuves_dues(inscription: Inscription, releve: Releve, session: SessionFigee) -> list[str]:
    """Les épreuves du candidat : les unités qu'il présente ou qu'il garde, et ses facultatives."""
    return [
        code
        for code, one in session.reglement.epreuves.items()
        if presentee(code, one, inscription) or (one.obligatoire and releve.gardee(code))
    ]
