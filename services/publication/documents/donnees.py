"""Ce que dit chaque document, prêt à mettre en page : des textes en français, sans règle ni calcul.

Le seul endroit du service où l'identité est en clair : elle entre ici, sort dans le fichier, n'est gardée nulle part.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from contracts.evenements.deliberation import Ligne
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Identite
from services.publication.documents import francais
from services.publication.documents.autorites import autorite
from services.publication.documents.francais import capitale, nombre, typographie
from services.publication.domain.edition import Edition, annee, premiers_gabarits
from services.publication.domain.resultat import ResultatPublie, ccp_obtenu
from services.publication.domain.resultats import LigneListe, liste_publique

MODELE_LISTE, MODELE_LISTE_V2 = "liste.v1", "liste.v2"
DECISIONS = {
    Decision.ADMIS: "Admis(e)",
    Decision.AJOURNE: "Ajourné(e)",
    Decision.REFUSE: "Refusé(e)",
    Decision.EPREUVES_CONTROLE: "Autorisé(e) à passer les épreuves de contrôle",
    Decision.POURSUITE: "Poursuite du parcours",
    Decision.REUSSITE_PARTIELLE: "Réussite partielle",
    Decision.ECHEC: "Échec",
    Decision.EN_ATTENTE: "En attente",
}
CCP_OBTENU = "CCP obtenu"
DOMAINES = {
    "professionnel": "Unités professionnelles",
    "general": "Unités générales",
    "facultatif": "Unités facultatives",
}
# AMB-11 : les deux vocabulaires sont gardés, et « favorable » vaut « validée » au relevé.
CONDUITE = {
    EtatResultat.VALIDEE: "validée",
    EtatResultat.FAVORABLE: "validée (avis favorable)",
    EtatResultat.NON_VALIDEE: "non validée",
    EtatResultat.INSUFFISANT: "non validée (avis insuffisant)",
    EtatResultat.NON_ORGANISEE: "non organisée par l’académie",
    EtatResultat.DISPENSE: "dispensée",
}
FAVORABLES = frozenset({EtatResultat.VALIDEE, EtatResultat.FAVORABLE})
OBSERVATIONS = {
    EtatResultat.ZERO_SUPPORT: "support non remis",
    EtatResultat.ABSENT_JUSTIFIE: "absence pour un motif admis",
    EtatResultat.ABSENT_INJUSTIFIE: "absence sans motif admis",
    EtatResultat.DISPENSE: "dispense, hors du calcul",
    EtatResultat.BENEFICE: "note conservée d’une session antérieure",
}
SANS_NOTE = {
    EtatResultat.ABSENT_JUSTIFIE: "absence",
    EtatResultat.ABSENT_INJUSTIFIE: "absence",
    EtatResultat.DISPENSE: "dispense",
}
MENTIONS_SITUATION = OBSERVATIONS | CONDUITE | {EtatResultat.ZERO_SUPPORT: "0 (support non remis)"}
RIEN = "–"


@dataclass(frozen=True)
class EnTete:
    """Ce que tous les documents portent. ``cree_le`` date le fichier ; ``date`` s'imprime, à l'heure de l'académie."""

    modele: str
    numero: str
    version: int
    cree_le: datetime
    date: str
    academie: str
    autorite: str
    diplome: str
    specialite: str
    niveau: str
    session: str
    demonstration: bool
    tete: str
    service: str
    delivre_par: str
    ministre: str
    nature: str


@dataclass(frozen=True)
class Personne:
    """L'identité en clair, telle que l'état civil l'écrit."""

    candidat: str
    nom: str
    nom_usage: str
    prenoms: str
    naissance: str


@dataclass(frozen=True)
class LigneReleve:
    """Une épreuve : ce que le jury a vu. Une cellule vide se lit « sans objet »."""

    code: str
    intitule: str
    coefficient: str
    note: str
    points: str
    observation: str
    situations: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Groupe:
    """Les épreuves d'un domaine."""

    intitule: str
    lignes: tuple[LigneReleve, ...]


@dataclass(frozen=True)
class Permis:
    """La conduite (CAP24-P03) ; ``demande`` : le candidat peut demander le permis (CAP24-P02)."""

    resultat: str
    demande: bool
    admis: bool
    source: str


