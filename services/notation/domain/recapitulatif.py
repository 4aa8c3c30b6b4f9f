"""La grille récapitulative d'une épreuve : le résultat qu'elle a aujourd'hui, exact, et pourquoi (TR-N01)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from contracts.evenements.notation import CauseSuspension, ResultatArrete
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat, Fondement, Mode
from services.notation.domain.absences import regle_absence
from services.notation.domain.cibles import Cible, conduites, exiger_inscrite, viser_epreuve
from services.notation.domain.conduite import mention_arretee
from services.notation.domain.corrections import discordance
from services.notation.domain.etats import (
    AbsenceAdmise,
    Absent,
    Benefice,
    Dispensee,
    Doublee,
    Evaluee,
    Ferme,
    Inscription,
    NonTenue,
    Notee,
    Place,
    Releve,
    Tardive,
    Verrouillee,
    ZeroSupport,
)
from services.notation.domain.procedures import ARRONDIS, CALCULS, arrondi_retenu, calcul_en, en_fraction, en_texte


class Incomplet(Refus):
    """Il manque quelque chose pour arrêter ce résultat."""


@dataclass(frozen=True)
class Recapitulatif:
    """La grille récapitulative d'une épreuve : ``dues``, les places où une évaluation est attendue, par situation."""

    candidat: str
    releve: Releve
    cible: Cible
    mode: Mode
    inscription: Inscription
    session: SessionFigee

    @property
    def dues(self) -> Mapping[str | None, Place]:
        places = {one.situation: self.releve.place(one.cle) for one in self.cible.notees(self.mode)}
        return {situation: place for situation, place in places.items() if not isinstance(place, Dispensee)}

    @property
    def benefice(self) -> Benefice | None:
        """La note conservée, tant que le candidat n'a pas de note à cette session (DC-CAP18)."""
        repassee = any(isinstance(place, (Notee, Doublee, Verrouillee)) for place in self.dues.values())
        return None if repassee else self.releve.benefices.get(self.cible.code)

    @property
    def acquis(self) -> str | None:
        """La règle d'un acquis reporté : une évaluation de cette session ne le reprend jamais."""
        dues = self.dues.values()
        refaite = bool(dues) and all(isinstance(place, Evaluee) and place.acquise for place in dues)
        return None if refaite else self.releve.acquis.get(self.cible.code)

    @property
    def situation_a_zero(self) -> bool:
        """Une absence justifiée y vaut zéro à la situation seule, les autres comptant (BTS-N06)."""
        autres = any(not _absence_admise(place) for place in self.dues.values())
        return self.cible.epreuve.absence_situation == "situation" and autres

    def resultat(self, etat: EtatResultat, regle: str, *regles: str) -> ResultatArrete:
        """Un résultat sans note ni détail."""
        return ResultatArrete(
            candidat=self.candidat, epreuve=self.cible.code, etat=etat, regle=regle, regles=_uniques(*regles)
        )


def calculer(candidat: str, releve: Releve, code: str, session: SessionFigee) -> ResultatArrete:
    """Le résultat qu'une épreuve a aujourd'hui.

    Raises:
        Incomplet: il manque une note, ou deux saisies ne concordent pas.
        Refus: AMB-05, un poids n'a pas été fourni ; ``EPREUVE_INCONNUE``, ``EPREUVE_NON_INSCRITE``,
            ``RELEVE_NON_OUVERT``.
    """
    cible = viser_epreuve(code, session)
    if isinstance(releve.acces, Ferme):
        regle = releve.acces.regle
        return ResultatArrete(candidat=candidat, epreuve=code, etat=EtatResultat.NON_AUTORISE, regle=regle)
    inscription = releve.inscription
    if inscription is None:
        raise Refus("RELEVE_NON_OUVERT", "aucune inscription connue pour ce numéro : vérifiez le numéro")
    mode = exiger_inscrite(cible, inscription, releve)
    recapitulatif = Recapitulatif(candidat, releve, cible, mode, inscription, session)
    sans = _sans_evaluation(recapitulatif)
    if sans is not None:
        return sans
    return _avec_controle(_garde(recapitulatif) or _absence(recapitulatif) or _evalue(recapitulatif), recapitulatif)


