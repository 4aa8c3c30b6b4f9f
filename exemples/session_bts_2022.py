"""La session 2022 du BTS NDRC : dossiers contrôlés, notes suspendues, oraux de contrôle, un jury."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from bts_ndrc import CAEN, CFA, EVREUX, GRETA, HAVRE, ROUEN, SessionBts
from candidat import Candidat
from candidats_bts_2022 import Groupes, inventer
from ecriture import Ligne, Montre
from jurys import Jury
from modele import ATTENDRE
from personnes import Personne

ORDINAIRE = 90  # candidats de la session quand on n'en demande pas davantage
REMISES_CCF = {
    "E2": "2022-05-16T16:00:00+02:00",
    "E4": "2022-05-17T16:00:00+02:00",
    "E6": "2022-05-18T16:00:00+02:00",
}
REMISES_PONCTUEL = {
    "E1": "2022-06-07T16:00:00+02:00",
    "E2": "2022-06-08T16:00:00+02:00",
    "E3": "2022-06-08T17:00:00+02:00",
    "E4": "2022-06-09T16:00:00+02:00",
    "E5.S1": "2022-06-10T16:00:00+02:00",
    "E5.S2": "2022-06-13T16:00:00+02:00",
    "E6": "2022-06-14T16:00:00+02:00",
}
PARAMETRES = {
    "premiere_epreuve": "2022-05-16",
    "cloture_inscriptions": "2021-11-19",
    "remise_supports": "2022-03-25",
    "remise_dossiers": "2022-03-25",
    "remontee_ccf": "2022-05-20",
    "jury_le": "2022-07-04",
    "publication": "2022-07-08T16:00:00+02:00",
    "habilites_ccf": [ROUEN, HAVRE, CAEN, EVREUX, CFA, GRETA],
}
JURY = Jury(
    "B1",
    "UNIV-1",
    "PRO-1",
    (
        {"id": "UNIV-1", "profil": "enseignant_chercheur"},
        *({"id": f"ENS-{n}", "profil": "enseignant_specialite"} for n in (1, 2)),
        *({"id": f"PRO-{n}", "profil": "professionnel", "public": False} for n in (1, 2, 3)),
    ),
)


def construire(nombre: int, graine: int, anciens: dict[str, Personne]) -> SessionBts:
    """La session et ses étapes."""
    session = SessionBts(2022, graine)
    groupes = inventer(session, nombre - ORDINAIRE)
    choisis = [one for one in session.candidats if not one.annule]
    _inscription(session, groupes)
    _dossiers(session)
    _evaluation(session)
    _jury(session, choisis)
    _publication(session)
    return session


def _inscription(session: SessionBts, groupes: Groupes) -> None:
    session.faire("Ouverture de la session et des centres", "10-ouverture.jsonl", _ouverture(session))
    session.importer(
        "Inscription des étudiants et apprentis", "20-candidats.csv", groupes.fichiers, "2021-10-18T09:00:00+02:00"
    )
    en_ligne = session.inscriptions(groupes.individuels, Montre("2021-10-25", 1800))
    session.faire("Inscriptions individuelles", "22-inscriptions-individuelles.jsonl", chain(en_ligne, _refus(session)))
    acquis = session.avant("acquis")
    session.faire("Dispenses, notes conservées, aménagements", "23-acquis.jsonl", acquis)


def _ouverture(session: SessionBts) -> Iterator[Ligne | str]:
    montre = Montre("2021-09-20")
    yield {
        "commande": "inscription.ouvrir_session", "le": montre.suivant(), "reglement": "BTS-NDRC-2022",
        "parametres": PARAMETRES, "par": "recteur",
    }  # fmt: skip
    yield from session.ouvrir_centres(montre, (ROUEN, HAVRE, CAEN))


def _refus(session: SessionBts) -> Iterator[Ligne | str]:
    """Ce qu'un statut ou un établissement n'ouvre pas."""
    yield "Un établissement non habilité n'évalue pas en cours de formation ; un étudiant n'étale pas ses unités."
    personne = session.etat.personne(2000, 2001)
    inscrire = {"commande": "inscription.inscrire_candidat", "candidat": "B2299999", "par": "gestionnaire"}
    commun = {**inscrire, "identite": personne.en_clair(), "categorie": "scolaire_prive_sous_contrat"}
    yield {
        **commun, "le": "2021-11-08T10:00:00+01:00", "etablissement": "0769199Z", "modes": {"E4": "ccf"},
        "refus_attendu": "BTS-I06",
    }  # fmt: skip
    yield {
        **commun, "le": "2021-11-08T10:05:00+01:00", "etablissement": EVREUX, "forme": "progressive",
        "unites": ["E1", "E2"], "refus_attendu": "DC-BTS03",
    }  # fmt: skip


def _dossiers(session: SessionBts) -> None:
    pieces = chain(session.dossiers(Montre("2022-03-07", 90)), session.fiches_engagement(Montre("2022-03-21")))
    session.faire("Dossiers d'E4 et E6, attestations de stage", "30-dossiers.jsonl", pieces)
    session.faire("Contrôle de conformité", "31-controles.jsonl", session.controles(Montre("2022-03-28", 120)))
    engages = (one for one in session.candidats if one.compose and "EF2" in one.facultatives)
    montre = Montre("2022-03-30")
    arretes = (one.ligne("conformite.arreter_supports", montre.suivant()) for one in engages)
    session.faire("Fiches d'engagement manquantes", "32-engagements.jsonl", arretes)
    session.faire("Affectation aux centres", "40-centres.jsonl", session.centres(Montre("2022-04-01")))
    convocations = session.convocations(Montre("2022-04-04"), "2022-05-16T08:00:00+02:00")
    session.faire("Convocations", "41-convocations.jsonl", convocations)


def _evaluation(session: SessionBts) -> None:
    lots = session.evaluer(REMISES_CCF, REMISES_PONCTUEL, "2022-06-15")
    verifications = session.apres("justification", "verification")
    session.faire("Absences, vérifications, discipline", "70-verifications.jsonl", verifications)
    session.faire("Clôture des bordereaux", "71-clotures.jsonl", session.clotures(lots, Montre("2022-06-20", 300)))
    session.faire("Résultats arrêtés", "72-resultats.jsonl", session.arrets(Montre("2022-06-29")))


def _jury(session: SessionBts, choisis: list[Candidat]) -> None:
    """Une nomination sans professionnel refusée, les oraux de contrôle entre deux réunions."""
    nomme = JURY.constituer("2022-06-23T09:00:00+02:00", "arrêté rectoral 2022-141", choisis)
    enseignants = [one for one in nomme["membres"] if one["profil"] != "professionnel"]
    sans_professionnel = {**nomme, "membres": enseignants, "vice_president": "ENS-1", "refus_attendu": "DC-BTS16"}
    montre = Montre("2022-07-04", 30)
    lignes: list[Ligne | str] = [
        "Un enseignant-chercheur préside ; autant d'enseignants que de professionnels.",
        sans_professionnel,
        {**nomme, "president": "ENS-1", "refus_attendu": "DC-BTS15"},
        nomme,
        *JURY.presences(montre, absents=("PRO-3",)),
        JURY.ordre("ouvrir_jury", montre.suivant()),
        *session.delibere(JURY, choisis, montre),
    ]
    session.faire("Jury B1 : délibération", "80-jury.jsonl", lignes)
    oraux = session.controle(Montre("2022-07-05", 300), Montre("2022-07-06", 1200))
    session.faire("Épreuves de contrôle", "81-controle.jsonl", chain(oraux, session.apres("controle_oral")))
    montre = Montre("2022-07-08", 60)
    retenus = [one for one in choisis if one.numero in session.oraux]
    fin: list[Ligne | str] = [*session.decider(JURY, retenus, montre), JURY.ordre("clore_jury", montre.suivant())]
    session.faire("Jury B1 : après les oraux de contrôle", "82-jury-suite.jsonl", fin)


def _publication(session: SessionBts) -> None:
    """Les résultats à l'heure dite ; puis ceux que le jury avait laissés en attente, dossier vérifié."""
    suites: list[Ligne | str] = [
        JURY.publier("2022-07-08T15:59:00+02:00", refus_attendu="EMBARGO"),
        JURY.publier("2022-07-08T16:00:00+02:00"),
    ]
    session.faire("Publication, relevés et diplômes", "90-publication.jsonl", suites)
    attente = [one for one in session.candidats if one.apres["apres_jury"]]
    decisions = session.decider(JURY, attente, Montre("2022-07-13", 300))
    complement: list[Ligne | str] = [
        "Les dossiers vérifiés après la clôture : le président décide, sur procès-verbal complémentaire.",
        *session.apres("apres_jury"),
        ATTENDRE,
        *decisions,
    ]
    session.faire("Décisions complémentaires", "91-complement.jsonl", complement)
    reclamations: list[Ligne | str] = [
        "Une copie communiquée, une appréciation contestée, une erreur matérielle trouvée.",
        *session.apres("reclamation"),
        "L'erreur : la note ne change, et le service ne répond, qu'une fois le jury réuni de nouveau.",
        *session.apres("erreur"),
        ATTENDRE,
        *session.decider(JURY, (one for one in session.candidats if one.apres["erreur"]), Montre("2022-07-20", 60)),
        ATTENDRE,
        *session.apres("reponse"),
    ]
    session.faire("Réclamations, erreur rectifiée", "92-reclamations.jsonl", reclamations)
