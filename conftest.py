"""Fixtures shared by all the tests."""

from contracts import refus
from contracts.messages import Command
from services.socle import spec

pytest_plugins = ["services.socle.testing", "services.socle.testing_postgres"]


def _announced(command: Command, code: str) -> None:
    refus.exiger_declare(command.NAME, code)


spec.on_refused = _announced  # a spec may expect no refusal that the contracts do not announce