def _sans_evaluation(recapitulatif: Recapitulatif) -> ResultatArrete | None:
    """Ce qui tient lieu d'évaluation, dans l'ordre où il l'emporte, quel que soit l'ordre d'arrivée."""
    code, releve = recapitulatif.cible.code, recapitulatif.releve
    if not recapitulatif.dues:
        return recapitulatif.resultat(*_dispense(recapitulatif))
    annulee, non_valide = releve.annulees.get(code), releve.non_valides.get(code)
    causes = releve.suspendue(code)
    non_tenue = releve.place((code, None))
    if annulee is not None:
        return recapitulatif.resultat(annulee.mention, annulee.regle)
    if non_valide is not None and CauseSuspension.DISCIPLINE not in causes:
        return recapitulatif.resultat(non_valide.mention, non_valide.regle)
    if causes:
        regles = [causes[cause] for cause in CauseSuspension if cause in causes]
        suspendue = recapitulatif.resultat(EtatResultat.SUSPENDUE, regles[0], *regles)
        return suspendue.model_copy(update={"mode": recapitulatif.mode})
    if isinstance(non_tenue, NonTenue):
        return recapitulatif.resultat(EtatResultat.NON_TENUE, non_tenue.regle)
    return None


def _garde(recapitulatif: Recapitulatif) -> ResultatArrete | None:
    """Ce qui est tenu d'avant cette session : une unité acquise, une note conservée."""
    if recapitulatif.acquis is not None:
        return recapitulatif.resultat(EtatResultat.ACQUISE, recapitulatif.acquis)
    gardee = recapitulatif.benefice
    if gardee is not None:
        return recapitulatif.resultat(EtatResultat.BENEFICE, gardee.regle).model_copy(update={"note": gardee.note})
    return None


def _absence(recapitulatif: Recapitulatif) -> ResultatArrete | None:
    """Absent à une place due : à toute l'épreuve, sauf si l'absence justifiée vaut zéro à la situation seule."""
    dues, session = recapitulatif.dues.values(), recapitulatif.session
    absent = any(isinstance(place, Absent) for place in dues)
    justifie = any(_absence_admise(place) for place in dues) and not recapitulatif.situation_a_zero
    if not absent and not justifie:
        return None
    situations, regles = _situations(recapitulatif)
    epreuve, deliberation = recapitulatif.cible.epreuve, session.reglement.deliberation
    regle = regle_absence(recapitulatif.cible, recapitulatif.mode, session) if absent else deliberation.regle_absence
    return ResultatArrete(
        candidat=recapitulatif.candidat,
        epreuve=recapitulatif.cible.code,
        etat=EtatResultat.ABSENT_INJUSTIFIE if absent else EtatResultat.ABSENT_JUSTIFIE,
        note=None if absent or epreuve.acquise_ou_non else Decimal(0),
        mode=recapitulatif.mode,
        situations=situations,
        regle=regle,
        regles=_uniques(regle, *filter(None, [epreuve.regle_absence_situation]), *regles),
    )


def _evalue(recapitulatif: Recapitulatif) -> ResultatArrete:
    """Ce que donne l'évaluation : une note, ou acquis ou non."""
    return _competences(recapitulatif) if recapitulatif.cible.epreuve.acquise_ou_non else _note(recapitulatif)


def _competences(recapitulatif: Recapitulatif) -> ResultatArrete:
    """Une unité est acquise quand toutes ses compétences le sont : jamais de note, jamais de moyenne (AMB-28)."""
    epreuve = recapitulatif.cible.epreuve
    dites = [_exiger_evaluee(place, recapitulatif, situation) for situation, place in recapitulatif.dues.items()]
    situations, _ = _situations(recapitulatif)
    regle = recapitulatif.session.reglement.notation.regle_competence
    etat = EtatResultat.ACQUISE if all(one.acquise for one in dites) else EtatResultat.NON_ACQUISE
    resultat = recapitulatif.resultat(etat, regle, regle, epreuve.regle, epreuve.regle_calcul)
    return resultat.model_copy(update={"mode": recapitulatif.mode, "situations": situations})


