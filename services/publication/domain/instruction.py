"""Ce que le journal montre de lui-même d'un candidat : notes changées, tardives, totaux qui diffèrent, jury irrégulier.

Une fonction pure de son histoire. Elle ne conclut pas : le service instruit, avec ces trouvailles sous les yeux.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    DoubleSaisieComparee,
    GrilleRemplie,
    NoteHarmonisee,
    NoteRectifiee,
    NoteSaisie,
    NoteTardiveIntegree,
    NoteTardiveRecue,
    NoteVerrouillee,
    ResultatArrete,
)
from contracts.evenements.publication import ConstatReclamation, Trouvaille
from contracts.evenements.releve import RemplacementOuvert
from contracts.messages import Event
from contracts.session import SessionFigee
from services.publication.domain.histoire import PROVISOIRES, FaitLu, HistoireCandidat, place
from services.publication.domain.instruction_conformite import dossier_du_candidat
from services.publication.domain.instruction_jury import decision_du_jury, seance_du_jury
from services.publication.domain.trouvaille import trouvaille

__all__ = ["trouver"]

REGLE_APRES_JURY, REGLE_COMMISSION = "AMB-54", "TR-N03"
CHANGENT = (NoteSaisie, NoteHarmonisee, NoteRectifiee, NoteTardiveIntegree, AbsenceConstatee, AbsenceJustifiee)
REPARENT = (NoteRectifiee, NoteTardiveIntegree)


def trouver(histoire: HistoireCandidat, session: SessionFigee) -> tuple[Trouvaille, ...]:
    """Tout ce que l'histoire du candidat montre, dans l'ordre : ses notes, la décision, le jury, son dossier."""
    return (
        *_apres_le_verrou(histoire, session),
        *_apres_le_jury(histoire, session),
        *_tardives(histoire, session),
        *_apres_l_arret(histoire, session),
        *_discordantes(histoire, session),
        *_commissions(histoire, session),
        *decision_du_jury(histoire, session),
        *seance_du_jury(histoire, session),
        *dossier_du_candidat(histoire, session),
    )


def _apres_le_verrou(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Une note a changé après la clôture de son lot : permis, mais jamais en silence (TR-R02)."""
    verrous: dict[str, FaitLu] = {}
    for fait in histoire.releve:
        match fait.event:
            case NoteVerrouillee() as event:
                verrous[place(event)] = fait
            case NoteHarmonisee(regle=regle) | NoteRectifiee(regle=regle) as event if place(event) in verrous:
                texte = f"La note de {place(event)} a changé après la clôture de son lot, avec un motif."
                faits = (verrous[place(event)], fait)
                yield trouvaille("note_changee_apres_verrou", regle, texte, faits, session)
            case _:
                continue


