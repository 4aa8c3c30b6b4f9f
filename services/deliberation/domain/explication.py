"""L'explication d'une décision, clause par clause : la règle, sa source, les faits, les chiffres, l'effet.

``chiffres`` porte des nombres exacts (``125.5``) qui suffisent à refaire le calcul ; ``texte`` se lit en français.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

from contracts.reglement import Arrondi, Mention, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat, Explication, Mode
from services.deliberation.domain.calcul import Bilan, Compte, Constat, Totaux, exact, exiger_seuil
from services.deliberation.domain.dossier import Fermeture

REMPLIE = "condition remplie"
SANS_EFFET = "sans effet sur la décision"
ECHECS = {"ajourne": "condition non remplie : ajournement", "non_admissible": "le diplôme ne peut pas être délivré"}
DOMAINES = {"professionnel": "les unités professionnelles", "general": "les unités générales"}
CONDUITE = {
    EtatResultat.VALIDEE: "validée",
    EtatResultat.FAVORABLE: "avis favorable",
    EtatResultat.NON_VALIDEE: "non validée",
    EtatResultat.INSUFFISANT: "avis insuffisant",
    EtatResultat.NON_ORGANISEE: "non organisée",
    EtatResultat.DISPENSE: "dispensée",
}


DIT_SITUATION = {
    EtatResultat.ZERO_SUPPORT.value: "zéro, support non remis",
    EtatResultat.ABSENT_INJUSTIFIE.value: "absent",
    EtatResultat.ABSENT_JUSTIFIE.value: "absent, motif admis",
    EtatResultat.DISPENSE.value: "dispensé",
}


def conclure(
    session: SessionFigee,
    bilan: Bilan,
    constats: Sequence[Constat],
    *,
    admis: bool,
    mention: Mention | None,
    permis: EtatResultat | None,
    remplacement: tuple[str, ...],
) -> tuple[Explication, ...]:
    """Une entrée par condition du règlement, puis la mention, la conduite et le remplacement s'il y a lieu."""
    reglement = session.reglement
    suite = [
        *_mentions(bilan.totaux(), mention, reglement, admis=admis),
        *_conduite(bilan, permis, reglement),
        *_remplacement(remplacement, bilan, reglement),
    ]
    return (*(_clause(one, bilan, session, admis=admis) for one in constats), *suite)


def attente(bilan: Bilan, reglement: Reglement) -> Explication:
    """Des résultats ne sont pas arrêtés."""
    return _dire(
        reglement,
        reglement.deliberation.regle_absence,
        f"Aucun résultat n'est arrêté pour {_liste(bilan.attendus)} : la décision attend.",
        effet=Decision.EN_ATTENTE.value,
    )


def non_autorise(fermeture: Fermeture, reglement: Reglement) -> Explication:
    """Le dossier n'est pas conforme : rien n'est calculé."""
    texte = "Le dossier n'est pas conforme : le candidat n'est pas autorisé à se présenter à l'examen."
    effet = "aucune épreuve n'est prise en compte"
    return _dire(reglement, fermeture.regle, texte, faits=(fermeture.fait,), effet=effet)


def regles(explications: Iterable[Explication]) -> tuple[str, ...]:
    """Les règles citées, sans répétition, dans l'ordre de lecture."""
    citees: dict[str, None] = {}
    for one in explications:
        citees.update(dict.fromkeys((one.regle, *regles(one.details))))
    return tuple(citees)


def _clause(constat: Constat, bilan: Bilan, session: SessionFigee, *, admis: bool) -> Explication:
    if constat.totaux is not None:
        return _moyenne(constat, constat.totaux, bilan, session)
    if constat.admission:
        return _presence(constat, bilan, session.reglement)
    return _livret(constat, bilan, session.reglement, admis=admis)