def _note(recapitulatif: Recapitulatif) -> ResultatArrete:
    """La note de l'épreuve : exacte, puis arrondie si elle est calculée (DC-CAP11, AMB-37)."""
    cible, session, dues = recapitulatif.cible, recapitulatif.session, recapitulatif.dues
    notes = {situation: _exiger(place, recapitulatif, situation) for situation, place in dues.items()}
    zeros = [place for place in dues.values() if isinstance(place, ZeroSupport)]
    situations, regles = _situations(recapitulatif)
    calcul = calcul_en(cible.epreuve, recapitulatif.mode)
    brute = CALCULS[calcul](notes, partial(session.poids, cible.code))
    note = ARRONDIS[arrondi_retenu(cible.epreuve, calcul, session)](brute)
    sans_support = len(zeros) == len(dues)
    calculee = cible.epreuve.regle_calcul if calcul is cible.epreuve.calcul else cible.epreuve.regle
    regle = zeros[0].regle if sans_support else calculee
    if note != brute:
        regles = [*regles, session.reglement.notation.regle_arrondi]
    if recapitulatif.mode is Mode.CCF:
        regles = [*regles, cible.epreuve.regle_proposition or session.reglement.notation.regle_proposition]
    return ResultatArrete(
        candidat=recapitulatif.candidat,
        epreuve=cible.code,
        etat=EtatResultat.ZERO_SUPPORT if sans_support else EtatResultat.NOTE,
        note=note,
        note_brute=en_fraction(brute),
        mode=recapitulatif.mode,
        situations=situations,
        regle=regle,
        regles=_uniques(regle, cible.epreuve.regle, _regle_recapitulatif(recapitulatif), *regles),
    )


def _avec_controle(resultat: ResultatArrete, recapitulatif: Recapitulatif) -> ResultatArrete:
    """La note de l'oral de contrôle, à côté de la première : le jury garde la meilleure (DC-BTS11)."""
    porte = recapitulatif.releve.controles.get(recapitulatif.cible.code)
    chance = recapitulatif.session.reglement.deliberation.seconde_chance
    if porte is None or porte.note is None or chance is None or resultat.note is None:
        return resultat
    regles = _uniques(resultat.regle, *resultat.regles, chance.regle)
    return resultat.model_copy(update={"controle": porte.note, "regles": regles})


def _exiger(place: Place, recapitulatif: Recapitulatif, situation: str | None) -> Decimal:
    """La note d'une place, définitive pour l'arrêté.

    Raises:
        Incomplet: rien n'y est, la note attend une décision, ou les deux saisies ne concordent pas.
    """
    cible, session = recapitulatif.cible, recapitulatif.session
    nom = f"{cible.code} {situation}" if situation else cible.code
    match place:
        case Notee(note=note) | Verrouillee(note=note):
            return note
        case Doublee(note=note):
            if not place.concorde:
                raise Incomplet("SAISIES_DISCORDANTES", discordance(place, nom))
            return note
        case ZeroSupport():
            return Decimal(0)
        case _ if _absence_admise(place) and recapitulatif.situation_a_zero:
            return Decimal(0)
        case Tardive():
            detail = f"{nom} : note de CCF arrivée après la remontée ; décidez de l'intégrer, ou non"
            raise Incomplet(session.reglement.remontee_ccf, detail)
        case _:
            detail = f"{nom} : ni note, ni zéro, ni absence ; la grille récapitulative est incomplète"
            raise Incomplet(_regle_recapitulatif(recapitulatif), detail)


