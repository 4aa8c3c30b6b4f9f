"""A cluster for the tests that leave it as they found it."""

from collections.abc import Iterator

import pytest

from services.socle.connection import connect
from services.socle.provision import provision
from tests.grappe.grappe import Grappe

SESSIONS = ["2024", "2026"]


@pytest.fixture(scope="session")
def _grappe(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grappe]:
    with Grappe(tmp_path_factory.mktemp("grappe")) as grappe:
        yield grappe


@pytest.fixture
async def grappe(_grappe: Grappe) -> Grappe:
    """Three nodes, and the journals of two sessions."""
    await _grappe.prete()
    nc = await connect(_grappe.settings, "provision")
    await provision(nc, "normandie", SESSIONS, 3)
    await nc.close()
    return _grappe
