"""What no service changes once the jury has sat: what it saw stays as it saw it."""

from __future__ import annotations

from contracts.messages import Command, Refus
from contracts.session import SessionFigee

REGLE_APRES_JURY = "AMB-54"


def exiger_avant_jury(command: Command, session: SessionFigee) -> None:
    """Refuse what would change, after the day of the jury, a fact that it decided on.

    Raises:
        Refus: AMB-54; only a material error is corrected then, by the jury reconvened.
    """
    jour = session.parametres.jury_le
    if not session.dans_les_delais(command.le, jour):
        detail = f"le jury siégeait le {jour} : ce qu'il a vu ne change plus ici ; saisissez le jury"
        raise Refus(REGLE_APRES_JURY, detail)