def _exiger_evaluee(place: Place, recapitulatif: Recapitulatif, situation: str | None) -> Evaluee:
    """Ce qui est dit d'une compétence.

    Raises:
        Incomplet: rien n'en est dit.
    """
    if isinstance(place, Evaluee):
        return place
    nom = f"{recapitulatif.cible.code} {situation}" if situation else recapitulatif.cible.code
    detail = f"{nom} : compétence ni acquise, ni non acquise, ni absence ; l'évaluation est incomplète"
    raise Incomplet(_regle_recapitulatif(recapitulatif), detail)


def _situations(recapitulatif: Recapitulatif) -> tuple[dict[str, str], list[str]]:
    """Le détail par situation (note ou mention), et les règles qui l'ont donné."""
    cible, releve = recapitulatif.cible, recapitulatif.releve
    mentions = {
        one.situation: mention_arretee(one, recapitulatif.inscription, releve, recapitulatif.session)
        for one in conduites(recapitulatif.session, cible.code)
    }
    textes = {one.situation: _texte(releve.place(one.cle)) for one in cible.notees(recapitulatif.mode)}
    textes |= {situation: mention.value for situation, (mention, _) in mentions.items()}
    detail = {situation: textes[situation] for situation in cible.epreuve.situations if textes.get(situation)}
    return detail, [*_regles_zero(recapitulatif), *(regle for _, regle in mentions.values())]


def _regles_zero(recapitulatif: Recapitulatif) -> Iterator[str]:
    """Ce qui fait qu'une situation vaut zéro : son support manque, ou une absence justifiée à elle seule."""
    for place in recapitulatif.dues.values():
        if isinstance(place, ZeroSupport):
            yield place.regle
        elif _absence_admise(place) and recapitulatif.situation_a_zero:
            yield from filter(None, [recapitulatif.cible.epreuve.regle_absence_situation])
            yield recapitulatif.session.reglement.deliberation.regle_absence


def _texte(place: Place) -> str:
    match place:
        case Notee(note=note) | Doublee(note=note) | Verrouillee(note=note):
            return en_texte(note)
        case ZeroSupport():
            return EtatResultat.ZERO_SUPPORT.value
        case Absent():
            return EtatResultat.ABSENT_INJUSTIFIE.value
        case Dispensee(fondement=fondement):
            return _etat_dispense(fondement).value
        case Evaluee(acquise=acquise):
            return (EtatResultat.ACQUISE if acquise else EtatResultat.NON_ACQUISE).value
        case _:
            return EtatResultat.ABSENT_JUSTIFIE.value if _absence_admise(place) else ""


def _absence_admise(place: Place) -> bool:
    """Motif admis, et pas de nouvelle note intégrée depuis (AMB-52)."""
    return isinstance(place, AbsenceAdmise) or (isinstance(place, Tardive) and isinstance(place.avant, AbsenceAdmise))


def _dispense(recapitulatif: Recapitulatif) -> tuple[EtatResultat, str]:
    """L'état et la règle d'une épreuve que rien n'oblige à passer : titre détenu, ou unité acquise par l'expérience."""
    places = [recapitulatif.releve.place(one.cle) for one in recapitulatif.cible.notees(recapitulatif.mode)]
    dispenses = [place for place in places if isinstance(place, Dispensee)]
    vae = all(place.fondement is Fondement.VAE for place in dispenses)
    return _etat_dispense(Fondement.VAE if vae else Fondement.TITRE), dispenses[0].regle


def _etat_dispense(fondement: Fondement) -> EtatResultat:
    return EtatResultat.VAE if fondement is Fondement.VAE else EtatResultat.DISPENSE


def _regle_recapitulatif(recapitulatif: Recapitulatif) -> str:
    """La règle de la grille récapitulative : celle de l'épreuve (CAP24-N06, CAP24-N07), sinon la commune (TR-N01)."""
    propre = recapitulatif.cible.epreuve.recapitulatif.get(recapitulatif.mode)
    return propre.regle if propre else recapitulatif.session.reglement.notation.regle_grille


def _uniques(*regles: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(regles))
