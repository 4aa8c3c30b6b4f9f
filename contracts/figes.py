"""What was released stays: the frozen JSON Schemas and examples, and what may still change around them.

Decided here: a property that is not required may be added, in a nested object too. Extending a closed list (an enum)
is a new version for an event, because an older reader would take the new word for a corrupted message instead of
being told to upgrade; for a command or a question it is allowed, because accepting more breaks no sender. Names of
classes, titles and descriptions are free.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from contracts.commandes import COMMANDES
from contracts.evenements import REGISTRE
from contracts.messages import Command, Query, Registry
from contracts.requetes import REQUETES

Schema = dict[str, Any]

ICI = Path(__file__).parent
FREE = frozenset({"title", "description", "examples", "$defs", "$ref", "$schema"})
NESTED = ("items", "additionalProperties", "propertyNames", "not")
LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
WALKED = frozenset({"properties", "patternProperties", "required", *NESTED, *LISTS})
EXACT = r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$"


class StableSchema(GenerateJsonSchema):
    """Decimals told our way: pydantic's own pattern changes from one release to the next, and loses the bounds."""

    def decimal_schema(self, schema: core_schema.DecimalSchema) -> JsonSchemaValue:
        bounds = {key: _plain(schema[key]) for key in ("gt", "ge", "lt", "le") if schema.get(key) is not None}
        digits = {key: schema[key] for key in ("max_digits", "decimal_places") if schema.get(key) is not None}
        text: Schema = {"type": "string", "pattern": EXACT, "x-decimal": {**bounds, **digits}}
        return text if self.mode == "serialization" else {"anyOf": [text, {"type": "number"}]}


def _plain(bound: object) -> str:
    return str(bound)


def schema_of(model: type[BaseModel], mode: JsonSchemaMode) -> Schema:
    """The JSON Schema of a message: events as the journal stores them, commands and questions as they are accepted."""
    return model.model_json_schema(mode=mode, schema_generator=StableSchema)


POSITION: Schema = {
    "position": {
        "description": "Répondre au moins à ce point du journal (lire ce que l'on vient d'écrire).",
        "type": "object",
        "properties": {"journal": {"type": "string"}, "seq": {"type": "integer"}},
        "required": ["journal", "seq"],
        "additionalProperties": False,
    }
}


def wire_schema(model: type[Command | Query], key: str, extra: Schema | None = None) -> Schema:
    """The schema of a command or question as sent: its name under ``key``, beside its fields."""
    schema = schema_of(model, "validation")
    named = {key: {"const": model.NAME, "type": "string"}}
    schema["properties"] = {**named, **schema["properties"], **(extra or {})}
    schema["required"] = [key, *schema.get("required", [])]
    return schema


