"""L'explication d'une moyenne : le total exact face au seuil, puis la part de chaque épreuve et d'où elle vient."""

from __future__ import annotations

from fractions import Fraction

from contracts.reglement import Arrondi, Calcul, Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat, Explication, Mode
from services.deliberation.domain.calcul import HORS_CALCUL, Bilan, Compte, Constat, Totaux, exact, exiger_seuil
from services.deliberation.domain.explication_base import (
    OUVRE_CONTROLE,
    SANS_EFFET,
    choix,
    dire,
    effet,
    fr,
    lisible,
    nom,
    oral_dit,
    totaux_dits,
)

DOMAINES = {"professionnel": "les unités professionnelles", "general": "les unités générales"}
DIT_SITUATION = {
    EtatResultat.ZERO_SUPPORT.value: "zéro, support non remis",
    EtatResultat.ABSENT_INJUSTIFIE.value: "absent",
    EtatResultat.ABSENT_JUSTIFIE.value: "absent, motif admis",
    EtatResultat.DISPENSE.value: "dispensé",
}


def moyenne(
    constat: Constat, totaux: Totaux, bilan: Bilan, session: SessionFigee, *, controle: bool = False
) -> Explication:
    """Le total exact face au seuil, puis la part de chaque épreuve. ``controle`` : des oraux s'ouvrent."""
    seuil, domaine = exiger_seuil(constat.clause), constat.clause.domaine
    comptes = [one for one in bilan.comptes if one.points is not None and domaine in (None, one.epreuve.domaine)]
    sujet = "l'ensemble des unités" if domaine is None else DOMAINES[domaine]
    requis = exact(Fraction(seuil) * totaux.coefficients)
    texte = (
        f"Moyenne sur {sujet} : {lisible(totaux.points)} points pour un total de coefficients de "
        f"{lisible(totaux.coefficients)}, soit {fr(totaux.moyenne)} ; il faut au moins {fr(str(seuil))}, "
        f"soit {fr(requis)} points."
        if totaux.moyenne
        else f"Moyenne sur {sujet} : toutes les unités sont dispensées, aucune moyenne n'est exigée."
    )
    chiffres = totaux_dits(totaux) | {"seuil": str(seuil), "points_requis": requis}
    details = [
        *(_part(one, session) for one in comptes),
        *(_absence_facultative(bilan, session.reglement) if domaine is None else ()),
        *_regles_du_calcul(domaine, bilan, session),
    ]
    return dire(
        session.reglement,
        constat.clause.regle,
        texte,
        *comptes,
        chiffres=chiffres,
        effet=OUVRE_CONTROLE if controle and not constat.tenue else effet(constat, session.reglement),
        details=details,
    )


def _part(compte: Compte, session: SessionFigee) -> Explication:
    """Ce qu'une épreuve apporte au total."""
    reglement, points = session.reglement, compte.points or Fraction(0)
    note = "aucune note" if compte.note is None else f"note {lisible(compte.note)}"
    chiffres = {"points": exact(points)} | ({} if compte.note is None else {"note": exact(compte.note)})
    if compte.coefficient is None:
        return _facultative(compte, note, chiffres, reglement)
    coefficient = exact(compte.coefficient)
    texte = f"{nom(compte)} : {note}, coefficient {fr(coefficient)}, {lisible(points)} points."
    return dire(
        reglement,
        compte.epreuve.regle,
        texte + _provenance(compte),
        compte,
        chiffres=chiffres | {"coefficient": coefficient},
        details=[
            *_situations(compte, session),
            *_proposee(compte, reglement),
            *_accord(compte, reglement),
            *_oral(compte, reglement),
            *_conservee(compte, reglement),
        ],
    )


def _facultative(compte: Compte, note: str, chiffres: dict[str, str], reglement: Reglement) -> Explication:
    """Seuls comptent les points au-dessus du seuil, sans coefficient au dénominateur (TR-N05, AMB-18)."""
    seuil = str(reglement.deliberation.facultatif_seuil)
    points = lisible(compte.points or Fraction(0))
    texte = f"{nom(compte)} : {note} ; seuls comptent les points au-dessus de {fr(seuil)} : {points}."
    return dire(
        reglement,
        reglement.deliberation.regle_facultatif,
        texte,
        compte,
        chiffres=chiffres | {"seuil": seuil},
        effet="s'ajoute aux points",
        details=choix(reglement, compte.epreuve.regle_calcul),
    )


def _oral(compte: Compte, reglement: Reglement) -> list[Explication]:
    """La meilleure des deux notes, celle de l'épreuve et celle de l'oral de contrôle (DC-BTS11)."""
    chance = reglement.deliberation.seconde_chance
    if compte.premiere is None or compte.resultat.controle is None or chance is None:
        return []
    oral, premiere = Fraction(compte.resultat.controle), compte.premiere
    gardee = "l'oral" if oral > premiere else "la première"
    texte = f"Première note {lisible(premiere)}, oral de contrôle {lisible(oral)} : la meilleure est gardée, {gardee}."
    chiffres = {"premiere": exact(premiere), "oral": exact(oral), "gardee": exact(max(premiere, oral))}
    preuves = tuple(filter(None, [compte.resultat.controle_fait]))
    faits = (oral_dit(compte),)
    return [dire(reglement, chance.regle, texte, compte, faits=faits, preuves=preuves, chiffres=chiffres)]


