"""L'explication de ce qui n'est pas une moyenne : présence, validité, suspension, unités à présenter ou conservées."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.reglement import Reglement
from contracts.vocabulaire import Decision, EtatResultat, Explication
from services.deliberation.domain.calcul import Bilan, Compte, Constat, etats_exclus, exact
from services.deliberation.domain.explication_base import (
    DIT_ETAT,
    IMPOSSIBLE,
    choix,
    citee,
    dire,
    effet,
    lisible,
    liste,
    nom,
)

REGLE_MOYENNE = "AMB-46"  # « non valide » : rien n'est calculé
REGLE_U1 = "AMB-23"  # « non validée » : ni note, ni zéro, ni absence


def presence(constat: Constat, bilan: Bilan, reglement: Reglement) -> Explication:
    """Toutes les épreuves obligatoires présentées, sauf dispense ; ce qui vaut pour chaque absence."""
    obligatoires = [one for one in bilan.comptes if one.epreuve.obligatoire]
    lesquelles = "de cette session" if bilan.manquantes else "obligatoires"
    texte = (
        f"Toutes les épreuves {lesquelles} ont été présentées, sauf dispense ou absence pour un motif admis."
        if constat.tenue
        else f"{_pourquoi(bilan)} : une épreuve obligatoire n'a pas été présentée."
    )
    details = [one for compte in obligatoires for one in _absence(compte, bilan, reglement)]
    suite = effet(constat, reglement)
    return dire(reglement, constat.clause.regle, texte, *obligatoires, effet=suite, details=details)


def validite(constat: Constat, bilan: Bilan, reglement: Reglement) -> Explication:
    """Une épreuve non valide interdit le diplôme, quel que soit le total (BTS-D02, AMB-23)."""
    obligatoires = [one for one in bilan.comptes if one.epreuve.obligatoire]
    touchees = [one for one in obligatoires if one.resultat.etat in etats_exclus(constat.clause)]
    if constat.tenue:
        texte = "Aucune épreuve obligatoire n'est non valide ni annulée."
        return dire(reglement, constat.clause.regle, texte, *obligatoires, effet=effet(constat, reglement))
    dites = " ; ".join(f"{nom(one)} : {DIT_ETAT[one.resultat.etat]}" for one in touchees)
    texte = f"{dites}. Le diplôme ne peut pas être délivré à cette session, quelles que soient les autres notes."
    details = [detail for one in touchees for detail in _origine(one, reglement)]
    regle = constat.clause.regle
    return dire(reglement, regle, texte, *touchees, effet=effet(constat, reglement), details=details)


def non_calculee(constat: Constat, bilan: Bilan, reglement: Reglement) -> Explication:
    """Une épreuve n'a ni note ni zéro : la moyenne n'existe pas (AMB-46)."""
    codes = [one.code for one in bilan.sans_valeur]
    verbe = "n'a" if len(codes) == 1 else "n'ont"
    texte = f"La moyenne n'est pas calculée : {liste(codes)} {verbe} pas de note."
    details = list(_sans_note(constat, bilan, reglement))
    return dire(reglement, constat.clause.regle, texte, *bilan.sans_valeur, effet="non calculée", details=details)


def _sans_note(constat: Constat, bilan: Bilan, reglement: Reglement) -> Iterable[Explication]:
    """Pourquoi il n'y a pas de note : chaque état a sa règle (AMB-46, AMB-23, DC-FRA01)."""
    dits = {
        EtatResultat.NON_VALIDEE_U1: (REGLE_U1, "Une unité non validée n'a ni note, ni zéro."),
        EtatResultat.FRAUDE_ANNULEE: (
            reglement.notation.regle_discipline,
            "Une épreuve annulée par la commission de discipline n'a pas de note.",
        ),
    }
    autre = (REGLE_MOYENNE, "Une épreuve non valide n'a pas de note, pas même un zéro.")
    groupes: dict[tuple[str, str], list[Compte]] = {}
    for one in bilan.sans_valeur:
        groupes.setdefault(dits.get(one.resultat.etat, autre), []).append(one)
    for (regle, texte), comptes in groupes.items():
        yield dire(reglement, citee(reglement, regle, constat.clause.regle), texte, *comptes)


def suspension(bilan: Bilan, reglement: Reglement) -> Explication:
    """Un résultat est gelé : le candidat attend, pas le jury (AMB-44, DC-FRA01)."""
    deliberation = reglement.deliberation
    regle = deliberation.regle_suspension or deliberation.regle_complement
    codes = liste(one.code for one in bilan.suspendues)
    texte = (
        f"Le résultat de {codes} est suspendu : une vérification est en cours. Rien n'est calculé ni décidé ; le "
        "président décidera, sur un procès-verbal complémentaire, dès que la suspension sera levée."
    )
    details = [detail for one in bilan.suspendues for detail in _origine(one, reglement)]
    effet_attente = Decision.EN_ATTENTE.value
    return dire(reglement, regle, texte, *bilan.suspendues, effet=effet_attente, details=details)


