"""La session 2026 : condition d'expérience des majeurs, conduite organisée pour tous, deux jurys."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any

from ecriture import Ligne, Montre
from modele import ATTENDRE, CCF, PONCTUEL, Candidat, Session, acteur, notes
from personnes import Employeurs, Personne

ROUEN, HAVRE, CAEN, EVREUX, ALENCON, GRETA = "0769001A", "0769002B", "0149003C", "0279004D", "0619005E", "0769006F"
LIMITE = "2025-11-28"
AGENT = acteur("dec-agent-2", "gestionnaire")
ORDINAIRE = 84  # candidats de la session quand on n'en demande pas davantage

VALEURS = {
    "coefficients": {"EP1": "4", "EP2": "3", "EP3": "3"},
    "poids": {"EP1.S1": "2", "EP1.S2": "1"},
    "reference": "valeurs de démonstration, sans texte : à remplacer par celles de l'annexe de l'arrêté",
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


def construire(nombre: int, graine: int, anciens: dict[str, Personne]) -> Session:
    """La session et toutes ses étapes. ``anciens`` : des personnes de la session 2024 qui se représentent."""
    session = Session(2026, graine)
    employeurs = Employeurs(f"employeurs-{graine}")
    publics = _lycee_public(session)
    prives = _lycee_prive(session)
    apprentis = _apprentis(session)
    autres = _autres_formations(session)
    individuels = _individuels(session, employeurs, anciens)
    for rang in range(nombre - ORDINAIRE):
        _de_plus(session, employeurs, rang, (publics, prives, apprentis, individuels))
    j1, j2 = [*publics, *prives], [*apprentis, *autres, *individuels]
    _inscription(session, [*publics, *prives], [*apprentis, *autres], individuels)
    _dossiers(session)
    _evaluation(session)
    _jury_1(session, [one for one in j1 if not one.annule])
    _jury_2(session, [one for one in j2 if not one.annule])
    _publication(session)
    return session


# Les candidats -----------------------------------------------------------------------------------------------------


def _lycee_public(session: Session) -> list[Candidat]:
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
    signe.apres["supports"].append(
        _recapitulatif(session, signe, "2026-03-20T10:00:00+01:00", ["tuteur", "professeur"])
    )
    nouvelle = lyceen(notes("12", "-", "12", "12", "11", "11", "11", "11"))
    nouvelle.apres["ccf"] += [
        nouvelle.ligne("notation.constater_absence", "2026-02-05T09:00:00+01:00", nouvelle.chef, epreuve="EP1.S2"),
        nouvelle.ligne(
            "notation.justifier_absence",
            "2026-02-12T09:00:00+01:00",
            epreuve="EP1.S2",
            motif="hospitalisation, bulletin joint",
        ),
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
        ecartee.ligne(
            "notation.justifier_absence", "2026-03-17T09:00:00+01:00", epreuve="EP2", motif="certificat médical"
        ),
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


def _lycee_prive(session: Session) -> list[Candidat]:
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


def _apprentis(session: Session) -> list[Candidat]:
    """Huit en CCF dans un CFA désigné annexe ; quatre en ponctuel, leur CFA ne l'est pas."""
    debut = len(session.candidats)
    for rang in range(12):
        annexe = rang < 8
        one = session.candidat(
            "apprenti", EVREUX if annexe else HAVRE, EVREUX if annexe else ALENCON, mode=CCF if annexe else PONCTUEL,
            signataires=("formateur",) if rang == 0 else ("maitre_apprentissage", "formateur"),
        )  # fmt: skip
        if rang == 0:
            signes = ["maitre_apprentissage", "formateur"]
            one.apres["supports"].append(_recapitulatif(session, one, "2026-03-25T10:00:00+01:00", signes))
        if rang == 8:
            one.avant["centre"].append(
                one.ligne(
                    "inscription.affecter_centre",
                    "2026-01-12T09:00:00+01:00",
                    centre=ALENCON,
                    refus_attendu="CAP24-G07",
                )
            )
    return session.candidats[debut:]


