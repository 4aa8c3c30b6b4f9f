"""Le bordereau d'un lot : déposé en une fois, tout ou rien ; clos quand chaque ligne est complète."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from types import MappingProxyType
from typing import ParamSpec, assert_never

from contracts.commandes.bordereau import CloreBordereau, DeposerBordereau, LigneBordereau
from contracts.commandes.notation import ConstaterAbsence, SaisirNote
from contracts.evenements.bordereau import BordereauClos, BordereauDepose
from contracts.evenements.notation import NoteVerrouillee, ResultatArrete
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from services.notation.domain.cibles import Cible, exiger_note_possible, exiger_situation, viser
from services.notation.domain.cloture import Incomplet, attend_nouvelle_situation, calculer
from services.notation.domain.corrections import discordance
from services.notation.domain.etats import (
    AbsenceAdmise,
    Absent,
    Conduite,
    Dispensee,
    Doublee,
    Ferme,
    NonTenue,
    Notee,
    Releve,
    Tardive,
    Verrouillee,
    ZeroSupport,
)
from services.notation.domain.evolution import rejouer
from services.notation.domain.fichier_bordereau import LIGNES_MAX
from services.notation.domain.jury import EtatJury, exiger_jury_ouvert
from services.notation.domain.procedures import en_texte
from services.notation.domain.releve import decide
from services.notation.domain.releve import initial as releve_vide

P = ParamSpec("P")
Jurys = Mapping[str, EtatJury]
"""Où en est le jury de chaque candidat ; aucun encore, s'il n'y est pas."""
AUCUN: Jurys = MappingProxyType({})
LIGNES_DITES = 20  # refusals told in the text; all of them are in the data of the refusal

BordereauEvent = BordereauDepose | BordereauClos
Decidee = tuple[list[Event], dict[str, list[Event]]]
"""Les faits du bordereau, puis ceux de chaque relevé par numéro de candidat (rien : le relevé ne change pas)."""


@dataclass(frozen=True)
class NonDepose:
    """Aucun dépôt pour ce lot."""


@dataclass(frozen=True)
class Depose:
    """Le lot est déposé ; il peut l'être de nouveau, complété ou corrigé."""

    epreuve: str
    situation: str | None
    candidats: tuple[str, ...]
    empreinte: str


@dataclass(frozen=True)
class Clos:
    """Ses notes ne changent plus que par harmonisation ou rectification."""

    depot: Depose


Bordereau = NonDepose | Depose | Clos
initial: Bordereau = NonDepose()


def evolve(bordereau: Bordereau, event: BordereauEvent) -> Bordereau:
    match event:
        case BordereauDepose():
            return Depose(event.epreuve, event.situation, event.candidats, event.empreinte)
        case BordereauClos():
            return Clos(bordereau) if isinstance(bordereau, Depose) else bordereau
        case _:
            assert_never(event)


def deposer(
    command: DeposerBordereau,
    bordereau: Bordereau,
    releves: Mapping[str, Releve],
    session: SessionFigee,
    jurys: Jurys = AUCUN,
) -> Decidee:
    """Chaque ligne est une note ou une absence ; une seule ligne refusée, et rien n'est déposé.

    ``jurys`` : où en est celui de chaque candidat. Un nouveau dépôt du même lot le complète ou le corrige, tant qu'il
    n'est pas clos.

    Raises:
        Refus: ``BORDEREAU_REFUSE`` (``donnees["lignes"]`` : ligne, candidat, règle, détail) ; TR-N01, lot clos ;
            ``LOT_AUTRE_EPREUVE``, ``LOT_TROP_GRAND`` ; AMB-28, l'épreuve ne se note pas ; la cible elle-même
            (``SITUATION_REQUISE``…).
    """
    cible = viser(command, session)
    exiger_note_possible(cible, session)
    exiger_situation(cible)
    avant = _exiger_depot_ouvert(command, bordereau, session)
    doubles = {numero for numero, fois in Counter(one.candidat for one in command.lignes).items() if fois > 1}
    lu = (doubles, releves, session, jurys)
    lignes = [(one.candidat, _tenter(_porter, command, one, *lu)) for one in command.lignes]
    faits = _tout_ou_rien(lignes, "BORDEREAU_REFUSE")
    candidats = tuple(dict.fromkeys((*avant, *(one.candidat for one in command.lignes))))
    if len(candidats) > LIGNES_MAX:
        raise Refus(
            "LOT_TROP_GRAND", f"le lot aurait {len(candidats)} candidats, {LIGNES_MAX} au plus : ouvrez-en un autre"
        )
    depose = BordereauDepose(
        lot=command.lot,
        epreuve=command.epreuve,
        situation=command.situation,
        candidats=candidats,
        empreinte=empreinte(command),
    )
    deja = not faits and evolve(bordereau, depose) == bordereau
    return [] if deja else [depose], faits


