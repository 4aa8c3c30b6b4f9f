"""What every message of the system is: event, command, query, refusal, and the registry that reads them back.

This module knows no exam word. It is the only part of ``contracts`` that ``services.socle`` may import.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

NAME_PATTERN = re.compile(r"^(?P<service>[a-z]+)\.(?P<type>[a-z][a-z0-9_]*)\.v(?P<version>[1-9]\d*)$")
COMMAND_PATTERN = re.compile(r"^(?P<service>[a-z]+)\.(?P<type>[a-z][a-z0-9_]*)$")

Data = dict[str, Any]
Upcast = Callable[[Data], Data]


class Message(BaseModel):
    """Immutable, closed when written (an unknown field is an error)."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="strings")


class Event(Message):
    """A fact that happened. ``NAME`` is stored for ever; class and module may move.

    ``PERSONAL`` names the fields that hold personal data. They are sealed with the person's key before they
    reach the journal; ``PERSON`` names the field that says whose key it is.
    """

    NAME: ClassVar[str]
    PERSONAL: ClassVar[tuple[str, ...]] = ()
    PERSON: ClassVar[str] = "candidat"

    # Lenient when reading: a field added later by a newer writer of the same version is ignored.
    model_config = ConfigDict(frozen=True, extra="ignore")


class Acteur(Message):
    """Who acts, in which role, for which académie, and over what (``lot:L12``, ``jury:J1``).

    ``id`` is an account number, never a name: it is written in clear in the journal.
    """

    id: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:@-]+$")
    role: str = Field(min_length=1, max_length=40)
    academie: str = Field(min_length=1, max_length=40)
    portee: tuple[str, ...] = ()


def _plausible(moment: datetime) -> datetime:
    """A moment that can change time zone without leaving the calendar, and that an exam may know."""
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"une date entre {FIRST_YEAR} et {LAST_YEAR} est attendue")
    return moment


FIRST_YEAR, LAST_YEAR = 1900, 2200
Instant = Annotated[AwareDatetime, AfterValidator(_plausible)]
"""An aware moment of a plausible year."""


def new_id() -> str:
    """A fresh command identifier."""
    return str(uuid.uuid4())


class Command(Message):
    """An order given by someone at a date; it may be refused. Sent twice with the same ``id``, it is done once."""

    NAME: ClassVar[str]

    id: str = Field(default_factory=new_id, min_length=8, max_length=80, pattern=r"^[A-Za-z0-9_.:-]+$")
    le: Instant
    par: Acteur
    session: str = Field(pattern=r"^[a-z0-9_-]{1,20}$")
    diplome: str = Field(pattern=r"^[a-z0-9_]{1,40}$")


class Query(Message):
    """A question; it changes nothing."""

    NAME: ClassVar[str]


T = TypeVar("T")


class Scelle(Message):
    """Personal data as stored: authenticated ciphertext (base64) under the key of ``personne``.

    The coffre opens it; once the key is destroyed nobody can.
    """

    personne: str
    chiffre: str


class Personnel(Message, Generic[T]):
    """A personal value, in clear inside the process (``clair``) or sealed as the journal holds it (``scelle``).

    Exactly one of the two is set. The journal seals on append and leaves sealed on load: only who needs the value
    opens it, with the coffre.
    """

    clair: T | None = None
    scelle: Scelle | None = None


class Refus(Exception):
    """A command in error or against a rule: answered to its author, not stored.

    ``regle`` is an id of the rules catalogue (``BTS-C05``) or a technical code (``DROIT_ROLE``); it is the stable
    part. ``detail`` tells, in French and without personal data, what, where and what to do.
    """

    def __init__(self, regle: str, detail: str = "", **donnees: object) -> None:
        super().__init__(f"{regle}: {detail}" if detail else regle)
        self.regle = regle
        self.detail = detail
        self.donnees = donnees


class ContractError(Exception):
    """A message that the contracts cannot read. ``code`` is stable."""

    code = "CONTRAT"

    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"[{self.code}] {name} : {detail}")
        self.name = name


class UnknownType(ContractError):
    """No version of this type was ever known here."""

    code = "TYPE_INCONNU"


class UnknownVersion(ContractError):
    """A newer version than this program knows: upgrade it before it reads on."""

    code = "VERSION_INCONNUE"


