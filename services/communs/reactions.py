"""What the commands that a service gives itself have in common."""

from __future__ import annotations

from typing import Any

from contracts.droits import Role
from contracts.messages import Acteur
from services.socle.enveloppe import Fact
from services.socle.subjects import split


def command_base(fact: Fact, service: str, reaction: str, academie: str = "") -> dict[str, Any]:
    """The envelope of a command owed to a fact: same moment, same session, in the name of this service.

    ``academie``: whose service it is, when the fact may be a partner's; by default, that of the fact.
    """
    subject = split(fact.subject)
    return {
        "id": f"{fact.id}:{reaction}",
        "le": fact.context.le,
        "par": Acteur(id=f"systeme:{service}", role=Role.SYSTEME, academie=academie or subject.academie),
        "session": subject.session,
        "diplome": subject.diplome,
    }
