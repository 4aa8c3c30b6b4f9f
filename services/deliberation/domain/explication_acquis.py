"""L'explication d'un titre : sur quoi le jury se fonde, ce que chaque unité a donné, et l'issue (TP-D01, DC-TP06)."""

from __future__ import annotations

from contracts.reglement import Parcours
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat, Explication
from services.communs.explication import source_de
from services.deliberation.domain.calcul import Bilan, Compte, Constat
from services.deliberation.domain.explication_base import DIT_ETAT, ISSUES, REMPLIE, choix, dire, liste, nom
from services.deliberation.domain.unites import Acquisition, parcours, seule

DIT_COMPETENCE = {
    EtatResultat.ACQUISE.value: "acquise",
    EtatResultat.NON_ACQUISE.value: "non acquise",
    EtatResultat.ABSENT_INJUSTIFIE.value: "absent",
    EtatResultat.ABSENT_JUSTIFIE.value: "absent, motif admis",
}


def acquis(
    session: SessionFigee,
    bilan: Bilan,
    constats: list[Constat],
    acquisition: Acquisition,
    presentees: tuple[str, ...],
    categorie: str,
) -> tuple[Explication, ...]:
    """Chaque condition, unité par unité ; puis le parcours suivi et l'issue."""
    suivis = tuple(parcours(session.reglement, presentees).values())
    return (
        *(_unites(one, bilan, session, acquisition, suivis) for one in constats),
        *(_fondement(one, bilan, session, categorie) for one in suivis),
        _issue(acquisition, bilan, session, suivis),
    )


def _regle(suivis: tuple[Parcours, ...], regle: str) -> str:
    """La règle du parcours suivi, le dernier s'il y en a deux, plutôt que celle du titre (TP-D02, TP-D03)."""
    siennes = [one.regle for one in suivis]
    return regle if not siennes or regle in siennes else siennes[-1]


def _unites(
    constat: Constat, bilan: Bilan, session: SessionFigee, acquisition: Acquisition, suivis: tuple[Parcours, ...]
) -> Explication:
    comptes = [one for one in bilan.comptes if one.epreuve.obligatoire]
    non_acquises = acquisition.non_acquises
    texte = (
        "Toutes les unités présentées sont acquises."
        if constat.tenue
        else f"Toutes les unités présentées ne sont pas acquises : il manque {liste(non_acquises)}."
    )
    defavorable = ISSUES[session.reglement.deliberation.defavorable]
    effet = REMPLIE if constat.tenue else f"condition non remplie : {defavorable} ou réussite partielle"
    chiffres = {"presentees": str(len(comptes)), "acquises": str(sum(one.acquise for one in comptes))}
    details = [_unite(one, session) for one in comptes]
    regle = _regle(suivis, constat.clause.regle)
    return dire(session.reglement, regle, texte, *comptes, chiffres=chiffres, effet=effet, details=details)


def _unite(compte: Compte, session: SessionFigee) -> Explication:
    """Une unité, compétence par compétence : un CCP les veut toutes (AMB-28)."""
    reglement, resultat = session.reglement, compte.resultat
    dites = [
        f"{situation.intitule} : {DIT_COMPETENCE.get(resultat.situations.get(code, ''), 'non évaluée')}"
        for code, situation in compte.epreuve.situations.items()
        if code in resultat.situations
    ]
    quoi = "acquise avant cette session" if resultat.repris else _dit(compte)
    detail = f" ({' ; '.join(dites)})" if dites else ""
    effet = "acquise" if compte.acquise else "non acquise"
    reprise = resultat.regle or reglement.conservation.regle  # the old titre has its own, the table of units (TP-I05)
    regle = reprise if resultat.repris else compte.epreuve.regle
    texte = f"{nom(compte)} : {quoi}{detail}."
    details = [*_accordee(compte, session), *(choix(reglement, compte.epreuve.regle_calcul) if dites else ())]
    return dire(reglement, regle, texte, compte, effet=effet, details=details)


def _dit(compte: Compte) -> str:
    if compte.resultat.etat is EtatResultat.NON_ACQUISE:
        return "non acquise"
    return DIT_ETAT.get(compte.resultat.etat, "acquise")