def _presence(constat: Constat, bilan: Bilan, reglement: Reglement) -> Explication:
    regle_absence, regle_dispense = reglement.deliberation.regle_absence, reglement.deliberation.regle_dispense
    dits = {
        EtatResultat.ABSENT_INJUSTIFIE: (regle_absence, "absence sans motif admis", ECHECS["non_admissible"]),
        EtatResultat.ABSENT_JUSTIFIE: (regle_absence, "absence pour un motif admis", "comptée zéro"),
        EtatResultat.DISPENSE: (regle_dispense, "dispense", "ni note ni coefficient"),
    }
    details = []
    for one in bilan.comptes:
        if one.epreuve.obligatoire and one.resultat.etat in dits:
            regle, mot, effet = dits[one.resultat.etat]
            details.append(_dire(reglement, regle, f"{_nom(one)} : {mot}.", one, effet=effet))
    manquees = bilan.dans(EtatResultat.ABSENT_INJUSTIFIE)
    texte = (
        "Toutes les épreuves obligatoires ont été présentées, sauf dispense ou absence pour un motif admis."
        if constat.tenue
        else f"Absence sans motif admis à {_liste(manquees)} : une épreuve obligatoire n'a pas été présentée."
    )
    return _dire(
        reglement,
        constat.clause.regle,
        texte,
        *(one for one in bilan.comptes if one.epreuve.obligatoire),
        effet=_effet(constat),
        details=details,
    )


def _moyenne(constat: Constat, totaux: Totaux, bilan: Bilan, session: SessionFigee) -> Explication:
    """Le total exact face au seuil, puis la part de chaque épreuve."""
    seuil, domaine = exiger_seuil(constat.clause), constat.clause.domaine
    comptes = [one for one in bilan.comptes if one.points is not None and domaine in (None, one.epreuve.domaine)]
    sujet = "l'ensemble des unités" if domaine is None else DOMAINES[domaine]
    requis = exact(Fraction(seuil) * totaux.coefficients)
    texte = (
        f"Moyenne sur {sujet} : {_fr(exact(totaux.points))} points pour un total de coefficients de "
        f"{_fr(exact(totaux.coefficients))}, soit {_fr(totaux.moyenne)} ; il faut au moins {_fr(str(seuil))}, "
        f"soit {_fr(requis)} points."
        if totaux.moyenne
        else f"Moyenne sur {sujet} : toutes les unités sont dispensées, aucune moyenne n'est exigée."
    )
    chiffres = _totaux(totaux) | {"seuil": str(seuil), "points_requis": requis}
    details = [
        *(_part(one, session) for one in comptes),
        *(_absence_facultative(bilan, session.reglement) if domaine is None else ()),
        *_regles_du_calcul(domaine, bilan, session),
    ]
    return _dire(
        session.reglement,
        constat.clause.regle,
        texte,
        *comptes,
        chiffres=chiffres,
        effet=_effet(constat),
        details=details,
    )


def _part(compte: Compte, session: SessionFigee) -> Explication:
    """Ce qu'une épreuve apporte au total."""
    reglement = session.reglement
    deliberation, points = reglement.deliberation, exact(compte.points or Fraction(0))
    note = "aucune note" if compte.note is None else f"note {_fr(exact(compte.note))}"
    chiffres = {"points": points} | ({} if compte.note is None else {"note": exact(compte.note)})
    if compte.coefficient is None:
        seuil = str(deliberation.facultatif_seuil)
        texte = f"{_nom(compte)} : {note} ; seuls comptent les points au-dessus de {_fr(seuil)} : {_fr(points)}."
        return _dire(
            reglement,
            deliberation.regle_facultatif,
            texte,
            compte,
            chiffres=chiffres | {"seuil": seuil},
            effet="s'ajoute aux points",
        )
    coefficient = exact(compte.coefficient)
    texte = f"{_nom(compte)} : {note}, coefficient {_fr(coefficient)}, {_fr(points)} points."
    return _dire(
        reglement,
        compte.epreuve.regle,
        texte + _provenance(compte),
        compte,
        chiffres=chiffres | {"coefficient": coefficient},
        details=[*_situations(compte, session), *_proposee(compte, reglement), *_accord(compte, reglement)],
    )


