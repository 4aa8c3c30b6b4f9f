"""Le dossier du candidat relu : ce qui fonde une non-conformité, et ce que le journal y montre d'irrégulier."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    PieceJugee,
    RegularisationDemandee,
    VerificationConclue,
)
from contracts.evenements.publication import Trouvaille
from contracts.session import SessionFigee
from contracts.vocabulaire import Verdict
from services.communs.mots import jour_dit
from services.publication.documents.francais import enumeration
from services.publication.domain.histoire import FaitLu, HistoireCandidat
from services.publication.domain.trouvaille import irregularite, trouvaille

REGLE_APRES_JURY = "AMB-54"
TOUT = ""  # sans épreuve nommée, une décision porte sur tout l'examen


def dossier_du_candidat(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Les non-conformités qui tiennent encore, ce qui leur manquait, et les doutes que personne n'a levés."""
    for fait in _fermetures(histoire):
        yield from _non_conformite(fait, histoire, session)
        yield from _trop_tot(fait, histoire, session)
        yield from _a_examiner(fait, histoire, session)
    yield from _apres_le_jury(histoire, session)
    yield from _doutes(histoire, session)


def _fermetures(histoire: HistoireCandidat) -> list[FaitLu]:
    """Les décisions défavorables que rien n'a remplacées, épreuve par épreuve."""
    tiennent: dict[str, FaitLu] = {}
    for fait in histoire.dossier:
        match fait.event:
            case DossierDeclareConforme(epreuves=epreuves):
                for une in epreuves or (TOUT,):
                    tiennent.pop(une, None)
            case DossierDeclareNonConforme(epreuves=epreuves):
                tiennent.update(dict.fromkeys(epreuves or (TOUT,), fait))
            case _:
                continue
    return list({one.id: one for one in tiennent.values()}.values())


def _non_conformite(fait: FaitLu, histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """La décision contestée elle-même, avec les demandes de régularisation qui l'ont précédée."""
    event = fait.event
    if not isinstance(event, DossierDeclareNonConforme):
        return
    demandes = [one for one in _avant(histoire, fait) if isinstance(one.event, RegularisationDemandee)]
    quoi = f"pour {enumeration(event.epreuves)}" if event.epreuves else "pour tout l'examen"
    motifs = enumeration([one.replace("_", " ") for one in event.motifs])
    texte = f"Le dossier est déclaré non conforme {quoi} ; motifs : {motifs}."
    yield trouvaille("dossier_non_conforme", event.regle, texte, (*demandes, fait), session)


def _trop_tot(fait: FaitLu, histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Une pièce redemandée pouvait encore être remise quand la décision a été prise."""
    for demande in _avant(histoire, fait):
        event = demande.event
        if not isinstance(event, RegularisationDemandee) or event.avant <= fait.le:
            continue
        if _admise(event.piece, histoire, fait.position):
            continue
        jusque = jour_dit(event.avant, session.parametres.fuseau)
        texte = f"La pièce {event.piece} pouvait être complétée jusqu'au {jusque} : la décision a été prise avant."
        yield irregularite("delai_en_cours", event.regle, texte, (demande, fait), session)


def _admise(piece: str, histoire: HistoireCandidat, avant: int) -> bool:
    verdicts = [
        one.event.verdict
        for one in histoire.dossier
        if isinstance(one.event, PieceJugee) and one.event.piece == piece and one.position < avant
    ]
    return verdicts[-1:] == [Verdict.CONFORME]


def _a_examiner(fait: FaitLu, histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Une pièce attendait qu'une personne la juge quand la décision a été prise."""
    dernieres = {one.event.piece: one for one in _avant(histoire, fait) if isinstance(one.event, PieceJugee)}
    for piece, jugee in dernieres.items():
        event = jugee.event
        if isinstance(event, PieceJugee) and event.verdict is Verdict.A_EXAMINER:
            texte = f"La pièce {piece} attendait d'être examinée par une personne quand la décision a été prise."
            yield trouvaille("piece_a_examiner", event.regle, texte, (jugee, fait), session)


def _apres_le_jury(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Le dossier a été décidé de nouveau après le jury : sa décision ne peut pas en tenir compte."""
    for fait in histoire.dossier:
        if not isinstance(fait.event, DossierDeclareConforme | DossierDeclareNonConforme):
            continue
        avant = [qui for qui, _ in histoire.decisions_finales if fait.suit(qui)]
        if not avant:
            continue
        reprise = next((qui for qui, dite in histoire.decisions if histoire.vu_par(fait, qui, dite)), None)
        texte = "Le dossier a été décidé de nouveau après la décision du jury ; "
        if reprise is None:
            texte += "il n'a pas redécidé : sa décision n'en tient pas compte."
            yield irregularite("dossier_change_apres_jury", REGLE_APRES_JURY, texte, (avant[-1], fait), session)
        else:
            texte += "il a redécidé depuis, en le voyant."
            faits = (avant[-1], fait, reprise)
            yield trouvaille("dossier_change_apres_jury", REGLE_APRES_JURY, texte, faits, session, revue=True)


def _doutes(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Un doute signalé que le jury n'a pas attendu de voir vérifié (TR-C02)."""
    ouverts: dict[str, FaitLu] = {}
    decision = next((qui for qui, _ in reversed(histoire.decisions_finales)), None)
    for fait in histoire.dossier if decision is not None else ():
        if decision is not None and fait.suit(decision):
            break
        match fait.event:
            case DouteSignale(epreuve=epreuve):
                ouverts[epreuve or TOUT] = fait
            case VerificationConclue(epreuve=None):
                ouverts.clear()
            case VerificationConclue(epreuve=epreuve):
                ouverts.pop(epreuve or TOUT, None)
            case _:
                continue
    for epreuve, fait in ouverts.items():
        sur = f"le dossier de {epreuve}" if epreuve else "le dossier"
        texte = f"Un doute signalé sur {sur} n'était pas vérifié quand le jury a décidé."
        regle = getattr(fait.event, "regle", REGLE_APRES_JURY)
        faits = (fait,) if decision is None else (fait, decision)
        yield irregularite("doute_sans_conclusion", regle, texte, faits, session)


def _avant(histoire: HistoireCandidat, fait: FaitLu) -> list[FaitLu]:
    return [one for one in histoire.dossier if one.position < fait.position]
