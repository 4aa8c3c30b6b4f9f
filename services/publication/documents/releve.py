"""Ce que dit le relevé de tout diplôme : notes ou compétences, états sans note, contrôle, décision en mots."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal

from contracts.evenements.deliberation import Ligne
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Identite
from services.publication.documents import francais
from services.publication.documents.donnees import (
    DOMAINES,
    OBSERVATIONS,
    RIEN,
    SANS_NOTE,
    EnTete,
    Permis,
    Personne,
    decision_de,
    faire_entete,
    mention,
    permis,
    personne,
    situation,
)
from services.publication.documents.francais import capitale, enumeration, nombre, typographie
from services.publication.domain.attestation import note_retenue
from services.publication.domain.edition import Edition
from services.publication.domain.resultat import (
    CONTROLE,
    PREMIERE,
    ResultatPublie,
    a_un_total,
    acquises_par_decision,
    lignes_publiables,
)

ATTENTE = "en attente de vérification"
MARQUES = SANS_NOTE | {
    EtatResultat.SUSPENDUE: ATTENTE,
    EtatResultat.NON_VALIDE: "NON VALIDE",
    EtatResultat.NON_VALIDEE_U1: "NON VALIDÉE",
    EtatResultat.FRAUDE_ANNULEE: "ANNULÉE",
    EtatResultat.VAE: "acquise",
    EtatResultat.NON_TENUE: "non tenue",
    EtatResultat.ACQUISE: "acquis",
    EtatResultat.NON_ACQUISE: "non acquis",
}
POURQUOI = OBSERVATIONS | {
    EtatResultat.NON_VALIDE: "dossier non conforme",
    EtatResultat.NON_VALIDEE_U1: "dossier non remis ou non conforme, épreuve non subie",
    EtatResultat.FRAUDE_ANNULEE: "épreuve annulée par la commission de discipline",
    EtatResultat.VAE: "validation des acquis de l’expérience, hors du calcul",
    EtatResultat.NON_TENUE: "document exigé non remis, sans effet sur le total",
}
MOTS_SITUATION = {
    EtatResultat.ABSENT_JUSTIFIE: "absence pour un motif admis",
    EtatResultat.ABSENT_INJUSTIFIE: "absence sans motif admis",
    EtatResultat.ACQUISE: "acquise",
    EtatResultat.NON_ACQUISE: "non acquise",
}
# Ce que l'état ajoute à une décision défavorable (AMB-46).
SUITES = {
    EtatResultat.NON_VALIDE: "non valide",
    EtatResultat.NON_VALIDEE_U1: "unité non validée",
    EtatResultat.FRAUDE_ANNULEE: "épreuve annulée",
}
DEFAVORABLES = frozenset({Decision.AJOURNE, Decision.REFUSE, Decision.ECHEC})
# Une unité qui n'est plus à présenter, sans note à garder.
SANS_SUITE = frozenset({EtatResultat.VAE, EtatResultat.DISPENSE})
PAR_DECISION = "par décision motivée du jury"


@dataclass(frozen=True)
class LigneDite:
    """Une épreuve, ou une unité faite de compétences : ``situations``, ce que chacune a donné."""

    code: str
    intitule: str
    coefficient: str
    note: str
    points: str
    observation: str
    exacte: str
    controle: str
    situations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class GroupeDit:
    intitule: str
    lignes: tuple[LigneDite, ...]


@dataclass(frozen=True)
class DonneesReleveV2:
    """Le relevé ; ``competences`` : rien n'y est noté, ni total ni moyenne."""

    entete: EnTete
    personne: Personne
    statut: str
    competences: bool
    groupes: tuple[GroupeDit, ...]
    totaux: bool
    points: str
    coefficients: str
    moyenne: str
    moyenne_professionnelle: str
    decision: str
    mention: str
    precisions: tuple[str, ...]
    permis: Permis | None