def _absence_facultative(bilan: Bilan, reglement: Reglement) -> list[Explication]:
    """Une facultative sans note n'ajoute ni ne retire rien (AMB-50)."""
    regle = reglement.notation.regle_absence_facultative
    return [
        _dire(reglement, regle, f"{_nom(one)} : aucune note.", one, effet=SANS_EFFET)
        for one in bilan.comptes
        if not one.epreuve.obligatoire and one.points is None
    ]


def _provenance(compte: Compte) -> str:
    """D'où vient une note qui n'est pas celle d'une épreuve passée à cette session (DC-CAP18, CAP24-C06)."""
    if compte.resultat.etat is EtatResultat.BENEFICE:
        return " Note conservée d'une session précédente."
    if compte.resultat.etat is EtatResultat.ZERO_SUPPORT:
        return " Zéro : le support demandé n'a pas été remis."
    return ""


def _situations(compte: Compte, session: SessionFigee) -> list[Explication]:
    """D'où vient une note composée : ce que chaque situation a donné, et son poids (DC-CAP11)."""
    dites = []
    for code, dit in compte.resultat.situations.items():
        situation = compte.epreuve.situations.get(code)
        if situation is None or not situation.notee:
            continue
        obtenu = DIT_SITUATION.get(dit, f"note {_fr(dit)}")
        poids = f", poids {_fr(exact(session.poids(compte.code, code)))}" if situation.poids is not None else ""
        dites.append(f"{situation.intitule} : {obtenu}{poids}")
    if not dites:
        return []
    compose = len(dites) > 1
    arrondie = compte.epreuve.arrondi is Arrondi.DEMI_POINT_SUPERIEUR
    suite = ", moyenne arrondie au demi-point supérieur" if arrondie else ", moyenne exacte"
    texte = f"Composée de {' ; '.join(dites)}{suite}." if compose else f"Vient de : {dites[0]}."
    return [_dire(session.reglement, compte.epreuve.regle_calcul, texte, compte)]


def _proposee(compte: Compte, reglement: Reglement) -> list[Explication]:
    """Une note de contrôle en cours de formation est une proposition au jury (TR-N02)."""
    if compte.resultat.mode is not Mode.CCF or compte.resultat.etat is not EtatResultat.NOTE:
        return []
    texte = "Note de contrôle en cours de formation : proposée au jury, qui l'arrête."
    return [_dire(reglement, reglement.notation.regle_proposition, texte, compte)]


def _accord(compte: Compte, reglement: Reglement) -> list[Explication]:
    """Les points du jury : l'ancienne note, la nouvelle, le motif (AMB-53)."""
    if compte.accord is None:
        return []
    avant, apres = str(compte.accord.arretee), str(compte.accord.apres)
    texte, effet = f"Le jury porte la note de {_fr(avant)} à {_fr(apres)} : {compte.accord.motif}", "remplace la note"
    if not compte.accord_applique:
        texte, effet = "Le résultat a changé depuis que le jury avait accordé des points.", "points accordés sans effet"
    chiffres = {"avant": avant, "apres": apres}
    return [_dire(reglement, reglement.deliberation.points_jury, texte, compte, chiffres=chiffres, effet=effet)]


def _regles_du_calcul(domaine: str | None, bilan: Bilan, session: SessionFigee) -> list[Explication]:
    """Ce qui vaut pour tout le calcul : total exact, facultatif hors du domaine, origine des coefficients."""
    reglement, deliberation = session.reglement, session.reglement.deliberation
    exactitude = (
        "La décision est prise sur le total exact de points ; la moyenne affichée est tronquée à deux décimales."
    )
    dits = [_dire(reglement, deliberation.regle_exactitude, exactitude)]
    if domaine is not None and any(not one.epreuve.obligatoire for one in bilan.comptes):
        facultatif = "Les points des épreuves facultatives ne comptent pas pour ce seuil."
        dits.append(_dire(reglement, deliberation.regle_seuil_professionnel, facultatif))
    if session.valeurs is not None:
        demonstration = (
            " (valeurs de démonstration, sans portée réglementaire)" if session.valeurs.demonstration else ""
        )
        texte = f"Coefficients que les textes ne donnent pas : {session.valeurs.reference}{demonstration}."
        dits.append(_dire(reglement, deliberation.regle_valeurs, texte))
    return dits


