"""YAML as every file of the project is read: safe, and by libyaml where PyYAML has it, some ten times quicker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from yaml import SafeLoader as Chargeur
else:
    Chargeur = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

__all__ = ["Chargeur", "charger"]


def charger(texte: str) -> Any:
    """What a YAML text says: plain values only.

    Raises:
        yaml.YAMLError: it is malformed.
    """
    return yaml.load(texte, Loader=Chargeur)  # noqa: S506 (a safe loader)