def _apres_le_jury(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Une note a changé alors que le jury avait décidé : il doit redécider, sinon sa décision ne la compte pas."""
    remplacees: set[str] = set()
    for fait in histoire.releve:
        event = fait.event
        if isinstance(event, RemplacementOuvert):
            remplacees.update(event.epreuves)
        if not isinstance(event, CHANGENT) or event.epreuve in remplacees:
            continue
        avant = [one for one in histoire.decisions if fait.suit(one[0])]
        if not avant or avant[-1][1].decision in PROVISOIRES:
            continue
        reprise = next((qui for qui, dite in histoire.decisions if histoire.vu_par(fait, qui, dite)), None)
        yield _vue_trop_tard(event, fait, avant[-1][0], reprise, session)


def _vue_trop_tard(
    event: Event, fait: FaitLu, decision: FaitLu, reprise: FaitLu | None, session: SessionFigee
) -> Trouvaille:
    suite = "il a redécidé depuis, en la voyant" if reprise else "il n'a pas redécidé : sa décision ne la compte pas"
    texte = f"La note de {place(event)} a changé après la décision du jury ; {suite}."
    erreur = ConstatReclamation.ERREUR_MATERIELLE if isinstance(event, REPARENT) else ConstatReclamation.IRREGULARITE
    faits = (decision, fait) if reprise is None else (decision, fait, reprise)
    fonde = None if reprise else erreur
    code = "note_changee_apres_jury"
    return trouvaille(code, REGLE_APRES_JURY, texte, faits, session, fonde=fonde, revue=reprise is not None)


def _tardives(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Une note de CCF arrivée après la remontée : comptée ensuite, ou gardée à part (CAP24-N07)."""
    recues: dict[str, FaitLu] = {}
    for fait in histoire.releve:
        match fait.event:
            case NoteTardiveRecue() as event:
                recues[place(event)] = fait
            case NoteTardiveIntegree(regle=regle) as event if place(event) in recues:
                texte = f"La note de {place(event)}, arrivée après la remontée, a été comptée par le service."
                yield trouvaille("note_tardive", regle, texte, (recues.pop(place(event)), fait), session, revue=True)
            case _:
                continue
    for ou, fait in recues.items():
        texte = f"La note de {ou} est arrivée après la remontée et n'a pas été comptée."
        regle = getattr(fait.event, "regle", session.reglement.remontee_ccf)
        yield trouvaille("note_tardive", regle, texte, (fait,), session)


def _apres_l_arret(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Une note portée alors que le résultat de l'épreuve était déjà arrêté (TR-N01)."""
    arretes: dict[str, FaitLu] = {}
    remplacees: set[str] = set()
    for fait in histoire.releve:
        match fait.event:
            case RemplacementOuvert(epreuves=epreuves):
                remplacees.update(epreuves)
            case ResultatArrete(epreuve=epreuve):
                arretes.setdefault(epreuve, fait)
            case NoteSaisie(epreuve=epreuve) | NoteTardiveIntegree(epreuve=epreuve) if epreuve not in remplacees:
                arrete = arretes.get(epreuve)
                if arrete is None or arrete.position >= fait.position:
                    continue
                texte = f"Une note de {place(fait.event)} est arrivée après que le résultat de l'épreuve a été arrêté."
                regle = session.reglement.notation.regle_grille
                yield trouvaille("note_apres_arret", regle, texte, (arrete, fait), session)
            case _:
                continue


def _discordantes(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """Deux saisies qui ne disent pas la même note, et que rien n'a départagées."""
    ouvertes: dict[str, FaitLu] = {}
    for fait in histoire.releve:
        match fait.event:
            case DoubleSaisieComparee(concorde=False) as event:
                ouvertes[place(event)] = fait
            case DoubleSaisieComparee() | NoteRectifiee() | NoteHarmonisee() | NoteSaisie() as event:
                ouvertes.pop(place(event), None)
            case _:
                continue
    for ou, fait in ouvertes.items():
        texte = f"Les deux saisies de la note de {ou} ne concordent pas, et rien ne les a départagées."
        fonde = ConstatReclamation.ERREUR_MATERIELLE
        regle = session.reglement.notation.regle_rectification
        yield trouvaille("saisies_discordantes", regle, texte, (fait,), session, fonde=fonde)


def _commissions(histoire: HistoireCandidat, session: SessionFigee) -> Iterator[Trouvaille]:
    """La commission qui a évalué : à laquelle il manquait un profil, ou réunie avec le repli que le texte prévoit."""
    dernieres = {place(one.event): one for one in histoire.releve if isinstance(one.event, GrilleRemplie)}
    for ou, fait in dernieres.items():
        event = fait.event
        if not isinstance(event, GrilleRemplie):
            continue
        manquants = _manquants(event, session)
        if manquants:
            texte = f"Il manquait à la commission qui a évalué {ou} : {', '.join(manquants)}."
            fonde = ConstatReclamation.IRREGULARITE
            yield trouvaille("commission_irreguliere", REGLE_COMMISSION, texte, (fait,), session, fonde=fonde)
        elif event.repli:
            texte = f"La commission qui a évalué {ou} siégeait avec le repli que le texte permet."
            yield trouvaille("commission_de_repli", event.regle, texte, (fait,), session)


def _manquants(event: GrilleRemplie, session: SessionFigee) -> list[str]:
    """Les profils qui manquaient, quel que soit le mode ; aucun si une des commissions possibles était réunie."""
    epreuve = session.reglement.epreuves.get(event.epreuve)
    possibles = [] if epreuve is None else list(epreuve.commissions.values())
    manques: list[list[str]] = []
    for regle in possibles:
        libres = Counter(str(one) for one in event.commission)
        requis = Counter(regle.obligatoires)
        absents, libres = requis - libres, libres - requis
        seuls = [one for one in absents.elements() if not _supplee(libres, regle.repli.get(one))]
        manques.append(seuls)
    return min(manques, key=len, default=[])


def _supplee(libres: Counter[str], repli: str | None) -> bool:
    if repli is None or not libres[repli]:
        return False
    libres[repli] -= 1
    return True
