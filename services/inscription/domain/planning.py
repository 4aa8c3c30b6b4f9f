"""Le planning d'un candidat : chaque moment de son passage une fois, à sa durée, dans l'ordre, devant qui il faut."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from contracts.commandes.inscription import PlanifierPassage
from contracts.evenements.inscription import PassagePlanifie
from contracts.messages import Refus
from contracts.reglement import Modalite, Parcours, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Creneau
from services.inscription.domain.choix import parcours_suivis
from services.inscription.domain.ecrits import exiger_instant
from services.inscription.domain.etats import EnCours, Fiche, NonAutorisee
from services.inscription.domain.passage import epreuves_ponctuelles, exiger_centre_ouvert, exiger_jour
from services.inscription.domain.session_examen import Centre

MINUTE = 60_000_000  # microsecondes
TIERS_TEMPS = Fraction(4, 3)


@dataclass(frozen=True)
class Occupation:
    """Un poste de travail du centre, pris par un autre candidat."""

    poste: str
    debut: datetime
    fin: datetime


@dataclass(frozen=True)
class Regles:
    """Celles du passage : ses durées, ce qui le compose, la présence du jury et du surveillant, les postes."""

    duree: str
    compose: str
    jury: str | None = None
    surveillance: str | None = None
    poste: str | None = None


@dataclass(frozen=True)
class Moment:
    """Un moment attendu. ``prealables`` : ce qui le précède, tâches propres du jury comprises."""

    groupe: str
    modalite: Modalite
    minutes: Fraction
    prealables: tuple[str, ...]
    regles: Regles


def planifier(
    command: PlanifierPassage,
    candidature: EnCours,
    session: SessionFigee,
    centres: Mapping[str, Centre],
    occupations: Iterable[Occupation],
) -> list[PassagePlanifie]:
    """Le planning entier du candidat : ce que dit la commande, et les épreuves déjà planifiées qu'elle ne nomme pas.

    Raises:
        Refus: ``NON_AUTORISE``, ``CENTRE_ATTENDU``, ``CENTRE_FERME``, ``CONVOCATION_PREMATUREE``, ou la règle qui
            s'oppose.
    """
    fiche, reglement = candidature.fiche, session.reglement
    _exiger_admis(candidature, reglement)
    moments = attendus(fiche, reglement)
    _exiger_complet(command.creneaux, moments, reglement)
    for creneau in command.creneaux:
        exiger_jour(fiche.candidat, creneau.debut, session)
        exiger_instant(creneau, session)
        if creneau.modalite in moments:
            _exiger_conforme(creneau, moments[creneau.modalite])
        else:
            _exiger_du_jury(creneau, moments)
    _exiger_ordre(command.creneaux, moments)
    creneaux = _ensemble(command.creneaux, fiche, moments)
    _exiger_sans_chevauchement(creneaux, moments, reglement)
    _exiger_lieu(creneaux, moments, fiche, session, centres, occupations)
    planifie = PassagePlanifie(
        candidat=fiche.candidat,
        creneaux=creneaux,
        minutes_candidat=str(sum((_duree(one) for one in creneaux if one.modalite in moments), Fraction())),
        minutes_jury=str(sum((_duree(one) for one in creneaux if one.modalite in moments and one.jury), Fraction())),
        regle=next(iter(moments.values())).regles.duree,
    )
    return [] if fiche.planning == planifie else [planifie]


def _exiger_admis(candidature: EnCours, reglement: Reglement) -> None:
    if isinstance(candidature, NonAutorisee):
        candidat = candidature.fiche.candidat
        raise Refus(
            reglement.inscription.regle_convocation or "NON_AUTORISE",
            f"{candidat} n'est pas autorisé à se présenter ({candidature.regle}) : rien à planifier",
        )


# Ce qui est attendu ------------------------------------------------------------------------------------------------


def attendus(fiche: Fiche, reglement: Reglement) -> dict[str, Moment]:
    """Les moments du parcours du candidat, ou des deux qu'il suit ; sinon ceux de ses épreuves ponctuelles.

    Ceux d'une épreuve portent son code, ``E4-preparation``. Un moment sans durée n'existe pas (TP-N12).
    """
    passage, facteur = reglement.inscription.regle_passage, _facteurs(fiche)
    moments: dict[str, Moment] = {}
    for parcours in parcours_suivis(fiche.unites, fiche.categorie, reglement).values():
        tout = max((facteur(code) for code in parcours.epreuves), default=Fraction(1))
        suivants = dict(_moments("", parcours.modalites, tout, _regles(parcours, passage)))
        moments |= _a_la_suite(moments, suivants, parcours.regle)
    return moments or {
        nom: moment
        for code in epreuves_ponctuelles(fiche)
        for nom, moment in _moments(code, reglement.epreuves[code].modalites, facteur(code), Regles(passage, passage))
    }


def _regles(parcours: Parcours, passage: str) -> Regles:
    return Regles(
        parcours.regle_duree or passage,
        parcours.regle,
        parcours.regle_jury,
        parcours.regle_surveillance,
        parcours.regle_poste,
    )


def _a_la_suite(precedents: Mapping[str, Moment], suivants: Mapping[str, Moment], regle: str) -> dict[str, Moment]:
    """Un second parcours commence quand tous les moments du premier sont finis (TP-D02)."""
    return {nom: _apres(one, precedents, regle) for nom, one in suivants.items()} if precedents else dict(suivants)


def _apres(moment: Moment, precedents: Iterable[str], regle: str) -> Moment:
    if moment.prealables:
        return moment  # il suit déjà un moment de son propre parcours
    modalite = moment.modalite.model_copy(update={"regle_apres": regle})
    return replace(moment, modalite=modalite, prealables=tuple(precedents))


def _moments(
    groupe: str, modalites: Mapping[str, Modalite], facteur: Fraction, regles: Regles
) -> Iterator[tuple[str, Moment]]:
    prefixe = f"{groupe}-" if groupe else ""
    for nom, modalite in modalites.items():
        if modalite.minutes > 0:
            prealables = tuple(f"{prefixe}{avant}" for avant in modalite.apres)
            yield f"{prefixe}{nom}", Moment(groupe, modalite, Fraction(modalite.minutes) * facteur, prealables, regles)


@dataclass(frozen=True)
class _Facteur:
    """Par combien se multiplient les durées d'une épreuve (DC-HAN01)."""

    epreuves: tuple[tuple[str, ...], ...]

    def __call__(self, code: str) -> Fraction:
        majoree = any(not visees or code in visees for visees in self.epreuves)
        return TIERS_TEMPS if majoree else Fraction(1)


