"""Les candidats de la session 2026 et leurs histoires ; `session_2026.py` leur fait passer l'année."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from candidat import CCF, PONCTUEL, Candidat
from cap_osrcl import CAEN, EVREUX, HAVRE, ROUEN, SessionCap, notes
from ecriture import Ligne
from lycees_2026 import lycee_prive, lycee_public, recapitulatif
from personnes import Employeurs, Personne

ALENCON, GRETA = "0619005E", "0769006F"
GARDE_LE = "2025-12-15T09:00:00+01:00"  # quand les notes conservées sont demandées


@dataclass(frozen=True)
class Groupes:
    """Les candidats, selon la voie par où ils s'inscrivent."""

    publics: list[Candidat]
    prives: list[Candidat]
    apprentis: list[Candidat]
    autres: list[Candidat]
    individuels: list[Candidat]

    @property
    def lycees(self) -> list[Candidat]:
        return [*self.publics, *self.prives]

    @property
    def formations(self) -> list[Candidat]:
        return [*self.apprentis, *self.autres]


def inventer(session: SessionCap, employeurs: Employeurs, de_plus: int, anciens: dict[str, Personne]) -> Groupes:
    """Ceux qui ont une histoire et leurs camarades, puis ``de_plus`` sans histoire."""
    groupes = Groupes(
        publics=lycee_public(session),
        prives=lycee_prive(session),
        apprentis=_apprentis(session),
        autres=_autres_formations(session),
        individuels=_individuels(session, employeurs, anciens),
    )
    for rang in range(de_plus):
        _de_plus(session, employeurs, rang, groupes)
    return groupes


def _apprentis(session: SessionCap) -> list[Candidat]:
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
            one.apres["supports"].append(recapitulatif(session, one, "2026-03-25T10:00:00+01:00", signes))
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


def _autres_formations(session: SessionCap) -> list[Candidat]:
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


def _individuels(session: SessionCap, employeurs: Employeurs, anciens: dict[str, Personne]) -> list[Candidat]:
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
    garde.avant["acquis"].append(garde.benefice(GARDE_LE, "UG1", "11", "2024"))
    ancien = attestant(adulte(), net(long))
    ancien.avant["acquis"].append(ancien.benefice(GARDE_LE, "EP2", "12", "2020", refus_attendu="DC-CAP18"))
    repasse = attestant(adulte(notes("12", "12", "12", "12", "8", "12", "12", "12")), net(long))
    repasse.avant["acquis"] += [
        repasse.benefice(GARDE_LE, "UG1", "11", "2024"),
        repasse.ligne("inscription.abandonner_benefice", "2026-01-06T09:00:00+01:00", epreuve="UG1"),
    ]
    ailleurs = attestant(adulte(), net(long))
    ailleurs.notes.pop("UG2")
    ailleurs.avant["acquis"] += [
        ailleurs.benefice(GARDE_LE, "EP1", "13", "2024", autre_specialite=True, refus_attendu="DC-CAP19"),
        ailleurs.benefice(GARDE_LE, "UG2", "12", "2024", autre_specialite=True),
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


def _de_plus(session: SessionCap, employeurs: Employeurs, rang: int, groupes: Groupes) -> None:
    """Un candidat sans histoire de plus, quand on en demande davantage."""
    publics, prives, apprentis, individuels = groupes.publics, groupes.prives, groupes.apprentis, groupes.individuels
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


# Lignes de candidats -----------------------------------------------------------------------------------------------


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


def _justifiee(one: Candidat, epreuve: str, motif: str) -> None:
    one.apres["justification"].append(one.justification("2026-06-16T09:00:00+02:00", epreuve, motif))


def _remplacement(one: Candidat, le: str, epreuves: list[str], depot: str = "normandie", **autrement: Any) -> Ligne:
    return one.ligne(
        "inscription.demander_remplacement", le, "recteur", epreuves=epreuves, academie_depot=depot, **autrement
    )