def donnees_releve_v2(
    resultat: ResultatPublie, edition: Edition, identite: Identite, categorie: Categorie, session: SessionFigee
) -> DonneesReleveV2:
    """Le relevé d'un résultat publié. ``edition`` : ce que `document.a_editer` a donné."""
    reglement, lignes = session.reglement, lignes_publiables(resultat.lignes)
    entete = faire_entete(edition, resultat.publie_le, session)
    absentes = _absentes(resultat, lignes, reglement)
    totaux = a_un_total(resultat) and not absentes and not en_competences(reglement)
    professionnelle = totaux and any(one.coefficient and one.domaine != "professionnel" for one in lignes)
    return DonneesReleveV2(
        entete=entete,
        personne=personne(resultat.candidat, identite),
        statut=typographie(reglement.categories[categorie].intitule),
        competences=en_competences(reglement),
        groupes=_groupes(lignes, acquises_par_decision(resultat), reglement),
        totaux=totaux,
        points=nombre(resultat.points),
        coefficients=nombre(resultat.coefficients),
        moyenne=francais.moyenne(resultat.moyenne) if totaux else "",
        moyenne_professionnelle=francais.moyenne(resultat.moyenne_professionnelle) if professionnelle else "",
        decision=_decision(resultat, entete, reglement),
        mention=mention(resultat.mention, reglement),
        precisions=tuple(_precisions(resultat, lignes, reglement)),
        permis=permis(resultat, reglement),
    )


def en_competences(reglement: Reglement) -> bool:
    """Toutes les unités obligatoires sont-elles acquises ou non, jamais notées ?"""
    return all(one.acquise_ou_non for one in reglement.epreuves.values() if one.obligatoire)


def _decision(resultat: ResultatPublie, entete: EnTete, reglement: Reglement) -> str:
    """« Refusé(e), non valide » : la décision, et l'état qui l'impose."""
    dite = decision_de(resultat.decision, resultat.lignes, resultat.unites, entete, reglement)
    etats = {one.etat for one in resultat.lignes} if resultat.decision in DEFAVORABLES else set()
    return ", ".join([dite, *(suite for etat, suite in SUITES.items() if etat in etats)])


def _precisions(resultat: ResultatPublie, lignes: tuple[Ligne, ...], reglement: Reglement) -> list[str]:
    """Ce que la décision appelle ou empêche, en phrases."""
    dites = []
    poursuit = resultat.decision is Decision.POURSUITE
    absentes = _absentes(resultat, lignes, reglement)
    if absentes:
        dites.append(f"Absence sans motif admis à {enumeration(absentes)} : le diplôme ne peut pas être délivré.")
    bloquees = [one.epreuve for one in lignes if one.etat in SUITES]
    if bloquees and not poursuit:
        dites.append(f"Aucune moyenne n’est calculée : le diplôme ne peut être délivré ({enumeration(bloquees)}).")
    if resultat.decision is Decision.EPREUVES_CONTROLE:
        entre = f" à choisir parmi {enumeration(resultat.epreuves_controle)}" if resultat.epreuves_controle else ""
        dites.append(f"Épreuves orales de contrôle{entre} ; la meilleure des deux notes est gardée.")
    if resultat.decision is not Decision.ADMIS:
        dites += _gardees(resultat, lignes, reglement)
    if poursuit:
        dites += _restantes(resultat, lignes, reglement)
    if resultat.remplacement_possible:
        dites.append(
            "Absence pour un motif admis : des épreuves de remplacement sont possibles "
            f"({enumeration(resultat.remplacement_possible)}), sur autorisation du recteur de l’académie d’origine."
        )
    return [typographie(one) for one in dites]


def _absentes(resultat: ResultatPublie, lignes: Iterable[Ligne], reglement: Reglement) -> list[str]:
    """Les épreuves obligatoires manquées sans motif admis, quand le jury refuse (BTS-D01, DC-MC08)."""
    if resultat.decision not in DEFAVORABLES or en_competences(reglement):
        return []
    return [one.epreuve for one in lignes if one.epreuve in reglement.epreuves and _manquee(one, reglement)]


def _manquee(ligne: Ligne, reglement: Reglement) -> bool:
    """Absence sans motif admis à l'épreuve, ou à une de ses parties notées."""
    epreuve, manque = reglement.epreuves[ligne.epreuve], EtatResultat.ABSENT_INJUSTIFIE
    notees = {code for code, one in epreuve.situations.items() if one.notee}
    partie = any(code in notees and dit == manque for code, dit in ligne.situations.items())
    return epreuve.obligatoire and (ligne.etat is manque or partie)


def _gardees(resultat: ResultatPublie, lignes: Iterable[Ligne], reglement: Reglement) -> list[str]:
    """Les unités que le candidat acquiert ou peut garder."""
    vae = {one.epreuve for one in lignes if one.etat is EtatResultat.VAE}
    gardees = [code for code in reglement.epreuves if code in vae or code in resultat.unites]
    if en_competences(reglement):
        return [f"Unités acquises : {enumeration(gardees)}." if gardees else "Aucune unité à conserver."]
    return [f"Unités acquises ou conservables : {enumeration(gardees)}."] if gardees else []