def _facteurs(fiche: Fiche) -> _Facteur:
    return _Facteur(tuple(epreuves for nature, epreuves in fiche.amenagements.items() if _tiers_temps(nature)))


def _tiers_temps(nature: str) -> bool:
    return "".join(lettre for lettre in nature.casefold() if lettre.isalpha()).startswith("tierstemps")


# Ce que dit la commande --------------------------------------------------------------------------------------------


def _exiger_complet(creneaux: Sequence[Creneau], moments: Mapping[str, Moment], reglement: Reglement) -> None:
    """Chaque moment d'une épreuve planifiée y est, une fois, et aucun autre."""
    propres_au_jury = {avant for moment in moments.values() for avant in moment.prealables} - moments.keys()
    passage = reglement.inscription.regle_passage
    regles = next((moment.regles for moment in moments.values()), Regles(passage, passage))
    regle, noms = regles.duree, [one.modalite for one in creneaux]
    inconnus = sorted({*noms} - moments.keys() - propres_au_jury)
    if inconnus:
        # Un moment d'un autre parcours : c'est ce qui compose celui-ci qui s'y oppose (TP-D03).
        ailleurs = {nom for parcours in reglement.parcours.values() for nom in parcours.modalites}
        prevus = ", ".join(moments) or "aucun"
        raise Refus(
            regles.compose if ailleurs & {*inconnus} else regle,
            f"{', '.join(inconnus)} : le candidat n'a pas ce moment (attendus : {prevus})",
        )
    doubles = sorted({nom for nom in noms if noms.count(nom) > 1})
    if doubles:
        raise Refus(regle, f"{', '.join(doubles)} : planifié deux fois, gardez-en un")
    groupes = {moments[nom].groupe for nom in noms if nom in moments}
    manquants = [nom for nom, moment in moments.items() if moment.groupe in groupes and nom not in noms]
    if manquants or not groupes:
        raise Refus(regle, f"{', '.join(manquants or moments)} : à planifier aussi, le passage est d'un tenant")


def _exiger_conforme(creneau: Creneau, moment: Moment) -> None:
    """La durée exacte, et la présence que le règlement veut."""
    modalite, duree = moment.modalite, _duree(creneau)
    if duree != moment.minutes:
        raise Refus(
            modalite.regle, f"{creneau.modalite} dure {en_clair(moment.minutes)}, pas {en_clair(duree)} : corrigez"
        )
    if creneau.jury != modalite.jury:
        regle = modalite.regle_presence or moment.regles.jury or modalite.regle
        raise Refus(regle, f"{creneau.modalite} : {_presence('le jury', modalite.jury)}")
    if creneau.surveillant != modalite.surveillant:
        regle = modalite.regle_presence or moment.regles.surveillance or modalite.regle
        deja = " ; le jury y est déjà" if modalite.jury else ""
        raise Refus(regle, f"{creneau.modalite} : {_presence('un surveillant', modalite.surveillant)}{deja}")
    if modalite.poste and creneau.poste is None:
        raise Refus(
            moment.regles.poste or modalite.regle, f"{creneau.modalite} : donnez son poste de travail (« poste »)"
        )


