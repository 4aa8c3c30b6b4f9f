"""What a field of a schema holds, in French words: its type and its limits."""

from __future__ import annotations

import json

from contracts.figes import Schema


def heading(name: str) -> str:
    """The name of an object as a heading."""
    return name.rstrip("_").replace("_", " ")


def kind(field: Schema) -> str:
    """A type and its constraints, in French words."""
    if "$ref" in field:
        name = heading(field["$ref"].rpartition("/")[2])
        return f"[{name}](#{name.lower().replace(' ', '-')})"
    if "anyOf" in field:
        forms = [kind(one) for one in field["anyOf"] if one.get("type") not in ("null", "number")]
        return " ou ".join(forms) + (", ou rien" if any(one.get("type") == "null" for one in field["anyOf"]) else "")
    if "const" in field:
        return literal(field["const"])
    match field.get("type"):
        case "array":
            return f"liste de {kind(field.get('items', {}))}{_between(field, 'Items', 'élément(s)')}"
        case "object":
            return _mapping(field)
        case "boolean":
            return "oui ou non"
        case "integer":
            return f"entier{_bounds(field)}"
        case _:
            return _text(field)


def _mapping(field: Schema) -> str:
    for pattern, inner in field.get("patternProperties", {}).items():
        return f"table : texte `{pattern}` → {kind(inner)}"
    return f"table : {kind(field.get('propertyNames', {}))} → {kind(field['additionalProperties'])}"


def _text(field: Schema) -> str:
    formats = {"date-time": "date et heure, fuseau compris", "date": "date (AAAA-MM-JJ)"}
    if field.get("format") in formats:
        return formats[field["format"]]
    if "x-decimal" in field:
        return _decimal(field["x-decimal"])
    shape = f" `{field['pattern']}`" if "pattern" in field else ""
    return f"texte{shape}{_between(field, 'Length', 'caractères')}"


def _decimal(limits: Schema) -> str:
    signs = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
    words = [f"{signs[key]} {value}" for key, value in limits.items() if key in signs]
    words += [f"{limits['decimal_places']} décimales au plus"] if "decimal_places" in limits else []
    return "décimal" + (f" {', '.join(words)}" if words else "")


def _bounds(field: Schema) -> str:
    words = [f"{sign} {field[key]}" for key, sign in (("minimum", "≥"), ("maximum", "≤")) if key in field]
    return f" {', '.join(words)}" if words else ""


def _between(field: Schema, what: str, unit: str) -> str:
    low, high = field.get(f"min{what}"), field.get(f"max{what}")
    if low is None and high is None:
        return ""
    if high is None:
        return f" (au moins {low} {unit})"
    return f" ({low} à {high} {unit})" if low else f" ({high} {unit} au plus)"


def literal(what: object) -> str:
    """A value as code."""
    return f"`{json.dumps(what, ensure_ascii=False)}`"
