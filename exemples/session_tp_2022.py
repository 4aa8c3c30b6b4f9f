"""La session 2022 du titre professionnel CRCD : trois jurys, des passages à la minute, un centre qui n'ouvre pas."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from candidat import Candidat
from candidats_tp_2022 import FERME, REPORTE, VENDREDI, Groupes, inventer
from ecriture import Ligne, Montre
from jurys import Jury
from modele import ATTENDRE
from personnes import Personne
from tp_crcd import CAEN, ROUEN, SessionTp

ORDINAIRE = 38  # candidats de la session quand on n'en demande pas davantage
PARAMETRES = {
    "premiere_epreuve": "2022-06-13",
    "cloture_inscriptions": "2022-04-29",
    "remise_supports": "2022-05-20",
    "remise_dossiers": "2022-05-20",
    "remontee_ccf": "2022-06-20",
    "jury_le": "2022-06-21",
    "publication": "2022-06-27T10:00:00+02:00",
    "echeance_titre": "2026-07-06",
}


def _professionnel(rang: int, **autrement: Any) -> Ligne:
    return {
        "id": f"PRO-6{rang}", "profil": "professionnel", "public": False, "experience_annees": 6 + rang,
        "metier_quitte_depuis": 0, **autrement,
    }  # fmt: skip


T1 = Jury("T1", "PRO-61", "PRO-62", (_professionnel(1), _professionnel(2), _professionnel(7)))
C1 = Jury(
    "C1", "PRO-65", "PRO-66", (_professionnel(5), _professionnel(6, competences=["retention"]), _professionnel(9))
)


def _jury_caen(choisis: list[Candidat]) -> Jury:
    """Son président a formé le dernier candidat."""
    formateur = _professionnel(3, a_forme=[choisis[-1].numero])
    return Jury("T2", "PRO-63", "PRO-64", (formateur, _professionnel(4), _professionnel(8)))


def construire(nombre: int, graine: int, anciens: dict[str, Personne]) -> SessionTp:
    """La session et ses étapes."""
    session = SessionTp(2022, graine)
    groupes = inventer(session, nombre - ORDINAIRE)
    _inscription(session)
    _dossiers(session)
    _passages(session, groupes)
    _evaluation(session, groupes)
    _jurys(session, groupes)
    return session


def _inscription(session: SessionTp) -> None:
    session.faire("Ouverture de la session et des centres agréés", "10-ouverture.jsonl", _ouverture(session))
    fichier = [one for one in session.candidats if not one.champs]
    session.importer("Inscriptions à la session du titre", "20-candidats.csv", fichier, "2022-04-05T09:00:00+02:00")
    autres = session.inscriptions((one for one in session.candidats if one.champs), Montre("2022-04-11", 900))
    session.faire(
        "Certificats, capitalisation, nouvelles présentations", "22-inscriptions.jsonl", chain(autres, _refus(session))
    )
    session.faire("Certificats déjà obtenus, aménagements", "23-acquis.jsonl", session.avant("acquis"))


def _ouverture(session: SessionTp) -> Iterator[Ligne | str]:
    montre = Montre("2022-02-01")
    yield {
        "commande": "inscription.ouvrir_session", "le": montre.suivant(), "reglement": "TP-CRCD-2021",
        "parametres": PARAMETRES, "par": "recteur",
    }  # fmt: skip
    yield from session.ouvrir_centres(montre, (ROUEN, CAEN))


def _refus(session: SessionTp) -> Iterator[Ligne | str]:
    """Une voie, un parcours, un délai que le titre n'a pas."""
    inscrire: Ligne = {"commande": "inscription.inscrire_candidat", "candidat": "T2299999", "par": "gestionnaire"}
    inscrire["identite"] = session.etat.personne(1985, 1995, ine=False).en_clair()
    yield "Ce titre n'a pas de certificat complémentaire ; une session de CCP, pas d'entretien final."
    le = "2022-04-26T10:00:00+02:00"
    yield {**inscrire, "le": le, "categorie": "ccs", "refus_attendu": "TP-I03"}
    yield {
        **inscrire, "le": le, "categorie": "parcours_continu", "unites": ["CCP1", "EF"], "refus_attendu": "TP-D03"
    }  # fmt: skip
    yield "Plus d'un an après un échec, il faut une nouvelle formation."
    echec = {"dernier_echec": "2021-05-14"}
    yield {**inscrire, "le": le, "categorie": "vae", "anteriorite": echec, "refus_attendu": "DC-TP07"}


