"""The reference pages that the contracts themselves write: ``python -m contracts.documents`` (``make documents``).

Same input, same bytes: `contracts.verifier` compares them with what is in ``docs/``.
"""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from contracts.asyncapi import EXPLOITATION, SERVICES, asyncapi, summary
from contracts.champs import heading, kind, literal
from contracts.droits import DROITS, Role
from contracts.figes import Contrats, Schema, schema_of
from contracts.lecture_yaml import charger
from contracts.messages import Command, Event, Query
from contracts.refus import COMMUNS, COMMUNS_REQUETES, REFUS, REGLES, texte
from contracts.requetes import DROITS_REQUETES, REQUETES

ICI = Path(__file__).parent
PRODUIT = "<!-- Page produite par « make documents » à partir de contracts/ : ne pas la corriger ici. -->"
ENVELOPPE = ("id", "le", "par", "session", "diplome")
PORTEES = {
    "candidat": "sur son propre dossier (`candidat:<numéro>` dans sa portée)",
    "lot": "sur les lots de sa portée (`lot:<code>`)",
    "jury": "sur son jury (`jury:<code>` dans sa portée)",
}
PORTEES_REQUETES: Mapping[str, Mapping[Role, str]] = {
    "candidat": {Role.CANDIDAT: "candidat"},
    "lot": {Role.COMMISSION: "lot", Role.CORRECTEUR: "lot"},
    "jury": {Role.PRESIDENT_JURY: "jury", Role.MEMBRE_JURY: "jury"},
}
ROLES = {
    Role.SYSTEME: "les réactions d'un service à ce qu'il apprend",
    Role.RECTEUR: "recteur, ou qui a sa délégation",
    Role.GESTIONNAIRE: "gestionnaire de la division des examens",
    Role.CHEF_CENTRE: "chef de centre",
    Role.COMMISSION: "commission d'évaluation",
    Role.CORRECTEUR: "correcteur",
    Role.PRESIDENT_JURY: "président de jury",
    Role.MEMBRE_JURY: "membre de jury",
    Role.CANDIDAT: "candidat",
}


@cache
def lecteurs() -> Mapping[str, list[str]]:
    """Event → services that react to it or project it."""
    found: Mapping[str, list[str]] = charger((ICI / "lecteurs.yaml").read_text("utf-8")) or {}
    return found


@cache
def exemples() -> Mapping[str, Mapping[str, Any]]:
    """One example of the own fields of every command (``commandes``) and question (``requetes``)."""
    found: Mapping[str, Mapping[str, Any]] = charger((ICI / "exemples.yaml").read_text("utf-8"))
    return found


def generate() -> dict[Path, str]:
    """Every page, by path from the root of the project."""
    contrats = Contrats()
    return {
        Path("docs/evenements.md"): _page(_events(contrats)),
        Path("docs/commandes.md"): _page(_commands(contrats)),
        Path("docs/droits.md"): _page(_rights(contrats)),
        Path("docs/asyncapi.yaml"): asyncapi(contrats, _version()),
    }


def exemple(name: str) -> dict[str, Any]:
    """A whole command or question, as it may be sent."""
    question = name in REQUETES
    own = exemples()["requetes" if question else "commandes"][name]
    role, portee = _asker(name, own)
    envelope: dict[str, Any] = {"requete" if question else "commande": name}
    if not question:
        envelope["le"] = "2026-06-15T09:00:00+02:00"
    compte = f"cli:{role}"
    par = {"id": compte, "role": role, "academie": "normandie", **({"portee": portee} if portee else {})}
    return {**envelope, "par": par, "session": "2026", "diplome": "cap_osrcl", **own}


def _asker(name: str, own: Mapping[str, Any]) -> tuple[str, list[str]]:
    """The first role that may, with the scope it needs."""
    allowed = DROITS_REQUETES[name] if name in REQUETES else DROITS[name].roles
    role = Role.GESTIONNAIRE if Role.GESTIONNAIRE in allowed else next(one for one in Role if one in allowed)
    bounds = dict(DROITS[name].bornes) if name in DROITS else {}
    return role.value, [f"{bounds[role]}:{own[bounds[role]]}"] if role in bounds else []


def _version() -> str:
    with (ICI.parent / "pyproject.toml").open("rb") as file:
        version: str = tomllib.load(file)["project"]["version"]
    return version


def _page(lines: Iterable[str]) -> str:
    return "\n".join([PRODUIT, "", *lines]).rstrip() + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    body = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *body, ""] if body else []


# Events ------------------------------------------------------------------------------------------------------------


