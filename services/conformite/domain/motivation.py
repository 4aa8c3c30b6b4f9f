"""L'explication d'un contrôle, épreuve par épreuve : ses pièces, sa durée, chaque motif, et ce qui s'ensuit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from contracts.reglement.dossier import Quotite
from contracts.session import SessionFigee
from contracts.vocabulaire import CauseReduction, Explication, Verdict
from services.communs.explication import clause
from services.conformite.domain.controle import Constat, Examen, Reduite, Vue
from services.conformite.domain.durees import Mesure, dire, fenetre
from services.conformite.domain.exigee import regle_defaut
from services.conformite.domain.exigences import REGLE_DISPENSES
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
CAUSES = {
    CauseReduction.FORCE_MAJEURE: "force majeure",
    CauseReduction.AMENAGEMENT: "aménagement",
    CauseReduction.POSITIONNEMENT: "positionnement",
    CauseReduction.VALIDATION_ACADEMIQUE: "validation de l'autorité académique",
}
ENTIER = "Cinq jours, du lundi au vendredi, font une semaine ; l'entier inférieur est pris une fois, sur la somme."
UNION = "Les périodes qui se recouvrent comptent une fois."
SANS_DATE = "Aucune condition de date : toute période qui précède la première épreuve compte, si ancienne soit-elle."
LAISSE = "Ce défaut n'empêche pas l'épreuve : qui évalue en tient compte."


def conforme(examen: Examen, session: SessionFigee) -> tuple[Explication, ...]:
    """Pourquoi le dossier est conforme, et les défauts qui n'y changent rien."""
    return (
        clause(
            session.reglement,
            examen.du.regle,
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
            examen.du.regle,
            f"{controle.intitule} : non conforme, pour les motifs qui suivent ; un seul suffit.",
            faits=faits,
            effet="dossier non conforme",
            details=tuple(_constat(un, session) for un in examen.constats),
        ),
        *_duree(examen, session),
        clause(
            session.reglement,
            examen.du.regle,
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
        regle = examen.du.controle.regle_dispense or examen.du.regle
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
    details = (*_decompte(mesure, session), *_reduction(examen.reduite, mesure, session), *_tenu(examen, session))
    effet = "durée suffisante" if mesure.suffit else "durée insuffisante"
    yield clause(session.reglement, mesure.duree.regle, texte, chiffres=chiffres, effet=effet, details=details)


def _decompte(mesure: Mesure, session: SessionFigee) -> Iterator[Explication]:
    """Comment on compte : la règle propre à cette durée, puis celle des périodes qui se recouvrent."""
    chiffres: dict[str, str] = {}
    match mesure.duree.procedure:
        case "semaines_calendaires":
            texte = ENTIER
        case "annees_experience":
            texte = SANS_DATE
        case "mois_recents":
            texte, chiffres = _fenetres(mesure, session.parametres.premiere_epreuve)
    yield clause(session.reglement, mesure.regle, texte, chiffres=chiffres)
    yield clause(session.reglement, mesure.duree.regle_chevauchement, UNION)


def _fenetres(mesure: Mesure, premiere: date) -> tuple[str, dict[str, str]]:
    """Ce qu'il faut de mois, à temps plein ou à temps partiel, et entre quelles dates (AMB-42)."""
    textes: list[str] = []
    chiffres: dict[str, str] = {}
    for nom, quotite, temps in (
        ("plein", mesure.duree.plein, "à temps plein"),
        ("partiel", mesure.duree.partiel, "même à temps partiel"),
    ):
        if quotite is not None:
            textes.append(f"{quotite.mois} mois {temps} {_dans(quotite, premiere)}")
            debut, fin = fenetre(quotite, premiere)
            chiffres |= {f"mois_{nom}": str(quotite.mois), f"fenetre_{nom}": f"{debut.isoformat()}/{fin.isoformat()}"}
    return f"Il faut {', ou '.join(textes)}.", chiffres


def _dans(quotite: Quotite, premiere: date) -> str:
    debut, fin = fenetre(quotite, premiere)
    return f"dans les {quotite.fenetre_mois} mois avant la première épreuve (du {debut:%d/%m/%Y} au {fin:%d/%m/%Y})"


def _reduction(reduite: Reduite | None, mesure: Mesure, session: SessionFigee) -> Iterator[Explication]:
    """La durée réduite par l'autorité, en vertu d'une règle qui n'est pas celle de la durée (BTS-C08, BTS-C09)."""
    if reduite is None:
        return
    minimum, plein = dire(mesure.minimum, mesure.unite), dire(mesure.sans_reduction, mesure.unite)
    texte = f"L'autorité académique a réduit la durée exigée : {minimum} au lieu de {plein}."
    faits = (f"cause : {CAUSES[reduite.prevue.cause]}", f"motif : {reduite.acte.motif}")
    chiffres = {"minimum": str(mesure.minimum), "sans_reduction": str(mesure.sans_reduction)}
    regle = reduite.prevue.regle
    yield clause(session.reglement, regle, texte, faits=faits, chiffres=chiffres, effet="durée réduite")


def _tenu(examen: Examen, session: SessionFigee) -> Iterator[Explication]:
    """Une dispense sur deux ne dispense pas du stage (AMB-60)."""
    if examen.dispenses:
        toutes, tenues = " et ".join(examen.du.controle.dispense_avec), ", ".join(examen.dispenses)
        texte = f"Dispensé de {tenues} seulement, le candidat doit le stage : il faut l'être de {toutes}."
        yield clause(session.reglement, REGLE_DISPENSES, texte, effet="durée exigée")


def _reserves(examen: Examen, session: SessionFigee) -> Iterator[Explication]:
    for code, defaut in examen.reserves:
        exigee = next(
            une
            for une in examen.du.pieces
            for vue in examen.vues
            if vue.code == code and vue.piece.deposee.nature in une.natures
        )
        regle = regle_defaut(defaut, exigee)
        effets = [exigee.regle_contenu] if exigee.regle_contenu and exigee.regle_contenu != regle else []
        details = tuple(clause(session.reglement, une, LAISSE, effet=SANS_EFFET) for une in effets)
        faits = (code, defaut.code)
        yield clause(session.reglement, regle, f"{defaut.texte}.", faits=faits, effet=SANS_EFFET, details=details)
