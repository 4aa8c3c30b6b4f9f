"""L'explication d'un contrôle, épreuve par épreuve : ses pièces, sa durée, chaque motif, et ce qui s'ensuit."""

from __future__ import annotations

from collections.abc import Iterator

from contracts.session import SessionFigee
from contracts.vocabulaire import Explication, Verdict
from services.communs.explication import clause
from services.conformite.domain.controle import Constat, Examen, Vue
from services.conformite.domain.durees import dire
from services.conformite.domain.explication import VERDICTS
from services.conformite.domain.heures import chiffre

EFFETS = {
    "non_valide": (
        "La mention « non valide » est portée à l'épreuve : le candidat, même présent, n'est pas interrogé, "
        "et le diplôme ne peut être délivré. Ce n'est ni un zéro, ni une absence."
    ),
    "non_subie": (
        "Le candidat ne peut subir cette épreuve : l'unité n'est pas validée. Ce n'est ni un zéro, ni une absence, "
        "et ses autres notes restent conservables."
    ),
    "non_autorise": "Le candidat ne se présente pas à l'examen : il n'est pas évalué, ni noté zéro.",
}
CONFORME = "dossier conforme"
MOTIF = "motif de non-conformité"
SANS_EFFET = "défaut sans effet sur la conformité, laissé à qui évalue"


def conforme(examen: Examen, session: SessionFigee) -> tuple[Explication, ...]:
    """Pourquoi le dossier est conforme, et les défauts qui n'y changent rien."""
    return (
        clause(
            session.reglement,
            examen.du.controle.regle,
            f"{examen.du.controle.intitule} : conforme. Le contrôle porte sur les pièces, non sur leur qualité.",
            effet=CONFORME,
            details=(*_pieces(examen, session), *_duree(examen, session), *_reserves(examen, session)),
        ),
    )


def non_conforme(examen: Examen, session: SessionFigee, verification: str = "") -> tuple[Explication, ...]:
    """Chaque motif avec sa règle, ses pièces et ses chiffres ; puis l'effet que le règlement y attache."""
    controle = examen.du.controle
    faits = (f"vérification : {verification}",) if verification else ()
    return (
        clause(
            session.reglement,
            controle.regle,
            f"{controle.intitule} : non conforme, pour les motifs qui suivent ; un seul suffit.",
            faits=faits,
            effet="dossier non conforme",
            details=tuple(_constat(un, session) for un in examen.constats),
        ),
        *_duree(examen, session),
        clause(
            session.reglement,
            controle.regle,
            "Les pièces reçues, et ce que chacune vaut.",
            effet="pièces du dossier",
            details=tuple(_pieces(examen, session)),
        ),
        clause(session.reglement, controle.regle_effet, EFFETS[controle.effet], effet=controle.effet),
    )


def _constat(constat: Constat, session: SessionFigee) -> Explication:
    texte = f"{constat.texte}."
    chiffres = dict(constat.chiffres)
    return clause(
        session.reglement,
        constat.regle,
        texte,
        faits=constat.faits,
        chiffres=chiffres,
        effet=f"{MOTIF} : {constat.motif.value}",
    )


def _pieces(examen: Examen, session: SessionFigee) -> Iterator[Explication]:
    yield from (_piece(vue, session) for vue in examen.vues)
    if examen.du.dispense:
        regle = examen.du.controle.regle_dispense or examen.du.controle.regle
        texte = "Dispensé des unités que le stage prépare, le candidat n'en a pas à effectuer."
        yield clause(session.reglement, regle, texte, effet="aucune durée exigée")


def _piece(vue: Vue, session: SessionFigee) -> Explication:
    par = ", par une personne" if vue.piece.jugee and vue.piece.jugee.a_la_main else ""
    depot = f"déposée le {vue.piece.deposee.depose_le.isoformat()}"
    verdict = VERDICTS[vue.verdict]
    texte = f"Pièce {vue.code} ({vue.piece.deposee.nature.value}) : {verdict}{par}."
    dits = vue.piece.jugee.motifs if vue.piece.jugee and vue.piece.jugee.a_la_main else ()
    faits = (depot, *(dits or tuple(motif.value for motif in vue.motifs)))
    return clause(
        session.reglement, vue.regle, texte, faits=faits, effet="admise" if vue.verdict is Verdict.CONFORME else verdict
    )


def _duree(examen: Examen, session: SessionFigee) -> Iterator[Explication]:
    mesure = examen.mesure
    if mesure is None:
        return
    chiffres = {
        "retenue": str(mesure.retenue),
        "exacte": chiffre(mesure.exacte),
        "minimum": str(mesure.minimum),
        "unite": "semaines" if mesure.unite == "semaines" else "mois",
    }
    texte = f"Durée attestée : {mesure.texte} ; durée exigée : {dire(mesure.minimum, mesure.unite)}."
    decompte = "Les périodes qui se recouvrent comptent une fois ; l'entier inférieur est pris une fois, sur la somme."
    details = (clause(session.reglement, mesure.regle, decompte),)
    effet = "durée suffisante" if mesure.suffit else "durée insuffisante"
    yield clause(session.reglement, mesure.duree.regle, texte, chiffres=chiffres, effet=effet, details=details)


def _reserves(examen: Examen, session: SessionFigee) -> Iterator[Explication]:
    for code, defaut in examen.reserves:
        exigee = next(
            une
            for une in examen.du.pieces
            for vue in examen.vues
            if vue.code == code and vue.piece.deposee.nature in une.natures
        )
        regle = exigee.regle_contenu or defaut.regle or exigee.regle
        yield clause(session.reglement, regle, f"{defaut.texte}.", faits=(code, defaut.code), effet=SANS_EFFET)
