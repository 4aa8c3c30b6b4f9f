"""Fixtures shared by all the tests."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from contracts import refus
from contracts.messages import Command
from services.socle import spec
from tests.croisement import Croisement, Decide

# No test asserts a time: a slow machine is not a wrong answer.
settings.register_profile("parchemin", deadline=None)
settings.load_profile("parchemin")

pytest_plugins = ["services.socle.testing", "services.socle.testing_postgres"]


def _announced(command: Command, code: str) -> None:
    refus.exiger_declare(command.NAME, code)


spec.on_refused = _announced  # a spec may meet no refusal that the contracts do not announce


@pytest.fixture(scope="module", autouse=True)
def _crossed() -> Iterator[None]:
    """Nor may the commands of a file, decided on the states of its other specs."""
    before, played = spec.on_played, Croisement()

    def note(decide: Decide, state: object, command: Command) -> None:
        played.noter(decide, state, command)
        if before is not None:  # the census listens too
            before(decide, state, command)

    spec.on_played = note
    yield
    spec.on_played = before
    for command, refused in played.refus():
        if spec.on_refused is not None:
            spec.on_refused(command, refused.regle)