def _autres_formations(session: Session) -> list[Candidat]:
    """Stagiaires de la formation continue, élèves hors contrat, enseignement à distance."""
    debut = len(session.candidats)
    for rang in range(6):
        session.candidat(
            "formation_continue", ROUEN, GRETA, mode=CCF if rang < 3 else PONCTUEL, permis_b=rang % 2 == 0,
            **({"conduite": ()} if rang % 2 == 0 else {}),
        )  # fmt: skip
    for categorie in ("hors_contrat", "hors_contrat", "distance", "distance"):
        session.candidat(categorie, HAVRE, None, mode=PONCTUEL)
    return session.candidats[debut:]


def _individuels(session: Session, employeurs: Employeurs, anciens: dict[str, Personne]) -> list[Candidat]:
    """Candidats individuels : leur expérience, puis les épreuves ponctuelles."""
    debut = len(session.candidats)
    stage = ("stage", "2025-06-02", "2025-09-07", "35")  # 14 semaines, 490 h
    long = ("emploi", "2024-09-02", "2025-07-06", "35")

    def adulte(valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
        centre = ROUEN if len(session.candidats) % 2 else HAVRE
        return session.candidat("individuel", centre, None, mode=PONCTUEL, notes=valeurs, **autrement)

    def attestant(one: Candidat, *attestations: Ligne, le: str = "2025-11-12T10:00:00+01:00") -> Candidat:
        one.attestations += [(le, attestation) for attestation in attestations]
        return one

    net = employeurs.attestation
    attestant(adulte(), net(stage))
    moitie = ("emploi", "2025-06-02", "2025-09-07", "20")  # deux fois 20 h, 35 h retenues
    attestant(adulte(), net(moitie), net(moitie))
    attestant(adulte(), net(("emploi", "2025-03-03", "2025-09-14", "17.5")))  # 28 semaines, 490 h
    attestant(adulte(ferme=True), net(("emploi", "2025-05-05", "2025-09-21", "24")))  # 20 semaines, 480 h
    attestant(adulte(ferme=True), net(stage), le="2025-11-29T00:00:00+01:00")
    coiffure = net(
        ("emploi", "2025-04-07", "2025-08-24", "35"), activite="salon de coiffure", denomination="Ciseaux d'Argent"
    )
    attestant(adulte(ferme=True), coiffure)
    cachet = attestant(adulte(), net(stage, cachet=False), le="2025-11-10T10:00:00+01:00")
    cachet.apres["attestation"].append(
        session.depot(
            cachet, "2025-11-21T16:00:00+01:00", cachet.lui, piece="attestation-1", nature="attestation_experience",
            attestation=cachet.attestations[0][1] | {"cachet": True},
        )
    )  # fmt: skip
    belge = attestant(adulte(), net(long, siret="", pays="BE", denomination="Koerier Vlinder"))
    _jugee(belge, "employeur belge : contrat, fiches de paie et activité vérifiés sur pièces")
    independant = attestant(adulte(), net(long, signataire_est_candidat=True, type="entreprise individuelle"))
    _jugee(independant, "travailleur indépendant : bilans et attestation fiscale produits")
    annonce = net(("stage", "2025-09-01", "2025-11-30", "35"))  # 13 semaines d'après les dates, 455 h
    annonce["periodes"] = [{**one, "semaines_annoncees": "16"} for one in annonce["periodes"]]
    attestant(adulte(ferme=True), annonce, le="2025-11-28T23:59:00+01:00")
    attestant(adulte(ferme=True), net(stage, siret=""))
    adulte(personne=session.etat.personne(2009, 2009), formation_attestee=True)  # mineur, en formation
    deux = (net(("stage", "2025-03-03", "2025-04-27", "35")), net(("emploi", "2025-05-05", "2025-06-15", "35")))
    inverse = attestant(adulte(), *deux)  # 8 semaines puis 6, deux entreprises
    inverse.avant["attestation"].append(
        session.depot(
            inverse, "2025-11-11T10:00:00+01:00", inverse.lui, piece="attestation-0", nature="attestation_experience",
            attestation=net(("stage", "2025-06-15", "2025-05-05", "35")), refus_attendu="CAP26-C07",
        )
    )  # fmt: skip
    adulte(ferme=True)  # aucune attestation déposée

    garde = attestant(adulte(personne=anciens["benefice"]), net(long))  # ajourné de 2024, garde son français
    garde.notes.pop("UG1")
    garde.avant["acquis"].append(_benefice(garde, "UG1", "11", "2024"))
    ancien = attestant(adulte(), net(long))
    ancien.avant["acquis"].append(_benefice(ancien, "EP2", "12", "2020", refus_attendu="DC-CAP18"))
    repasse = attestant(adulte(notes("12", "12", "12", "12", "8", "12", "12", "12")), net(long))
    repasse.avant["acquis"] += [
        _benefice(repasse, "UG1", "11", "2024"),
        repasse.ligne("inscription.abandonner_benefice", "2026-01-06T09:00:00+01:00", epreuve="UG1"),
    ]
    ailleurs = attestant(adulte(), net(long))
    ailleurs.notes.pop("UG2")
    ailleurs.avant["acquis"] += [
        _benefice(ailleurs, "EP1", "13", "2024", autre_specialite=True, refus_attendu="DC-CAP19"),
        _benefice(ailleurs, "UG2", "12", "2024", autre_specialite=True),
    ]
    dispense = attestant(adulte(permis_b=True, conduite=()), net(long))
    dispense.notes.pop("UG3")
    dispense.avant["acquis"].append(
        dispense.ligne(
            "inscription.accorder_dispense", "2025-12-11T09:00:00+01:00", "recteur", epreuve="UG3",
            motif="titulaire d'un baccalauréat professionnel",
        )
    )  # fmt: skip

    malgre = attestant(
        adulte(notes("13", "13", "13", "13", "13", "ABS", "13", "13"), permis_b=True, conduite=()), net(long)
    )
    _justifiee(malgre, "UG2", "accident de la circulation, procès-verbal joint")
    remplace = attestant(adulte(notes("11", "11", "ABS", "12", "12", "11", "12", "12")), net(long))
    _justifiee(remplace, "EP2", "hospitalisation, bulletin joint")
    remplace.apres["remplacement"] += [
        _remplacement(remplace, "2026-07-08T09:00:00+02:00", ["EP2"], "paris"),  # renvoyée à l'académie d'origine
        _remplacement(remplace, "2026-07-09T09:00:00+02:00", ["EP2"]),
    ]
    sport = attestant(adulte(notes("8", "8", "9", "8", "9", "9", "ABS", "9")), net(long))
    _justifiee(sport, "UG3", "certificat médical du jour")
    sport.apres["remplacement"].append(
        _remplacement(sport, "2026-07-09T10:00:00+02:00", ["UG3"], refus_attendu="DC-CAP17")
    )
    attestant(
        adulte(notes("14", "14", "14", "14", "ABS", "14", "14", "14")), net(long)
    )  # absence sans motif : pas de diplôme
    criteres = attestant(adulte(), net(long))
    criteres.avant["ponctuel"] += [
        session.note(
            criteres, "EP1.S2", "12", "2026-05-26T09:00:00+02:00", criteres={"C1": 4, "C4": 6},
            refus_attendu="CAP24-N05",
        ),
        session.note(
            criteres, "EP3.S2", "12", "2026-05-26T09:10:00+02:00", commission=["enseignant_specialite"],
            refus_attendu="CAP24-N20",
        ),
    ]  # fmt: skip
    rate = attestant(
        adulte(notes("12", "12", "12", "12", "12", "12", "12", "12"), conduite=("non_validee",)), net(long)
    )
    rate.apres["conduite"].append(
        rate.ligne(
            "notation.enregistrer_conduite", "2026-05-29T09:00:00+02:00", rate.chef, mention="validee",
            refus_attendu="CAP24-N13",
        )
    )  # fmt: skip
    absent = attestant(adulte(notes("12", "12", "13", "12", "12", "12", "12", "12"), conduite=()), net(long))
    absent.apres["conduite"].append(
        absent.ligne("notation.constater_absence", "2026-05-29T09:10:00+02:00", absent.chef, epreuve="EP3.S1")
    )
    return session.candidats[debut:]


def _de_plus(session: Session, employeurs: Employeurs, rang: int, groupes: tuple[list[Candidat], ...]) -> None:
    """Un candidat sans histoire de plus, quand on en demande davantage."""
    publics, prives, apprentis, individuels = groupes
    match rang % 4:
        case 0:
            publics.append(session.candidat("scolaire_public", ROUEN, ROUEN, mode=CCF))
        case 1:
            prives.append(session.candidat("scolaire_prive_sous_contrat", CAEN, CAEN, mode=CCF))
        case 2:
            apprentis.append(
                session.candidat(
                    "apprenti", EVREUX, EVREUX, mode=CCF, signataires=("maitre_apprentissage", "formateur")
                )
            )
        case _:
            one = session.candidat("individuel", HAVRE, None, mode=PONCTUEL)
            nette = employeurs.attestation(("emploi", "2024-09-02", "2025-07-06", "35"))
            one.attestations.append(("2025-11-13T10:00:00+01:00", nette))
            individuels.append(one)


# Les étapes --------------------------------------------------------------------------------------------------------


def _inscription(
    session: Session, lycees: list[Candidat], formations: list[Candidat], individuels: list[Candidat]
) -> None:
    session.faire("Ouverture de la session et des centres", "10-ouverture.jsonl", _ouverture())
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
    acquis = [*_modifications(lycees), *chain.from_iterable(one.avant["acquis"] for one in session.candidats)]
    session.faire("Dispenses, notes conservées, aménagements", "23-acquis.jsonl", acquis)


def _ouverture() -> Iterator[Ligne | str]:
    montre = Montre("2025-09-15")
    yield "Les coefficients d'EP1 à EP3 et les poids d'EP1 ne sont pas dans les textes : valeurs de démonstration."
    yield {
        "commande": "inscription.ouvrir_session", "le": montre.suivant(), "reglement": "CAP-OSRCL-2026",
        "parametres": PARAMETRES, "valeurs": VALEURS, "par": "recteur",
    }  # fmt: skip
    for centre in (ROUEN, HAVRE):
        yield {
            "commande": "inscription.ouvrir_centre",
            "le": montre.suivant(),
            "centre": centre,
            "type": "principal",
            "par": "recteur",
        }
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


def _modifications(lycees: list[Candidat]) -> Iterator[Ligne | str]:
    change = lycees[1]
    yield "Une facultative choisie puis quittée avant la clôture."
    yield change.ligne("inscription.modifier_inscription", "2025-11-20T09:00:00+01:00", facultatives=["UF2"])
    yield change.ligne("inscription.modifier_inscription", "2025-11-21T09:00:00+01:00", facultatives=[])


def _dossiers(session: Session) -> None:
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


def _attestations(session: Session) -> Iterator[Ligne]:
    for one in session.candidats:
        yield from one.avant["attestation"]
        for rang, (le, attestation) in enumerate(one.attestations, 1):
            yield session.depot(
                one, le, one.lui, piece=f"attestation-{rang}", nature="attestation_experience", attestation=attestation
            )
        yield from one.apres["attestation"]
        if one.individuel and one.formation_attestee:
            yield session.depot(one, "2025-11-14T10:00:00+01:00", one.lui, piece="formation", nature="preuve_formation")


def _pfmp(session: Session, montre: Montre) -> Iterator[Ligne]:
    for one in session.candidats:
        if one.compose and not one.individuel:
            yield session.depot(one, montre.suivant(), one.chef, piece="pfmp", nature="attestation_pfmp")


def _non_convoques(session: Session) -> Iterator[Ligne]:
    refuse = next(one for one in session.candidats if one.ferme)
    yield refuse.ligne("inscription.affecter_centre", "2026-04-07T08:00:00+02:00", centre=refuse.centre)
    yield refuse.ligne(
        "inscription.emettre_convocation", "2026-04-07T08:10:00+02:00", date="2026-05-18T08:00:00+02:00",
        refus_attendu="CAP26-P01",
    )  # fmt: skip


def _evaluation(session: Session) -> None:
    ccf = session.grilles(CCF, ("EP1.S1", "EP1.S2", "EP2", "EP3.S2"), "ccf", Montre("2026-01-15", 240))
    session.faire("Contrôle en cours de formation : EP1, EP2, EP3", "50-ccf.jsonl", ccf)
    session.faire("Code et conduite", "51-conduite.jsonl", session.conduites(Montre("2026-04-13", 300)))
    lots = []
    for rang, epreuve in enumerate(("UG1", "UG2", "UG3", "UG4")):
        le = f"2026-06-0{rang + 1}T16:00:00+02:00"
        lots += session.bordereaux(52 + rang, CCF, epreuve, "contrôle en cours de formation", le)
    ponctuel = session.grilles(PONCTUEL, ("EP1.S1", "EP1.S2"), "ponctuel", Montre("2026-05-18", 600))
    facultatives = session.facultatives(Montre("2026-06-02", 600))
    session.faire("Épreuves ponctuelles : EP1 et facultatives", "60-ponctuel.jsonl", chain(ponctuel, facultatives))
    for rang, epreuve in enumerate(("EP2", "EP3.S2", "UG1", "UG2", "UG3", "UG4")):
        le = f"2026-06-{10 + rang // 2}T17:00:00+02:00"
        extension = "xlsx" if epreuve == "UG2" else "csv"
        lots += session.bordereaux(61 + rang, PONCTUEL, epreuve, "forme ponctuelle", le, format=extension)
    session.faire(
        "Absences justifiées, notes tardives, doubles saisies", "70-verifications.jsonl", _verifications(session, lots)
    )
    clotures = session.clotures(lots, Montre("2026-06-22", 300))
    corrections = chain.from_iterable(one.apres["correction"] for one in session.candidats)
    session.faire("Clôture des bordereaux et harmonisation", "71-clotures.jsonl", chain(clotures, corrections))
    session.faire("Résultats arrêtés", "72-resultats.jsonl", session.arrets(Montre("2026-06-24", 60)))


def _verifications(session: Session, lots: list[str]) -> Iterator[Ligne | str]:
    for one in session.candidats:
        yield from one.apres["tardif"]
        yield from one.apres["justification"]
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


def _membres(rang: int) -> list[Ligne]:
    return [
        {"id": f"PRO-{rang}1", "profil": "professionnel", "public": False},
        {"id": f"PRO-{rang}2", "profil": "professionnel", "public": False},
        {"id": f"ENS-{rang}1", "profil": "enseignant_specialite"},
        {"id": f"ENS-{rang}2", "profil": "enseignant_specialite"},
    ]


def _constituer(jury: str, rang: int, choisis: list[Candidat], le: str) -> Ligne:
    return {
        "commande": "deliberation.constituer_jury", "le": le, "jury": jury, "arrete": f"arrêté rectoral 2026-21{rang}",
        "membres": _membres(rang), "president": f"PRO-{rang}1", "vice_president": f"ENS-{rang}1",
        "candidats": [one.numero for one in choisis], "par": "recteur",
    }  # fmt: skip


def _presences(jury: str, membres: tuple[str, ...], montre: Montre) -> Iterator[Ligne]:
    for membre in membres:
        yield {
            "commande": "deliberation.attester_presence", "le": montre.suivant(), "jury": jury, "membre": membre,
            "par": "gestionnaire",
        }  # fmt: skip


def _jury_1(session: Session, choisis: list[Candidat]) -> None:
    """Une nomination sans parité refusée, une récusation, une clôture demandée trop tôt."""
    montre, preside = Montre("2026-07-02", 30), acteur("PRO-11", "president_jury", "jury:J1")
    nomme = _constituer("J1", 1, choisis, "2026-06-25T09:00:00+02:00")
    sans_parite = {**nomme, "membres": nomme["membres"][:3], "refus_attendu": "DC-CAP22"}
    enseignant = {**nomme, "president": "ENS-12", "refus_attendu": "CAP24-D01"}
    ordre = {"jury": "J1", "par": preside}
    lignes: list[Ligne | str] = [
        "Le président est un professionnel ; enseignants et professionnels sont à égalité.",
        sans_parite,
        enseignant,
        nomme,
        *chain.from_iterable(one.avant["recusation"] for one in choisis),
        {"commande": "deliberation.ouvrir_jury", "le": montre.suivant(), **ordre, "refus_attendu": "CAP24-D01"},
        *_presences("J1", ("PRO-11", "PRO-12", "ENS-11"), montre),  # ENS-12 est absent : le jury délibère quand même
        {"commande": "deliberation.ouvrir_jury", "le": montre.suivant(), **ordre},
        {"commande": "deliberation.clore_jury", "le": montre.suivant(), **ordre, "refus_attendu": "JURY_INCOMPLET"},
        *session.delibere("J1", preside, choisis, montre),
        {"commande": "deliberation.clore_jury", "le": montre.suivant(), **ordre},
    ]
    session.faire("Jury J1 : délibération", "80-jury-j1.jsonl", lignes)


def _jury_2(session: Session, choisis: list[Candidat]) -> None:
    """Le président, appelé au milieu de la séance, est suppléé par le vice-président."""
    montre = Montre("2026-07-02", 30)
    preside = acteur("PRO-21", "president_jury", "jury:J2")
    supplee = acteur("ENS-21", "president_jury", "jury:J2")
    milieu = len(choisis) // 2
    lignes: list[Ligne | str] = [
        _constituer("J2", 2, choisis, "2026-06-25T10:00:00+02:00"),
        *_presences("J2", ("PRO-21", "PRO-22", "ENS-21", "ENS-22"), montre),
        {"commande": "deliberation.ouvrir_jury", "le": montre.suivant(), "jury": "J2", "par": preside},
        *session.delibere("J2", preside, choisis[:milieu], montre),
        "Le président doit partir : le vice-président le supplée, et lui seul ordonne désormais.",
        {
            "commande": "deliberation.transmettre_presidence", "le": montre.suivant(), "jury": "J2", "par": preside,
            "motif": "président appelé d'urgence dans son entreprise",
        },
        {
            "commande": "deliberation.prendre_decision", "le": montre.suivant(), "jury": "J2", "par": preside,
            "candidat": choisis[milieu].numero, "refus_attendu": "CAP24-D01",
        },
        *session.delibere("J2", supplee, choisis[milieu:], montre),
        {"commande": "deliberation.clore_jury", "le": montre.suivant(), "jury": "J2", "par": supplee},
    ]  # fmt: skip
    session.faire("Jury J2 : délibération", "81-jury-j2.jsonl", lignes)


def _publication(session: Session) -> None:
    publier = {"commande": "publication.publier_resultats", "par": "gestionnaire"}
    refuse = next(one for one in session.candidats if one.ferme)
    ajourne = session.candidats[6]
    suites: list[Ligne | str] = [
        "Avant l'heure dite, personne ne publie.",
        {**publier, "le": "2026-07-07T09:59:00+02:00", "jury": "J1", "refus_attendu": "EMBARGO"},
        {**publier, "le": "2026-07-07T10:00:00+02:00", "jury": "J1"},
        {**publier, "le": "2026-07-07T10:01:00+02:00", "jury": "J2"},
        ATTENDRE,
        refuse.ligne("publication.editer_releve", "2026-07-07T11:00:00+02:00", jury="J2", refus_attendu="CAP26-P01"),
        ajourne.ligne(
            "publication.delivrer_diplome", "2026-07-07T11:01:00+02:00", "recteur", jury="J1", refus_attendu="NON_ADMIS"
        ),
        *chain.from_iterable(one.apres["remplacement"] for one in session.candidats),
    ]
    session.faire("Publication, relevés, diplômes, remplacements", "90-publication.jsonl", suites)


# Lignes de candidats -----------------------------------------------------------------------------------------------


def _recapitulatif(session: Session, one: Candidat, le: str, signataires: list[str]) -> Ligne:
    """Le récapitulatif déposé de nouveau, signé de tous."""
    return session.depot(
        one, le, one.chef, piece="recapitulatif-2", nature="recapitulatif_pfmp", signataires=signataires
    )


def _jugee(one: Candidat, motif: str) -> None:
    one.avant["controle"].append(
        one.ligne(
            "conformite.juger_piece",
            "2025-11-27T10:00:00+01:00",
            piece="attestation-1",
            verdict="conforme",
            motif=motif,
        )
    )


def _benefice(one: Candidat, epreuve: str, note: str, origine: str, **autrement: Any) -> Ligne:
    return one.ligne(
        "inscription.accorder_benefice", "2025-12-15T09:00:00+01:00", epreuve=epreuve, note=note,
        session_origine=origine, **autrement,
    )  # fmt: skip


def _justifiee(one: Candidat, epreuve: str, motif: str) -> None:
    one.apres["justification"].append(
        one.ligne("notation.justifier_absence", "2026-06-16T09:00:00+02:00", epreuve=epreuve, motif=motif)
    )


def _remplacement(one: Candidat, le: str, epreuves: list[str], depot: str = "normandie", **autrement: Any) -> Ligne:
    return one.ligne(
        "inscription.demander_remplacement", le, "recteur", epreuves=epreuves, academie_depot=depot, **autrement
    )