def _events(contrats: Contrats) -> Iterator[str]:
    shared: Schema = {}
    yield from (
        "# Événements",
        "",
        "Ce que les services écrivent au journal, et que les autres peuvent lire. Un nom et sa version sont écrits",
        "pour toujours ; les versions anciennes se relisent. Notes et coefficients sont des décimaux exacts, en texte.",
        "",
        "Un champ personnel est scellé par la clé de la personne avant d'atteindre le journal : `scelle` seul y figure",
        "(`personne`, `chiffre`), et détruire la clé efface la personne.",
        "",
        "Enveloppe, sujets et en-têtes : [asyncapi.yaml](asyncapi.yaml).",
        "",
    )
    for service, what in {**SERVICES, EXPLOITATION: "ce qui est décidé des messages stationnés"}.items():
        yield from (f"## {service} : {what}", "")
        for event in contrats.registre.events:
            if event.NAME.startswith(f"{service}."):
                yield from _event(contrats, event, shared)
    yield from _objects(shared)


def _event(contrats: Contrats, event: type[Event], shared: Schema) -> Iterator[str]:
    schema = schema_of(event, "serialization")
    shared.update(schema.get("$defs", {}))
    names = contrats.registre.names(event)
    yield from (f"### {event.__name__}", "", f"`{event.NAME}`", "", inspect.cleandoc(event.__doc__ or ""), "")
    if len(names) > 1:
        yield f"- Versions anciennes, relues : {', '.join(f'`{name}`' for name in names[:-1])}"
    if event.PERSONAL:
        sealed = ", ".join(f"`{name}`" for name in event.PERSONAL)
        yield f"- Personnel : {sealed}, scellé par la clé de `{event.PERSON}`"
    owner = event.NAME.partition(".")[0]
    yield f"- Écrit par : {'le service dont le message est stationné' if owner == EXPLOITATION else owner}"
    yield f"- Suivi par : {', '.join(lecteurs().get(event.NAME, [])) or 'personne'}"
    yield ""
    yield from _fields(schema, ())


def _fields(schema: Schema, hidden: tuple[str, ...]) -> list[str]:
    required = set(schema.get("required", ()))
    rows = (
        (f"`{name}`", kind(one), "oui" if name in required else _default(one))
        for name, one in schema.get("properties", {}).items()
        if name not in hidden
    )
    return _table(("champ", "type", "obligatoire"), rows)


def _default(field: Schema) -> str:
    value = field.get("default")
    return "non" if value in (None, [], {}, "") else f"non ({literal(value)})"


def _objects(shared: Schema) -> Iterator[str]:
    lists = {name: one for name, one in sorted(shared.items()) if "enum" in one}
    yield from ("## Objets", "")
    for name, one in sorted(shared.items()):
        if name not in lists:
            yield from (f"### {heading(name)}", "")
            yield from _fields(one, ())
    yield from ("## Listes", "")
    for name, one in lists.items():
        yield from (f"### {name}", "", ", ".join(f"`{value}`" for value in one["enum"]), "")


# Commands and questions --------------------------------------------------------------------------------------------


def _commands(contrats: Contrats) -> Iterator[str]:
    shared: Schema = {}
    yield from (
        "# Commandes et questions",
        "",
        "Une commande se joue depuis un fichier, une par ligne (`parchemin jouer fichier.jsonl`), ou s'envoie en",
        "JSON sur `cmd.<académie>.<service>.<commande>`. Elle est faite, ou refusée sous une règle ou un code.",
        "Envoyée deux fois avec le même `id`, elle est faite une fois. Une question s'envoie sur",
        "`qry.<académie>.<service>.<question>`.",
        "",
        "Toute commande porte, outre ses champs :",
        "",
    )
    envelope = schema_of(Command, "validation")
    shared.update(envelope.get("$defs", {}))
    yield from _fields(envelope, ())
    yield from (
        "`le` est la date de l'acte : elle fait foi. Dans un fichier joué, `id` et `par` peuvent manquer (`par` peut",
        "aussi être un simple rôle), et `refus_attendu` annonce le code de refus que l'on attend.",
        "",
        "Toute commande peut recevoir ces refus :",
        "",
        *_refusals(COMMUNS),
    )
    for service, what in SERVICES.items():
        yield from (f"## {service} : {what}", "")
        for name, model in contrats.commandes.items():
            if name.startswith(f"{service}."):
                yield from _command(name, model, shared)
    yield from (
        "## Questions",
        "",
        "Une question porte `par`, `session`, `diplome`, et au besoin `position` (`journal`, `seq`) pour lire ce que",
        "l'on vient d'écrire. Refus possibles :",
        "",
    )
    yield from _refusals(COMMUNS_REQUETES)
    for name, question in contrats.requetes.items():
        yield from _question(name, question, shared)
    yield from _objects(shared)


