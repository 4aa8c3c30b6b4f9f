"""La session 2024 : sans condition d'expérience, conduite des individuels non organisée, un jury."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from candidat import CCF, PONCTUEL, Candidat
from cap_osrcl import CAEN, COEFFICIENTS, EVREUX, HAVRE, REFERENCE, ROUEN, SessionCap, notes
from ecriture import Ligne, Montre
from jurys import Jury
from modele import ATTENDRE
from personnes import Personne

ORDINAIRE = 60  # candidats de la session quand on n'en demande pas davantage
REMISES_CCF = {
    "UG1": "2024-06-03T16:00:00+02:00",
    "UG2": "2024-06-04T16:00:00+02:00",
    "UG3": "2024-06-05T16:00:00+02:00",
    "UG4": "2024-06-06T16:00:00+02:00",
}
REMISES_PONCTUEL = {
    "EP2": "2024-06-11T17:00:00+02:00",
    "EP3.S2": "2024-06-11T17:00:00+02:00",
    "UG1": "2024-06-12T17:00:00+02:00",
    "UG2": "2024-06-12T17:00:00+02:00",
    "UG3": "2024-06-13T17:00:00+02:00",
    "UG4": "2024-06-13T17:00:00+02:00",
}
PARAMETRES = {
    "premiere_epreuve": "2024-05-21",
    "cloture_inscriptions": "2023-11-24",
    "remise_supports": "2024-03-29",
    "remontee_ccf": "2024-06-07",
    "jury_le": "2024-07-03",
    "publication": "2024-07-05T10:00:00+02:00",
    "conduite_individuels": False,
}


def construire(nombre: int, graine: int, anciens: dict[str, Personne]) -> SessionCap:
    """La session et ses étapes ; ``anciens`` reçoit qui se représente en 2026."""
    session = SessionCap(2024, graine)
    lycees = _lycees(session)
    apprentis = _apprentis(session)
    ajourne, individuels = _individuels(session)
    for rang in range(nombre - ORDINAIRE):
        etab = (ROUEN, HAVRE)[rang % 2]
        lycees.append(session.candidat("scolaire_public", etab, etab, mode=CCF))
    _inscription(session, lycees, apprentis, individuels)
    _evaluation(session)
    jury = Jury.compose("J1")
    _jury(session, jury)
    _publication(session, jury)
    anciens["benefice"] = ajourne.personne
    return session


# Les candidats -----------------------------------------------------------------------------------------------------


def _lycees(session: SessionCap) -> list[Candidat]:
    """Lycéens du public et du privé, en contrôle en cours de formation."""

    def public(valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        etab = ROUEN if len(session.candidats) % 3 else HAVRE
        return session.candidat("scolaire_public", etab, etab, mode=CCF, notes=valeurs, **autrement)

    public(notes("18", "17", "16.5", "17", "16", "15", "17", "18"), conduite=("favorable",))  # très bien
    public(notes("14", "14", "14", "14", "14", "14", "14", "14"))  # exactement 14 : bien
    public(notes("12", "12", "13", "11", "12", "12", "14", "10"))  # exactement 12 : assez bien
    public(notes("10.5", "9", "9", "11", "9", "11", "12", "9"), conduite=("insuffisant",))  # exactement 10
    public(notes("10", "10.5", "12", "12", "11", "11", "12", "11"))  # EP1 : 61/6, porté à 10,5
    public(notes("-", "13", "13", "13", "12", "12", "12", "12"), sans=("fiche_produit",))
    public(notes("12", "12", "-", "11", "11", "10", "12", "12"), sans=("recapitulatif",))
    public(etg=(False, False, False, False, True), conduite=("favorable",))
    public(notes("7", "8", "8", "7", "9", "8", "10", "8"), conduite=("favorable",))
    livret = public(notes("9", "9", "9.5", "9", "11", "12", "13", "12"))
    livret.avant["jury"].append(
        livret.ligne("deliberation.prendre_decision", "2024-07-03T09:00:00+02:00", jury="J1", refus_attendu="DC-CAP15")
    )
    tardive = public(notes("12", "12", "-", "12", "11", "12", "12", "12"))
    tardive.apres["tardif"] += [
        session.note(tardive, "EP2", "13", "2024-06-10T08:40:00+02:00"),
        tardive.ligne(
            "notation.integrer_note_tardive", "2024-06-11T09:00:00+02:00", epreuve="EP2",
            motif="bordereau égaré par l'établissement, retrouvé le 10 juin",
        ),
    ]  # fmt: skip
    for _ in range(9):
        public()

    def prive(valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        return session.candidat("scolaire_prive_sous_contrat", CAEN, CAEN, mode=CCF, notes=valeurs, **autrement)

    prive(notes("10", "10", "10", "10", "9", "10", "11", "10") | {"UF1": "13"}, facultatives=("UF1",))
    prive(notes("11", "11", "11", "11", "11", "11", "11", "11") | {"UF2": "7"}, facultatives=("UF2",))
    doublee = prive(notes("12", "12", "12", "12", "13", "12", "12", "12"))
    doublee.apres["correction"].append(
        doublee.ligne(
            "notation.harmoniser_note", "2024-06-20T09:00:00+02:00", epreuve="UG1", note="13.5",
            motif="barème de la question 4 revu pour tous en harmonisation",
        )
    )  # fmt: skip
    for _ in range(7):
        prive()
    return list(session.candidats)


def _apprentis(session: SessionCap) -> list[Candidat]:
    debut = len(session.candidats)
    for rang in range(10):
        chez_lui = rang < 6
        session.candidat(
            "apprenti", EVREUX if chez_lui else HAVRE, EVREUX, mode=CCF if chez_lui else PONCTUEL,
            signataires=("maitre_apprentissage", "formateur"),
        )  # fmt: skip
    for rang in range(6):
        categorie = "formation_continue" if rang < 4 else "distance"
        session.candidat(categorie, ROUEN, None, mode=PONCTUEL)
    return session.candidats[debut:]


def _individuels(session: SessionCap) -> tuple[Candidat, list[Candidat]]:
    """Sans condition d'expérience cette année-là, et sans conduite : l'académie ne l'organise pas pour eux."""
    debut = len(session.candidats)

    def adulte(valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        centre = ROUEN if len(session.candidats) % 2 else HAVRE
        return session.candidat(
            "individuel", centre, None, mode=PONCTUEL, notes=valeurs, etg=(), conduite=(), **autrement
        )

    ajourne = adulte(notes("8", "9", "8.5", "9", "11", "7", "9", "8"))  # revient en 2026, garde son français
    refuse = adulte(notes("11", "12", "12", "11", "12", "11", "12", "12"))
    refuse.apres["conduite"] += [
        refuse.ligne("notation.enregistrer_etg", "2024-05-13T09:00:00+02:00", refuse.chef, valide=True),
        refuse.ligne(
            "notation.enregistrer_conduite", "2024-05-27T09:00:00+02:00", refuse.chef, mention="validee",
            refus_attendu="CAP24-I05",
        ),
    ]  # fmt: skip
    adulte(permis_b=True)
    adulte(notes("12", "11", "12", "12", "11", "11", "12", "12"), signataires=("candidat",))
    adulte(notes("14", "14", "14", "ABS", "14", "14", "14", "14"))  # absence sans motif : pas de diplôme
    justifie = adulte(notes("13", "12", "12", "13", "12", "12", "12", "ABS"))
    justifie.apres["justification"].append(
        justifie.justification("2024-06-17T09:00:00+02:00", "UG4", "obsèques d'un parent")
    )
    garde = adulte()
    garde.notes.pop("UG2")
    garde.avant["acquis"] += [
        garde.benefice("2023-12-11T10:00:00+01:00", "UG1", "12", "2018", refus_attendu="DC-CAP18"),
        garde.benefice("2023-12-11T10:00:00+01:00", "UG2", "13.5", "2020"),
    ]
    criteres = adulte()
    criteres.avant["ponctuel"].append(
        session.note(
            criteres,
            "EP1.S2",
            "12",
            "2024-05-24T09:00:00+02:00",
            criteres={"C1": 5, "C4": 4},
            refus_attendu="CAP24-N05",
        )
    )
    parti = adulte(annule=True)
    parti.avant["acquis"].append(
        parti.ligne(
            "inscription.annuler_inscription", "2023-12-11T09:00:00+01:00", motif="désistement écrit du candidat"
        )
    )
    for _ in range(5):
        adulte()
    return ajourne, session.candidats[debut:]


# Les étapes --------------------------------------------------------------------------------------------------------


def _inscription(
    session: SessionCap, lycees: list[Candidat], apprentis: list[Candidat], individuels: list[Candidat]
) -> None:
    session.faire("Ouverture de la session et des centres", "10-ouverture.jsonl", _ouverture(session))
    session.importer("Inscription des lycéens", "20-candidats-lycees.csv", lycees, "2023-10-16T09:00:00+02:00")
    session.importer(
        "Inscription des apprentis et autres formations",
        "21-candidats-formations.csv",
        apprentis,
        "2023-11-06T09:00:00+01:00",
    )
    en_ligne = session.inscriptions(individuels, Montre("2023-10-16", 3600))
    session.faire("Inscription des candidats individuels", "22-inscriptions-individuelles.jsonl", en_ligne)
    session.faire("Notes conservées et désistements", "23-acquis.jsonl", session.avant("acquis"))
    session.faire("Contrôle des dossiers", "31-controles.jsonl", session.controles(Montre("2023-12-12")))
    session.faire("Affectation aux centres", "40-centres.jsonl", session.centres(Montre("2024-01-15")))
    convocations = session.convocations(Montre("2024-04-08"), "2024-05-21T08:00:00+02:00")
    session.faire("Convocations", "41-convocations.jsonl", convocations)
    session.faire("Supports d'épreuve", "45-supports.jsonl", session.supports(Montre("2024-03-04", 90)))
    session.faire(
        "Supports manquants arrêtés", "46-supports-arretes.jsonl", session.arreter_supports(Montre("2024-04-02"))
    )


def _ouverture(session: SessionCap) -> Iterator[Ligne | str]:
    montre = Montre("2023-09-18")
    valeurs = {"coefficients": COEFFICIENTS, "reference": REFERENCE, "demonstration": True}
    yield "Les coefficients sont fournis dès l'ouverture ; les poids des situations d'EP1 ne le seront qu'en juin."
    yield session.ouvrir(montre.suivant(), "CAP-OSRCL-2024", PARAMETRES, valeurs)
    annexes = {CAEN: "décision rectorale 2023-044", EVREUX: "décision rectorale 2023-045"}
    yield from session.ouvrir_centres(montre, (ROUEN, HAVRE), annexes)


def _evaluation(session: SessionCap) -> None:
    jours = {"ccf": "2024-01-15", "conduite": "2024-04-15", "ponctuel": "2024-05-21", "facultatives": "2024-06-03"}
    lots = session.evaluer(jours, REMISES_CCF, REMISES_PONCTUEL)
    verifications = session.apres("tardif", "justification")
    session.faire("Absences justifiées et notes tardives", "70-verifications.jsonl", verifications)
    session.clore(lots, "2024-06-19")
    arrets = session.arrets(Montre("2024-06-24"))
    session.faire("Poids d'EP1 fournis, résultats arrêtés", "72-resultats.jsonl", chain(_poids(session), arrets))


def _poids(session: SessionCap) -> Iterator[Ligne | str]:
    """EP1 ne s'arrête pas sans les poids de ses situations ; une fois donnés, ils ne changent plus."""
    valeurs = {"poids": {"EP1.S1": "2", "EP1.S2": "1"}, "reference": REFERENCE, "demonstration": True}
    fournir = {"commande": "inscription.fournir_valeurs", "par": "recteur"}
    yield "Sans les poids d'EP1, son résultat ne s'arrête pas."
    yield session.candidats[0].ligne(
        "notation.arreter_resultat", "2024-06-21T09:00:00+02:00", epreuve="EP1", refus_attendu="AMB-05"
    )
    yield {**fournir, "le": "2024-06-21T10:00:00+02:00", "valeurs": valeurs}
    autres = {**valeurs, "poids": {"EP1.S1": "1", "EP1.S2": "1"}}
    yield {**fournir, "le": "2024-06-21T11:00:00+02:00", "valeurs": autres, "refus_attendu": "AMB-59"}
    yield ATTENDRE


def _jury(session: SessionCap, jury: Jury) -> None:
    montre = Montre("2024-07-03", 30)
    choisis = [one for one in session.candidats if not one.annule]
    lignes: list[Ligne | str] = [
        jury.constituer("2024-06-26T09:00:00+02:00", "arrêté rectoral 2024-118", choisis),
        *jury.presences(montre),
        jury.ordre("ouvrir_jury", montre.suivant()),
        *session.delibere(jury, choisis, montre),
        jury.ordre("clore_jury", montre.suivant()),
        jury.ordre("clore_jury", montre.suivant(), refus_attendu="JURY_CLOS"),
    ]
    session.faire("Jury J1 : délibération", "80-jury-j1.jsonl", lignes)


def _publication(session: SessionCap, jury: Jury) -> None:
    suites: list[Ligne | str] = [
        jury.publier("2024-07-05T09:00:00+02:00", refus_attendu="EMBARGO"),
        jury.publier("2024-07-05T10:00:00+02:00"),
    ]
    session.faire("Publication, relevés et diplômes", "90-publication.jsonl", suites)