def _exiger_du_jury(creneau: Creneau, moments: Mapping[str, Moment]) -> None:
    """Une tâche propre du jury, sans le candidat : sa durée est libre, elle n'entre dans aucun total (TP-N16)."""
    regles = next(iter(moments.values())).regles
    if creneau.fin <= creneau.debut:
        raise Refus(regles.duree, f"{creneau.modalite} finit avant de commencer : corrigez ses heures")
    if not creneau.jury or creneau.surveillant:
        raise Refus(regles.jury or regles.duree, f"{creneau.modalite} est au jury seul : dites-le (« jury »)")


def _presence(qui: str, attendu: bool) -> str:
    return f"{qui} y est présent, dites-le" if attendu else f"{qui} n'y est pas, retirez-le"


def _exiger_ordre(creneaux: Sequence[Creneau], moments: Mapping[str, Moment]) -> None:
    """Ce qui doit précéder est fini ; le jury a corrigé les écrits avant de recevoir le candidat (TP-N15)."""
    dits = {one.modalite: one for one in creneaux}
    for nom, moment in moments.items():
        for avant in moment.prealables if nom in dits else ():
            regle = moment.modalite.regle_apres or moment.modalite.regle
            prealable = dits.get(avant)
            if prealable is None or prealable.fin > dits[nom].debut:
                raise Refus(regle, f"{nom} vient après {avant} : planifiez-le d'abord")
            if avant not in moments and prealable.debut < _premiere_fin(moment.groupe, dits, moments):
                raise Refus(regle, f"{avant} : rien n'est encore produit à cette heure, mettez-la plus tard")


def _premiere_fin(groupe: str, dits: Mapping[str, Creneau], moments: Mapping[str, Moment]) -> datetime:
    return min(one.fin for nom, one in dits.items() if nom in moments and moments[nom].groupe == groupe)


# Le planning entier ------------------------------------------------------------------------------------------------


def _ensemble(creneaux: Sequence[Creneau], fiche: Fiche, moments: Mapping[str, Moment]) -> tuple[Creneau, ...]:
    """Avec les épreuves déjà planifiées dont la commande ne dit rien, dans l'ordre du temps."""
    touches = {_groupe(one.modalite) for one in creneaux}
    gardes = (
        []
        if fiche.planning is None
        else [
            one
            for one in fiche.planning.creneaux
            if _groupe(one.modalite) not in touches and any(m.groupe == _groupe(one.modalite) for m in moments.values())
        ]
    )
    return tuple(sorted((*gardes, *creneaux), key=lambda one: (one.debut, one.fin, one.modalite)))


def _groupe(nom: str) -> str:
    return nom.partition("-")[0] if "-" in nom else ""


def _exiger_sans_chevauchement(
    creneaux: Iterable[Creneau], moments: Mapping[str, Moment], reglement: Reglement
) -> None:
    siens = [one for one in creneaux if one.modalite in moments]
    for avant, apres in pairwise(siens):
        if apres.debut < avant.fin:
            raise Refus(
                reglement.inscription.regle_passage, f"{avant.modalite} et {apres.modalite} se chevauchent : décalez"
            )


def _exiger_lieu(
    creneaux: Sequence[Creneau],
    moments: Mapping[str, Moment],
    fiche: Fiche,
    session: SessionFigee,
    centres: Mapping[str, Centre],
    occupations: Iterable[Occupation],
) -> None:
    """Le centre est connu et ouvert ce jour-là, et personne d'autre n'est au même poste à la même heure (TP-C02)."""
    if fiche.centre is None:
        raise Refus("CENTRE_ATTENDU", f"{fiche.candidat} n'a pas de centre : affectez-le avant de planifier")
    centre, prises = centres.get(fiche.centre.centre), list(occupations)
    for creneau in creneaux:
        exiger_centre_ouvert(centre, creneau.debut, session)
        moment = moments.get(creneau.modalite)
        if moment is not None and any(_dispute(creneau, prise) for prise in prises):
            raise Refus(
                moment.regles.poste or moment.modalite.regle,
                f"{creneau.modalite} : le poste {creneau.poste} est déjà pris à cette heure ; prenez-en un autre",
            )


def _dispute(creneau: Creneau, prise: Occupation) -> bool:
    return creneau.poste == prise.poste and creneau.debut < prise.fin and prise.debut < creneau.fin


# Les durées --------------------------------------------------------------------------------------------------------


def _duree(creneau: Creneau) -> Fraction:
    """Minutes exactes."""
    return Fraction((creneau.fin - creneau.debut) // timedelta(microseconds=1), MINUTE)


def en_clair(minutes: Fraction) -> str:
    """``53 min 20 s``."""
    entieres, reste = divmod(minutes, 1)
    return f"{entieres} min" + (f" {round(reste * 60)} s" if reste else "")