def _command(name: str, model: type[Command], shared: Schema) -> Iterator[str]:
    schema = schema_of(model, "validation")
    shared.update(schema.get("$defs", {}))
    yield from (f"### {name}", "", inspect.cleandoc(model.__doc__ or ""), "", f"Rôles : {_allowed(name)}.", "")
    yield from _fields(schema, ENVELOPPE)
    if REFUS[name]:
        yield from ("Refus propres :", "", *_refusals(REFUS[name]))
    yield from _example(name)


def _question(name: str, model: type[Query], shared: Schema) -> Iterator[str]:
    schema = schema_of(model, "validation")
    shared.update(schema.get("$defs", {}))
    yield from (f"### {name}", "", inspect.cleandoc(model.__doc__ or ""), "", f"Rôles : {_asked(name, schema)}.", "")
    yield from _fields(schema, ENVELOPPE)
    yield from _example(name)


def _example(name: str) -> Iterator[str]:
    """A name without an example is caught by a test, not here: the page must come out while it is being written."""
    if name in exemples()["commandes"] or name in exemples()["requetes"]:
        yield from ("```json", json.dumps(exemple(name), ensure_ascii=False), "```", "")


def _refusals(codes: Iterable[str]) -> list[str]:
    return _table(("code", "sens"), ((f"`{code}`", _meaning(code)) for code in sorted(codes)))


def _meaning(code: str) -> str:
    choice = REGLES.get(code, {}).get("choix", "")
    return f"{texte(code)} Choix : {choice}" if choice else texte(code)


def _allowed(name: str) -> str:
    bounds = dict(DROITS[name].bornes)
    return " ; ".join(
        f"{role.value}, {PORTEES[bounds[role]]}" if role in bounds else role.value
        for role in Role
        if role in DROITS[name].roles
    )


def _asked(name: str, schema: Schema) -> str:
    bounds = {
        role: word
        for key, some in PORTEES_REQUETES.items()
        if key in schema["properties"]
        for role, word in some.items()
    }
    return " ; ".join(
        f"{role.value}, {PORTEES[bounds[role]]}" if role in bounds else role.value
        for role in Role
        if role in DROITS_REQUETES[name]
    )


# Rights ------------------------------------------------------------------------------------------------------------


def _rights(contrats: Contrats) -> Iterator[str]:
    yield from (
        "# Qui peut faire quoi",
        "",
        "Chacun agit sur les sessions de sa seule académie. « portée » : permis sur les seuls objets que nomme la",
        "portée de l'auteur (son lot, son jury, son propre dossier).",
        "",
    )
    yield from _table(("rôle", "qui"), ((role.value, ROLES[role]) for role in Role))
    yield from ("## Commandes", "")
    for service in SERVICES:
        names = [name for name in contrats.commandes if name.startswith(f"{service}.")]
        yield from (f"### {service}", "", *_matrix(names, _command_cell, contrats.commandes))
    yield from ("## Questions", "", *_matrix(list(contrats.requetes), _query_cell, contrats.requetes))


def _matrix(names: list[str], cell: Any, models: Mapping[str, type]) -> list[str]:
    roles = [role for role in Role if any(cell(name, role) for name in names)]
    head = ("acte", "sens", *(role.value.replace("_", " ") for role in roles))
    return _table(
        head,
        (
            (f"`{name.partition('.')[2]}`", summary(models[name]), *(cell(name, role) for role in roles))
            for name in names
        ),
    )


def _command_cell(name: str, role: Role) -> str:
    if role not in DROITS[name].roles:
        return ""
    return "portée" if role in dict(DROITS[name].bornes) else "oui"


def _query_cell(name: str, role: Role) -> str:
    if role not in DROITS_REQUETES[name]:
        return ""
    fields = REQUETES[name].model_fields
    return "portée" if any(role in some for key, some in PORTEES_REQUETES.items() if key in fields) else "oui"


def main() -> None:
    root = ICI.parent
    for path, text in generate().items():
        (root / path).parent.mkdir(exist_ok=True)
        if not (root / path).exists() or (root / path).read_text("utf-8") != text:
            (root / path).write_text(text, "utf-8")
            print(f"écrit : {path}")


if __name__ == "__main__":
    main()
