"""L'explication d'une décision, clause par clause : la règle, sa source, les faits, les chiffres, l'effet.

``chiffres`` porte des nombres exacts (``125.5``, ``32/3``) qui suffisent à refaire le calcul ; ``texte`` se lit en
français.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from contracts.reglement import Mention, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat, Explication, Mode
from services.deliberation.domain.calcul import Bilan, Compte, Constat, Totaux, mentions
from services.deliberation.domain.dossier import Fermeture
from services.deliberation.domain.explication_base import (
    REMPLIE,
    SANS_EFFET,
    dire,
    fr,
    liste,
    totaux_dits,
)
from services.deliberation.domain.explication_etats import conservation, non_calculee, presence, progression, validite
from services.deliberation.domain.explication_notes import moyenne
from services.deliberation.domain.explication_rattrapage import seconde_chance
from services.deliberation.domain.rattrapage import Rattrapage

CONDUITE = {
    EtatResultat.VALIDEE: "validée",
    EtatResultat.FAVORABLE: "avis favorable",
    EtatResultat.NON_VALIDEE: "non validée",
    EtatResultat.INSUFFISANT: "avis insuffisant",
    EtatResultat.NON_ORGANISEE: "non organisée",
    EtatResultat.DISPENSE: "dispensée",
}


@dataclass(frozen=True)
class Conclusion:
    """Ce qui s'ajoute aux conditions : la décision, et ce qu'elle emporte."""

    decision: Decision
    mention: Mention | None = None
    permis: EtatResultat | None = None
    remplacement: tuple[str, ...] = ()
    rattrapage: Rattrapage | None = None
    conservees: tuple[Compte, ...] = ()
    progressive: bool = False

    @property
    def admis(self) -> bool:
        return self.decision is Decision.ADMIS


def conclure(
    session: SessionFigee, bilan: Bilan, constats: Sequence[Constat], conclusion: Conclusion
) -> tuple[Explication, ...]:
    """Une entrée par condition du règlement, puis ce que la décision emporte."""
    reglement = session.reglement
    return (
        *(_clause(one, bilan, session, conclusion.decision) for one in constats),
        *(seconde_chance(conclusion.rattrapage, bilan, reglement, admis=conclusion.admis)),
        *_mentions(bilan.totaux(), conclusion.mention, session, admis=conclusion.admis),
        *_conduite(bilan, conclusion.permis, reglement),
        *_remplacement(conclusion, bilan, reglement),
        *conservation(conclusion.conservees, reglement, progressive=conclusion.progressive),
    )


def poursuivre(
    session: SessionFigee,
    bilan: Bilan,
    constats: Sequence[Constat],
    conservees: tuple[Compte, ...],
    *,
    progressive: bool,
) -> tuple[Explication, ...]:
    """Des unités restent à présenter : rien n'est décidé du diplôme, et les notes obtenues se gardent (DC-BTS03)."""
    reglement = session.reglement
    return (
        *(_clause(one, bilan, session, Decision.POURSUITE) for one in constats if one.totaux is None and one.admission),
        progression(bilan, reglement),
        *conservation(conservees, reglement, progressive=progressive),
    )


def attente(bilan: Bilan, reglement: Reglement) -> Explication:
    """Des résultats ne sont pas arrêtés."""
    return dire(
        reglement,
        reglement.deliberation.regle_absence,
        f"Aucun résultat n'est arrêté pour {liste(bilan.attendus)} : la décision attend.",
        effet=Decision.EN_ATTENTE.value,
    )


def non_autorise(fermeture: Fermeture, reglement: Reglement) -> Explication:
    """Le dossier n'est pas conforme : rien n'est calculé."""
    texte = "Le dossier n'est pas conforme : le candidat n'est pas autorisé à se présenter à l'examen."
    effet = "aucune épreuve n'est prise en compte"
    faits = (", ".join(filter(None, ("dossier déclaré non conforme", fermeture.vu))),)
    return dire(reglement, fermeture.regle, texte, faits=faits, preuves=(fermeture.fait,), effet=effet)


def choix_appliques(citees: Iterable[str], session: SessionFigee) -> dict[str, str]:
    """Les choix du règlement qui ont compté : l'option retenue, ou ce que dit le choix quand il n'en offre pas."""
    choix = session.reglement.choix
    return {one: session.option(one) or choix[one].texte for one in citees if one in choix and one.startswith("AMB-")}