def _livret(constat: Constat, bilan: Bilan, reglement: Reglement, *, admis: bool) -> Explication:
    if not bilan.livret:
        return _dire(reglement, constat.clause.regle, "Aucun livret n'a été produit.", effet="sans objet")
    if constat.tenue:
        texte = "Le livret a été examiné par le jury ; la mention en est signée par le président."
        return _dire(reglement, constat.clause.regle, texte, effet=REMPLIE)
    texte = "Un livret a été produit : le jury l'examine avant tout ajournement."
    effet = "sans objet : admis" if admis else "ajournement impossible avant cet examen"
    return _dire(reglement, constat.clause.regle, texte, effet=effet)


def _mentions(totaux: Totaux, mention: Mention | None, reglement: Reglement, *, admis: bool) -> list[Explication]:
    mentions = reglement.deliberation.mentions
    if not admis or not mentions or totaux.moyenne is None:
        return []
    one = mention or min(mentions, key=lambda each: each.seuil)
    effet = f"mention {one.intitule}" if mention else "aucune mention"
    texte = (
        f"Moyenne générale {_fr(totaux.moyenne)} ; la mention {one.intitule} demande au moins {_fr(str(one.seuil))}."
    )
    return [_dire(reglement, one.regle, texte, chiffres=_totaux(totaux) | {"seuil": str(one.seuil)}, effet=effet)]


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
    return [_dire(reglement, regle, texte, *comptes, effet=SANS_EFFET)]


def _remplacement(epreuves: tuple[str, ...], bilan: Bilan, reglement: Reglement) -> list[Explication]:
    if not epreuves:
        return []
    texte = f"Absence pour un motif admis : une épreuve de remplacement est possible pour {_liste(epreuves)}."
    comptes = [one for one in bilan.comptes if one.code in epreuves]
    effet = "sur autorisation du recteur de l'académie d'origine"
    return [_dire(reglement, reglement.remplacement.regle, texte, *comptes, effet=effet)]


def _dire(
    reglement: Reglement,
    regle: str,
    texte: str,
    *comptes: Compte,
    faits: tuple[str, ...] = (),
    chiffres: dict[str, str] | None = None,
    effet: str = "",
    details: Iterable[Explication] = (),
) -> Explication:
    """Une clause, avec sa source et les faits de ces épreuves."""
    source = reglement.sources.get(regle)
    return Explication(
        regle=regle,
        source=", ".join(filter(None, (source.texte, source.section))) if source else "",
        texte=texte,
        faits=(*faits, *(one.resultat.fait for one in comptes)),
        chiffres=chiffres or {},
        effet=effet,
        details=tuple(details),
    )


def _totaux(totaux: Totaux) -> dict[str, str]:
    moyenne = {} if totaux.moyenne is None else {"moyenne": totaux.moyenne}
    return {"points": exact(totaux.points), "coefficients": exact(totaux.coefficients), **moyenne}


def _effet(constat: Constat) -> str:
    return REMPLIE if constat.tenue else ECHECS[constat.clause.echec]


def _nom(compte: Compte) -> str:
    return f"{compte.code}, {compte.epreuve.intitule}"


def _liste(codes: tuple[str, ...]) -> str:
    return codes[0] if len(codes) == 1 else f"{', '.join(codes[:-1])} et {codes[-1]}"


def _fr(nombre: str | None) -> str:
    """Un nombre à la française : ``10,5``."""
    return (nombre or "").replace(".", ",")