def _conservee(compte: Compte, reglement: Reglement) -> list[Explication]:
    """Une note reprise d'une session passée compte avec son coefficient, au-dessous de 10 aussi (DC-BTS03)."""
    progressive = reglement.conservation.progressive_sans_seuil
    if compte.resultat.etat is not EtatResultat.BENEFICE or progressive is None:
        return []
    return [dire(reglement, progressive, "La note conservée compte, et se compense avec les autres.", compte)]


def _absence_facultative(bilan: Bilan, reglement: Reglement) -> list[Explication]:
    """Une facultative sans note n'ajoute ni ne retire rien (AMB-50)."""
    regle = reglement.notation.regle_absence_facultative
    return [
        dire(reglement, *_neutre(one, regle), one, effet=SANS_EFFET)
        for one in bilan.comptes
        if not one.epreuve.obligatoire and one.points is None
    ]


def _neutre(compte: Compte, regle: str) -> tuple[str, str]:
    """La règle et les mots d'une facultative qui ne compte pas : absente, ou non tenue faute du document demandé."""
    support = compte.epreuve.support
    if compte.resultat.etat is EtatResultat.NON_TENUE and support is not None:
        return support.regle, f"{nom(compte)} : épreuve non tenue, le document qu'elle exige n'a pas été remis."
    if compte.resultat.etat in HORS_CALCUL:
        return regle, f"{nom(compte)} : non passée à cette session."
    return regle, f"{nom(compte)} : aucune note."


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
        obtenu = DIT_SITUATION.get(dit, f"note {fr(dit)}")
        poids = f", poids {fr(exact(session.poids(compte.code, code)))}" if situation.poids is not None else ""
        dites.append(f"{situation.intitule} : {obtenu}{poids}")
    if not dites:
        return []
    compose = len(dites) > 1
    arrondie = _arrondi(compte, session) == Arrondi.DEMI_POINT_SUPERIEUR
    suite = ", moyenne arrondie au demi-point supérieur" if arrondie else ", moyenne exacte"
    texte = f"Composée de {' ; '.join(dites)}{suite}." if compose else f"Vient de : {dites[0]}."
    calcul, arrondi = compte.epreuve.regle_calcul, session.reglement.notation.regle_arrondi
    return [
        dire(session.reglement, calcul, texte, compte),
        *(choix(session.reglement, arrondi, option=session.option(arrondi)) if _offerte(compte, session) else ()),
    ]


def _offerte(compte: Compte, session: SessionFigee) -> bool:
    """Le règlement laisse choisir l'arrondi d'une note calculée (AMB-37)."""
    choisi = session.reglement.choix.get(session.reglement.notation.regle_arrondi)
    return compte.epreuve.calcul is Calcul.MOYENNE_PONDEREE and choisi is not None and bool(choisi.possibles)


def _arrondi(compte: Compte, session: SessionFigee) -> str:
    retenu = session.option(session.reglement.notation.regle_arrondi)
    return retenu if _offerte(compte, session) else compte.epreuve.arrondi


def _proposee(compte: Compte, reglement: Reglement) -> list[Explication]:
    """Une note de contrôle en cours de formation est une proposition au jury (TR-N02)."""
    if compte.resultat.mode is not Mode.CCF or compte.resultat.etat is not EtatResultat.NOTE:
        return []
    texte = "Note de contrôle en cours de formation : proposée au jury, qui l'arrête."
    regle = compte.epreuve.regle_proposition or reglement.notation.regle_proposition
    return [dire(reglement, regle, texte, compte)]


def _accord(compte: Compte, reglement: Reglement) -> list[Explication]:
    """Les points du jury : l'ancienne note, la nouvelle, le motif (AMB-53)."""
    if compte.accord is None:
        return []
    avant, apres = str(compte.accord.arretee), str(compte.accord.apres)
    texte, suite = f"Le jury porte la note de {fr(avant)} à {fr(apres)} : {compte.accord.motif}", "remplace la note"
    if not compte.accord_applique:
        texte, suite = "Le résultat a changé depuis que le jury avait accordé des points.", "points accordés sans effet"
    chiffres = {"avant": avant, "apres": apres}
    return [dire(reglement, reglement.deliberation.points_jury, texte, compte, chiffres=chiffres, effet=suite)]


def _regles_du_calcul(domaine: str | None, bilan: Bilan, session: SessionFigee) -> list[Explication]:
    """Ce qui vaut pour tout le calcul : total exact, facultatif hors du domaine, origine des coefficients."""
    reglement, deliberation = session.reglement, session.reglement.deliberation
    exactitude = (
        "La décision est prise sur le total exact de points ; la moyenne affichée est tronquée à deux décimales."
    )
    dits = [dire(reglement, deliberation.regle_exactitude, exactitude)]
    if domaine is not None and any(not one.epreuve.obligatoire for one in bilan.comptes):
        facultatif = "Les points des épreuves facultatives ne comptent pas pour ce seuil."
        dits.append(dire(reglement, deliberation.regle_seuil_professionnel, facultatif))
    if session.valeurs is not None:
        demonstration = (
            " (valeurs de démonstration, sans portée réglementaire)" if session.valeurs.demonstration else ""
        )
        texte = f"Coefficients que les textes ne donnent pas : {session.valeurs.reference}{demonstration}."
        dits.append(dire(reglement, deliberation.regle_valeurs, texte))
    return dits