@dataclass(frozen=True)
class Contrats:
    """Everything that was promised: the models of this program, and the folder that holds what was released."""

    registre: Registry = field(default_factory=lambda: REGISTRE)
    commandes: Mapping[str, type[Command]] = field(default_factory=lambda: COMMANDES)
    requetes: Mapping[str, type[Query]] = field(default_factory=lambda: REQUETES)
    dossier: Path = ICI

    @cached_property
    def current(self) -> dict[str, Schema]:
        """Schema of the model of each name, by path under ``schemas/``, without ``.json``."""
        found = {f"evenements/{event.NAME}": schema_of(event, "serialization") for event in self.registre.events}
        found |= {f"commandes/{name}": wire_schema(model, "commande") for name, model in self.commandes.items()}
        found |= {f"requetes/{name}": wire_schema(model, "requete", POSITION) for name, model in self.requetes.items()}
        return dict(sorted(found.items()))

    @cached_property
    def older(self) -> list[str]:
        """Names of event versions that this program still reads, and no model describes any more."""
        names = (name for event in self.registre.events for name in self.registre.names(event)[:-1])
        return sorted(f"evenements/{name}" for name in names)

    @property
    def schemas(self) -> Path:
        return self.dossier / "schemas"

    @property
    def exemples(self) -> Path:
        return self.dossier / "evenements" / "exemples"

    def frozen(self, key: str) -> list[Path]:
        """The released schema of a name, then the additions frozen after it, oldest first."""
        path = self.schemas / f"{key}.json"
        added = sorted(path.parent.glob(f"{path.stem}+*.json"), key=lambda one: int(one.stem.rpartition("+")[2]))
        return [one for one in (path, *added) if one.exists()]

    def frozen_names(self) -> list[str]:
        return sorted(
            {
                f"{kind}/{path.stem.partition('+')[0]}"
                for kind in ("evenements", "commandes", "requetes")
                for path in (self.schemas / kind).glob("*.json")
            }
        )

    def examples(self, name: str) -> list[Path]:
        """Golden examples of an event name: ``<name>.json``, and ``<name>.<variant>.json``."""
        folder = self.exemples / name.partition(".")[0]
        return sorted([*folder.glob(f"{name}.json"), *folder.glob(f"{name}.*.json")])

    def released(self) -> Iterator[Path]:
        """Every file that must never change."""
        for kind in ("evenements", "commandes", "requetes"):
            yield from sorted((self.schemas / kind).glob("*.json"))
        yield from sorted(self.exemples.glob("*/*.json"))

    def relative(self, path: Path) -> str:
        return path.relative_to(self.dossier).as_posix()


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def text_of(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def fingerprint(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@dataclass(frozen=True)
class Change:
    """One forbidden difference between a released schema and the model: where, and what."""

    key: str
    what: str


def changes(old: Schema, new: Schema, *, wider_lists: bool = False) -> list[Change]:
    """Differences that the rules above forbid. ``wider_lists``: a closed list may take new words."""
    return list(_Walk(old, new, wider_lists).node(old, new, ""))


def additions(old: Schema, new: Schema) -> bool:
    """Whether the model says anything that the released schema does not, allowed or not."""
    return bool(list(_Walk(new, old, False).node(new, old, ""))) or bool(changes(old, new))


class _Walk:
    """Both schemas side by side, references followed: classes may be renamed or moved."""

    def __init__(self, old: Schema, new: Schema, wider_lists: bool) -> None:
        self._old, self._new, self._wider = old.get("$defs", {}), new.get("$defs", {}), wider_lists
        self._seen: set[tuple[str, str]] = set()

    def node(self, old: Any, new: Any, key: str) -> Iterator[Change]:
        if not isinstance(old, dict) or not isinstance(new, dict):
            if old != new:
                yield Change(key, f"{_short(old)} devient {_short(new)}")
            return
        refs = (str(old.get("$ref", "")), str(new.get("$ref", "")))
        if all(refs):
            yield from self._words(old, new, key)
            if refs not in self._seen:
                self._seen.add(refs)
                yield from self.node(_target(old, self._old), _target(new, self._new), key)
            return
        old, new = _followed(old, self._old), _followed(new, self._new)
        yield from self._properties(old, new, key)
        yield from self._inner(old, new, key)
        yield from self._words(old, new, key)

    def _properties(self, old: Schema, new: Schema, key: str) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        due, was_due = set(new.get("required", ())), set(old.get("required", ()))
        for name, one in before.items():
            where = f"{key}.{name}".lstrip(".")
            if name not in after:
                yield Change(where, "champ retiré")
                continue
            if (name in due) != (name in was_due):
                yield Change(where, "champ devenu obligatoire" if name in due else "champ devenu facultatif")
            yield from self.node(one, after[name], where)
        for name in after:
            if name not in before and name in due:
                yield Change(f"{key}.{name}".lstrip("."), "champ obligatoire ajouté (donnez-lui une valeur par défaut)")

    def _inner(self, old: Schema, new: Schema, key: str) -> Iterator[Change]:
        for word in NESTED:
            if word in old or word in new:
                yield from self.node(old.get(word), new.get(word), f"{key}[]" if word == "items" else key)
        inner, after_inner = old.get("patternProperties", {}), new.get("patternProperties", {})
        for pattern in sorted(inner.keys() | after_inner.keys()):
            yield from self.node(inner.get(pattern), after_inner.get(pattern), f"{key}[{pattern}]")
        for word in LISTS:
            before, after = old.get(word, []), new.get(word, [])
            if len(before) != len(after):
                yield Change(key, f"{word} : {len(before)} formes deviennent {len(after)}")
                continue
            for one, other in zip(before, after, strict=True):
                yield from self.node(one, other, key)

    def _words(self, old: Schema, new: Schema, key: str) -> Iterator[Change]:
        for word in sorted((old.keys() | new.keys()) - FREE - WALKED):
            yield from self._word(word, old.get(word), new.get(word), key)

    def _word(self, word: str, old: Any, new: Any, key: str) -> Iterator[Change]:
        if word == "enum" and isinstance(old, list) and isinstance(new, list):
            lost, gained = [v for v in old if v not in new], [v for v in new if v not in old]
            if lost:
                yield Change(key, f"valeurs retirées : {_short(lost)}")
            if gained and not self._wider:
                yield Change(key, f"valeurs ajoutées à une liste fermée : {_short(gained)}")
        elif old != new:
            yield Change(key, f"{word} : {_short(old)} devient {_short(new)}")


def _target(node: Schema, defs: Schema) -> Schema:
    found: Schema = defs[node["$ref"].rpartition("/")[2]]
    return found


def _followed(node: Schema, defs: Schema) -> Schema:
    """The node with its reference replaced by what it names; the words beside the reference stay."""
    while "$ref" in node:
        node = {**_target(node, defs), **{word: value for word, value in node.items() if word != "$ref"}}
    return node


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else text[:77] + "..."