def _restantes(resultat: ResultatPublie, lignes: Iterable[Ligne], reglement: Reglement) -> list[str]:
    """Ce qu'il reste à présenter avant que le jury décide du diplôme (DC-BTS02, DC-BTS03)."""
    etats = {one.epreuve: one.etat for one in lignes}
    obligatoires = [code for code, one in reglement.epreuves.items() if one.obligatoire]
    restent = [code for code in obligatoires if code not in etats]
    encore = [code for code in obligatoires if code in etats.keys() - resultat.unites and etats[code] not in SANS_SUITE]
    dites = [f"Unités restant à présenter : {enumeration(restent)}."] if restent else []
    dites += [f"Unités à présenter de nouveau : {enumeration(encore)}."] if encore else []
    return [*dites, "Le jury décidera du diplôme quand toutes les unités auront été présentées."]


def _groupes(lignes: Iterable[Ligne], accordees: Collection[str], reglement: Reglement) -> tuple[GroupeDit, ...]:
    par_domaine: dict[str, list[LigneDite]] = {domaine: [] for domaine in DOMAINES}
    for one in lignes:
        par_domaine.setdefault(one.domaine, []).append(_ligne(one, one.epreuve in accordees, reglement))
    seuil = nombre(reglement.deliberation.facultatif_seuil)
    precisions = {"facultatif": f" (seuls comptent les points au-dessus de {seuil})"}
    return tuple(
        GroupeDit(f"{DOMAINES.get(domaine, capitale(domaine))}{precisions.get(domaine, '')}", tuple(du_domaine))
        for domaine, du_domaine in par_domaine.items()
        if du_domaine
    )


def _ligne(ligne: Ligne, accordee: bool, reglement: Reglement) -> LigneDite:
    points = RIEN if ligne.points is None else nombre(ligne.points)
    retenue = note_retenue(ligne)
    etat = EtatResultat.ACQUISE if accordee else ligne.etat
    siennes = {code: dit for code, dit in ligne.situations.items() if code not in {PREMIERE, CONTROLE}}
    note = MARQUES.get(etat, RIEN) if retenue is None else nombre(retenue)
    return LigneDite(
        code=ligne.epreuve,
        intitule=typographie(ligne.intitule),
        coefficient=RIEN if ligne.coefficient is None else nombre(ligne.coefficient),
        note=note,
        points=f"+{points}" if ligne.domaine == "facultatif" and ligne.points else points,
        observation=PAR_DECISION if accordee else POURQUOI.get(ligne.etat, ""),
        exacte=ligne.note_exacte or "",
        controle=_controle(ligne),
        situations=tuple(_situation(ligne.epreuve, code, dit, reglement) for code, dit in siennes.items()),
    )


def _controle(ligne: Ligne) -> str:
    """Les deux notes, et laquelle est gardée (DC-BTS11)."""
    if PREMIERE in ligne.situations:
        return typographie(_deux_notes(ligne))
    if ligne.controle is None:
        return ""
    oral = f"Oral de contrôle : {nombre(ligne.controle)}"
    if ligne.note is None or ligne.note == ligne.controle:
        return typographie(f"{oral}, note retenue")
    gardee = "oral retenu" if ligne.controle > ligne.note else "première note gardée"
    return typographie(f"Première note : {nombre(ligne.note)} ; {oral[:1].lower()}{oral[1:]} ; {gardee}")


def _deux_notes(ligne: Ligne) -> str:
    premiere, dit = Decimal(ligne.situations[PREMIERE]), ligne.situations.get(CONTROLE, "")
    if ligne.controle is None:
        absent = dit == EtatResultat.ABSENT_INJUSTIFIE
        oral, gardee = "absent" if absent else "sans note", "première note gardée"
    else:
        retenu = ligne.note is not None and ligne.note > premiere
        oral, gardee = nombre(ligne.controle), "oral retenu" if retenu else "première note gardée"
    return f"Première note : {nombre(premiere)} ; oral de contrôle : {oral} ; {gardee}"


def _situation(epreuve: str, code: str, dit: str, reglement: Reglement) -> tuple[str, str]:
    """Une compétence s'annonce par son intitulé, une situation par son rang."""
    intitule, donne = situation(epreuve, code, dit, reglement)
    definition = reglement.epreuves.get(epreuve)
    if definition is not None and definition.acquise_ou_non and code in definition.situations:
        intitule = typographie(definition.situations[code].intitule)
    return intitule, next((mot for etat, mot in MOTS_SITUATION.items() if etat == dit), donne)
