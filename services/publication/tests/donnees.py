"""What the specs of the publication start from: a session, a published result, an identity, facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from functools import cache
from typing import Any

from contracts.evenements.deliberation import DecisionPrise, JuryClos, Ligne
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.publication import (
    DecisionPubliee,
    EffacementAccorde,
    ReclamationClose,
    ReclamationDeposee,
    ReclamationInstruite,
)
from contracts.messages import Acteur, Event, Personnel, Scelle
from contracts.reglement import Reglement, load_all
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Identite, Mode, Parametres, Valeurs
from services.communs.testing import fait_du_journal
from services.publication.domain.resultat import ResultatPublie
from services.socle.enveloppe import Fact

PARIS = timezone(timedelta(hours=2))
EMBARGO = datetime(2026, 7, 7, 10, 0, tzinfo=PARIS)
PUBLIE = datetime(2026, 7, 7, 10, 30, tzinfo=PARIS)
ALICE, BASILE, CELIA, DRISS = "N2600001", "N2600002", "N2600003", "N2600004"
EMPREINTE, AUTRE = "a" * 64, "b" * 64
LIEU = {"academie": "normandie", "session": "2026", "diplome": "cap_osrcl"}

VALEURS = Valeurs(
    coefficients={"EP1": Decimal(4), "EP2": Decimal(3), "EP3": Decimal(3)},
    poids={"EP1.S1": Decimal(2), "EP1.S2": Decimal(1)},
    reference="arrêté du 30 mai 2017, annexe III",
)
IDENTITE = Identite(
    nom="L'Hostis-Guéguen",
    nom_usage="Çelik",
    prenoms="Maëlys Zoé",
    naissance=date(2007, 3, 1),
    lieu_naissance="Le Havre",
    adresse="12 rue des Lilas",
    code_postal="76600",
    ville="Le Havre",
    courriel="maelys@example.org",
    ine="0123456789A",
)


@cache
def reglement(identifiant: str = "CAP-OSRCL-2026") -> Reglement:
    return load_all()[identifiant]


def session(academie: str = "normandie", du: Reglement | None = None, *, demonstration: bool = False) -> SessionFigee:
    parametres = Parametres(
        premiere_epreuve=date(2026, 5, 18),
        cloture_inscriptions=date(2025, 11, 28),
        remise_supports=date(2026, 4, 30),
        remontee_ccf=date(2026, 6, 12),
        jury_le=date(2026, 7, 3),
        publication=EMBARGO,
    )
    valeurs = VALEURS.model_copy(update={"demonstration": demonstration})
    return SessionFigee(academie, du or reglement(), parametres, valeurs)


def qui(role: str = "gestionnaire", academie: str = "normandie", le: datetime = PUBLIE) -> dict[str, Any]:
    """Who orders, when, for which session."""
    par = Acteur(id=f"{role}1", role=role, academie=academie)
    return {"par": par, "le": le, "session": "2026", "diplome": "cap_osrcl"}


def ligne(code: str, note: str | None, coefficient: int | None, **autres: Any) -> Ligne:
    """A line as the jury saw it; points follow from the mark and the coefficient."""
    epreuve = reglement().epreuves[code]
    points = Decimal(note) * coefficient if note is not None and coefficient is not None else None
    valeurs: dict[str, Any] = {
        "epreuve": code,
        "intitule": epreuve.intitule,
        "domaine": epreuve.domaine,
        "etat": EtatResultat.NOTE,
        "note": note,
        "coefficient": coefficient,
        "points": points,
    }
    return Ligne(**valeurs | autres)


LIGNES = (
    ligne("EP1", "12.5", 4, situations={"S1": "13", "S2": "11.50"}),
    ligne("EP2", "0", 3, etat=EtatResultat.ZERO_SUPPORT),
    ligne("EP3", "14", 3, situations={"S1": "favorable", "S2": "14"}),
    ligne("UG1", "11", 3),
    ligne("UG2", None, None, etat=EtatResultat.DISPENSE),
    ligne("UG3", "0", 1, etat=EtatResultat.ABSENT_JUSTIFIE),
    ligne("UG4", "15", 1, etat=EtatResultat.BENEFICE),
    ligne("UF1", "13", None, points=Decimal(3)),
)


def resultat(**autres: Any) -> ResultatPublie:
    """Alice, admitted with a mention, driving favourable; what is named changes."""
    valeurs: dict[str, Any] = {
        "candidat": ALICE,
        "academie": "normandie",
        "jury": "J1",
        "publie_le": PUBLIE,
        "decision": Decision.ADMIS,
        "lignes": LIGNES,
        "mention": "AB",
        "points": "180.5",
        "coefficients": "15",
        "moyenne": "12.03",
        "moyenne_professionnelle": "10.20",
        "permis": EtatResultat.FAVORABLE,
    }
    return ResultatPublie(**valeurs | autres)


def ajourne(**autres: Any) -> ResultatPublie:
    """The same candidate, postponed at 8 (CL-042)."""
    echec = {"decision": Decision.AJOURNE, "mention": None, "points": "120", "moyenne": "8.00"}
    return resultat(**echec | autres)


# What the others say ------------------------------------------------------------------------------------------------


def inscrit(candidat: str = ALICE, **autres: Any) -> CandidatInscrit:
    valeurs: dict[str, Any] = {
        "candidat": candidat,
        "identite": Personnel[Identite](scelle=Scelle(personne=candidat, chiffre="c2VjcmV0")),
        "categorie": Categorie.APPRENTI,
        "majeur": True,
        "modes": {"EP1": Mode.PONCTUEL},
        "reglement": "CAP-OSRCL-2026",
    }
    return CandidatInscrit(**valeurs | autres)


def decidee(de: ResultatPublie | None = None, **autres: Any) -> DecisionPrise:
    """The jury's decision that this result publishes."""
    one = de or resultat()
    valeurs: dict[str, Any] = {
        "jury": one.jury,
        "candidat": one.candidat,
        "decision": one.decision,
        "mention": one.mention,
        "points": one.points,
        "coefficients": one.coefficients,
        "moyenne": one.moyenne,
        "moyenne_professionnelle": one.moyenne_professionnelle,
        "lignes": one.lignes,
        "permis": one.permis,
        "remplacement_possible": one.remplacement_possible,
        "unites": one.unites,
        "epreuves_controle": one.epreuves_controle,
        "journal": "JOURNAL_NORMANDIE_2026",
        "position": 10,
        "reglement": "CAP-OSRCL-2026",
        "regles": ("DC-CAP13",),
        "explication": (),
    }
    return DecisionPrise(**valeurs | autres)


def clos(decisions: dict[str, Decision], jury: str = "J1") -> JuryClos:
    return JuryClos(
        jury=jury,
        decisions=decisions,
        presents=("pro1", "ens1"),
        preside_par="pro1",
        journal="JOURNAL_NORMANDIE_2026",
        position=20,
        regle="DC-CAP22",
    )


def fait(event: Event, seq: int = 1, academie: str = "normandie") -> Fact:
    """This event at this position of the journal of the session."""
    agregat = None
    if isinstance(event, (ReclamationDeposee, ReclamationInstruite, ReclamationClose, EffacementAccorde)):
        agregat = "reclamation-{candidat}"
    elif event.NAME.startswith("publication."):
        du_candidat = "candidat" in type(event).model_fields and not isinstance(event, DecisionPubliee)
        agregat = "document-{candidat}" if du_candidat else "publication-{jury}"
    return fait_du_journal(event, seq, academie=academie, le=PUBLIE.astimezone(UTC), agregat=agregat)
