"""Une note est saisie : seule, par une grille, une seconde fois ; ou elle arrive trop tard."""

from __future__ import annotations

from contracts.commandes.notation import (
    RemplirGrille,
    SaisirNote,
    SaisirSecondeFois,
)
from contracts.evenements.notation import (
    DoubleSaisieComparee,
    GrilleRemplie,
    NoteSaisie,
    NoteTardiveRecue,
)
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Mode
from services.notation.domain.cibles import Evaluation, evaluer, trop_tard
from services.notation.domain.commission import exiger_commission
from services.notation.domain.etats import (
    AbsenceAdmise,
    Absent,
    Doublee,
    Notee,
    Releve,
    Tardive,
    Verrouillee,
    ZeroSupport,
)
from services.notation.domain.grilles import exiger_grille
from services.notation.domain.procedures import exiger_note


def saisir(command: SaisirNote, releve: Releve, session: SessionFigee) -> list[Event]:
    """La note est portée à sa place ; une note de CCF arrivée trop tard est gardée à part (CAP24-N07)."""
    evaluation = evaluer(command, releve, session)
    exiger_note(evaluation.cible.epreuve, command.note)
    return _porter(command, evaluation, releve, session, evaluation.cible.epreuve.regle)


def remplir_grille(command: RemplirGrille, releve: Releve, session: SessionFigee) -> list[Event]:
    """La grille officielle est reçue si elle est complète et la commission régulière ; elle donne la note.

    Là où l'académie n'a pas chargé de grille, mais où le texte nomme une commission, celle-ci est contrôlée de même.
    """
    evaluation = evaluer(command, releve, session)
    cible, mode = evaluation.cible, evaluation.mode
    source = cible.definition or cible.epreuve
    grille, commission = source.grilles.get(mode), cible.epreuve.commissions.get(mode)
    if grille is None and (commission is None or cible.situation is not None):
        detail = f"{cible.nom} n'a pas de grille officielle en mode {mode} : saisissez la note seule"
        raise Refus(session.reglement.notation.regle_grille, detail)
    if isinstance(evaluation.place, ZeroSupport):
        raise Refus(evaluation.place.regle, f"{cible.nom} : sans support le candidat n'est pas évalué, pas de grille")
    exiger_note(cible.epreuve, command.note)
    if grille is not None:
        exiger_grille(grille, command.criteres)
    regle = grille.regle if grille else cible.epreuve.regle
    remplie = GrilleRemplie(
        candidat=command.candidat,
        epreuve=command.epreuve,
        situation=command.situation,
        annexe=grille.annexe if grille else "",
        criteres=command.criteres,
        commission=command.commission,
        repli=exiger_commission(commission, command.commission) if commission else False,
        regle=regle,
    )
    notes = _porter(command, evaluation, releve, session, regle)
    if releve.grilles.get(cible.cle) == remplie:
        return notes
    _exiger_modifiable(evaluation, session)
    return [remplie, *notes]


def saisir_seconde_fois(command: SaisirSecondeFois, releve: Releve, session: SessionFigee) -> list[Event]:
    """Une autre personne saisit la même note : les deux concordent, ou non."""
    evaluation = evaluer(command, releve, session)
    exiger_note(evaluation.cible.epreuve, command.note)
    _exiger_modifiable(evaluation, session)
    place, nom = evaluation.place, evaluation.cible.nom
    if not isinstance(place, (Notee, Doublee)):
        raise Refus("PREMIERE_SAISIE_ABSENTE", f"{nom} : aucune note à relire, saisissez-la d'abord")
    if place.auteur == command.par.id:
        raise Refus("MEME_AUTEUR", f"{nom} : la seconde saisie revient à une autre personne que la première")
    if isinstance(place, Doublee) and place.seconde == command.note:
        return []
    return [
        DoubleSaisieComparee(
            candidat=command.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            premiere=place.note,
            seconde=command.note,
            concorde=place.note == command.note,
            auteur=command.par.id,
        )
    ]


def _porter(
    command: SaisirNote | RemplirGrille, evaluation: Evaluation, releve: Releve, session: SessionFigee, regle: str
) -> list[Event]:
    """Ce que devient une note selon ce qui est déjà à sa place."""
    note, nom = command.note, evaluation.cible.nom
    retard = trop_tard(evaluation, releve, command.le, session)
    remplacee = evaluation.cible.code in releve.remplacees
    match evaluation.place:
        case Notee(note=deja) | Doublee(note=deja) | Verrouillee(note=deja) | Tardive(note=deja) if deja == note:
            return []
        case ZeroSupport(regle=sans_support):
            if note == 0:
                return []
            raise Refus(sans_support, f"{nom} : sans support, le candidat n'est pas évalué ; la note est zéro")
        case Absent():
            raise Refus("CANDIDAT_ABSENT", f"{nom} : le candidat est porté absent ; si c'est une erreur, rectifiez")
        case AbsenceAdmise() if evaluation.mode is Mode.PONCTUEL and not remplacee:
            raise Refus(session.reglement.deliberation.regle_absence, f"{nom} : absence justifiée, la note est zéro")
        case Verrouillee():
            _exiger_modifiable(evaluation, session)
        case Notee() | Doublee() as place:
            _exiger_reprise(command, place, evaluation, session, retard)
        case _:
            pass
    if retard:
        return [_tardive(command, session)]
    return [
        NoteSaisie(
            candidat=command.candidat,
            epreuve=command.epreuve,
            situation=command.situation,
            note=note,
            lot=command.lot,
            auteur=command.par.id,
            regle=regle,
        )
    ]


def _tardive(command: SaisirNote | RemplirGrille, session: SessionFigee) -> NoteTardiveRecue:
    return NoteTardiveRecue(
        candidat=command.candidat,
        epreuve=command.epreuve,
        situation=command.situation,
        note=command.note,
        regle=session.reglement.remontee_ccf,
    )


def _exiger_modifiable(evaluation: Evaluation, session: SessionFigee) -> None:
    """La note n'est pas verrouillée.

    Raises:
        Refus: TR-N01.
    """
    if isinstance(evaluation.place, Verrouillee):
        raise Refus(
            session.reglement.notation.regle_grille,
            f"{evaluation.cible.nom} : note verrouillée ({evaluation.place.cause}) ; "
            "elle ne change plus que par harmonisation ou rectification",
        )


def _exiger_reprise(
    command: SaisirNote | RemplirGrille,
    place: Notee | Doublee,
    evaluation: Evaluation,
    session: SessionFigee,
    retard: bool,
) -> None:
    """Une note déjà saisie se reprend par son auteur, ou dans son lot, et avant la remontée si elle est de CCF.

    Raises:
        Refus: ``NOTE_DEJA_SAISIE`` ; CAP24-N07 après la remontée.
    """
    nom = evaluation.cible.nom
    if place.auteur != command.par.id and (command.lot is None or command.lot != place.lot):
        raise Refus("NOTE_DEJA_SAISIE", f"{nom} : une autre personne l'a notée ; demandez une rectification motivée")
    if retard:
        detail = f"{nom} : les notes de CCF sont remontées ; demandez une rectification motivée"
        raise Refus(session.reglement.remontee_ccf, detail)
