"""Files that are whole or absent, and stay after a power cut."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

DRAFT = r"\..+\.[0-9a-f]{8}"  # the name of a folder that is being filled


def write_durably(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Replaces the file in one step: whoever reads sees the old content or the new, whole, even after a crash."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with _told_as(draft, path):
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
    sync_directory(path.parent)


@contextmanager
def _told_as(draft: Path, path: Path) -> Iterator[None]:
    """What goes wrong with a draft is told of the name that was asked for: nobody knows the other."""
    try:
        yield
    except OSError as error:
        if error.errno is None or not (error.filename is None or Path(error.filename).is_relative_to(draft)):
            raise
        place = path if error.filename is None else path / Path(error.filename).relative_to(draft)
        raise OSError(error.errno, error.strerror, str(place)) from error


def create_secret(path: Path, content: bytes) -> None:
    """Makes a file that its owner alone reads; one that exists already is left as it is."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    with _told_as(draft, path):
        write_durably(draft, content, 0o600)
    try:
        os.link(draft, path)  # fails when it exists: two processes that start together agree on one
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    sync_directory(path.parent)


def write_private(path: Path, content: bytes) -> None:
    """Replaces a file that its owner alone reads; its folder is made when it is not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, content, 0o600)


@contextmanager
def private_folder(path: Path, remember: Callable[[Path], None] | None = None) -> Iterator[Path]:
    """A new folder that its owner alone reads, filled under another name and renamed; nothing is left of a failure.

    ``remember`` is told that other name before there is anything there: a killed process leaves it.

    Raises:
        FileExistsError: there is already something there: what it held would be mixed with this.
    """
    if path.exists():
        raise FileExistsError(17, "existe déjà : donnez un autre dossier", str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    if remember is not None:
        remember(draft)
    try:
        with _told_as(draft, path):
            draft.mkdir(mode=0o700)
            yield draft
            draft.rename(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    sync_directory(path.parent)


def make_folder(path: Path) -> None:
    """Makes a folder, and those that hold it, that stay after a power cut; nothing is done to those that are there."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(exist_ok=True)  # two processes may make it together
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Makes the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
