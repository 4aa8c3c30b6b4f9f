"""Sessions, commandes et faits dont les specs de l'inscription partent."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from contracts.commandes.inscription import InscrireCandidat
from contracts.droits import Role
from contracts.evenements.inscription import (
    AutorisationEnregistree,
    CandidatInscrit,
    CentreAffecte,
    DispenseAccordee,
    PersonneLiberee,
    PersonneReservee,
    SessionOuverte,
)
from contracts.messages import Acteur, Event, Personnel
from contracts.reglement import Reglement, load_all
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Identite, Mode, Parametres, TypeCentre, Valeurs
from services.communs.testing import fait_du_journal
from services.inscription.domain import candidature, personne
from services.inscription.domain.candidature import Candidature
from services.inscription.domain.empreinte import empreinte_personne
from services.inscription.domain.personne import Personne
from services.inscription.domain.session_examen import Centre
from services.socle.enveloppe import Fact

REGLEMENTS = load_all()
R2026, R2024 = REGLEMENTS["CAP-OSRCL-2026"], REGLEMENTS["CAP-OSRCL-2024"]
R2025 = R2024.model_copy(update={"id": "CAP-OSRCL-2025", "session": "2025"})

LE = datetime(2025, 11, 3, 9, tzinfo=UTC)
NUMERO, AUTRE = "2600000001", "2600000002"
LYCEE, CFA = "0760110F", "0761234A"
SECRET = b"secret de test, jamais en service"

PARAMETRES = Parametres(
    premiere_epreuve=date(2026, 5, 18),
    cloture_inscriptions=date(2025, 11, 21),
    limite_attestation=date(2025, 11, 28),
    remise_supports=date(2026, 4, 30),
    remontee_ccf=date(2026, 6, 12),
    jury_le=date(2026, 7, 1),
    publication=datetime(2026, 7, 3, 8, tzinfo=UTC),
)
VALEURS = Valeurs(
    coefficients={"EP1": Decimal(6), "EP2": Decimal(4), "EP3": Decimal(3)},
    poids={"EP1.S1": Decimal(2), "EP1.S2": Decimal(1)},
    reference="valeurs de démonstration, sans texte",
    demonstration=True,
)
S2026 = SessionFigee("normandie", R2026, PARAMETRES, VALEURS)
S2024 = SessionFigee("normandie", R2024, PARAMETRES, VALEURS)
S2025 = SessionFigee("normandie", R2025, PARAMETRES, VALEURS)

IDENTITE = Identite(nom="LEMOINE", prenoms="Zoé Marie", naissance=date(2004, 3, 12), lieu_naissance="Rouen")
EMPREINTE = empreinte_personne(IDENTITE, SECRET)

PRINCIPAL = Centre(LYCEE, TypeCentre.PRINCIPAL)
ANNEXE = Centre(CFA, TypeCentre.ANNEXE, "arrêté 2025-41")


def qui(role: Role = Role.GESTIONNAIRE, le: datetime = LE, session: str = "2026") -> dict[str, Any]:
    """L'enveloppe d'une commande."""
    par = Acteur(id="agent-1", role=role, academie="normandie", portee=(f"candidat:{NUMERO}",))
    return {"le": le, "par": par, "session": session, "diplome": "cap_osrcl"}


QUI = qui()


def ne_le(naissance: date, **autres: Any) -> Identite:
    return IDENTITE.model_copy(update={"naissance": naissance, **autres})


def inscription(categorie: Categorie = Categorie.INDIVIDUEL, **autres: Any) -> InscrireCandidat:
    champs = {"candidat": NUMERO, "identite": IDENTITE, "categorie": categorie, **QUI, **autres}
    return InscrireCandidat.model_validate(champs)


def modes(mode: Mode = Mode.PONCTUEL, *facultatives: str, **autres: Mode) -> dict[str, Mode]:
    """Le mode de chaque épreuve obligatoire, et des facultatives, toujours ponctuelles."""
    obligatoires = {code: mode for code, epreuve in R2026.epreuves.items() if epreuve.obligatoire}
    return {**obligatoires, **dict.fromkeys(facultatives, Mode.PONCTUEL), **autres}


def inscrit(categorie: Categorie = Categorie.INDIVIDUEL, **autres: Any) -> CandidatInscrit:
    """Le fait, identité en clair comme à l'instant de la décision."""
    champs: dict[str, Any] = {
        "candidat": NUMERO,
        "identite": Personnel[Identite](clair=IDENTITE),
        "categorie": categorie,
        "majeur": True,
        "modes": modes(),
        "reglement": R2026.id,
        "personne": EMPREINTE,
        **autres,
    }
    return CandidatInscrit(**champs)


def reservee(candidat: str = NUMERO, diplome: str = "cap_osrcl", **autres: Any) -> PersonneReservee:
    famille = R2026.documents.intitule_diplome
    return PersonneReservee(**{"candidat": candidat, "diplome": diplome, "famille": famille, **autres})


def autorise(autorise: bool = True, regle: str = "CAP26-I03") -> AutorisationEnregistree:
    return AutorisationEnregistree(candidat=NUMERO, autorise=autorise, regle=regle)


AFFECTE = CentreAffecte(candidat=NUMERO, centre=LYCEE, type=TypeCentre.PRINCIPAL, regle="CAP24-G06")
PERMIS = DispenseAccordee(
    candidat=NUMERO,
    epreuve="EP3",
    situation="S1",
    regle="CAP24-I04",
    motif="titulaire du permis de conduire de catégorie B",
)


def ouverte(reglement: Reglement = R2026, **autres: Any) -> SessionOuverte:
    champs: dict[str, Any] = {
        "reglement": reglement.id,
        "version": reglement.version,
        "empreinte": reglement.empreinte,
        "parametres": PARAMETRES,
        **autres,
    }
    return SessionOuverte(**champs)


@dataclass(frozen=True)
class Ensemble:
    """Des candidatures et une personne : l'état des ordres qui touchent aux deux."""

    candidatures: dict[str, Candidature] = field(default_factory=dict)
    personne: Personne = personne.initial

    def __getitem__(self, numero: str) -> Candidature:
        return self.candidatures.get(numero, candidature.initial)


def evolve_ensemble(ensemble: Ensemble, event: Any) -> Ensemble:
    if isinstance(event, (PersonneReservee, PersonneLiberee)):
        return replace(ensemble, personne=personne.evolve(ensemble.personne, event))
    suivante = candidature.evolve(ensemble[event.candidat], event)
    return replace(ensemble, candidatures={**ensemble.candidatures, event.candidat: suivante})


def fait(event: Event, agregat: str, seq: int = 1, le: datetime = LE) -> Fact:
    """Un fait tel que le journal le rend."""
    return fait_du_journal(event, seq, academie="normandie", le=le, acteur="agent-1", agregat=agregat, rang=seq)