class MalformedMessage(ContractError):
    """The type is known, its content is not what the contract says."""

    code = "MESSAGE_MALFORME"


def split_name(name: str) -> tuple[str, str, int]:
    """``notation.note_saisie.v1`` → ``("notation", "note_saisie", 1)``.

    Raises:
        UnknownType: the name does not have that form.
    """
    match = NAME_PATTERN.match(name)
    if match is None:
        raise UnknownType(name, "nom d'événement mal formé (attendu : service.type.vN)")
    return match["service"], match["type"], int(match["version"])


class Registry:
    """Event classes by stable name, with the steps that bring old versions to the current one.

    One class per type, at its latest version. ``steps`` maps an old name to the pure ``dict -> dict`` function that
    gives the data of the next version.
    """

    def __init__(self, events: Iterable[type[Event]], steps: Mapping[str, Upcast] | None = None) -> None:
        self._current: dict[tuple[str, str], tuple[int, type[Event]]] = {}
        self._steps: dict[tuple[str, str, int], Upcast] = {}
        for event in events:
            service, kind, version = split_name(event.NAME)
            if (service, kind) in self._current:
                raise ValueError(f"deux classes pour {service}.{kind}")
            self._current[service, kind] = (version, event)
        for name, step in (steps or {}).items():
            service, kind, version = split_name(name)
            if (service, kind) not in self._current:
                raise ValueError(f"étape pour un type absent : {name}")
            self._steps[service, kind, version] = step
        self._as_is = {event.NAME: event for _, event in self._current.values()}
        for (service, kind), (version, _) in self._current.items():
            missing = [n for n in range(1, version) if (service, kind, n) not in self._steps]
            if missing:
                raise ValueError(f"{service}.{kind} : étapes manquantes depuis v{missing}")

    @property
    def events(self) -> list[type[Event]]:
        """The current classes, sorted by name."""
        return sorted((event for _, event in self._current.values()), key=lambda event: event.NAME)

    def names(self, event: type[Event]) -> list[str]:
        """Every stored name that loads as this class, oldest first."""
        service, kind, version = split_name(event.NAME)
        return [f"{service}.{kind}.v{n}" for n in range(1, version + 1)]

    def __contains__(self, name: str) -> bool:
        match = NAME_PATTERN.match(name)
        return match is not None and (match["service"], match["type"]) in self._current

    def upcast(self, name: str, data: Data) -> tuple[type[Event], Data]:
        """The current class for a stored name, and the stored data brought to that version.

        Raises:
            UnknownType: no such type.
            UnknownVersion: the type is known, this version is newer than the program.
        """
        if (current_class := self._as_is.get(name)) is not None:  # nearly all: most types have one version
            return current_class, data
        service, kind, version = split_name(name)
        found = self._current.get((service, kind))
        if found is None:
            raise UnknownType(name, "ce type n'existe pas dans les contrats de ce programme")
        current, event = found
        if version > current:
            raise UnknownVersion(
                name, f"ce programme connaît jusqu'à v{current} ; mettez-le à jour avant de lire la suite"
            )
        for n in range(version, current):
            data = self._steps[service, kind, n](data)
        return event, data

    def load(self, name: str, data: Data) -> Event:
        """The event of a stored name and its data, checked.

        Raises:
            UnknownType, UnknownVersion: see `upcast`.
            MalformedMessage: the data does not fit the contract.
        """
        event, data = self.upcast(name, data)
        try:
            # Lenient down to nested values: a field that a newer writer added is not corruption.
            return event.model_validate(data, extra="ignore")
        except ValidationError as error:
            raise MalformedMessage(name, summary(error)) from None


def summary(error: ValidationError) -> str:
    """Where and why a validation failed, without what the sender wrote: values, names of unknown fields (a name of
    a person may stand in either)."""
    return " ; ".join(f"{_where(item)} : {item['type']}" for item in error.errors())


def _where(item: Mapping[str, Any]) -> str:
    known = item["loc"][:-1] if item["type"] == "extra_forbidden" else item["loc"]
    return ".".join(map(str, known)) or "(racine)"


def iso(moment: datetime) -> str:
    """RFC 3339 text of an aware moment, offset kept as given."""
    return moment.isoformat()
