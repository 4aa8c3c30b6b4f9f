"""Fixtures shared by all the tests."""

from hypothesis import settings

from contracts import refus
from contracts.messages import Command
from services.socle import spec

# No test asserts a time: a slow machine is not a wrong answer.
settings.register_profile("parchemin", deadline=None)
settings.load_profile("parchemin")

pytest_plugins = ["services.socle.testing", "services.socle.testing_postgres"]


def _announced(command: Command, code: str) -> None:
    refus.exiger_declare(command.NAME, code)


spec.on_refused = _announced  # a spec may expect no refusal that the contracts do not announce
