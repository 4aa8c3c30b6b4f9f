"""What the journeys share: a session's parameters and values, and a moment before the closing of registrations."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from contracts.vocabulaire import Parametres, Valeurs

PARIS = ZoneInfo("Europe/Paris")
LE = datetime(2025, 10, 6, 9, 0, tzinfo=PARIS)

PARAMETRES = Parametres(
    premiere_epreuve=date(2026, 5, 18),
    cloture_inscriptions=date(2025, 11, 28),
    limite_attestation=date(2025, 11, 28),
    remise_supports=date(2026, 4, 30),
    remontee_ccf=date(2026, 6, 12),
    jury_le=date(2026, 7, 1),
    publication=datetime(2026, 7, 6, 10, 0, tzinfo=PARIS),
)
VALEURS = Valeurs(
    coefficients={"EP1": Decimal(4), "EP2": Decimal(3), "EP3": Decimal(3)},
    poids={"EP1.S1": Decimal(2), "EP1.S2": Decimal(1)},
    reference="valeurs d'essai",
    demonstration=True,
)
