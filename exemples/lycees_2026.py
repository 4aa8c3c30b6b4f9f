"""Les élèves des lycées au CAP OSRCL, session 2026, publics et privé sous contrat, et leurs histoires."""

from __future__ import annotations

from typing import Any

from candidat import CCF, Candidat
from cap_osrcl import CAEN, HAVRE, ROUEN, SessionCap, notes
from ecriture import Ligne


def lycee_public(session: SessionCap) -> list[Candidat]:
    """Lycéens du public : le contrôle en cours de formation et ce qui peut y arriver."""

    def lyceen(valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        etab = ROUEN if len(session.candidats) % 5 < 3 else HAVRE
        return session.candidat("scolaire_public", etab, etab, mode=CCF, notes=valeurs, **autrement)

    lyceen(notes("17", "17", "18", "16.5", "16", "17", "15", "18"), conduite=("favorable",))  # très bien
    lyceen(notes("15", "15", "14.5", "15.5", "14", "13", "16", "15"), conduite=("favorable",))  # bien
    lyceen(notes("12", "12", "13", "11", "12", "12", "14", "10"))  # 204 points, exactement 12 : assez bien
    lyceen(notes("12", "12", "13", "11", "12", "12", "14", "9.5"))  # 203,5 points : 11,97, aucune mention
    lyceen(notes("10.5", "9", "9", "11", "9", "11", "12", "9"), conduite=("insuffisant",))  # 170 points, exactement 10
    professionnel = lyceen(
        notes("11", "11", "9", "9.5", "14", "14", "15", "14")
    )  # 99,5 points sur 100 en professionnel
    professionnel.avant["jury"].append(
        professionnel.ligne(
            "deliberation.prendre_decision", "2026-07-02T09:00:00+02:00", jury="J1", refus_attendu="DC-CAP15"
        )
    )
    lyceen(notes("15", "15", "15", "15", "2", "3", "5", "2.5"))  # 169,5 points sur 170 : 9,97 malgré le professionnel
    lyceen(notes("-", "14", "13", "14", "12", "12", "12", "12"), sans=("fiche_produit",))
    lyceen(notes("-", "-", "15", "15", "12", "12", "12", "12"), sans=("fiche_produit", "fiche_environnement"))
    lyceen(notes("15", "15", "-", "14", "11", "11", "12", "12"), sans=("recapitulatif",))
    signe = lyceen(signataires=("professeur",))
    signe.apres["supports"].append(recapitulatif(session, signe, "2026-03-20T10:00:00+01:00", ["tuteur", "professeur"]))
    nouvelle = lyceen(notes("12", "-", "12", "12", "11", "11", "11", "11"))
    nouvelle.apres["ccf"] += [
        nouvelle.ligne("notation.constater_absence", "2026-02-05T09:00:00+01:00", nouvelle.chef, epreuve="EP1.S2"),
        nouvelle.justification("2026-02-12T09:00:00+01:00", "EP1.S2", "hospitalisation, bulletin joint"),
        nouvelle.ligne("notation.arreter_resultat", "2026-02-13T09:00:00+01:00", epreuve="EP1", refus_attendu="AMB-52"),
        session.note(nouvelle, "EP1.S2", "13", "2026-04-14T10:00:00+02:00"),
    ]
    lyceen(notes("13", "13", "13", "13", "13", "0", "13", "13"))  # un vrai zéro, à une copie rendue
    tardive = lyceen(notes("13", "-", "13", "12", "12", "12", "12", "12"))
    tardive.apres["tardif"] += [
        session.note(tardive, "EP1.S2", "12.5", "2026-06-09T08:40:00+02:00"),
        tardive.ligne(
            "notation.arreter_resultat", "2026-06-09T08:45:00+02:00", epreuve="EP1", refus_attendu="CAP24-N07"
        ),
        tardive.ligne(
            "notation.integrer_note_tardive", "2026-06-10T09:00:00+02:00", "recteur",
            epreuve="EP1.S2", motif="panne du réseau de l'établissement le 5 juin, attestée par son chef",
        ),
    ]  # fmt: skip
    ecartee = lyceen(notes("12", "12", "-", "12", "11", "11", "12", "11"))
    ecartee.apres["ccf"] += [
        ecartee.ligne("notation.constater_absence", "2026-03-10T09:00:00+01:00", ecartee.chef, epreuve="EP2"),
        ecartee.justification("2026-03-17T09:00:00+01:00", "EP2", "certificat médical"),
    ]
    ecartee.apres["tardif"].append(session.note(ecartee, "EP2", "14", "2026-06-11T08:40:00+02:00"))
    lyceen(etg=(False, False, False, True), conduite=("favorable",))
    lyceen(notes("13", "12", "12", "12.5", "11", "10", "13", "12"), conduite=("insuffisant",))
    lyceen(conduite=("insuffisant", "favorable"))
    lyceen(notes("8", "8", "8", "9", "8", "7", "9", "8"), conduite=("favorable",))  # ajourné, conduite validée
    jamais = lyceen(etg=(False, False), conduite=())
    jamais.apres["conduite"].append(
        jamais.ligne(
            "notation.enregistrer_conduite", "2026-05-12T09:00:00+02:00", jamais.chef, mention="favorable",
            commission=["expert_permis", "enseignant_conduite"], refus_attendu="CAP24-N11",
        )
    )  # fmt: skip
    chiffree = lyceen()
    chiffree.avant["conduite"].append(
        chiffree.ligne(
            "notation.saisir_note", "2026-05-11T09:00:00+02:00", epreuve="EP3.S1", note="15", refus_attendu="CAP24-N15"
        )
    )
    grille = lyceen()
    for avec, heure in (({"C2": 5, "C5": 5}, "10"), ({"C2": 4, "C3": 6, "C5": 5}, "11")):
        le = f"2026-01-13T{heure}:00:00+01:00"
        grille.avant["ccf"].append(session.note(grille, "EP1.S1", "13", le, criteres=avec, refus_attendu="CAP24-N04"))
    seule = lyceen()
    seule.avant["ccf"].append(
        session.note(
            seule, "EP1.S1", "12", "2026-01-14T10:00:00+01:00",
            commission=["enseignant_specialite", "enseignant_specialite"], refus_attendu="CAP24-N02",
        )
    )  # fmt: skip
    lyceen(
        notes("10", "10", "10", "10", "9", "10", "11", "10") | {"UF1": "13"}, facultatives=("UF1",)
    )  # +3 : 171 sur 170
    return list(session.candidats)


def lycee_prive(session: SessionCap) -> list[Candidat]:
    """Élèves du privé sous contrat, chez eux : leur établissement est désigné centre annexe."""
    debut = len(session.candidats)

    def eleve(valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        return session.candidat("scolaire_prive_sous_contrat", CAEN, CAEN, mode=CCF, notes=valeurs, **autrement)

    eleve(notes("13", "12", "12", "12", "12", "11", "12", "12") | {"UF2": "7"}, facultatives=("UF2",))
    eleve(notes("12", "12", "12", "12", "12", "11", "12", "12") | {"UF3": "ABS"}, facultatives=("UF3",))
    harmonise = eleve(notes("12", "11", "11", "11", "9", "10", "12", "11"))
    harmonise.apres["correction"].append(
        harmonise.ligne(
            "notation.harmoniser_note", "2026-06-23T10:00:00+02:00", epreuve="UG1", note="10.5",
            motif="commission 2 plus sévère d'un point et demi, constaté en harmonisation",
        )
    )  # fmt: skip
    rectifie = eleve(notes("12", "11", "11", "11", "2", "10", "12", "11"))
    rectifie.apres["correction"].append(
        rectifie.ligne(
            "notation.rectifier_note", "2026-06-23T11:00:00+02:00", epreuve="UG1", note="12",
            motif="12 écrit sur la copie, 2 reporté au bordereau",
        )
    )  # fmt: skip
    sans_dispense = eleve()
    sans_dispense.avant["acquis"].append(
        sans_dispense.ligne(
            "inscription.accorder_dispense", "2025-12-08T09:00:00+01:00", epreuve="UG3",
            motif="certificat médical annuel", refus_attendu="DC-CAP20",
        )
    )  # fmt: skip
    eleve(commission_ep3=("enseignant_specialite", "enseignant_specialite"))  # repli permis à EP3 en CCF
    points = eleve(notes("10.5", "10.5", "9", "10", "12", "11", "12", "12"))  # 99 points sur 100 en professionnel
    points.apres["jury"].append(
        points.ligne(
            "deliberation.accorder_points", "2026-07-02T11:00:00+02:00", jury="J1", epreuve="EP2", note="9.5",
            motif="livret excellent, progression soulignée par l'équipe",
        )
    )  # fmt: skip
    recuse = eleve()
    recuse.avant["recusation"].append(
        recuse.ligne(
            "deliberation.recuser_membre", "2026-07-02T08:20:00+02:00", "recteur", jury="J1", membre="ENS-12",
            motif="a enseigné à ce candidat",
        )
    )  # fmt: skip
    tiers = eleve()
    tiers.avant["acquis"].append(
        tiers.ligne(
            "inscription.accorder_amenagement",
            "2025-12-09T09:00:00+01:00",
            nature="tiers-temps",
            epreuves=["UG1", "UG2"],
        )
    )
    parti = eleve(annule=True)
    parti.avant["acquis"].append(
        parti.ligne(
            "inscription.annuler_inscription", "2025-12-10T09:00:00+01:00", motif="déménagement dans une autre académie"
        )
    )
    eleve()
    eleve(permis_b=True, conduite=())
    return session.candidats[debut:]


def recapitulatif(session: SessionCap, one: Candidat, le: str, signataires: list[str]) -> Ligne:
    """Le récapitulatif déposé de nouveau, signé de tous."""
    return session.depot(
        one, le, one.chef, piece="recapitulatif-2", nature="recapitulatif_pfmp", signataires=signataires
    )
