"""La décision du jury refaite à la main, et la séance où elle a été prise : ce que le journal y montre d'irrégulier."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryConstitue,
    Ligne,
    MembreRecuse,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.publication import ConstatReclamation, Trouvaille
from contracts.reglement import JuryRegle
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat, Membre
from services.publication.documents.francais import enumeration, nombre
from services.publication.domain.histoire import FaitLu, HistoireCandidat
from services.publication.domain.trouvaille import irregularite, trouvaille

REGLE_ERREUR = "DC-REC01"
RECOPIEES = frozenset({EtatResultat.NOTE, EtatResultat.ZERO_SUPPORT})
CENTIEMES = 100


def decision_du_jury(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Les totaux et les notes de la dernière décision, recalculés et relus (DC-REC01)."""
    if not histoire.decisions:
        return
    fait, dite = histoire.decisions[-1]
    yield from _totaux(fait, dite, session)
    for ligne in dite.lignes:
        yield from _transcription(ligne, fait, dite, histoire, session)


def _totaux(fait: FaitLu, dite: DecisionPrise, session: SessionFigee) -> Iterator[Trouvaille]:
    if Fraction(dite.coefficients) == 0:
        return  # aucun total n'a été fait : il manque une note, ou une unité
    points = sum((_points(one, session) for one in dite.lignes), Fraction(0))
    coefficients = sum((Fraction(one.coefficient) for one in dite.lignes if one.coefficient is not None), Fraction(0))
    moyenne = Decimal(math.floor(points / coefficients * CENTIEMES)) / CENTIEMES if coefficients else None
    chiffres = {
        "points": (_dit(points), _dit(Fraction(dite.points))),
        "coefficients": (_dit(coefficients), _dit(Fraction(dite.coefficients))),
        "moyenne": (nombre(str(moyenne)), nombre(dite.moyenne or str(moyenne))),
    }
    differents = {quoi: f"{refait} recalculés, {lu} décidés" for quoi, (refait, lu) in chiffres.items() if refait != lu}
    if differents:
        texte = f"Refait, le total de la décision ne tombe pas juste : {enumeration(differents)}."
        fonde = ConstatReclamation.ERREUR_MATERIELLE
        yield trouvaille("total_different", REGLE_ERREUR, texte, (fait,), session, fonde=fonde, chiffres=differents)


def _points(ligne: Ligne, session: SessionFigee) -> Fraction:
    """La note exacte fois le coefficient ; d'une facultative, les seuls points au-dessus du seuil."""
    note = None if ligne.note is None else Fraction(ligne.note_exacte or ligne.note)
    if ligne.coefficient is not None:
        return Fraction(0) if note is None else note * Fraction(ligne.coefficient)
    if note is None or ligne.points is None:
        return Fraction(0)
    seuil = Fraction(session.reglement.deliberation.facultatif_seuil)
    return max(Fraction(0), note - seuil) * session.coefficient(ligne.epreuve)


def _dit(exact: Fraction) -> str:
    return nombre(str(exact)) if exact.denominator == 1 else str(exact)


def _transcription(
    ligne: Ligne, fait: FaitLu, dite: DecisionPrise, histoire: HistoireCandidat, session: SessionFigee
) -> Iterator[Trouvaille]:
    """La note de la décision est celle du résultat arrêté, ou celle que le jury lui a donnée."""
    arrete = _arrete(ligne.epreuve, fait, dite, histoire)
    resultat = None if arrete is None else arrete.event
    if not isinstance(resultat, ResultatArrete) or arrete is None or ligne.note is None or resultat.note is None:
        return
    if ligne.etat is not resultat.etat or ligne.etat not in RECOPIEES:
        return
    accords = [
        one.event.apres
        for one in histoire.jury
        if isinstance(one.event, PointsDeJuryAccordes)
        and (one.event.candidat, one.event.epreuve) == (histoire.candidat, ligne.epreuve)
        and one.position < fait.position
    ]
    if ligne.note in (resultat.note, ligne.controle, *accords):
        return
    compte, arretee = nombre(ligne.note), nombre(resultat.note)
    texte = f"La décision compte {compte} à {ligne.epreuve}, le résultat arrêté est {arretee}."
    fonde = ConstatReclamation.ERREUR_MATERIELLE
    yield trouvaille("note_mal_transcrite", REGLE_ERREUR, texte, (arrete, fait), session, fonde=fonde)


def _arrete(epreuve: str, decision: FaitLu, dite: DecisionPrise, histoire: HistoireCandidat) -> FaitLu | None:
    """Le dernier résultat de l'épreuve que le jury pouvait voir."""
    vus = [
        one
        for one in histoire.releve
        if isinstance(one.event, ResultatArrete)
        and one.event.epreuve == epreuve
        and histoire.vu_par(one, decision, dite)
    ]
    return vus[-1] if vus else None


