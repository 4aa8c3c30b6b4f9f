"""La session 2026 : condition d'expérience des majeurs, conduite organisée pour tous, deux jurys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import candidats_2026
from candidat import PONCTUEL, Candidat, acteur
from candidats_2026 import Groupes
from cap_osrcl import CAEN, COEFFICIENTS, EVREUX, HAVRE, REFERENCE, ROUEN, SessionCap
from ecriture import Ligne, Montre
from jurys import Jury
from modele import ATTENDRE
from personnes import Employeurs, Personne

LIMITE = "2025-11-28"
AGENT = acteur("dec-agent-2", "gestionnaire")
ORDINAIRE = 84  # candidats de la session quand on n'en demande pas davantage

VALEURS = {
    "coefficients": COEFFICIENTS,
    "poids": {"EP1.S1": "2", "EP1.S2": "1"},
    "reference": REFERENCE,
    "demonstration": True,
}
PARAMETRES = {
    "premiere_epreuve": "2026-05-18",
    "cloture_inscriptions": LIMITE,
    "limite_attestation": LIMITE,
    "remise_supports": "2026-03-27",
    "remontee_ccf": "2026-06-05",
    "jury_le": "2026-07-02",
    "publication": "2026-07-07T10:00:00+02:00",
    "conduite_individuels": True,
}
REMISES_CCF = {
    "UG1": "2026-06-01T16:00:00+02:00",
    "UG2": "2026-06-02T16:00:00+02:00",
    "UG3": "2026-06-03T16:00:00+02:00",
    "UG4": "2026-06-04T16:00:00+02:00",
}
REMISES_PONCTUEL = {
    "EP2": "2026-06-10T17:00:00+02:00",
    "EP3.S2": "2026-06-10T17:00:00+02:00",
    "UG1": "2026-06-11T17:00:00+02:00",
    "UG2": "2026-06-11T17:00:00+02:00",
    "UG3": "2026-06-12T17:00:00+02:00",
    "UG4": "2026-06-12T17:00:00+02:00",
}


def construire(nombre: int, graine: int, anciens: dict[str, Personne]) -> SessionCap:
    """La session et toutes ses étapes. ``anciens`` : des personnes de la session 2024 qui se représentent."""
    session = SessionCap(2026, graine)
    groupes = candidats_2026.inventer(session, Employeurs(f"employeurs-{graine}"), nombre - ORDINAIRE, anciens)
    j1, j2 = Jury.compose("J1", "1"), Jury.compose("J2", "2")
    _inscription(session, groupes)
    _dossiers(session)
    _evaluation(session)
    _jury_1(session, j1, [one for one in groupes.lycees if not one.annule])
    _jury_2(session, j2, [one for one in (*groupes.formations, *groupes.individuels) if not one.annule])
    _publication(session, j1, j2)
    return session


# Les étapes --------------------------------------------------------------------------------------------------------


def _inscription(session: SessionCap, groupes: Groupes) -> None:
    lycees, formations, individuels = groupes.lycees, groupes.formations, groupes.individuels
    session.faire("Ouverture de la session et des centres", "10-ouverture.jsonl", _ouverture(session))
    session.importer("Inscription des lycéens", "20-candidats-lycees.csv", lycees, "2025-10-20T09:00:00+02:00")
    session.importer(
        "Inscription des apprentis et autres formations",
        "21-candidats-formations.csv",
        formations,
        "2025-11-04T09:00:00+01:00",
    )
    en_ligne = [
        "Les candidats individuels s'inscrivent eux-mêmes.",
        *session.inscriptions(individuels, Montre("2025-10-13", 3600)),
        *_doublon(individuels[0]),
    ]
    session.faire("Inscription des candidats individuels", "22-inscriptions-individuelles.jsonl", en_ligne)
    acquis = chain(_modifications(lycees[1]), session.avant("acquis"))
    session.faire("Dispenses, notes conservées, aménagements", "23-acquis.jsonl", acquis)


def _ouverture(session: SessionCap) -> Iterator[Ligne | str]:
    montre = Montre("2025-09-15")
    yield "Les coefficients d'EP1 à EP3 et les poids d'EP1 ne sont pas dans les textes : valeurs de démonstration."
    yield session.ouvrir(montre.suivant(), "CAP-OSRCL-2026", PARAMETRES, VALEURS)
    yield from session.ouvrir_centres(montre, (ROUEN, HAVRE))
    annexe = {"commande": "inscription.ouvrir_centre", "type": "annexe", "par": "recteur"}
    yield {**annexe, "le": montre.suivant(), "centre": CAEN, "refus_attendu": "CAP24-G07"}
    yield {**annexe, "le": montre.suivant(), "centre": CAEN, "acte": "décision rectorale 2025-071"}
    yield {**annexe, "le": montre.suivant(), "centre": EVREUX, "acte": "décision rectorale 2025-072"}


def _doublon(one: Candidat) -> Iterator[Ligne | str]:
    yield "La même personne, saisie une seconde fois sous un autre numéro, sans accent ni majuscule."
    identite = one.personne.en_clair() | {"prenoms": one.personne.prenoms.upper(), "courriel": ""}
    yield {
        "commande": "inscription.inscrire_candidat", "le": "2025-11-19T10:00:00+01:00", "candidat": "N2699999",
        "identite": identite, "categorie": "individuel", "par": "gestionnaire", "refus_attendu": "AMB-56",
    }  # fmt: skip


def _modifications(change: Candidat) -> Iterator[Ligne | str]:
    yield "Une facultative choisie puis quittée avant la clôture."
    yield change.ligne("inscription.modifier_inscription", "2025-11-20T09:00:00+01:00", facultatives=["UF2"])
    yield change.ligne("inscription.modifier_inscription", "2025-11-21T09:00:00+01:00", facultatives=[])


def _dossiers(session: SessionCap) -> None:
    session.faire("Dépôt des attestations d'expérience", "30-attestations.jsonl", _attestations(session))
    session.faire("Contrôle des dossiers", "31-controles.jsonl", session.controles(Montre("2025-12-02", 120)))
    convocations = session.convocations(Montre("2026-04-07", 120), "2026-05-18T08:00:00+02:00")
    session.faire("Affectation aux centres", "40-centres.jsonl", session.centres(Montre("2026-01-13")))
    session.faire("Convocations", "41-convocations.jsonl", chain(_non_convoques(session), convocations))
    pfmp = _pfmp(session, Montre("2026-02-16"))
    supports = session.supports(Montre("2026-03-02", 90))
    session.faire("Attestations de PFMP et supports d'épreuve", "45-supports.jsonl", chain(pfmp, supports))
    session.faire(
        "Supports manquants arrêtés", "46-supports-arretes.jsonl", session.arreter_supports(Montre("2026-03-30"))
    )


def _attestations(session: SessionCap) -> Iterator[Ligne]:
    for one in session.candidats:
        yield from one.avant["attestation"]
        for rang, (le, attestation) in enumerate(one.attestations, 1):
            yield session.depot(
                one, le, one.lui, piece=f"attestation-{rang}", nature="attestation_experience", attestation=attestation
            )
        yield from one.apres["attestation"]
        if one.individuel and one.formation_attestee:
            yield session.depot(one, "2025-11-14T10:00:00+01:00", one.lui, piece="formation", nature="preuve_formation")


def _pfmp(session: SessionCap, montre: Montre) -> Iterator[Ligne]:
    for one in session.candidats:
        if one.compose and not one.individuel:
            yield session.depot(one, montre.suivant(), one.chef, piece="pfmp", nature="attestation_pfmp")


def _non_convoques(session: SessionCap) -> Iterator[Ligne]:
    refuse = next(one for one in session.candidats if one.ferme)
    yield refuse.ligne("inscription.affecter_centre", "2026-04-07T08:00:00+02:00", centre=refuse.centre)
    yield refuse.ligne(
        "inscription.emettre_convocation", "2026-04-07T08:10:00+02:00", date="2026-05-18T08:00:00+02:00",
        refus_attendu="CAP26-P01",
    )  # fmt: skip


def _evaluation(session: SessionCap) -> None:
    jours = {"ccf": "2026-01-15", "conduite": "2026-04-13", "ponctuel": "2026-05-18", "facultatives": "2026-06-02"}
    lots = session.evaluer(jours, REMISES_CCF, REMISES_PONCTUEL, classeurs=("UG2",))
    session.faire(
        "Absences justifiées, notes tardives, doubles saisies", "70-verifications.jsonl", _verifications(session, lots)
    )
    session.clore(lots, "2026-06-22")
    session.faire("Résultats arrêtés", "72-resultats.jsonl", session.arrets(Montre("2026-06-24", 60)))


def _verifications(session: SessionCap, lots: list[str]) -> Iterator[Ligne | str]:
    yield from session.apres("tardif", "justification")
    relus = [one for one in session.candidats if one.compose and one.mode == PONCTUEL and "UG1" in one.notes]
    relus = [one for one in relus if one.notes["UG1"] != "ABS"][:6]
    premier = next(one for one in lots if one.startswith("UG1-PONCTUEL"))
    montre = Montre("2026-06-15", 300)
    yield "Seconde saisie du français par un autre agent : une note a été mal relue."
    for rang, one in enumerate(relus):
        note = one.notes["UG1"]
        lue = note if rang != 3 else ("9" if note != "9" else "10")
        yield one.ligne("notation.saisir_seconde_fois", montre.suivant(), AGENT, epreuve="UG1", note=lue)
    yield {
        "commande": "notation.clore_bordereau", "le": montre.suivant(), "lot": premier, "par": "gestionnaire",
        "refus_attendu": "BORDEREAU_INCOMPLET",
    }  # fmt: skip
    faux = relus[3]
    yield faux.ligne(
        "notation.rectifier_note", montre.suivant(), epreuve="UG1", note=faux.notes["UG1"],
        motif="copie relue : la première saisie était la bonne",
    )  # fmt: skip


# Jurys et publication ----------------------------------------------------------------------------------------------


def _jury_1(session: SessionCap, jury: Jury, choisis: list[Candidat]) -> None:
    """Une nomination sans parité refusée, une récusation, une clôture demandée trop tôt."""
    montre = Montre("2026-07-02", 30)
    nomme = jury.constituer("2026-06-25T09:00:00+02:00", "arrêté rectoral 2026-211", choisis)
    sans_parite = {**nomme, "membres": nomme["membres"][:3], "refus_attendu": "DC-CAP22"}
    enseignant = {**nomme, "president": "ENS-12", "refus_attendu": "CAP24-D01"}
    lignes: list[Ligne | str] = [
        "Le président est un professionnel ; enseignants et professionnels sont à égalité.",
        sans_parite,
        enseignant,
        nomme,
        *session.avant("recusation"),
        jury.ordre("ouvrir_jury", montre.suivant(), refus_attendu="CAP24-D01"),
        *jury.presences(montre, absents=("ENS-12",)),  # le jury délibère quand même
        jury.ordre("ouvrir_jury", montre.suivant()),
        jury.ordre("clore_jury", montre.suivant(), refus_attendu="JURY_INCOMPLET"),
        *session.delibere(jury, choisis, montre),
        jury.ordre("clore_jury", montre.suivant()),
    ]
    session.faire("Jury J1 : délibération", "80-jury-j1.jsonl", lignes)


def _jury_2(session: SessionCap, jury: Jury, choisis: list[Candidat]) -> None:
    """Le président, appelé au milieu de la séance, est suppléé par le vice-président."""
    montre, milieu = Montre("2026-07-02", 30), len(choisis) // 2
    supplee = jury.preside(jury.vice_president)
    part = "président appelé d'urgence dans son entreprise"
    qui = choisis[milieu].numero
    lignes: list[Ligne | str] = [
        jury.constituer("2026-06-25T10:00:00+02:00", "arrêté rectoral 2026-212", choisis),
        *jury.presences(montre),
        jury.ordre("ouvrir_jury", montre.suivant()),
        *session.delibere(jury, choisis[:milieu], montre),
        "Le président doit partir : le vice-président le supplée, et lui seul ordonne désormais.",
        jury.ordre("transmettre_presidence", montre.suivant(), motif=part),
        jury.ordre("prendre_decision", montre.suivant(), candidat=qui, refus_attendu="CAP24-D01"),
        *session.delibere(jury, choisis[milieu:], montre, supplee),
        jury.ordre("clore_jury", montre.suivant(), supplee),
    ]
    session.faire("Jury J2 : délibération", "81-jury-j2.jsonl", lignes)


def _publication(session: SessionCap, j1: Jury, j2: Jury) -> None:
    refuse = next(one for one in session.candidats if one.ferme)
    ajourne = session.candidats[6]
    suites: list[Ligne | str] = [
        "Avant l'heure dite, personne ne publie.",
        j1.publier("2026-07-07T09:59:00+02:00", refus_attendu="EMBARGO"),
        j1.publier("2026-07-07T10:00:00+02:00"),
        j2.publier("2026-07-07T10:01:00+02:00"),
        ATTENDRE,
        refuse.ligne("publication.editer_releve", "2026-07-07T11:00:00+02:00", jury="J2", refus_attendu="CAP26-P01"),
        ajourne.ligne(
            "publication.delivrer_diplome", "2026-07-07T11:01:00+02:00", "recteur", jury="J1", refus_attendu="NON_ADMIS"
        ),
        *session.apres("remplacement"),
    ]
    session.faire("Publication, relevés, diplômes, remplacements", "90-publication.jsonl", suites)