def _dossiers(session: SessionTp) -> None:
    session.faire("Dossiers professionnels, livrets", "30-dossiers.jsonl", session.pieces(Montre("2022-05-09", 300)))
    session.faire("Contrôle des dossiers", "31-controles.jsonl", _controles(session))


def _controles(session: SessionTp) -> Iterator[Ligne]:
    montre = Montre("2022-05-23", 180)
    for one in session.candidats:
        yield one.ligne("conformite.controler_dossier", montre.suivant())


def _passages(session: SessionTp, groupes: Groupes) -> None:
    session.faire("Affectation aux centres", "40-centres.jsonl", session.centres(Montre("2022-05-27")))
    plannings = session.plannings(session.candidats, Montre("2022-05-30", 60))
    session.faire("Plannings, minute par minute", "41-plannings.jsonl", chain(plannings, _sans_dossier(session)))
    convocations = session.convoquer(session.candidats, Montre("2022-06-01", 60))
    session.faire("Convocations", "42-convocations.jsonl", convocations)
    session.faire("Le centre de Caen n'ouvre pas", "43-report.jsonl", _report(session, groupes.reportes))


def _sans_dossier(session: SessionTp) -> Iterator[Ligne]:
    """Sans dossier professionnel, rien à planifier (TP-C01)."""
    ferme = next(one for one in session.candidats if one.ferme)
    autre = next(one for one in session.candidats if one.compose)
    yield ferme.ligne("inscription.affecter_centre", "2022-05-30T17:00:00+02:00", centre=ferme.centre)
    yield session.planning(ferme, "2022-05-30T17:05:00+02:00", creneaux=session.creneaux(autre), refus_attendu="TP-C01")


def _report(session: SessionTp, reportes: list[Candidat]) -> Iterator[Ligne | str]:
    """Ni absents ni sanctionnés : un autre centre, un autre jour (CL-140)."""
    yield {
        "commande": "inscription.fermer_centre", "le": f"{FERME}T07:15:00+02:00", "centre": CAEN, "jour": FERME,
        "motif": "coupure d'électricité dans tout le quartier", "par": "gestionnaire",
    }  # fmt: skip
    yield ATTENDRE
    for rang, (one, depart) in enumerate(zip(reportes, REPORTE, strict=True)):
        le = f"{FERME}T{8 + rang:02d}:00:00+02:00"
        debut = f"{VENDREDI}T{depart}"
        yield one.ligne(
            "inscription.reporter_passage", le, centre=ROUEN, date=f"{debut}+02:00",
            motif="centre de Caen fermé le 14 juin",
        )  # fmt: skip
        one.centre = ROUEN
        session.passages[one.numero] = (debut, f"C-{rang + 1}", False)
        yield session.planning(one, le)


def _evaluation(session: SessionTp, groupes: Groupes) -> None:
    evaluations = chain(
        session.evaluations(groupes.rouen, "T1"),
        session.evaluations(groupes.caen, "T2"),
        session.evaluations(groupes.certificats, "C1"),
        *(session.evaluations(choisis, f"T{rang}") for rang, choisis in enumerate(groupes.autres, 3)),
    )
    session.faire("Compétences évaluées", "50-competences.jsonl", evaluations)
    session.faire("Résultats arrêtés", "72-resultats.jsonl", session.arrets(Montre("2022-06-20", 10)))