def clore(
    command: CloreBordereau,
    bordereau: Bordereau,
    releves: Mapping[str, Releve],
    session: SessionFigee,
    jurys: Jurys = AUCUN,
) -> Decidee:
    """Les notes du lot sont verrouillées ; le résultat de chaque épreuve complète est arrêté.

    ``jurys`` : où en est celui de chaque candidat ; s'il est clos, aucun résultat nouveau ne s'arrête plus.

    Raises:
        Refus: ``LOT_NON_DEPOSE`` ; ``BORDEREAU_INCOMPLET`` (``donnees["lignes"]``) ; AMB-05, un poids manque.
    """
    match bordereau:
        case NonDepose():
            raise Refus("LOT_NON_DEPOSE", f"aucun bordereau n'est déposé pour le lot {command.lot} : déposez-le")
        case Clos():
            return [], {}
        case Depose() as depot:
            pass
    cible = viser(depot, session)
    lus = {numero: releves.get(numero, releve_vide) for numero in depot.candidats}
    lignes = [(numero, _tenter(_verrouiller, numero, command.lot, cible, lu, session)) for numero, lu in lus.items()]
    verrous = _tout_ou_rien(lignes, "BORDEREAU_INCOMPLET")
    faits: dict[str, list[Event]] = {}
    for numero, lu in lus.items():
        events = verrous.get(numero, [])
        resultats = _arreter(numero, rejouer(lu, events), cible, command, session)
        if resultats and cible.code not in lu.remplacees:
            exiger_jury_ouvert(jurys.get(numero, EtatJury.A_VENIR), corrige=False, quoi=f"{numero}, {cible.code}")
        if events or resultats:
            faits[numero] = [*events, *resultats]
    clos = BordereauClos(lot=command.lot, epreuve=depot.epreuve, situation=depot.situation, candidats=depot.candidats)
    return [clos], faits


def empreinte(command: DeposerBordereau) -> str:
    """sha256 du contenu déposé, ligne à ligne."""
    lignes = [f"{one.candidat};{one.note if one.note == 'ABS' else en_texte(one.note)}" for one in command.lignes]
    texte = "\n".join([command.epreuve, command.situation or "", *lignes])
    return hashlib.sha256(texte.encode()).hexdigest()


def _exiger_depot_ouvert(command: DeposerBordereau, bordereau: Bordereau, session: SessionFigee) -> tuple[str, ...]:
    """Les candidats déjà déposés dans ce lot."""
    match bordereau:
        case NonDepose():
            return ()
        case Clos():
            detail = f"lot {command.lot} clos : ses notes ne changent plus que par harmonisation ou rectification"
            raise Refus(session.reglement.notation.regle_grille, detail)
        case Depose(epreuve=epreuve, situation=situation) if (epreuve, situation) != (
            command.epreuve,
            command.situation,
        ):
            detail = f"le lot {command.lot} porte sur {epreuve} {situation or ''} : prenez un autre lot"
            raise Refus("LOT_AUTRE_EPREUVE", detail)
        case Depose(candidats=candidats):
            return candidats
        case _:
            assert_never(bordereau)


