"""What the specs of the jury start from: a session with demonstration values, a jury, dossiers."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

from contracts.evenements.deliberation import JuryConstitue, JuryOuvert, PresenceAttestee
from contracts.messages import Acteur
from contracts.reglement import Reglement, load_all
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, EtatResultat, Membre, Parametres, Profil, Valeurs
from services.deliberation.domain.dossier import DossierJury, ResultatJury
from services.deliberation.domain.etats import JuryEvent

LE = datetime(2026, 7, 3, 9, 0, tzinfo=UTC)
PRO, ENS = Profil.PROFESSIONNEL, Profil.ENSEIGNANT
MEMBRES = (
    Membre(id="pro1", profil=PRO),
    Membre(id="pro2", profil=PRO),
    Membre(id="ens1", profil=ENS),
    Membre(id="ens2", profil=ENS, public=False),
)
ALICE, BASILE = "N2600001", "N2600002"
OBLIGATOIRES = ("EP1", "EP2", "EP3", "UG1", "UG2", "UG3", "UG4")

# EP1 5, EP2 4, EP3 4: 13 professional, 7 general, 20 in all; 200 points are 10.
VALEURS = Valeurs(
    coefficients={"EP1": Decimal(5), "EP2": Decimal(4), "EP3": Decimal(4)},
    poids={"EP1.S1": Decimal(1), "EP1.S2": Decimal(1)},
    reference="valeurs d'essai",
    demonstration=True,
)


tous = cache(load_all)


def reglement(identifiant: str = "CAP-OSRCL-2026") -> Reglement:
    return tous()[identifiant]


def sans_mentions() -> Reglement:
    """Session 2023: the decree on mentions is not there yet."""
    ancien = reglement("CAP-OSRCL-2024")
    deliberation = ancien.deliberation.model_copy(update={"mentions": ()})
    return ancien.model_copy(update={"id": "CAP-OSRCL-2023", "session": "2023", "deliberation": deliberation})


def session(du: Reglement | None = None, valeurs: Valeurs | None = VALEURS) -> SessionFigee:
    parametres = Parametres(
        premiere_epreuve=date(2026, 5, 18),
        cloture_inscriptions=date(2025, 11, 28),
        remise_supports=date(2026, 4, 30),
        remontee_ccf=date(2026, 6, 12),
        jury_le=date(2026, 7, 3),
        publication=datetime(2026, 7, 7, 8, 0, tzinfo=UTC),
    )
    return SessionFigee("rouen", du or reglement(), parametres, valeurs)


def resultat(valeur: str | EtatResultat, epreuve: str = "EP1", **autres: Any) -> ResultatJury:
    """``"12.5"`` is a mark; a state is that state."""
    fait = f"fait-{epreuve}"
    if isinstance(valeur, EtatResultat):
        return ResultatJury(valeur, fait, **autres)
    return ResultatJury(autres.pop("etat", EtatResultat.NOTE), fait, Decimal(valeur), **autres)


def dossier(
    partout: str | None = "10", /, *, numero: str = ALICE, livret: bool = False, **resultats: Any
) -> DossierJury:
    """The same mark everywhere, save what is named: ``dossier("10", EP1="12")``; ``None`` leaves it out."""
    valeurs = {**dict.fromkeys(OBLIGATOIRES, partout), **resultats}
    return DossierJury(
        numero=numero,
        categorie=Categorie.SCOLAIRE_PUBLIC,
        resultats={
            code: valeur if isinstance(valeur, ResultatJury) else resultat(valeur, code)
            for code, valeur in valeurs.items()
            if valeur is not None
        },
        journal="JOURNAL_ROUEN_2026",
        position=100,
        inscription=f"fait-{numero}",
        livret=livret,
    )


def qui(identifiant: str = "pro1", role: str = "president_jury") -> dict[str, Any]:
    """Envelope of a command to the jury J1, by default from its president."""
    par = Acteur(id=identifiant, role=role, academie="rouen", portee=("jury:J1",))
    return {"le": LE, "par": par, "session": "2026", "diplome": "cap_osrcl", "jury": "J1"}


CONSTITUE = JuryConstitue(
    jury="J1",
    arrete="arrêté du 2 juin 2026",
    membres=MEMBRES,
    president="pro1",
    vice_president="ens1",
    candidats=(ALICE, BASILE),
    regle="DC-CAP22",
)
PRESENTS: tuple[JuryEvent, ...] = tuple(PresenceAttestee(jury="J1", membre=one.id) for one in MEMBRES)
OUVERT = JuryOuvert(jury="J1", journal="JOURNAL_ROUEN_2026", position=90, preside_par="pro1")
EN_SEANCE: tuple[JuryEvent, ...] = (CONSTITUE, *PRESENTS, OUVERT)