def _jurys(session: SessionTp, groupes: Groupes) -> None:
    t2 = _jury_caen(groupes.caen)
    autres = [_jury_de_plus(rang) for rang in range(3, 3 + len(groupes.autres))]
    session.faire("Jury T1 : titre, à Rouen", "80-jury-t1.jsonl", _titre_rouen(session, groupes.rouen))
    session.faire("Jury T2 : titre, à Caen", "81-jury-t2.jsonl", _titre_caen(session, t2, groupes.caen))
    certificats = _certificats(session, groupes.certificats)
    session.faire("Jury C1 : certificats", "82-jury-c1.jsonl", certificats)
    for jury, choisis in zip(autres, groupes.autres, strict=True):
        nomme = jury.constituer("2022-06-07T12:00:00+02:00", "décision DREETS 2022-34", choisis)
        fichier = f"83-jury-{jury.code.lower()}.jsonl"
        session.faire(f"Jury {jury.code} : titre", fichier, chain((nomme,), _seance(session, jury, choisis)))
    publier: list[Ligne | str] = [
        T1.publier("2022-06-27T09:00:00+02:00", refus_attendu="EMBARGO"),
        *(jury.publier("2022-06-27T10:00:00+02:00") for jury in (T1, t2, C1, *autres)),
    ]
    session.faire("Publication, titres et livrets de certification", "90-publication.jsonl", publier)


def _jury_de_plus(rang: int) -> Jury:
    president, autre = (_professionnel(1, id=f"PRO-{60 + rang}{n}") for n in (1, 2))
    return Jury(f"T{rang}", president["id"], autre["id"], (president, autre))


def _seance(session: SessionTp, jury: Jury, choisis: list[Candidat]) -> Iterator[Ligne | str]:
    montre = Montre("2022-06-21", 20)
    yield from jury.presences(montre)
    yield jury.ordre("ouvrir_jury", montre.suivant())
    yield from session.delibere(jury, choisis, montre)
    yield jury.ordre("clore_jury", montre.suivant())


def _titre_rouen(session: SessionTp, choisis: list[Candidat]) -> Iterator[Ligne | str]:
    nomme = T1.constituer("2022-06-07T09:00:00+02:00", "décision DREETS 2022-31", choisis)
    yield "Au moins deux professionnels, trois ans de métier, quitté depuis cinq ans au plus."
    novice = [{**nomme["membres"][0], "experience_annees": 2}, *nomme["membres"][1:]]
    yield {**nomme, "membres": novice, "refus_attendu": "DC-TP05"}
    yield nomme
    yield from _seance(session, T1, choisis)


def _titre_caen(session: SessionTp, jury: Jury, choisis: list[Candidat]) -> Iterator[Ligne | str]:
    montre, dernier = Montre("2022-06-21", 20), choisis[-1]
    supplee = jury.preside(jury.vice_president)
    yield jury.constituer("2022-06-07T10:00:00+02:00", "décision DREETS 2022-32", choisis)
    yield from jury.presences(montre)
    yield jury.ordre("ouvrir_jury", montre.suivant())
    yield from session.delibere(jury, choisis[:-1], montre)
    yield "Le président a formé le dernier candidat : il ne le juge pas, le vice-président le supplée."
    yield jury.ordre("prendre_decision", montre.suivant(), candidat=dernier.numero, refus_attendu="DC-TP12")
    yield jury.ordre("transmettre_presidence", montre.suivant(), motif="formateur du candidat à juger")
    yield from session.delibere(jury, [dernier], montre, supplee)
    yield jury.ordre("clore_jury", montre.suivant(), supplee)


def _certificats(session: SessionTp, choisis: list[Candidat]) -> Iterator[Ligne | str]:
    montre = Montre("2022-06-21", 20)
    yield C1.constituer("2022-06-07T11:00:00+02:00", "décision DREETS 2022-33", choisis)
    yield "Pour le second certificat, il faut un juré qui a l'expérience de la rétention : il n'est pas encore là."
    yield from C1.presences(montre, absents=("PRO-66",))
    yield C1.ordre("ouvrir_jury", montre.suivant(), refus_attendu="TP-N17")
    presence = {"commande": "deliberation.attester_presence", "jury": "C1", "membre": "PRO-66", "par": "gestionnaire"}
    yield {**presence, "le": montre.suivant()}
    yield C1.ordre("ouvrir_jury", montre.suivant())
    yield from session.delibere(C1, choisis, montre)
    yield C1.ordre("clore_jury", montre.suivant())
