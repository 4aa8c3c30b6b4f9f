"""Les écrits nationaux : le même instant partout, dit dans chaque heure légale, et leur temps de loge (BTS-G03)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from contracts.messages import Refus
from contracts.reglement import Epreuve, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Calendrier, Creneau, Ecrit, Parametres


@dataclass(frozen=True)
class EcritLocal:
    """Un écrit dans l'heure légale d'un lieu : en loge dès, début, personne ne sort avant."""

    moment: str
    en_loge: datetime
    debut: datetime
    sortie: datetime


def exiger_calendrier(parametres: Parametres, reglement: Reglement) -> None:
    """Le calendrier national ne dit que des écrits du règlement, après la première épreuve.

    Raises:
        Refus: ``DATES_INCOHERENTES``, ou la règle des écrits.
    """
    connus = [moment for code, epreuve in reglement.epreuves.items() for moment in _moments(code, epreuve)]
    for ecrit in _ecrits(parametres):
        if ecrit.moment not in connus:
            raise Refus(
                reglement.inscription.regle_ecrits,
                f"calendrier : {ecrit.moment} n'est pas un écrit de {reglement.id} (possibles : {', '.join(connus)})",
            )
        if _local(ecrit, parametres.fuseau).debut.date() < parametres.premiere_epreuve:
            detail = f"calendrier : {ecrit.moment} précède la première épreuve, le {parametres.premiere_epreuve}"
            raise Refus("DATES_INCOHERENTES", detail)


def ecrits_locaux(epreuves: Iterable[str], parametres: Parametres, fuseau: str = "") -> list[EcritLocal]:
    """Ceux de ces épreuves, dans l'ordre du temps. ``fuseau`` : celui d'un autre lieu que l'académie."""
    voulues = {*epreuves}
    siens = (one for one in _ecrits(parametres) if _epreuve(one.moment) in voulues)
    locaux = (_local(one, fuseau or parametres.fuseau) for one in siens)
    return sorted(locaux, key=lambda one: (one.en_loge, one.moment))


def exiger_memes_instants(ailleurs: Calendrier | None, session: SessionFigee) -> None:
    """Les écrits que deux académies disent toutes deux y commencent au même instant.

    Raises:
        Refus: la règle des écrits.
    """
    dits = {one.moment: one for one in (ailleurs.ecrits if ailleurs else ())}
    for ecrit in _ecrits(session.parametres):
        autre = dits.get(ecrit.moment, ecrit)
        if autre.debut != ecrit.debut:
            fuseau = session.parametres.fuseau
            raise Refus(
                session.reglement.inscription.regle_ecrits,
                f"{ecrit.moment} : ici {en_clair(_local(ecrit, fuseau))}, à la pilote "
                f"{en_clair(_local(autre, fuseau))} ; accordez les deux calendriers",
            )


def exiger_instant(creneau: Creneau, session: SessionFigee) -> None:
    """Un écrit national ne se planifie pas à une autre heure que la sienne.

    Raises:
        Refus: la règle des écrits.
    """
    for ecrit in _ecrits(session.parametres):
        if ecrit.moment == creneau.modalite and ecrit.debut != creneau.debut:
            raise Refus(
                session.reglement.inscription.regle_ecrits,
                f"{ecrit.moment} : {en_clair(_local(ecrit, session.parametres.fuseau))}, comme partout ; corrigez",
            )


def exiger_loge(candidat: str, instant: datetime, epreuves: Iterable[str], session: SessionFigee) -> None:
    """Le candidat est là quand commence le temps de loge du premier de ses écrits nationaux, où qu'il compose.

    Raises:
        Refus: la règle des écrits.
    """
    premier = next(iter(ecrits_locaux(epreuves, session.parametres)), None)
    if premier is not None and instant > premier.en_loge:
        raise Refus(
            session.reglement.inscription.regle_ecrits,
            f"{candidat} : {premier.moment}, {en_clair(premier)}, comme partout ; convoquez-le avant",
        )


def en_clair(ecrit: EcritLocal) -> str:
    """``en loge dès le 16/05/2022 à 15:30, début à 16:00, heure légale (Indian/Reunion)``."""
    zone = ecrit.debut.tzinfo
    return f"en loge dès le {ecrit.en_loge:%d/%m/%Y à %H:%M}, début à {ecrit.debut:%H:%M}, heure légale ({zone})"


def _local(ecrit: Ecrit, fuseau: str) -> EcritLocal:
    # Minutes of real time: a change of legal time in between must not stretch them.
    entree, sortie = ecrit.debut - timedelta(minutes=ecrit.loge), ecrit.debut + timedelta(minutes=ecrit.retenue)
    zone = ZoneInfo(fuseau)
    return EcritLocal(ecrit.moment, entree.astimezone(zone), ecrit.debut.astimezone(zone), sortie.astimezone(zone))


def _ecrits(parametres: Parametres) -> tuple[Ecrit, ...]:
    return parametres.calendrier.ecrits if parametres.calendrier else ()


def _epreuve(moment: str) -> str:
    return moment.partition("-")[0]


def _moments(code: str, epreuve: Epreuve) -> Iterator[str]:
    """L'épreuve sans moments dits ; sinon ceux qu'un surveillant garde et que rien ne suit, comme une préparation."""
    if not epreuve.modalites:
        yield code
    suivis = {avant for one in epreuve.modalites.values() for avant in one.apres}
    for nom, modalite in epreuve.modalites.items():
        if modalite.surveillant and nom not in suivis:
            yield f"{code}-{nom}"
