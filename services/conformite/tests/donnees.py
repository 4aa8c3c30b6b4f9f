"""What the specs of a dossier start from: sessions, candidates, attestations."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import cache, partial
from typing import Any
from zoneinfo import ZoneInfo

from contracts.commandes.conformite import (
    ArreterSupports,
    ConclureVerification,
    ControlerDossier,
    DeposerPiece,
    JugerPiece,
    OuvrirDossier,
    SignalerDoute,
)
from contracts.evenements.conformite import DossierDeclareNonConforme, PieceJugee, RegularisationDemandee
from contracts.messages import Acteur
from contracts.reglement import Experience, Reglement, load_all
from contracts.session import SessionFigee
from contracts.vocabulaire import (
    Attestation,
    Categorie,
    Entreprise,
    Explication,
    NaturePeriode,
    NaturePiece,
    Parametres,
    Periode,
)
from services.conformite.domain.dossier import DossierCommand, decide, evolve, initial
from services.conformite.domain.etats import DossierEvent, Etat
from services.socle.spec import Given, Spec

ALICE = "N2600001"
PARIS = ZoneInfo("Europe/Paris")
SERVICE = Acteur(id="g.durand", role="gestionnaire", academie="rouen")
COMMISSION = Acteur(id="c.lot12", role="commission", academie="rouen", portee=("lot:L12",))
SYSTEME = Acteur(id="systeme:conformite", role="systeme", academie="rouen")
NOVEMBRE = datetime(2025, 11, 20, 9, 0, tzinfo=PARIS)
LIMITE = datetime(2025, 11, 28, 23, 59, 59, tzinfo=PARIS)
DECEMBRE = datetime(2025, 12, 8, 9, 0, tzinfo=PARIS)
AVRIL = datetime(2026, 4, 20, 9, 0, tzinfo=PARIS)
MAI = datetime(2026, 5, 4, 9, 0, tzinfo=PARIS)
LUNDI = date(2025, 3, 3)
ENVELOPPE: dict[str, Any] = {"session": "2026", "diplome": "cap_osrcl"}


@cache
def reglement(identifiant: str = "CAP-OSRCL-2026") -> Reglement:
    return load_all()[identifiant]


def session(identifiant: str = "CAP-OSRCL-2026", **parametres: Any) -> SessionFigee:
    choisis: dict[str, Any] = {
        "premiere_epreuve": date(2026, 5, 18),
        "cloture_inscriptions": date(2025, 11, 21),
        "limite_attestation": date(2025, 11, 28),
        "remise_supports": date(2026, 4, 30),
        "remontee_ccf": date(2026, 6, 12),
        "jury_le": date(2026, 7, 1),
        "publication": datetime(2026, 7, 3, 8, 0, tzinfo=UTC),
    }
    return SessionFigee("rouen", reglement(identifiant), Parametres(**{**choisis, **parametres}))


def experience() -> Experience:
    found = reglement().experience
    assert found is not None
    return found


def spec(une: SessionFigee | None = None) -> Spec[Etat]:
    return Spec(partial(decide, session=une or session()), evolve, initial)


# Orders -----------------------------------------------------------------------------------------------------------


def ouvrir(
    categorie: Categorie = Categorie.INDIVIDUEL,
    *,
    majeur: bool = True,
    formation_attestee: bool = False,
    reglement_id: str = "CAP-OSRCL-2026",
    le: datetime = NOVEMBRE,
) -> OuvrirDossier:
    return OuvrirDossier(
        le=le,
        par=SYSTEME,
        candidat=ALICE,
        categorie=categorie,
        majeur=majeur,
        reglement=reglement_id,
        formation_attestee=formation_attestee,
        **ENVELOPPE,
    )


def deposer(
    piece: str = "A1",
    *attestees: Periode,
    nature: NaturePiece = NaturePiece.ATTESTATION_EXPERIENCE,
    depose_le: datetime = NOVEMBRE,
    le: datetime | None = None,
    contenu: Attestation | None = None,
    signataires: tuple[str, ...] = (),
    par: Acteur = SERVICE,
    empreinte: str = "",
) -> DeposerPiece:
    if contenu is None and attestees:
        contenu = attestation(*attestees)
    return DeposerPiece(
        le=le or depose_le,
        par=par,
        candidat=ALICE,
        piece=piece,
        nature=nature,
        depose_le=depose_le,
        attestation=contenu,
        signataires=signataires,
        empreinte=empreinte,
        **ENVELOPPE,
    )


def juger(piece: str, verdict: Any, motif: str = "vérifié sur pièces", le: datetime = DECEMBRE) -> JugerPiece:
    return JugerPiece(le=le, par=SERVICE, candidat=ALICE, piece=piece, verdict=verdict, motif=motif, **ENVELOPPE)


def controler(le: datetime = DECEMBRE) -> ControlerDossier:
    return ControlerDossier(le=le, par=SERVICE, candidat=ALICE, **ENVELOPPE)


def arreter(le: datetime = MAI) -> ArreterSupports:
    return ArreterSupports(le=le, par=SERVICE, candidat=ALICE, **ENVELOPPE)


def douter(motif: str = "cachet illisible") -> SignalerDoute:
    return SignalerDoute(le=MAI, par=COMMISSION, candidat=ALICE, motif=motif, **ENVELOPPE)


def conclure(conforme: bool, motif: str = "entreprise jointe") -> ConclureVerification:
    return ConclureVerification(le=MAI, par=SERVICE, candidat=ALICE, conforme=conforme, motif=motif, **ENVELOPPE)


# Attestations -----------------------------------------------------------------------------------------------------


def semaines(
    nombre: int,
    heures: str = "35",
    *,
    debut: date = LUNDI,
    annoncees: str | None = None,
    nature: NaturePeriode = NaturePeriode.STAGE,
) -> Periode:
    """That many whole weeks, Monday to Friday."""
    return du_au(
        debut, debut + timedelta(days=7 * nombre - 3), heures, annoncees=annoncees or str(nombre), nature=nature
    )


def du_au(
    debut: date,
    fin: date,
    heures: str = "35",
    *,
    annoncees: str | None = None,
    nature: NaturePeriode = NaturePeriode.STAGE,
) -> Periode:
    return Periode(
        nature=nature,
        debut=debut,
        fin=fin,
        semaines_annoncees=None if annoncees is None else Decimal(annoncees),
        heures_hebdomadaires=Decimal(heures),
    )


ENTREPRISE = Entreprise(
    type="SARL",
    denomination="Livraisons du Cailly",
    adresse="12 rue du Port",
    code_postal="76000",
    ville="Rouen",
    activite="Livraison à domicile",
    siret="12345678900011",
)


def attestation(*attestees: Periode, entreprise: Entreprise | None = None, **champs: Any) -> Attestation:
    choisis: dict[str, Any] = {
        "entreprise": entreprise or ENTREPRISE,
        "periodes": attestees or (semaines(14),),
        "signataire_fonction": "gérante",
        "fait_a": "Rouen",
        "fait_le": date(2025, 11, 14),
        "activites": ("relation client", "livraison"),
    }
    return Attestation(**{**choisis, **champs})


def entreprise(**champs: str) -> Entreprise:
    return ENTREPRISE.model_copy(update=champs)


# Histories --------------------------------------------------------------------------------------------------------


def histoire(*commands: DossierCommand, une: SessionFigee | None = None) -> list[DossierEvent]:
    """The events that these orders leave, one after the other."""
    etat, events = initial, []
    for command in commands:
        for event in decide(command, etat, une or session()):
            etat = evolve(etat, event)
            events.append(event)
    return events


def apres(*commands: DossierCommand, une: SessionFigee | None = None) -> Given[Etat]:
    """A dossier where these orders were given."""
    return spec(une).given(histoire(*commands, une=une))


def jugee(events: Iterable[object]) -> PieceJugee:
    """The last verdict."""
    return [event for event in events if isinstance(event, PieceJugee)][-1]


def regularisation(events: Iterable[object]) -> RegularisationDemandee:
    [une] = [event for event in events if isinstance(event, RegularisationDemandee)]
    return une


def refus_de(*commands: DossierCommand, une: SessionFigee | None = None, le: datetime = DECEMBRE) -> Any:
    """The non-authorisation that a control made after these orders pronounces."""
    [event] = apres(*commands, une=une).when(controler(le)).then_kinds(DossierDeclareNonConforme)
    return event


def clause(explications: Iterable[Explication], regle: str) -> Explication:
    """The first clause of this rule, at any depth."""
    found = _chercher(explications, regle)
    assert found is not None, f"aucune clause {regle}"
    return found


def _chercher(explications: Iterable[Explication], regle: str) -> Explication | None:
    for une in explications:
        found = une if une.regle == regle else _chercher(une.details, regle)
        if found:
            return found
    return None
