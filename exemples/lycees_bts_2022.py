"""Les étudiants des lycées au BTS NDRC, session 2022, publics et privé sous contrat, et leurs histoires."""

from __future__ import annotations

from typing import Any

from bts_ndrc import CAEN, EVREUX, HAVRE, ROUEN, STAGES, SessionBts, notes
from candidat import CCF, Candidat
from ecriture import Ligne

ACQUIS_LE = "2021-12-06T09:00:00+01:00"  # quand dispenses et notes conservées sont demandées
APRES_JURY = "2022-07-12T10:00:00+02:00"
DIX = ("10", "10", "10", "10", "10", "10", "10")


def etudiant(session: SessionBts, valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
    """Un étudiant de lycée public : contrôle en cours de formation, seize semaines de stage."""
    etab = (ROUEN, HAVRE, CAEN)[len(session.candidats) % 3]
    champs: Ligne = {"attestations": session.stages()} | autrement
    return session.candidat("scolaire_public", etab, etab, mode=CCF, notes=valeurs, **champs)


# Les lycées publics ------------------------------------------------------------------------------------------------


def lycees_publics(session: SessionBts) -> list[Candidat]:
    debut = len(session.candidats)
    _resultats_limites(session)
    _absences(session)
    _dossiers_non_valides(session)
    _durees_reduites(session)
    _dossiers_penalises(session)
    _facultatives(session)
    _erreur_materielle(session)
    for _ in range(7):
        etudiant(session)
    return session.candidats[debut:]


def _resultats_limites(session: SessionBts) -> None:
    """Au demi-point près : admis, oraux de contrôle, refus."""

    def oraux(one: Candidat, **obtenus: str) -> None:
        session.oraux[one.numero] = obtenus

    etudiant(session, notes(*DIX))  # 210 points sur 420
    etudiant(session, notes("17", "18", "16.5", "18", "17", "16", "17.5"))
    langue = ("9.5", "10", "10", "10", "10", "10", "10")  # 208,5 points
    etudiant(session, notes(*langue) | {"EF1": "12"}, facultatives=("EF1",))  # 210,5 avec la langue : admis
    sans_bonus = etudiant(session, notes(*langue) | {"EF1": "10"}, facultatives=("EF1",))
    oraux(sans_bonus, E1="ABS", E2="ABS")  # il ne vient pas : 208,5, refusé
    sans_bonus.apres["reclamation"] += [
        sans_bonus.reclame("2022-07-11T21:00:00+02:00", "communication_copie", epreuve="E1"),
        sans_bonus.instruite("2022-07-13T14:00:00+02:00", "document_disponible", "copie d'E1 retrouvée au centre"),
        sans_bonus.repondue("2022-07-13T15:00:00+02:00", "acceptee", "copie envoyée par courriel, à sa demande"),
    ]
    rattrape = etudiant(session, notes("6", "9", "9", "11", "14", "6", "10"))  # 197 points, E5 à 10
    oraux(rattrape, E1="12", E2="7")  # 12 et 9 : 215, admis
    rate = etudiant(session, notes("7", "9", "9", "10", "10", "10", "10"))  # 195 points
    oraux(rate, E1="8.5", E3="10")  # 202,5 : refusé
    moitie = etudiant(session, notes("8", "10", "9.5", "10", "10", "10", "10"))  # 202,5 points
    oraux(moitie, E1="11", E3="ABS")  # un seul des deux oraux : 211,5, admis
    huit = etudiant(session, notes("5", "5", "6", "10", "10", "10", "10"))  # 168 points, exactement 8
    oraux(huit, E1="13", E2="11")  # 210 : admis de justesse
    huit.avant["controle_oral"].append(
        huit.ligne(
            "notation.choisir_controle", "2022-07-05T08:10:00+02:00", huit.lui, epreuves=["E1", "E4"],
            refus_attendu="DC-BTS11",
        )
    )  # fmt: skip
    bas = etudiant(session, notes("5", "5", "5.5", "10", "10", "10.5", "10"))  # 167,5 points : 7,97, refusé
    bas.apres["controle_oral"].append(
        bas.ligne(
            "notation.choisir_controle", "2022-07-05T18:00:00+02:00", bas.lui, epreuves=["E1", "E2"],
            refus_attendu="DC-BTS11",
        )
    )  # fmt: skip
    bas.apres["reclamation"] += [
        bas.reclame("2022-07-11T20:00:00+02:00", "decision_jury"),
        bas.instruite("2022-07-18T11:00:00+02:00", "appreciation", "notes relues sur les bordereaux : aucune erreur"),
        bas.repondue(
            "2022-07-18T11:30:00+02:00", "rejetee", "les notes sont justes, le jury les apprécie souverainement"
        ),
    ]
    etudiant(session, notes("8", "9", "9", "10", "10", "9.5", "10"))  # 197 points, 119 sur 120 en professionnel
    points = etudiant(session, notes("9.5", "10", "10", "10", "10", "10", "10"))
    points.apres["jury"].append(
        points.ligne(
            "deliberation.accorder_points", "", jury="B1", epreuve="E1", note="10",
            motif="livret scolaire favorable en culture générale, assiduité soulignée",
        )
    )  # fmt: skip


def _absences(session: SessionBts) -> None:
    """Une sous-épreuve manquée empêche le diplôme ; la force majeure vaut zéro (BTS-D01, DC-BTS12)."""
    etudiant(session, notes("12", "12", "13", "13", "18", "ABS", "14"))
    majeure = etudiant(session, notes("12", "12", "13", "13", "18", "ABS", "14"))  # E5 à 9
    majeure.apres["justification"].append(
        majeure.justification(
            "2022-06-16T09:00:00+02:00", "E5.S2", "accident sur la route du centre, procès-verbal joint"
        )
    )
    annulee = etudiant(session, notes("12", "12", "15", "12", "12", "12", "13"))
    annulee.avant["ponctuel"].append(_suspicion(annulee, "téléphone en main pendant l'épreuve"))
    annulee.apres["verification"].append(
        annulee.ligne(
            "notation.conclure_discipline", "2022-06-17T10:00:00+02:00", "recteur", epreuve="E3", annulee=True,
            motif="commission de discipline du 17 juin : épreuve annulée",
        )
    )  # fmt: skip
    blanchi = etudiant(session, notes("11", "13", "14", "12", "11", "13", "13"))
    blanchi.avant["ponctuel"].append(_suspicion(blanchi, "brouillon identique à celui d'un voisin"))
    blanchi.apres["apres_jury"].append(
        blanchi.ligne(
            "notation.conclure_discipline", APRES_JURY, "recteur", epreuve="E3", annulee=False,
            motif="commission de discipline du 12 juillet : aucune fraude",
        )
    )  # fmt: skip


def _suspicion(one: Candidat, motif: str) -> Ligne:
    return one.ligne("notation.signaler_suspicion", "2022-05-18T17:00:00+02:00", one.chef, epreuve="E3", motif=motif)


def _dossiers_non_valides(session: SessionBts) -> None:
    """Les cinq motifs, un seul suffit (BTS-C02) : « non valide », même à quinze de moyenne."""
    depot = etudiant(session, notes("15", "15", "15", "-", "15", "15", "15"), sans=("dossier_e4",))
    depot.avant["ponctuel"] += [
        depot.ligne(
            "notation.constater_absence", "2022-05-19T09:00:00+02:00", depot.chef, epreuve="E4", refus_attendu="BTS-C03"
        ),
        depot.ligne(
            "notation.saisir_note", "2022-05-19T09:30:00+02:00", epreuve="E4", note="9", refus_attendu="BTS-C03"
        ),
    ]
    tardif = etudiant(session, notes("12", "13", "12", "12", "13", "12", "-"), sans=("dossier_e6",))
    tardif.apres["dossier"].append(
        session.depot_dossier(tardif, "dossier_e6", "2022-03-26T08:40:00+01:00", tardif.chef)
    )
    court = (STAGES[0], ("2022-01-03", "2022-02-18"))
    etudiant(session, notes("9", "8", "9", "-", "12", "12", "-"), attestations=session.stages(*court))
    trois = {"dossier_e4": {"periodes": 3}, "dossier_e6": {"periodes": 3}}
    etudiant(session, notes("13", "12", "14", "-", "12", "13", "-"), contenus=trois)
    etudiant(session, notes("11", "12", "12", "-", "11", "12", "-"), attestations=[])
    sans_signature = [("", session.periode(*STAGES[0])), ("", session.periode(*STAGES[1], signature=False))]
    etudiant(session, notes("12", "12", "11", "-", "12", "12", "-"), attestations=sans_signature)
    repare = etudiant(
        session, attestations=[("", session.periode(*STAGES[0])), ("", session.periode(*STAGES[1], signature=False))]
    )
    champs: Ligne = {
        "piece": "attestation-2",
        "nature": "attestation_stage",
        "attestation": session.periode(*STAGES[1]),
    }
    repare.apres["dossier"].append(session.depot(repare, "2022-03-18T10:00:00+01:00", repare.chef, **champs))


def _durees_reduites(session: SessionBts) -> None:
    """Huit semaines par positionnement, force majeure ou aménagement ; quatre par l'académie en 2022 (BTS-C08, C09)."""

    def reduit(cause: str, motif: str, *periodes: tuple[str, str], notes: dict[str, str] | None = None) -> None:
        one = etudiant(session, notes, attestations=session.stages(*periodes))
        one.avant["controle"].append(
            one.ligne(
                "conformite.autoriser_duree_reduite", "2022-03-15T10:00:00+01:00", "recteur", cause=cause, motif=motif
            )
        )

    huit, quatre = STAGES[1], ("2022-01-31", "2022-02-25")
    reduit("positionnement", "décision de positionnement du 8 septembre 2020", huit)
    reduit("force_majeure", "hospitalisation de trois mois, certificat joint", huit)
    reduit("validation_academique", "fermeture des entreprises d'accueil, session 2022", quatre)
    sept, trois = ("2022-01-03", "2022-02-18"), ("2022-02-07", "2022-02-25")
    non_valide = notes("12", "11", "12", "-", "12", "12", "-")
    reduit("positionnement", "décision de positionnement du 10 septembre 2020", sept, notes=non_valide)
    reduit("validation_academique", "fermeture des entreprises d'accueil, session 2022", trois, notes=non_valide)
    dix = (("2021-05-10", "2021-07-02"), ("2022-01-03", "2022-01-14"))
    etudiant(session, dict(non_valide), attestations=session.stages(*dix))  # rien n'est automatique


def _dossiers_penalises(session: SessionBts) -> None:
    """Des défauts qui n'empêchent pas l'interrogation (BTS-C11, BTS-C18)."""
    etudiant(session, notes("11", "12", "11", "12", "12", "11", "8"), contenus={"dossier_e6": {"etude": False}})
    memes = {"dossier_e6": {"fiches": ["distributeurs"] * 3}}
    etudiant(session, notes("12", "11", "12", "13", "12", "12", "9"), contenus=memes)
    etudiant(session, contenus={"dossier_e4": {"hors_referentiel": True}})
    etudiant(session, contenus={"dossier_e6": {"faces": 6}})


def _facultatives(session: SessionBts) -> None:
    """L'engagement étudiant, avec sa fiche ou sans ; l'absence à une facultative, sans effet (BTS-C21, AMB-50)."""
    etudiant(session, notes("9.5", "9", "10", "10", "10", "10", "10") | {"EF2": "15"}, facultatives=("EF2",))
    douze = notes("12", "11", "12", "12", "13", "12", "12")
    sans_fiche = etudiant(session, douze, facultatives=("EF2",), sans=("fiche_engagement",))
    sans_fiche.avant["ponctuel"].append(
        session.note(sans_fiche, "EF2", "14", "2022-06-02T17:00:00+02:00", refus_attendu="BTS-C21")
    )
    etudiant(session, notes("13", "12", "13", "12", "12", "12", "12") | {"EF1": "ABS"}, facultatives=("EF1",))
    etudiant(
        session,
        notes("11", "12", "11", "12", "12", "11", "12") | {"EF1": "14", "EF2": "13"},
        facultatives=("EF1", "EF2"),
    )


def _erreur_materielle(session: SessionBts) -> None:
    """Un 15 recopié 5 : refusé, il réclame, le jury est réuni de nouveau ; l'ancien relevé est gardé (AMB-54)."""
    one = etudiant(session, notes("10", "10", "11", "5", "11", "11", "10"))
    transcription = "erreur de transcription en E4 : la grille de la commission porte 15"
    rectifier = {"epreuve": "E4", "note": "15", "motif": transcription}
    reunir = {"jury": "B1", "motif": transcription, "reclamation": "R1"}
    one.apres["reclamation"] += [
        one.reclame("2022-07-12T18:30:00+02:00", "erreur_materielle", epreuve="E4"),
        one.ligne("deliberation.reconvoquer_jury", "2022-07-13T09:00:00+02:00", "recteur", **reunir)
        | {"refus_attendu": "RECLAMATION_NON_INSTRUITE"},
        one.instruite("2022-07-18T10:00:00+02:00", "erreur_materielle", transcription),
    ]
    one.apres["erreur"] += [
        one.ligne("notation.rectifier_note", "2022-07-19T09:00:00+02:00", **rectifier, refus_attendu="AMB-54"),
        one.ligne("deliberation.reconvoquer_jury", "2022-07-19T10:00:00+02:00", "recteur", **reunir),
        one.repondue("2022-07-19T10:30:00+02:00", "acceptee", transcription, refus_attendu="RECTIFICATION_EN_COURS"),
        one.ligne("notation.rectifier_note", "2022-07-19T11:00:00+02:00", **rectifier),
    ]
    reponse = "la note d'E4 est rectifiée, le jury a décidé de nouveau"
    one.apres["reponse"].append(one.repondue("2022-07-21T09:00:00+02:00", "acceptee", reponse))


# Les autres formations ---------------------------------------------------------------------------------------------


def lycee_prive(session: SessionBts) -> list[Candidat]:
    """Sous contrat, habilité : tiers-temps, fiche d'E6 d'un redoublant, doute en cours de formation."""
    debut = len(session.candidats)

    def prive(valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        champs: Ligne = {"attestations": session.stages()} | autrement
        return session.candidat("scolaire_prive_sous_contrat", ROUEN, EVREUX, mode=CCF, notes=valeurs, **champs)

    temps = prive()
    temps.avant["acquis"].append(
        temps.ligne(
            "inscription.accorder_amenagement", ACQUIS_LE, nature="tiers-temps pour les épreuves", epreuves=["E1", "E5"]
        )
    )
    temps.avant["convocation"].append(_passage_e5(temps))
    doute = prive(notes("12", "12", "12", "14", "11", "12", "12"))
    doute.avant["ponctuel"].append(signaler_doute(doute, "E4", "fiches très proches de celles d'un autre candidat"))
    doute.apres["verification"].append(
        doute.ligne(
            "conformite.conclure_verification", "2022-06-17T10:00:00+02:00", epreuve="E4", conforme=True,
            motif="l'entreprise confirme les activités",
        )
    )  # fmt: skip
    redouble = prive(notes("11", "12", "11", "-", "12", "11", "12"), sans=("dossier_e4",))
    redouble.avant["acquis"] += [
        redouble.benefice(ACQUIS_LE, "E3", "8", "2021", refus_attendu="DC-BTS14"),
        redouble.benefice(ACQUIS_LE, "E4", "13", "2021"),
    ]
    for origine in ("2019", "2020", "2021"):
        ancien = prive(notes("-", "11", "-", "12", "11", "13", "12"))
        ancien.avant["acquis"] += [
            ancien.benefice(ACQUIS_LE, "E1", "12", origine), ancien.benefice(ACQUIS_LE, "E3", "10", origine)
        ]  # fmt: skip
    for _ in range(8):
        prive()
    return session.candidats[debut:]


def _passage_e5(one: Candidat) -> Ligne:
    """Trois heures et quarante minutes, majorées d'un tiers : 240 min, puis 53 min 20 s (CL-136)."""
    creneaux = [
        {"modalite": "E5-ecrit", "debut": "2022-05-19T13:30:00+02:00", "fin": "2022-05-19T17:30:00+02:00",
         "surveillant": True},
        {"modalite": "E5-pratique", "debut": "2022-06-09T10:00:00+02:00", "fin": "2022-06-09T10:53:20+02:00",
         "jury": True, "poste": "poste-7"},
    ]  # fmt: skip
    return one.ligne("inscription.planifier_passage", "2022-04-04T08:40:00+02:00", creneaux=creneaux)


def signaler_doute(one: Candidat, unite: str, motif: str, le: str = "2022-06-02T11:30:00+02:00") -> Ligne:
    lot = f"DOUTE-{unite}"
    par: Ligne = {
        "id": f"commission-{unite}", "role": "commission", "academie": "normandie", "portee": [f"lot:{lot}"]
    }  # fmt: skip
    return one.ligne("conformite.signaler_doute", le, par, epreuve=unite, lot=lot, motif=motif)
