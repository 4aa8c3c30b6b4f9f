"""Les candidats de la mention complémentaire ACVD, session 2026, et leurs histoires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from candidat import CCF, PONCTUEL, Candidat
from ecriture import Ligne
from mc_acvd import CAEN, CFA, GRETA, PRIVE, ROUEN, SessionMc, en_ccf, ponctuelles

ACQUIS_LE = "2025-12-08T09:00:00+01:00"  # quand dispenses et notes conservées sont demandées
CONTROLE_LE = "2026-04-20T10:00:00+02:00"


@dataclass(frozen=True)
class Groupes:
    """Les candidats, selon la voie par où ils s'inscrivent."""

    fichiers: list[Candidat]
    individuels: list[Candidat]


def inventer(session: SessionMc, de_plus: int) -> Groupes:
    """Ceux qui ont une histoire et leurs camarades, puis ``de_plus`` sans histoire."""
    _notes_limites(session)
    _controle_u1(session)
    _situations(session)
    _formations(session)
    _perfectionnement(session)
    fichiers = list(session.candidats)
    _experience(session)
    individuels = session.candidats[len(fichiers) :]
    fichiers += [_eleve(session) for _ in range(de_plus)]
    return Groupes(fichiers, individuels)


def _eleve(session: SessionMc, valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
    """Un élève de lycée public : contrôle en cours de formation, dix-sept semaines en entreprise."""
    etab = (ROUEN, CAEN)[len(session.candidats) % 2]
    champs: Ligne = {"attestations": session.stage()} | autrement
    return session.candidat("scolaire_public", etab, etab, mode=CCF, notes=valeurs, **champs)


def _notes_limites(session: SessionMc) -> None:
    """90 points sur 180, et les seuils des mentions (MC-N08, DC-MC06, DC-MC10)."""
    _eleve(session, en_ccf("10", "10", "10", "10", "10"))
    _eleve(session, en_ccf("8", "13", "13", "13", "11"))  # 90 points : aucun seuil professionnel
    _eleve(session, en_ccf("9.5", "10", "10", "10", "12"))  # 89,5 points
    _eleve(session, en_ccf("12", "8", "12", "11", "12"))  # E2 : 32 tiers, gardée exacte
    _eleve(session, en_ccf("12", "12", "12", "12", "12"))  # assez bien, de justesse
    _eleve(session, en_ccf("12", "12", "12", "12", "11.5"))  # 107,5 points : 11,94, aucune mention
    _eleve(session, en_ccf("14", "15", "13", "14", "14"))  # bien
    _eleve(session, en_ccf("16", "16", "16", "16", "16"))  # très bien


def _controle_u1(session: SessionMc) -> None:
    """Le dossier manque, ou la durée : E1 n'est pas subie, ni zéro ni absence (MC-C04, MC-C13, AMB-23)."""
    sans_dossier = _eleve(session, en_ccf("-", "14", "14", "15", "13"), sans=("dossier_e1",))
    sans_dossier.avant["ccf"].append(
        session.note(sans_dossier, "E1", "12", "2026-05-11T09:00:00+02:00", refus_attendu="MC-C04")
    )
    _eleve(session, en_ccf("-", "12", "11", "12", "12"), sans=("rapport_stage",))
    _eleve(session, en_ccf("-", "12", "12", "13", "11"), attestations=[])
    court = session.stage("2025-09-08", "2025-12-26")
    _eleve(session, en_ccf("-", "11", "12", "12", "10"), attestations=court)  # seize semaines
    positionne = _eleve(session, attestations=session.stage("2025-11-03", "2025-12-26"))
    positionne.avant["controle"].append(
        positionne.ligne(
            "conformite.autoriser_duree_reduite", CONTROLE_LE, "recteur", cause="positionnement",
            motif="décision de positionnement du 15 septembre 2025",
        )
    )  # fmt: skip
    vise = _eleve(session, signataires=())
    vise.apres["dossier"].append(
        session.depot(
            vise, "2026-04-22T10:00:00+02:00", vise.chef, piece="rapport-stage", nature="rapport_stage",
            signataires=["tuteur"],
        )
    )  # fmt: skip


def _situations(session: SessionMc) -> None:
    """Une situation d'E2 manquée : justifiée, elle se refait ; sinon, pas de diplôme (AMB-52, DC-MC08)."""
    refaite = _eleve(session, en_ccf("12", "11", "-", "12", "12"))
    refaite.apres["e2"] += [
        refaite.ligne("notation.constater_absence", "2026-03-11T09:00:00+01:00", refaite.chef, epreuve="E2.S2"),
        refaite.justification("2026-03-16T09:00:00+01:00", "E2.S2", "certificat médical"),
        refaite.ligne("notation.arreter_resultat", "2026-03-17T09:00:00+01:00", epreuve="E2", refus_attendu="AMB-52"),
        refaite.ligne("notation.saisir_note", "2026-04-02T09:00:00+02:00", epreuve="E2.S2", note="13"),
    ]
    _eleve(session, en_ccf("13", "12", "13", "14", "ABS"))
    garde = _eleve(session, en_ccf("11", "-", "-", "-", "12"))
    garde.avant["acquis"] += [
        garde.benefice(ACQUIS_LE, "E3", "8", "2023", refus_attendu="DC-MC07"),
        garde.benefice(ACQUIS_LE, "E2", "12", "2023"),
    ]
    for _ in range(2):
        _eleve(session)


def _formations(session: SessionMc) -> None:
    for _ in range(4):
        session.candidat("scolaire_prive_sous_contrat", ROUEN, PRIVE, mode=CCF, attestations=session.stage())
    for _ in range(3):
        inclus = session.stage("2025-09-01", "2026-01-16")  # dans l'entreprise du contrat (MC-C06)
        session.candidat("apprenti", ROUEN, CFA, mode=CCF, attestations=inclus)
    for _ in range(3):
        session.candidat("formation_continue", CAEN, GRETA, mode=CCF, attestations=session.stage())
    session.candidat("hors_contrat", CAEN, None, mode=PONCTUEL, attestations=session.stage())
    session.candidat("distance", CAEN, None, mode=PONCTUEL, attestations=session.stage())


def _perfectionnement(session: SessionMc) -> None:
    """Des certificats de travail du secteur : six mois pleins dans l'année, ou douze dans les deux (MC-C08)."""

    def stagiaire(valeurs: dict[str, str] | None, attestations: list[tuple[str, Ligne]]) -> None:
        session.candidat(
            "perfectionnement", CAEN, GRETA, mode=CCF, notes=valeurs, attestations=attestations, livret=False
        )

    sans_e1 = en_ccf("-", "12", "13", "12", "11")
    stagiaire(None, session.emploi("2025-09-01", "2026-02-28"))
    stagiaire(None, session.emploi("2024-09-02", "2025-10-31", heures="20"))
    stagiaire(sans_e1, session.emploi("2025-10-01", "2026-02-28"))  # cinq mois
    stagiaire(dict(sans_e1), session.emploi("2022-09-01", "2023-08-31"))  # trop ancien
    coiffure = session.emploi("2025-09-01", "2026-02-28", denomination="Salon du Donjon", activite="salon de coiffure")
    stagiaire(dict(sans_e1), coiffure)


def _experience(session: SessionMc) -> None:
    """Trois années d'activité, à quelque date que ce soit ; ni plus ni moins (MC-C10, AMB-43)."""

    def adulte(categorie: str, valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        centre = (ROUEN, CAEN)[len(session.candidats) % 2]
        champs: Ligne = {"attestations": session.emploi("2014-03-03", "2017-04-28")} | autrement
        return session.candidat(categorie, centre, None, mode=PONCTUEL, notes=valeurs, **champs)

    adulte("experience")
    court = session.emploi("2018-02-01", "2020-12-31")  # deux ans et onze mois
    adulte("experience", ponctuelles("-", "12", "13"), attestations=court)
    absent = adulte("experience", ponctuelles("14", "ABS", "15"))  # 85 points avec le zéro
    absent.apres["justification"].append(
        absent.justification("2026-06-16T09:00:00+02:00", "E2", "hospitalisation, bulletin joint")
    )
    absent.apres["remplacement"].append(
        absent.ligne(
            "inscription.demander_remplacement", "2026-07-09T10:00:00+02:00", "recteur", epreuves=["E2"],
            academie_depot="normandie",
        )
    )  # fmt: skip
    dispense = adulte("experience", ponctuelles("10", "10", "-"))  # 80 points sur 160
    dispense.avant["acquis"].append(
        dispense.ligne(
            "inscription.accorder_dispense",
            ACQUIS_LE,
            "recteur",
            epreuve="E3",
            motif="titulaire d'une licence d'anglais",
        )
    )
    seul = adulte("individuel")
    seul.avant["acquis"].append(
        seul.ligne(
            "inscription.modifier_inscription", "2025-11-17T09:00:00+01:00", seul.lui, modes={"E1": "ccf"},
            refus_attendu="MC-I02",
        )
    )  # fmt: skip
    points = adulte("individuel", ponctuelles("9.5", "10", "12"))  # 89,5 points
    points.apres["jury"].append(
        points.ligne(
            "deliberation.accorder_points", "", jury="M1", epreuve="E2", note="10.5",
            motif="relecture de la copie par le jury",
        )
    )  # fmt: skip
    parti = adulte("experience", annule=True)
    parti.avant["acquis"].append(
        parti.ligne("inscription.annuler_inscription", ACQUIS_LE, motif="désistement écrit du candidat")
    )