def progression(bilan: Bilan, reglement: Reglement) -> Explication:
    """Des unités ne sont pas encore présentées : le jury ne se prononce pas sur le diplôme (DC-BTS02, DC-BTS03)."""
    regle = reglement.deliberation.regle_progressive or reglement.conservation.regle
    texte = (
        f"Il reste à présenter {liste(bilan.manquantes)} : le jury décidera du diplôme quand toutes les unités "
        "l'auront été."
    )
    chiffres = {"unites_a_presenter": str(len(bilan.manquantes))}
    return dire(reglement, regle, texte, *bilan.comptes, chiffres=chiffres, effet="poursuite de l'examen")


def conservation(conservees: tuple[Compte, ...], reglement: Reglement, *, progressive: bool) -> list[Explication]:
    """Les notes que le candidat peut garder, et combien de temps (DC-BTS14, DC-MC07, DC-BTS03)."""
    if not conservees:
        return []
    regles = reglement.conservation
    sans_seuil = regles.progressive_sans_seuil if progressive else None
    dites = ", ".join(f"{one.code} ({lisible(one.note)})" for one in conservees if one.note is not None)
    combien = "quelle que soit la note" if sans_seuil else f"note d'au moins {regles.seuil}"
    texte = f"Unités que le candidat peut garder pendant {regles.annees} ans, {combien} : {dites}."
    chiffres = {one.code: exact(one.note) for one in conservees if one.note is not None}
    chiffres |= {"annees": str(regles.annees)} | ({} if sans_seuil else {"seuil": str(regles.seuil)})
    suite = "notes conservées à la demande du candidat"
    return [dire(reglement, sans_seuil or regles.regle, texte, *conservees, chiffres=chiffres, effet=suite)]


def _pourquoi(bilan: Bilan) -> str:
    annulees = [one for one in bilan.sans_valeur if one.code in bilan.manquees]
    absentes = [code for code in bilan.manquees if code not in {one.code for one in annulees}]
    dits = [f"Absence sans motif admis à {liste(absentes)}"] if absentes else []
    return " ; ".join([*dits, *(f"{nom(one)}, {DIT_ETAT[one.resultat.etat]}" for one in annulees)])


def _absence(compte: Compte, bilan: Bilan, reglement: Reglement) -> Iterable[Explication]:
    deliberation, etat = reglement.deliberation, compte.resultat.etat
    dits = {
        EtatResultat.ABSENT_JUSTIFIE: (
            deliberation.regle_absence,
            DIT_ETAT[EtatResultat.ABSENT_JUSTIFIE],
            "comptée zéro",
        ),
        EtatResultat.DISPENSE: (deliberation.regle_dispense, "dispense", "ni note ni coefficient"),
        EtatResultat.VAE: (
            deliberation.regle_dispense,
            "acquise par validation de l'expérience",
            "ni note ni coefficient",
        ),
    }
    if compte.code in bilan.manquees:
        mot = DIT_ETAT.get(etat, "une partie n'a pas été présentée, sans motif admis")
        fraude = etat is EtatResultat.FRAUDE_ANNULEE
        regle = citee(
            reglement,
            reglement.notation.regle_discipline if fraude else deliberation.regle_absence,
            deliberation.regle_absence,
        )
        yield dire(reglement, regle, f"{nom(compte)} : {mot}.", compte, effet=IMPOSSIBLE)
    elif etat in dits:
        regle, mot, suite = dits[etat]
        yield dire(reglement, regle, f"{nom(compte)} : {mot}.", compte, effet=suite)


def _origine(compte: Compte, reglement: Reglement) -> list[Explication]:
    """La règle qui a donné ce résultat, et le choix retenu s'il en vient un."""
    regle = compte.resultat.regle
    if compte.resultat.etat is EtatResultat.FRAUDE_ANNULEE:
        regle = regle or reglement.notation.regle_discipline
    if not regle or reglement.source(regle) is None:
        return []
    dit = {
        EtatResultat.NON_VALIDE: "le dossier n'est pas conforme, l'épreuve n'est pas notée",
        EtatResultat.NON_VALIDEE_U1: "le dossier manque ou n'est pas conforme : ni note, ni zéro, ni absence",
        EtatResultat.FRAUDE_ANNULEE: "la commission de discipline a annulé l'épreuve",
        EtatResultat.SUSPENDUE: "la note est gelée jusqu'à l'issue de la procédure ; elle n'est ni montrée, ni comptée",
    }.get(compte.resultat.etat, "résultat retenu")
    return [dire(reglement, regle, f"{compte.code} : {dit}.", compte, details=choix(reglement, regle))]