@dataclass(frozen=True)
class DonneesReleve:
    """Le relevé de notes."""

    entete: EnTete
    personne: Personne
    statut: str
    groupes: tuple[Groupe, ...]
    points: str
    coefficients: str
    moyenne: str
    moyenne_professionnelle: str
    decision: str
    mention: str
    remplacement: str
    permis: Permis | None


@dataclass(frozen=True)
class DonneesDiplome:
    """Le diplôme, ou le titre ; ``credits`` : ses crédits européens, s'il en donne."""

    entete: EnTete
    personne: Personne
    jury: str
    mention: str
    credits: str = ""


@dataclass(frozen=True)
class DonneesListe:
    """La liste des résultats d'un jury : (numéro, décision, mention), jamais un nom."""

    entete: EnTete
    jury: str
    lignes: tuple[tuple[str, str, str], ...]
    admis: int


def donnees_releve(
    resultat: ResultatPublie, edition: Edition, identite: Identite, categorie: Categorie, session: SessionFigee
) -> DonneesReleve:
    """Le relevé d'un résultat publié. ``edition`` : ce que `document.a_editer` a donné."""
    reglement = session.reglement
    return DonneesReleve(
        entete=faire_entete(edition, resultat.publie_le, session),
        personne=personne(resultat.candidat, identite),
        statut=typographie(reglement.categories[categorie].intitule),
        groupes=_groupes(resultat.lignes, reglement),
        points=nombre(resultat.points),
        coefficients=nombre(resultat.coefficients),
        moyenne=francais.moyenne(resultat.moyenne),
        moyenne_professionnelle=francais.moyenne(resultat.moyenne_professionnelle),
        decision=DECISIONS[resultat.decision],
        mention=mention(resultat.mention, reglement),
        remplacement=", ".join(resultat.remplacement_possible),
        permis=permis(resultat, reglement),
    )


def donnees_diplome(
    resultat: ResultatPublie, edition: Edition, identite: Identite, session: SessionFigee
) -> DonneesDiplome:
    """Le diplôme d'un candidat admis."""
    return DonneesDiplome(
        entete=faire_entete(edition, resultat.publie_le, session),
        personne=personne(resultat.candidat, identite),
        jury=resultat.jury,
        mention=mention(resultat.mention, session.reglement),
        credits=str(session.reglement.documents.credits_ects or ""),
    )


def donnees_liste(
    jury: str, publie_le: datetime, lignes: Iterable[LigneListe], session: SessionFigee, version: int = 1
) -> DonneesListe:
    """La liste publique d'un jury ; ``version`` : une décision publiée ensuite en fait une nouvelle."""
    reglement = session.reglement
    publiques = liste_publique(lignes)
    numero = numero_du_jury(session, jury, f"L{version}")
    modele = MODELE_LISTE if premiers_gabarits(reglement) else MODELE_LISTE_V2
    entete = faire_entete(Edition(numero, version, modele), publie_le, session)
    return DonneesListe(
        entete=entete,
        jury=jury,
        lignes=tuple(
            (one.candidat, decision(one.decision, entete), mention(one.mention, reglement)) for one in publiques
        ),
        admis=sum(one.decision is Decision.ADMIS for one in publiques),
    )


def numero_du_jury(session: SessionFigee, jury: str, suite: str) -> str:
    """``NORMANDIE-2026-CAP-OSRCL-J1-L1`` : ce que le service écrit d'un jury entier."""
    parties = (session.academie, annee(session), session.reglement.diplome, jury, suite)
    return "-".join(parties).replace("_", "-").upper()


def decision(une: Decision, entete: EnTete) -> str:
    """La décision en toutes lettres ; l'admission à un titre est son obtention."""
    return "Titre obtenu" if une is Decision.ADMIS and entete.nature == "titre" else DECISIONS[une]


def decision_de(
    une: Decision, lignes: Iterable[Ligne], unites: Collection[str], entete: EnTete, reglement: Reglement
) -> str:
    """La décision d'un candidat : « CCP obtenu » quand il a tout ce qu'il présentait (TP-D03)."""
    return CCP_OBTENU if ccp_obtenu(une, lignes, unites, reglement) else decision(une, entete)


