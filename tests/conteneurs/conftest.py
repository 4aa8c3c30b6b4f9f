"""Without an engine every test here is skipped, with the reason; PARCHEMIN_CONTENEURS=requis makes that an error."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.conteneurs.moteur import PARCHEMIN, PREFIXE, VERSIONS, docker, obstacle

ICI = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    miens = [un for un in items if ICI in un.path.parents]
    if not miens or "not conteneurs" in config.option.markexpr:
        return
    pourquoi = obstacle()
    if pourquoi is None:
        return
    if os.environ.get("PARCHEMIN_CONTENEURS") == "requis":
        raise pytest.UsageError(f"PARCHEMIN_CONTENEURS=requis, mais {pourquoi}")
    for un in miens:
        un.add_marker(pytest.mark.skip(reason=pourquoi))


@pytest.fixture(scope="session")
def image() -> str:
    """The image under test, built unless one is named."""
    if "PARCHEMIN_IMAGE" not in os.environ:
        arguments = [f"IMAGE_PREFIX={PREFIXE}", f"PYTHON_TAG={VERSIONS['PYTHON_TAG']}"]
        options = [mot for un in arguments for mot in ("--build-arg", un)]
        docker("build", "-q", "-f", "deploy/image/Dockerfile", *options, "-t", PARCHEMIN, ".")
    return PARCHEMIN
