"""La session 2026 de la mention complémentaire ACVD, dite certificat de spécialisation : U1 contrôlée, un jury."""

from __future__ import annotations

from collections.abc import Iterator

from candidat import Candidat
from candidats_mc_2026 import Groupes, inventer
from ecriture import Ligne, Montre
from jurys import Jury
from mc_acvd import CAEN, CFA, GRETA, PRIVE, ROUEN, SessionMc
from modele import ATTENDRE
from personnes import Personne

ORDINAIRE = 43  # candidats de la session quand on n'en demande pas davantage
JOURS = {"ccf": "2026-05-11", "ponctuel": "2026-06-08"}
REMISES_CCF = {
    "E2.S1": "2026-02-11T16:00:00+01:00",
    "E2.S2": "2026-03-12T16:00:00+01:00",
    "E2.S3": "2026-04-09T16:00:00+02:00",
}
REMISES_PONCTUEL = {"E2": "2026-06-12T16:00:00+02:00", "E3": "2026-06-12T17:00:00+02:00"}
ARRETE = "arrêté du 3 février 2025, référence de démonstration"
PARAMETRES = {
    "premiere_epreuve": "2026-06-03",
    "cloture_inscriptions": "2025-11-21",
    "remise_supports": "2026-04-24",
    "remise_dossiers": "2026-04-24",
    "remontee_ccf": "2026-05-29",
    "jury_le": "2026-07-01",
    "publication": "2026-07-06T10:00:00+02:00",
    "habilites_ccf": [ROUEN, CAEN, PRIVE, CFA, GRETA],
}
JURY = Jury(
    "M1",
    "INSP-1",
    "PRO-31",
    (
        {"id": "INSP-1", "profil": "inspecteur"},
        *({"id": f"ENS-3{n}", "profil": "enseignant_specialite"} for n in (1, 2)),
        *({"id": f"PRO-3{n}", "profil": "professionnel", "public": False} for n in (1, 2)),
    ),
)


def construire(nombre: int, graine: int, anciens: dict[str, Personne]) -> SessionMc:
    """La session et ses étapes."""
    session = SessionMc(2026, graine)
    groupes = inventer(session, nombre - ORDINAIRE)
    _inscription(session, groupes)
    lots = session.situations(REMISES_CCF)
    _dossiers(session)
    _evaluation(session, lots)
    _jury(session, [one for one in session.candidats if not one.annule])
    return session


def _inscription(session: SessionMc, groupes: Groupes) -> None:
    session.faire("Ouverture de la session et des centres", "10-ouverture.jsonl", _ouverture(session))
    session.importer(
        "Inscription des élèves et stagiaires", "20-candidats.csv", groupes.fichiers, "2025-10-14T09:00:00+02:00"
    )
    en_ligne = session.inscriptions(groupes.individuels, Montre("2025-10-20", 1800))
    session.faire("Inscriptions individuelles", "22-inscriptions-individuelles.jsonl", en_ligne)
    session.faire("Dispenses et notes conservées", "23-acquis.jsonl", session.avant("acquis"))


def _ouverture(session: SessionMc) -> Iterator[Ligne | str]:
    montre = Montre("2025-09-17")
    ouvrir = {
        "commande": "inscription.ouvrir_session", "reglement": "MC-ACVD", "parametres": PARAMETRES, "par": "recteur"
    }  # fmt: skip
    yield "Rien dans les textes lus ne dit que la session existe : il faut l'arrêté qui l'ouvre."
    yield {**ouvrir, "le": montre.suivant(), "refus_attendu": "AMB-25"}
    yield {**ouvrir, "le": montre.suivant(), "arrete": ARRETE}
    yield from session.ouvrir_centres(montre, (ROUEN, CAEN))


def _dossiers(session: SessionMc) -> None:
    session.faire(
        "Rapports, attestations, dossiers d'E1", "30-dossiers.jsonl", session.dossiers(Montre("2026-04-13", 240))
    )
    session.faire("Contrôle des dossiers", "31-controles.jsonl", session.controles(Montre("2026-04-27", 180)))
    session.faire("Affectation aux centres", "40-centres.jsonl", session.centres(Montre("2026-05-04")))
    convocations = session.convocations(Montre("2026-05-05"), "2026-06-03T08:00:00+02:00")
    session.faire("Convocations", "41-convocations.jsonl", convocations)


def _evaluation(session: SessionMc, lots: list[str]) -> None:
    """``lots`` : les bordereaux déjà remis."""
    lots = lots + session.evaluer(JOURS, REMISES_PONCTUEL)
    verifications = session.apres("justification")
    session.faire("Absence justifiée", "70-verifications.jsonl", verifications)
    session.faire("Clôture des bordereaux", "71-clotures.jsonl", session.clotures(lots, Montre("2026-06-18", 300)))
    session.faire("Résultats arrêtés", "72-resultats.jsonl", session.arrets(Montre("2026-06-22")))


def _jury(session: SessionMc, choisis: list[Candidat]) -> None:
    montre = Montre("2026-07-01", 30)
    nomme = JURY.constituer("2026-06-24T09:00:00+02:00", "arrêté rectoral 2026-230", choisis)
    lignes: list[Ligne | str] = [
        "Un inspecteur préside ; autant d'enseignants que de professionnels.",
        {**nomme, "president": "ENS-31", "refus_attendu": "DC-MC09"},
        nomme,
        *JURY.presences(montre),
        JURY.ordre("ouvrir_jury", montre.suivant()),
        *session.delibere(JURY, choisis, montre),
        JURY.ordre("clore_jury", montre.suivant()),
    ]
    session.faire("Jury M1 : délibération", "80-jury.jsonl", lignes)
    suites: list[Ligne | str] = [
        JURY.publier("2026-07-06T10:00:00+02:00"),
        ATTENDRE,
        *session.apres("remplacement"),
    ]
    session.faire("Publication, relevés, diplômes, remplacement", "90-publication.jsonl", suites)
