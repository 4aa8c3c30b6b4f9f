"""Les fichiers remis à des personnes, et qui les lit sur la machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.publication.shell.fichiers import Rayon


@pytest.fixture
def masque() -> Iterator[None]:
    """Celui de la plupart des machines, qui ouvre tout à la lecture."""
    ancien = os.umask(0o022)
    yield
    os.umask(ancien)


@pytest.mark.usefixtures("masque")
def test_un_document_qui_nomme_quelqu_un_n_est_pas_lu_de_tous_les_comptes(tmp_path: Path) -> None:
    rayon = Rayon(tmp_path, "2026", "cap")
    for contenu in (b"un releve", b"un autre"):
        chemin = rayon.ranger("releve-N26000001-v1.pdf", contenu)
        assert chemin.read_bytes() == contenu
        assert chemin.stat().st_mode & 0o007 == 0
    assert [one.name for one in chemin.parent.iterdir()] == [chemin.name]


def test_un_document_est_sur_le_disque_entier_avant_de_porter_son_nom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chemin = tmp_path / "2026" / "cap" / "releve-N26000001-v1.pdf"
    faits: list[tuple[str, bool, int]] = []
    vrai = os.fsync

    def note(descripteur: int) -> None:
        ou = Path(os.readlink(f"/proc/self/fd/{descripteur}"))
        faits.append((ou.name.lstrip(".").split(".")[0], chemin.exists(), os.fstat(descripteur).st_size))
        vrai(descripteur)

    monkeypatch.setattr(os, "fsync", note)
    Rayon(tmp_path, "2026", "cap").ranger(chemin.name, b"un releve")
    noms = [(nom, la) for nom, la, _ in faits]
    # The folders first, each in the one that holds it; then the file, whole, and at last its name.
    assert noms == [(tmp_path.name, False), ("2026", False), (chemin.stem, False), ("cap", True)]
    assert faits[2][2] == len(b"un releve")