# La séance ----------------------------------------------------------------------------------------------------------


@dataclass
class _Seance:
    """Qui était là, et qui présidait, au moment de la décision."""

    nomme: JuryConstitue | None = None
    constitue: FaitLu | None = None
    preside: str = ""
    transmission: FaitLu | None = None
    presents: set[str] = field(default_factory=set)
    recuses: dict[str, FaitLu] = field(default_factory=dict)

    def voir(self, fait: FaitLu, candidat: str) -> None:
        match fait.event:
            case JuryConstitue() as event:
                self.nomme, self.constitue, self.preside = event, fait, event.president
            case PresenceAttestee(membre=membre):
                self.presents.add(membre)
            case PresidenceTransmise(a=suppleant):
                self.preside, self.transmission = suppleant, fait
            case MembreRecuse(membre=membre) as event if event.candidat == candidat:
                self.recuses[membre] = fait
            case _:
                return

    def siegent(self, regle: JuryRegle, candidat: str) -> list[Membre]:
        membres = () if self.nomme is None else self.nomme.membres
        return [
            one
            for one in membres
            if one.id in self.presents
            and one.id not in self.recuses
            and not (regle.incompatibilite and candidat in one.a_forme)
        ]


def seance_du_jury(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Qui a décidé en avait-il le pouvoir, et le jury était-il réuni, à la dernière décision ?"""
    if not histoire.decisions:
        return
    decision, _ = histoire.decisions[-1]
    seance = _Seance()
    apres = False
    for fait in histoire.jury:
        if fait is decision:
            apres = True
            if seance.nomme is None:
                return  # un jury dont l'histoire manque ne se juge pas
            yield from _pouvoir(seance, decision, histoire.candidat, session)
            yield from _reunion(seance, decision, histoire.candidat, session)
        elif not apres:
            seance.voir(fait, histoire.candidat)
        elif isinstance(fait.event, MembreRecuse) and fait.event.candidat == histoire.candidat:
            texte = f"{fait.event.membre} a été récusé après la décision, qui n'a pas été reprise."
            yield irregularite("recuse_apres_decision", session.reglement.jury.regle, texte, (decision, fait), session)


def _pouvoir(seance: _Seance, decision: FaitLu, candidat: str, session: SessionFigee) -> Iterator[Trouvaille]:
    """La décision est donnée par qui préside à cet instant, présent, et que rien n'écarte du candidat."""
    regle, qui = session.reglement.jury, decision.acteur
    if qui != seance.preside:
        texte = f"La décision a été donnée par {qui} alors que le jury était présidé par {seance.preside}."
        transmise = () if seance.transmission is None else (seance.transmission,)
        yield irregularite("presidence_depassee", regle.regle_president, texte, (*transmise, decision), session)
    if qui not in seance.presents:
        texte = f"{qui} a donné la décision sans être attesté présent à la séance."
        yield irregularite("president_absent", regle.regle_president, texte, (decision,), session)
    if qui in seance.recuses:
        texte = f"{qui} a donné la décision alors qu'il était récusé pour ce candidat."
        yield irregularite("president_recuse", regle.regle, texte, (seance.recuses[qui], decision), session)
    formes = () if seance.nomme is None else seance.nomme.membres
    if regle.incompatibilite and any(one.id == qui and candidat in one.a_forme for one in formes):
        texte = f"{qui} a donné la décision d'un candidat qu'il a formé."
        yield irregularite("president_a_forme", regle.incompatibilite, texte, (decision,), session)


def _reunion(seance: _Seance, decision: FaitLu, candidat: str, session: SessionFigee) -> Iterator[Trouvaille]:
    """Assez de membres siègent, et chaque part du jury est représentée (DC-CAP22)."""
    regle = session.reglement.jury
    siegent = seance.siegent(regle, candidat)
    faits = (decision,) if seance.constitue is None else (seance.constitue, decision)
    if len(siegent) < regle.membres_min:
        texte = f"{len(siegent)} membre(s) siégeai(en)t pour ce candidat, il en faut au moins {regle.membres_min}."
        yield irregularite("jury_incomplet", regle.regle, texte, faits, session)
    for cote in map(JuryRegle.profils_de, regle.parite or [one.profil for one in regle.profils if one.minimum]):
        if not any(one.profil in cote for one in siegent):
            texte = f"Aucun membre « {' ou '.join(cote).replace('_', ' ')} » ne siégeait pour ce candidat."
            yield irregularite("part_absente", regle.regle, texte, faits, session)