def _accordee(compte: Compte, session: SessionFigee) -> list[Explication]:
    """La décision motivée du jury qui tient l'unité pour acquise (AMB-28)."""
    regle = session.reglement.deliberation.regle_acquis
    if compte.acquis is None or regle is None or compte.resultat.etat is not EtatResultat.NON_ACQUISE:
        return []
    texte = f"Le jury la tient pour acquise, par décision motivée : {compte.acquis}"
    return [dire(session.reglement, regle, texte, compte, effet="remplace l'appréciation")]


def _fondement(suivi: Parcours, bilan: Bilan, session: SessionFigee, categorie: str) -> Explication:
    """Sur quoi le jury se fonde dans ce parcours (TP-D01 à TP-D04) ; l'entretien porte sur tout le dossier (TP-D06)."""
    reglement = session.reglement
    pieces = [
        reglement.pieces[nature].intitule
        for controle in reglement.controles.values()
        for piece in controle.pieces
        if not piece.categories or categorie in piece.categories
        for nature in piece.natures
        if nature in reglement.pieces
    ]
    moments = [one.intitule for one in suivi.modalites.values()]
    texte = f"{suivi.intitule} : le jury se fonde sur {' ; '.join([*moments, *pieces])}."
    comptes = bilan.comptes if suivi.acquis or len(suivi.epreuves) > 1 else _du(suivi, bilan)
    return dire(reglement, suivi.regle, texte, *comptes, effet="parcours suivi")


def _du(suivi: Parcours, bilan: Bilan) -> tuple[Compte, ...]:
    return tuple(one for one in bilan.comptes if one.code in suivi.epreuves)


def _issue(acquisition: Acquisition, bilan: Bilan, session: SessionFigee, suivis: tuple[Parcours, ...]) -> Explication:
    reglement, decision = session.reglement, acquisition.decision
    deliberation = reglement.deliberation
    regle = deliberation.regle_partielle or deliberation.conditions[0].regle
    chiffres = {
        "unites_du_titre": str(sum(one.obligatoire for one in reglement.epreuves.values())),
        "acquises": str(len(acquisition.acquises)),
        "tenues": str(len(acquisition.tenues)),
    }
    if decision is Decision.ADMIS:
        texte, effet = "Toutes les unités du titre sont acquises : le titre est délivré.", "admis"
    elif decision is Decision.REUSSITE_PARTIELLE and not acquisition.non_acquises:
        restent = f" Reste à présenter pour le titre : {liste(acquisition.absentes)}." if acquisition.absentes else ""
        texte, effet = f"CCP obtenu : {liste(acquisition.acquises)}.{restent}", "CCP obtenu"
        regle = _regle(suivis, regle)
    elif decision is Decision.REUSSITE_PARTIELLE:
        texte = f"Le titre n'est pas complet ; unités délivrées : {liste(acquisition.acquises)}."
        effet = "réussite partielle"
    else:
        tenues = (
            f" Les unités déjà obtenues restent acquises : {liste(acquisition.tenues)}." if acquisition.tenues else ""
        )
        texte, effet = (
            f"Aucune unité délivrable n'est acquise à cette session.{tenues}",
            ISSUES[deliberation.defavorable],
        )
    manquent = [*acquisition.non_acquises, *acquisition.absentes]
    details = _a_presenter(manquent, session) if acquisition.non_acquises else []
    comptes = [one for one in bilan.comptes if one.code in {*acquisition.acquises, *acquisition.tenues}]
    return dire(reglement, regle, texte, *comptes, chiffres=chiffres, effet=effet, details=details)


def _a_presenter(codes: list[str], session: SessionFigee) -> list[Explication]:
    """Ce qui manque au titre, et la règle d'une nouvelle présentation (DC-TP07)."""
    reglement = session.reglement
    regle = reglement.inscription.regle_nouvelle_session
    if regle is None or not source_de(reglement, regle):
        return []
    entretien = [code for code in codes if not seule(reglement, code)]
    suite = f" {liste(entretien)} se passe à la fin de la session du dernier." if entretien and len(codes) > 1 else ""
    mois = reglement.inscription.delai_nouvelle_session_mois
    texte = f"Reste à obtenir : {liste(codes)}.{suite} Nouvelle présentation possible dans les {mois} mois."
    return [dire(reglement, regle, texte, chiffres={"mois": str(mois)})]
