"""What the specs of a control start from: the sessions of three diplomas, their dossiers, their attestations."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

from contracts.commandes.conformite import (
    AutoriserDureeReduite,
    ConclureVerification,
    DispenserPieces,
    OuvrirDossier,
    RetablirPieces,
    SignalerDoute,
)
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, CauseReduction, Contenu, NaturePiece, Parametres, Periode
from services.conformite.domain.dossier import DossierCommand, decide, evolve, initial
from services.conformite.domain.etats import DossierEvent, Etat
from services.conformite.tests import donnees
from services.conformite.tests.donnees import ALICE, COMMISSION, PARIS, SERVICE, SYSTEME, attestation, entreprise
from services.socle.spec import Given, Spec

REMISE = date(2022, 4, 15)
AVANT = datetime(2022, 4, 1, 10, 0, tzinfo=PARIS)
DERNIER_JOUR = datetime(2022, 4, 15, 23, 59, 59, tzinfo=PARIS)
LENDEMAIN = datetime(2022, 4, 16, 0, 0, 1, tzinfo=PARIS)
APRES = datetime(2022, 4, 20, 9, 0, tzinfo=PARIS)
JOUR_J = datetime(2022, 5, 18, 16, 0, tzinfo=PARIS)
LUNDI = date(2021, 5, 3)
PARAMETRES: dict[str, Any] = {
    "premiere_epreuve": date(2022, 5, 16),
    "cloture_inscriptions": date(2021, 11, 20),
    "remise_supports": date(2022, 4, 29),
    "remise_dossiers": REMISE,
    "remontee_ccf": date(2022, 6, 10),
    "jury_le": date(2022, 7, 4),
    "publication": datetime(2022, 7, 6, 8, 0, tzinfo=UTC),
}


def session_de(identifiant: str, **parametres: Any) -> SessionFigee:
    return SessionFigee("rouen", donnees.reglement(identifiant), Parametres(**{**PARAMETRES, **parametres}))


def ouvrir(
    reglement: str,
    categorie: Categorie,
    *,
    unites: tuple[str, ...] = (),
    facultatives: tuple[str, ...] = (),
    modes: dict[str, Any] | None = None,
) -> OuvrirDossier:
    return OuvrirDossier(
        le=AVANT - timedelta(days=120),
        par=SYSTEME,
        candidat=ALICE,
        categorie=categorie,
        majeur=True,
        reglement=reglement,
        unites=unites,
        facultatives=facultatives,
        modes=modes or {},
        **donnees.ENVELOPPE,
    )


def deposer(
    piece: str,
    nature: NaturePiece,
    *,
    contenu: Contenu | None = None,
    depose_le: datetime = AVANT,
    **champs: Any,
) -> Any:
    command = donnees.deposer(piece, nature=nature, depose_le=depose_le, **champs)
    return command.model_copy(update={"contenu": contenu})


def semaines(nombre: int, debut: date = LUNDI, heures: str = "35", jours: int = 0) -> Periode:
    """That many whole weeks, Monday to Friday, then ``jours`` working days of the next one."""
    fin = debut + timedelta(days=7 * nombre - 3 if not jours else 7 * nombre + jours - 1)
    return donnees.du_au(debut, fin, heures)


def attester(
    piece: str,
    *periodes: Periode,
    nature: NaturePiece = NaturePiece.ATTESTATION_STAGE,
    activite: str = "Relation client",
    depose_le: datetime = AVANT,
    siret: str = "12345678900011",
    **champs: Any,
) -> Any:
    contenu = attestation(*periodes, entreprise=entreprise(activite=activite, siret=siret), **champs)
    return donnees.deposer(piece, nature=nature, contenu=contenu, depose_le=depose_le)


def controler(le: datetime = APRES) -> Any:
    return donnees.controler(le)


def dispenser(epreuve: str) -> DispenserPieces:
    return DispenserPieces(le=AVANT, par=SYSTEME, candidat=ALICE, epreuve=epreuve, regle="BTS-I03", **donnees.ENVELOPPE)


def retablir(epreuve: str) -> RetablirPieces:
    return RetablirPieces(le=AVANT, par=SYSTEME, candidat=ALICE, epreuve=epreuve, **donnees.ENVELOPPE)


def reduire(cause: CauseReduction, le: datetime = AVANT) -> AutoriserDureeReduite:
    motif = "décision du 3 octobre"
    return AutoriserDureeReduite(le=le, par=SERVICE, candidat=ALICE, cause=cause, motif=motif, **donnees.ENVELOPPE)


def douter(epreuve: str | None, motif: str = "attestation douteuse", le: datetime = JOUR_J) -> SignalerDoute:
    return SignalerDoute(le=le, par=COMMISSION, candidat=ALICE, motif=motif, epreuve=epreuve, **donnees.ENVELOPPE)


def conclure(conforme: bool, epreuve: str | None, motif: str = "entreprise jointe") -> ConclureVerification:
    return ConclureVerification(
        le=JOUR_J, par=SERVICE, candidat=ALICE, conforme=conforme, motif=motif, epreuve=epreuve, **donnees.ENVELOPPE
    )


# What comes out ---------------------------------------------------------------------------------------------------


class Cadre:
    """The specs of one session."""

    def __init__(self, session: SessionFigee) -> None:
        self.session = session
        self._spec = Spec[Etat](partial(decide, session=session), evolve, initial)

    def histoire(self, *commands: DossierCommand) -> list[DossierEvent]:
        return donnees.histoire(*commands, une=self.session)

    def apres(self, *commands: DossierCommand) -> Given[Etat]:
        return self._spec.given(self.histoire(*commands))

    def decisions(self, *commands: DossierCommand, le: datetime = APRES) -> dict[str, Any]:
        """The decision of each épreuve once controlled; that of the exam under ``examen``."""
        decisions = (DossierDeclareConforme, DossierDeclareNonConforme)
        events = [one for one in self.histoire(*commands, controler(le)) if isinstance(one, decisions)]
        return {epreuve: one for one in events for epreuve in one.epreuves or ("examen",)}

    def conforme(self, epreuve: str, *commands: DossierCommand, le: datetime = APRES) -> DossierDeclareConforme:
        found = self.decisions(*commands, le=le)[epreuve]
        assert isinstance(found, DossierDeclareConforme), found
        return found

    def refus(self, epreuve: str, *commands: DossierCommand, le: datetime = APRES) -> DossierDeclareNonConforme:
        found = self.decisions(*commands, le=le)[epreuve]
        assert isinstance(found, DossierDeclareNonConforme), found
        return found


# The BTS ----------------------------------------------------------------------------------------------------------

BTS = "BTS-NDRC-2022"
FICHES_E4 = ("negociation_vente", "evenement_commercial")
FICHES_E6 = ("distributeurs", "partenaires", "vente_directe")


def etudiant(**champs: Any) -> OuvrirDossier:
    return ouvrir(BTS, Categorie.SCOLAIRE_PUBLIC, **champs)


def dossier_e4(depose_le: datetime = AVANT, **contenu: Any) -> Any:
    choisi: dict[str, Any] = {"fiches": FICHES_E4, "annexes": 2}
    return deposer("E4", NaturePiece.DOSSIER_E4, contenu=Contenu(**{**choisi, **contenu}), depose_le=depose_le)


def dossier_e6(depose_le: datetime = AVANT, **contenu: Any) -> Any:
    choisi: dict[str, Any] = {"fiches": FICHES_E6, "etude": True, "experience_reelle": True}
    return deposer("E6", NaturePiece.DOSSIER_E6, contenu=Contenu(**{**choisi, **contenu}), depose_le=depose_le)


STAGE = attester("A1", semaines(16))
HEURES = Decimal(35)