def faire_entete(edition: Edition, publie_le: datetime, session: SessionFigee, par: str = "") -> EnTete:
    """``par`` : l'autorité qui délivre, si ce n'est pas celle du diplôme."""
    reglement = session.reglement
    qui = autorite(par or reglement.documents.autorite, session.academie, reglement.niveau)
    return EnTete(
        modele=edition.modele,
        numero=edition.numero,
        version=edition.version,
        cree_le=publie_le,
        date=francais.date_longue(publie_le.astimezone(ZoneInfo(session.parametres.fuseau)).date()),
        academie=francais.academie(session.academie),
        autorite=qui.nom,
        diplome=typographie(reglement.documents.intitule(session.annee)),
        specialite=typographie(reglement.intitule),
        niveau=str(reglement.niveau),
        session=annee(session),
        demonstration=session.valeurs is not None and session.valeurs.demonstration,
        tete=qui.entete,
        service=qui.service,
        delivre_par=qui.titre,
        ministre=qui.ministre,
        nature=qui.nature,
    )


def personne(candidat: str, identite: Identite) -> Personne:
    nom, usage = francais.propre(identite.nom), francais.propre(identite.nom_usage or "")
    naissance = francais.date_longue(identite.naissance)
    return Personne(
        candidat=candidat,
        nom=francais.coupable(nom),
        nom_usage="" if usage == nom else francais.coupable(usage),
        prenoms=francais.coupable(francais.propre(identite.prenoms)),
        naissance=f"{naissance} {francais.coupable(francais.lieu(francais.propre(identite.lieu_naissance)))}",
    )


def _groupes(lignes: Iterable[Ligne], reglement: Reglement) -> tuple[Groupe, ...]:
    """Les domaines dans l'ordre du règlement d'examen : professionnel, général, facultatif."""
    par_domaine: dict[str, list[LigneReleve]] = {domaine: [] for domaine in DOMAINES}
    for one in lignes:
        par_domaine.setdefault(one.domaine, []).append(_ligne(one, reglement))
    seuil = nombre(reglement.deliberation.facultatif_seuil)
    precisions = {"facultatif": f" (seuls comptent les points au-dessus de {seuil})"}
    return tuple(
        Groupe(f"{DOMAINES.get(domaine, capitale(domaine))}{precisions.get(domaine, '')}", tuple(du_domaine))
        for domaine, du_domaine in par_domaine.items()
        if du_domaine
    )


def _ligne(ligne: Ligne, reglement: Reglement) -> LigneReleve:
    points = RIEN if ligne.points is None else nombre(ligne.points)
    note = SANS_NOTE.get(ligne.etat, RIEN) if ligne.note is None else nombre(ligne.note)
    return LigneReleve(
        code=ligne.epreuve,
        intitule=typographie(ligne.intitule),
        coefficient=RIEN if ligne.coefficient is None else nombre(ligne.coefficient),
        note=note,
        points=f"+{points}" if ligne.domaine == "facultatif" and ligne.points else points,
        observation=OBSERVATIONS.get(ligne.etat, ""),
        situations=tuple(situation(ligne.epreuve, code, dit, reglement) for code, dit in ligne.situations.items()),
    )


def situation(epreuve: str, code: str, dit: str, reglement: Reglement) -> tuple[str, str]:
    """L'intitulé d'une situation et ce qu'elle a donné : une note, ou une mention."""
    definition = reglement.epreuves[epreuve].situations.get(code) if epreuve in reglement.epreuves else None
    intitule = f"Situation {code.removeprefix('S')}"
    if definition is not None:
        intitule = f"{intitule}, {typographie(definition.intitule[:1].lower() + definition.intitule[1:])}"
    mention = next((texte for etat, texte in MENTIONS_SITUATION.items() if etat == dit), None)
    return intitule, mention or nombre(francais.propre(dit))


def permis(resultat: ResultatPublie, reglement: Reglement) -> Permis | None:
    """Le résultat de la conduite, si le règlement veut qu'il soit au relevé."""
    regle = reglement.documents.mention_permis
    if regle is None:
        return None
    source = reglement.sources[regle]
    return Permis(
        resultat="sans résultat" if resultat.permis is None else CONDUITE.get(resultat.permis, resultat.permis.value),
        demande=resultat.permis in FAVORABLES,
        admis=resultat.decision is Decision.ADMIS,
        source=typographie(", ".join(filter(None, (source.texte, source.section)))),
    )


def mention(code: str | None, reglement: Reglement) -> str:
    """L'intitulé d'une mention ; vide s'il n'y en a pas."""
    if code is None:
        return ""
    return next((one.intitule for one in reglement.deliberation.mentions if one.code == code), code)
