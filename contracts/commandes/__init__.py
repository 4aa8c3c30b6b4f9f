"""Every command of the five services by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from contracts.commandes import conformite, deliberation, inscription, notation, publication
from contracts.messages import Command, Refus, summary

COMMANDES: Mapping[str, type[Command]] = {
    command.NAME: command
    for module in (inscription, conformite, notation, deliberation, publication)
    for command in module.COMMANDES
}


def read_command(raw: Mapping[str, Any]) -> Command:
    """The command of a plain mapping whose ``commande`` key gives the name.

    Raises:
        Refus: ``COMMANDE_INCONNUE`` or ``COMMANDE_MALFORMEE``.
    """
    name = raw.get("commande")
    command = COMMANDES.get(name) if isinstance(name, str) else None
    if command is None:
        raise Refus("COMMANDE_INCONNUE", "« commande » doit nommer une commande (liste : docs/commandes.md)")
    try:
        return command.model_validate({key: value for key, value in raw.items() if key != "commande"})
    except ValidationError as error:
        raise Refus("COMMANDE_MALFORMEE", f"{command.NAME} : {summary(error)}") from None


def write_command(command: Command) -> dict[str, Any]:
    """The plain JSON-ready mapping that `read_command` reads back."""
    return {"commande": command.NAME, **command.model_dump(mode="json")}