def _clause(constat: Constat, bilan: Bilan, session: SessionFigee, decision: Decision) -> Explication:
    match constat.clause.procedure:
        case "toutes_presentees":
            return presence(constat, bilan, session.reglement)
        case "toutes_valides":
            return validite(constat, bilan, session.reglement)
        case "livret_vise":
            return _livret(constat, bilan, session.reglement, admis=decision is Decision.ADMIS)
    if constat.totaux is None or bilan.sans_valeur:
        return non_calculee(constat, bilan, session.reglement)
    return moyenne(constat, constat.totaux, bilan, session, controle=decision is Decision.EPREUVES_CONTROLE)


def _livret(constat: Constat, bilan: Bilan, reglement: Reglement, *, admis: bool) -> Explication:
    if not bilan.livret:
        return dire(reglement, constat.clause.regle, "Aucun livret n'a été produit.", effet="sans objet")
    if constat.tenue:
        texte = "Le livret a été examiné par le jury ; la mention en est signée par le président."
        return dire(reglement, constat.clause.regle, texte, effet=REMPLIE)
    texte = "Un livret a été produit : le jury l'examine avant tout ajournement."
    effet = "sans objet : admis" if admis else "ajournement impossible avant cet examen"
    return dire(reglement, constat.clause.regle, texte, effet=effet)


def _mentions(totaux: Totaux, mention: Mention | None, session: SessionFigee, *, admis: bool) -> list[Explication]:
    existent = mentions(session)
    if not admis or totaux.moyenne is None:
        return []
    if not existent:
        return _sans_mention(session)
    one = mention or min(existent, key=lambda each: each.seuil)
    effet = f"mention {one.intitule}" if mention else "aucune mention"
    texte = f"Moyenne générale {fr(totaux.moyenne)} ; la mention {one.intitule} demande au moins {fr(str(one.seuil))}."
    chiffres = totaux_dits(totaux) | {"seuil": str(one.seuil)}
    return [dire(session.reglement, one.regle, texte, chiffres=chiffres, effet=effet)]


def _sans_mention(session: SessionFigee) -> list[Explication]:
    """Les mentions de ce diplôme n'existaient pas encore à cette session (DC-MC10)."""
    a_venir = [one for one in session.reglement.deliberation.mentions if one.des is not None]
    if not a_venir:
        return []
    premiere = min(a_venir, key=lambda one: one.des or "")
    texte = f"Les mentions n'existent qu'à partir de la session {premiere.des} ; celle-ci est de {session.annee}."
    chiffres = {"session": str(session.annee), "des": str(premiere.des)}
    return [dire(session.reglement, premiere.regle, texte, chiffres=chiffres, effet="aucune mention")]


def _conduite(bilan: Bilan, permis: EtatResultat | None, reglement: Reglement) -> list[Explication]:
    """La conduite est une mention : elle ne change ni l'admission ni l'ajournement (CAP24-N17)."""
    if permis is None:
        return []
    code, conduite = next(
        (code, situation.conduite)
        for code, epreuve in reglement.epreuves.items()
        for situation in epreuve.situations.values()
        if situation.conduite is not None
    )
    texte = f"Conduite : {CONDUITE.get(permis, permis.value)}. C'est une mention, pas une note."
    comptes = [one for one in bilan.comptes if one.code == code]
    regle = conduite.regle_ccf if any(one.resultat.mode is Mode.CCF for one in comptes) else conduite.regle
    return [dire(reglement, regle, texte, *comptes, effet=SANS_EFFET)]


def _remplacement(conclusion: Conclusion, bilan: Bilan, reglement: Reglement) -> list[Explication]:
    """Une épreuve de remplacement, si ce diplôme en a ; sinon, dire qu'il n'en a pas (AMB-48)."""
    regle = reglement.remplacement.regle
    if conclusion.remplacement:
        codes = liste(conclusion.remplacement)
        texte = f"Absence pour un motif admis : une épreuve de remplacement est possible pour {codes}."
        comptes = [one for one in bilan.comptes if one.code in conclusion.remplacement]
        effet = "sur autorisation du recteur de l'académie d'origine"
        return [dire(reglement, regle, texte, *comptes, effet=effet)]
    justifiees = bilan.dans(EtatResultat.ABSENT_JUSTIFIE)
    if conclusion.admis or not justifiees or reglement.remplacement.ouverte:
        return []
    texte = f"Absence pour un motif admis à {liste(justifiees)} : ce diplôme n'a pas de session de remplacement."
    comptes = [one for one in bilan.comptes if one.code in justifiees]
    return [dire(reglement, regle, texte, *comptes, effet="zéro à l'épreuve")]