def _de_ligne(command: DeposerBordereau, ligne: LigneBordereau) -> SaisirNote | ConstaterAbsence:
    """La commande que vaut une ligne, du même auteur et au même instant."""
    if ligne.note == "ABS":
        return ConstaterAbsence(
            id=command.id,
            le=command.le,
            par=command.par,
            session=command.session,
            diplome=command.diplome,
            candidat=ligne.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
        )
    return SaisirNote(
        id=command.id,
        le=command.le,
        par=command.par,
        session=command.session,
        diplome=command.diplome,
        candidat=ligne.candidat,
        epreuve=command.epreuve,
        situation=command.situation,
        note=ligne.note,
        lot=command.lot,
    )


def _porter(
    command: DeposerBordereau,
    ligne: LigneBordereau,
    doubles: Set[str],
    releves: Mapping[str, Releve],
    session: SessionFigee,
    jurys: Jurys,
) -> list[Event]:
    if ligne.candidat in doubles:
        raise Refus("CANDIDAT_EN_DOUBLE", "ce candidat figure plusieurs fois : gardez une seule ligne")
    jury = jurys.get(ligne.candidat, EtatJury.A_VENIR)
    return decide(_de_ligne(command, ligne), releves.get(ligne.candidat, releve_vide), session, jury=jury)


def _verrouiller(numero: str, lot: str, cible: Cible, releve: Releve, session: SessionFigee) -> list[Event]:
    """Une ligne complète : une note à verrouiller, ou ce qui en tient lieu."""
    regle = session.reglement.notation.regle_grille
    if isinstance(releve.acces, Ferme) or releve.mention(cible.code) is not None:
        return []
    match releve.place(cible.cle):
        case Doublee() as place if not place.concorde:
            raise Refus("SAISIES_DISCORDANTES", discordance(place, cible.nom))
        case Notee(note=note) | Doublee(note=note):
            return [
                NoteVerrouillee(
                    candidat=numero, epreuve=cible.code, situation=cible.situation, note=note, lot=lot, regle=regle
                )
            ]
        case Verrouillee() | ZeroSupport() | Absent() | AbsenceAdmise() | Dispensee() | Conduite() | NonTenue():
            return []
        case Tardive():
            detail = f"{cible.nom} : note de CCF arrivée après la remontée ; décidez d'abord de l'intégrer"
            raise Refus(session.reglement.remontee_ccf, detail)
        case _:
            raise Refus(regle, f"{cible.nom} : ni note, ni zéro, ni absence")


def _arreter(
    numero: str, releve: Releve, cible: Cible, command: CloreBordereau, session: SessionFigee
) -> list[ResultatArrete]:
    """Le résultat de l'épreuve, si rien n'y manque encore."""
    try:
        resultat = calculer(numero, releve, cible.code, session)
    except Incomplet:
        return []
    deja = resultat == releve.resultats.get(cible.code)
    return [] if deja or attend_nouvelle_situation(resultat, command.le, session) else [resultat]


def _tenter(decider: Callable[P, list[Event]], *arguments: P.args, **nommes: P.kwargs) -> list[Event] | Refus:
    """Les faits d'une ligne, ou son refus, gardé pour être dit avec les autres."""
    try:
        return decider(*arguments, **nommes)
    except Refus as refus:
        return refus


def _tout_ou_rien(lignes: Sequence[tuple[str, list[Event] | Refus]], code: str) -> dict[str, list[Event]]:
    """Les faits par candidat ; une seule ligne refusée, et tous les refus sont dits ensemble, chacun à sa ligne."""
    refus = [
        {"ligne": rang, "candidat": numero, "regle": issue.regle, "detail": issue.detail}
        for rang, (numero, issue) in enumerate(lignes, 1)
        if isinstance(issue, Refus)
    ]
    if refus:
        dits = [f"ligne {r['ligne']} ({r['candidat']}) [{r['regle']}] {r['detail']}" for r in refus[:LIGNES_DITES]]
        reste = [f"et {len(refus) - LIGNES_DITES} autres lignes"] if len(refus) > LIGNES_DITES else []
        raise Refus(code, " ; ".join([*dits, *reste]), lignes=refus)
    return {numero: issue for numero, issue in lignes if issue and not isinstance(issue, Refus)}
