"""Words for people that several services need: a day, a moment, who acted told by his role."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from contracts.droits import Role

INSECABLE = "\u00a0"
MOIS = (
    "janvier", "février", "mars", "avril", "mai", "juin",
    "juillet", "août", "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip
QUI: dict[str, str] = {
    Role.SYSTEME: "le service, automatiquement",
    Role.RECTEUR: "le recteur",
    Role.GESTIONNAIRE: "le service des examens",
    Role.CHEF_CENTRE: "le chef de centre",
    Role.COMMISSION: "la commission d'évaluation",
    Role.CORRECTEUR: "un correcteur",
    Role.PRESIDENT_JURY: "le président du jury",
    Role.MEMBRE_JURY: "un membre du jury",
    Role.CANDIDAT: "le candidat",
}


def date_longue(jour: date) -> str:
    """``1er juillet 2026``, sans coupure possible."""
    quantieme = "1er" if jour.day == 1 else str(jour.day)
    return INSECABLE.join((quantieme, MOIS[jour.month - 1], str(jour.year)))


def jour_dit(instant: datetime, fuseau: str) -> str:
    """The day that it was there, in words."""
    return date_longue(instant.astimezone(ZoneInfo(fuseau)).date())


def par_qui(role: str) -> str:
    """Who acted, by his role: never by an account nor a name."""
    return QUI.get(role, "le service des examens")
