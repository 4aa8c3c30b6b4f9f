"""What the specs of the other diplomas start from: their sessions, and published results of each kind."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from contracts.evenements.deliberation import Ligne
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Parametres
from services.publication.documents.attestation import donnees_attestation
from services.publication.documents.donnees import DonneesDiplome, donnees_diplome
from services.publication.documents.releve import DonneesReleveV2, donnees_releve_v2
from services.publication.documents.rendu import rendre
from services.publication.domain.edition import Edition
from services.publication.domain.resultat import ResultatPublie
from services.publication.tests.donnees import ALICE, IDENTITE, PARIS, reglement

BTS, MC, TP = "BTS-NDRC-2022", "MC-ACVD", "TP-CRCD-2021"
Etat = EtatResultat


def session(identifiant: str, annee: int = 2022, academie: str = "normandie", **autres: Any) -> SessionFigee:
    """An open session of this règlement."""
    parametres = Parametres(
        premiere_epreuve=date(annee, 5, 16),
        cloture_inscriptions=date(annee - 1, 11, 20),
        remise_supports=date(annee, 4, 29),
        remontee_ccf=date(annee, 6, 10),
        jury_le=date(annee, 6, 24),
        publication=publie_le(annee),
        **autres,
    )
    return SessionFigee(academie, reglement(identifiant), parametres, None)


def publie_le(annee: int) -> datetime:
    return datetime(annee, 7, 5, 10, 0, tzinfo=PARIS)


def ligne(identifiant: str, code: str, note: str | None = None, etat: Etat = Etat.NOTE, **autres: Any) -> Ligne:
    """A line as the jury saw it; points follow from the mark and the coefficient, for an obligatory unit."""
    epreuve = reglement(identifiant).epreuves[code]
    notee = note is not None and not epreuve.acquise_ou_non
    coefficient = epreuve.coefficient if epreuve.obligatoire and not epreuve.acquise_ou_non else None
    points = Decimal(note) * Decimal(str(coefficient)) if notee and note is not None and coefficient else None
    valeurs: dict[str, Any] = {
        "epreuve": code,
        "intitule": epreuve.intitule,
        "domaine": epreuve.domaine,
        "etat": etat,
        "note": note,
        "coefficient": coefficient,
        "points": points,
    }
    return Ligne(**valeurs | autres)


def bts(**autres: Any) -> ResultatPublie:
    """CL-063's kind: six marks, E5 in two halves, LV2 at 12."""
    lignes = (
        ligne(BTS, "E1", "9.5"),
        ligne(BTS, "E2", "10"),
        ligne(BTS, "E3", "10"),
        ligne(BTS, "E4", "10"),
        ligne(BTS, "E5", "10", situations={"S1": "9", "S2": "11"}),
        ligne(BTS, "E6", "10"),
        ligne(BTS, "EF1", "12", points=Decimal(2)),
        ligne(BTS, "EF2", None, Etat.NON_TENUE),
    )
    valeurs = {"lignes": lignes, "points": "210.5", "coefficients": "21", "moyenne": "10.02"}
    return publie(2022, **valeurs | autres)


def remplacer(resultat: ResultatPublie, *lignes: Ligne, **autres: Any) -> ResultatPublie:
    """The same result with these lines instead of those of the same épreuve."""
    neuves = {one.epreuve: one for one in lignes}
    champs = {champ: getattr(resultat, champ) for champ in resultat.__dataclass_fields__}
    suivies = tuple(neuves.get(one.epreuve, one) for one in resultat.lignes)
    return ResultatPublie(**{**champs, "lignes": suivies, **autres})


def bts_non_valide(etat: Etat = Etat.NON_VALIDE, decision: Decision = Decision.REFUSE) -> ResultatPublie:
    """E4 has this state; what the jury was given still has its frozen 13, whose place is nowhere else."""
    gelee = ligne(BTS, "E4", "13.75", etat, controle=Decimal("13.75"), note_exacte="55/4", situations={"S1": "13.75"})
    return remplacer(bts(), gelee, decision=decision, points="229.25", moyenne="10.91", unites=("E2", "E3", "E5", "E6"))


def bts_controle() -> ResultatPublie:
    """CL-069: 6, 9, 9, 11, 10, 10, then orals of E1 at 12 and of E2 at 7."""
    lignes = (
        ligne(BTS, "E1", "6", controle=Decimal(12), points=Decimal(36)),
        ligne(BTS, "E2", "9", controle=Decimal(7)),
        ligne(BTS, "E3", "9"),
        ligne(BTS, "E4", "11"),
        ligne(BTS, "E5", "10", situations={"S1": "10", "S2": "10"}),
        ligne(BTS, "E6", "10"),
    )
    return publie(
        2022, lignes=lignes, points="215", coefficients="21", moyenne="10.23", moyenne_professionnelle="10.41"
    )


def mc(annee: int = 2025, **autres: Any) -> ResultatPublie:
    """Three units, E2 in CCF at 32/3."""
    lignes = (
        ligne(MC, "E1", "12"),
        ligne(
            MC, "E2", "10.66", note_exacte="32/3", points=Decimal(32), situations={"S1": "8", "S2": "12", "S3": "11"}
        ),
        ligne(MC, "E3", "11"),
    )
    return publie(annee, lignes=lignes, points="103", coefficients="9", moyenne="11.44", **autres)


def tp(decision: Decision = Decision.ADMIS, ccp2: bool = True, **autres: Any) -> ResultatPublie:
    """The titre, or the first CCP alone."""
    acquis = {True: "acquise", False: "non_acquise"}
    lignes = (
        ligne(TP, "CCP1", None, Etat.ACQUISE, situations=dict.fromkeys(("S1", "S2", "S3"), "acquise")),
        ligne(
            TP,
            "CCP2",
            None,
            Etat.ACQUISE if ccp2 else Etat.NON_ACQUISE,
            situations={"S1": "acquise", "S2": "acquise", "S3": acquis[ccp2], "S4": "acquise"},
        ),
        ligne(TP, "EF", None, Etat.ACQUISE),
    )
    unites = ("CCP1", "CCP2") if ccp2 else ("CCP1",)
    return publie(2024, decision=decision, lignes=lignes, unites=unites, **autres)


def publie(annee: int, **autres: Any) -> ResultatPublie:
    valeurs: dict[str, Any] = {
        "candidat": ALICE,
        "academie": "normandie",
        "jury": "J1",
        "publie_le": publie_le(annee),
        "decision": Decision.ADMIS,
    }
    return ResultatPublie(**valeurs | autres)


# Files --------------------------------------------------------------------------------------------------------------


def releve(de: ResultatPublie, ici: SessionFigee, version: int = 1) -> DonneesReleveV2:
    categorie = next(one for one in ici.reglement.categories if one is not Categorie.APPRENTI)
    return donnees_releve_v2(
        de, Edition(f"ESSAI-{ici.annee}-R{version}", version, "releve.v2"), IDENTITE, categorie, ici
    )


def diplome(de: ResultatPublie, ici: SessionFigee) -> DonneesDiplome:
    return donnees_diplome(de, Edition(f"ESSAI-{ici.annee}-D1", 1, "diplome.v2"), IDENTITE, ici)


def attestation(de: ResultatPublie, ici: SessionFigee) -> bytes:
    edition = Edition(f"ESSAI-{ici.annee}-A1", 1, "attestation.v1")
    return rendre(donnees_attestation(de, edition, IDENTITE, ici))
