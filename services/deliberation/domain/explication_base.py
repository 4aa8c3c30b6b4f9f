"""De quoi sont faites les explications : une clause, sa source, ses faits, ses chiffres, dans des mots de candidat."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from contracts.reglement import Reglement
from contracts.vocabulaire import Decision, EtatResultat, Explication
from services.communs.explication import clause
from services.deliberation.domain.calcul import Compte, Constat, Totaux, en_decimal, exact, tronquer

REMPLIE = "condition remplie"
OUVRE_CONTROLE = "condition non remplie : épreuves de contrôle"
IMPOSSIBLE = "le diplôme ne peut pas être délivré"
SANS_EFFET = "sans effet sur la décision"
ISSUES = {
    Decision.AJOURNE.value: "ajournement",
    Decision.REFUSE.value: "refus",
    Decision.ECHEC.value: "échec",
}
DIT_DECISION = {
    Decision.ADMIS: "admis",
    Decision.AJOURNE: "ajourné",
    Decision.REFUSE: "refusé",
    Decision.ECHEC: "échec",
    Decision.REUSSITE_PARTIELLE: "réussite partielle",
    Decision.POURSUITE: "poursuite",
    Decision.EPREUVES_CONTROLE: "admis aux épreuves de contrôle",
    Decision.EN_ATTENTE: "en attente",
    Decision.NON_AUTORISE: "non autorisé à se présenter",
}
DIT_ETAT = {
    EtatResultat.NON_VALIDE: "NON VALIDE",
    EtatResultat.NON_VALIDEE_U1: "NON VALIDÉE",
    EtatResultat.FRAUDE_ANNULEE: "annulée par la commission de discipline",
    EtatResultat.NON_TENUE: "non tenue",
    EtatResultat.ABSENT_INJUSTIFIE: "absence sans motif admis",
    EtatResultat.ABSENT_JUSTIFIE: "absence pour un motif admis",
}

AVEC_NOTE = {EtatResultat.NOTE: "note arrêtée à", EtatResultat.BENEFICE: "note conservée,"}
FAIT_ETAT = {
    EtatResultat.NOTE: "note arrêtée",
    EtatResultat.BENEFICE: "note conservée",
    EtatResultat.ZERO_SUPPORT: "zéro, faute de support",
    EtatResultat.ABSENT_JUSTIFIE: "absence pour un motif admis",
    EtatResultat.ABSENT_INJUSTIFIE: "absence sans motif admis",
    EtatResultat.DISPENSE: "dispense",
    EtatResultat.VAE: "unité obtenue par l'expérience",
    EtatResultat.ACQUISE: "acquise",
    EtatResultat.NON_ACQUISE: "non acquise",
    EtatResultat.SUSPENDUE: "note suspendue",
    EtatResultat.NON_VALIDE: "NON VALIDE",
    EtatResultat.NON_VALIDEE_U1: "NON VALIDÉE",
    EtatResultat.FRAUDE_ANNULEE: "annulée par la commission de discipline",
    EtatResultat.NON_TENUE: "non tenue",
    EtatResultat.VALIDEE: "validée",
    EtatResultat.NON_VALIDEE: "non validée",
    EtatResultat.FAVORABLE: "avis favorable",
    EtatResultat.INSUFFISANT: "avis insuffisant",
    EtatResultat.NON_ORGANISEE: "non organisée",
    EtatResultat.NON_AUTORISE: "candidat non autorisé à se présenter",
}
"""Ce qu'un résultat dit, en mots."""


def dire(
    reglement: Reglement,
    regle: str,
    texte: str,
    *comptes: Compte,
    faits: tuple[str, ...] = (),
    preuves: tuple[str, ...] = (),
    chiffres: dict[str, str] | None = None,
    effet: str = "",
    details: Iterable[Explication] = (),
) -> Explication:
    """Une clause, avec sa source et les faits de ces épreuves, en mots ; ``preuves`` : leurs identifiants."""
    dits = (*faits, *map(fait_dit, comptes))
    ids = (*preuves, *(one.resultat.fait for one in comptes))
    return clause(reglement, regle, texte, faits=dits, chiffres=chiffres, effet=effet, details=details, preuves=ids)


def fait_dit(compte: Compte) -> str:
    """``E4 : note 13 arrêtée, le 29 juin 2022, par le service des examens`` ; jamais une note qui se tait."""
    resultat = compte.resultat
    if resultat.etat in AVEC_NOTE and resultat.note is not None:
        quoi = f"{AVEC_NOTE[resultat.etat]} {fr(format(resultat.note.normalize(), 'f'))}"
    else:
        quoi = FAIT_ETAT[resultat.etat]
    return ", ".join(filter(None, (f"{compte.code} : {quoi}", resultat.vu)))


def oral_dit(compte: Compte) -> str:
    """``E1 : oral de contrôle 12, le 6 juillet 2022, par un correcteur``."""
    oral = compte.resultat.controle
    quoi = "pas venu à l'oral de contrôle" if oral is None else f"oral de contrôle {fr(format(oral.normalize(), 'f'))}"
    return ", ".join(filter(None, (f"{compte.code} : {quoi}", compte.resultat.controle_vu)))


def choix(reglement: Reglement, regle: str, *comptes: Compte, option: str = "") -> list[Explication]:
    """Ce qui a été choisi là où les textes sont ambigus, si ce règlement l'a choisi ; ``option`` : celle retenue."""
    retenu = reglement.choix.get(regle)
    if retenu is None:
        return []
    dit = retenu.possibles.get(option, retenu.texte)
    return [dire(reglement, regle, f"Choix du règlement : {dit}.", *comptes)]


def citee(reglement: Reglement, regle: str, sinon: str) -> str:
    """Cette règle si le règlement la connaît, sinon l'autre."""
    return regle if reglement.source(regle) else sinon


def totaux_dits(totaux: Totaux) -> dict[str, str]:
    moyenne = {} if totaux.moyenne is None else {"moyenne": totaux.moyenne}
    return {"points": exact(totaux.points), "coefficients": exact(totaux.coefficients), **moyenne}


def manquee(constat: Constat, reglement: Reglement) -> str:
    """L'effet d'une condition qui n'est pas remplie."""
    if constat.clause.echec == "non_admissible":
        return IMPOSSIBLE
    return f"condition non remplie : {ISSUES[reglement.deliberation.defavorable]}"


def effet(constat: Constat, reglement: Reglement) -> str:
    return REMPLIE if constat.tenue else manquee(constat, reglement)


def nom(compte: Compte) -> str:
    return f"{compte.code}, {compte.epreuve.intitule}"


def liste(codes: Iterable[str]) -> str:
    """« E1, E2 et E3 »."""
    tous = tuple(codes)
    return "".join(tous) if len(tous) < 2 else f"{', '.join(tous[:-1])} et {tous[-1]}"


def fr(nombre: str | None) -> str:
    """Un nombre à la française : ``10,5``."""
    return (nombre or "").replace(".", ",")


def lisible(nombre: Fraction) -> str:
    """Un nombre exact tel qu'un candidat le lit : ``10,5`` ; ``10,66 (exactement 32/3)`` s'il ne tombe pas juste."""
    if en_decimal(nombre) is not None:
        return fr(exact(nombre))
    return f"{fr(str(tronquer(nombre)))} (exactement {exact(nombre)})"
