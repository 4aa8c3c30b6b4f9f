"""The same contracts as AsyncAPI 3.0.0, for whoever writes a client: channels, messages, request and reply."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import yaml

from contracts.figes import Contrats, Schema

SERVICES = {
    "inscription": "session, centres, candidatures",
    "conformite": "pièces et dossiers",
    "notation": "notes, absences, conduite, bordereaux",
    "deliberation": "jurys et décisions",
    "publication": "résultats, relevés, diplômes",
}
EXPLOITATION = "exploitation"
PARAMETERS: dict[str, Schema] = {
    "academie": {"description": "Académie qui tient la session, en minuscules.", "examples": ["normandie"]},
    "session": {"description": "Session d'examen.", "examples": ["2026"]},
    "diplome": {"description": "Diplôme.", "examples": ["cap_osrcl"]},
    "agregat": {"description": "Un agrégat, un sujet exact.", "examples": ["dossier-2600000001", "jury-J1"]},
}
EVENT_HEADERS: Schema = {
    "type": "object",
    "properties": {
        "Content-Type": {"enum": ["application/cloudevents+json", "application/cloudevents-batch+json"]},
        "Parchemin-Types": {"type": "string", "description": "Noms des événements du message, dans l'ordre."},
        "Parchemin-Commande": {"type": "string", "description": "Identifiant de la commande qui les a causés."},
        "Parchemin-Rang": {"type": "string", "description": "Version de l'agrégat après ce message."},
        "Nats-Msg-Id": {"type": "string"},
        "Nats-Expected-Stream": {"type": "string"},
        "Nats-Expected-Last-Subject-Sequence": {"type": "string"},
    },
    "required": ["Content-Type", "Parchemin-Types", "Parchemin-Commande", "Parchemin-Rang"],
}
TEXT: Schema = {"type": "string"}
ENVELOPE: Schema = {
    "description": "CloudEvents 1.0 et nos attributs. Un message qui porte plusieurs événements en est un tableau.",
    "type": "object",
    "properties": {
        "specversion": {"const": "1.0"},
        "id": TEXT,
        "source": {"type": "string", "description": "Le sujet, « / » au lieu de « . »."},
        "type": {"type": "string", "description": "Nom de l'événement, version comprise."},
        "time": {"type": "string", "format": "date-time", "description": "Date de la commande."},
        "datacontenttype": {"const": "application/json"},
        "acteur": {"type": "string", "description": "Compte de l'auteur, jamais un nom."},
        "role": TEXT,
        "commandeid": {"type": "string", "description": "Commande qui l'a causé."},
        "correlationid": TEXT,
        "rang": {"type": "integer", "minimum": 1, "description": "Version de l'agrégat après ce message."},
        "precedent": {"type": "string", "description": "sha256 du message précédent de l'agrégat ; vide au premier."},
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
        "data": {},
    },
    "required": [
        *("specversion", "id", "source", "type", "time", "acteur", "role"),
        *("commandeid", "correlationid", "rang", "data"),
    ],
}
DONE: Schema = {
    "type": "object",
    "properties": {
        "ok": {"const": True},
        "evenements": {
            "type": "array",
            "items": {"type": "object", "properties": {"type": TEXT, "data": {"type": "object"}}},
        },
        "journal": TEXT,
        "position": {"type": "integer"},
        "deja": {"type": "boolean", "description": "La commande était déjà faite : voici sa première issue."},
    },
    "required": ["ok", "evenements", "journal", "position", "deja"],
}
ANSWERED: Schema = {
    "type": "object",
    "properties": {"ok": {"const": True}, "reponse": {}},
    "required": ["ok", "reponse"],
}
REFUSED: Schema = {
    "type": "object",
    "properties": {
        "ok": {"const": False},
        "code": {"type": "string", "description": "Règle du catalogue, ou code technique ; stable."},
        "detail": {"type": "string", "description": "Ce qui s'est passé, où, et quoi faire."},
        "refus": {"type": "boolean", "description": "Vrai : c'est non. Faux : une panne, renvoyez la même demande."},
    },
    "required": ["ok", "code", "detail", "refus"],
}


def asyncapi(contrats: Contrats, version: str) -> str:
    """The whole document, as YAML."""
    root = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Parchemin",
            "version": version,
            "description": "Ce que les services se disent, par NATS JetStream. Produit par « make documents ».",
            "license": {"name": "EUPL-1.2", "url": "https://eupl.eu/1.2/fr/"},
            "tags": [{"name": name, "description": what} for name, what in SERVICES.items()],
        },
        "defaultContentType": "application/json",
        "servers": {
            "courtier": {
                "host": "{hote}:{port}",
                "protocol": "nats",
                "description": "nats-server avec JetStream ; chaque service a son identité et ses droits.",
                "variables": {"hote": {"default": "127.0.0.1"}, "port": {"default": "4222"}},
            }
        },
        "channels": {**_event_channels(contrats), **_doors(contrats), **_replies()},
        "operations": {**_event_operations(contrats), **_door_operations(contrats)},
        "components": {
            "parameters": PARAMETERS,
            "schemas": {
                "Enveloppe": ENVELOPE,
                "EntetesEvenement": EVENT_HEADERS,
                "Fait": DONE,
                "Reponse": ANSWERED,
                "Refus": REFUSED,
            },
            "messages": {**_event_messages(contrats), **_door_messages(contrats), **_reply_messages()},
        },
    }
    return yaml.dump(root, Dumper=_Plain, allow_unicode=True, sort_keys=False, width=118)


class _Plain(yaml.SafeDumper):
    """No anchors: the same object written twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _ref(*parts: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(parts)}


def _parameters(*names: str) -> Schema:
    return {name: _ref("components", "parameters", name) for name in names}


def _messages(names: list[str]) -> Schema:
    return {name: _ref("components", "messages", name) for name in names}


def _names(contrats: Contrats, service: str) -> list[str]:
    """Its own, and what operations have each service write about its own messages."""
    events, mine = contrats.registre.events, (f"{service}.", f"{EXPLOITATION}.")
    return [name for event in events for name in contrats.registre.names(event) if name.startswith(mine)]


def _event_channels(contrats: Contrats) -> Schema:
    return {
        f"ev.{service}": {
            "address": f"ev.{{academie}}.{{session}}.{{diplome}}.{service}.{{agregat}}",
            "description": f"Les faits du service {service} : {what}. Un message, une décision ; jamais effacé.",
            "parameters": _parameters("academie", "session", "diplome", "agregat"),
            "messages": _messages(_names(contrats, service)),
            "tags": [{"name": service}],
        }
        for service, what in SERVICES.items()
    }


def _event_operations(contrats: Contrats) -> Schema:
    found = {}
    for service in SERVICES:
        for action, word in (("send", "ecrit"), ("receive", "lit")):
            found[f"ev.{service}.{word}"] = {
                "action": action,
                "channel": _ref("channels", f"ev.{service}"),
                "summary": f"Le service {service} {word} ses événements"
                if action == "send"
                else f"Qui en a le droit lit les événements du service {service}, dans l'ordre du journal",
                "messages": [_ref("channels", f"ev.{service}", "messages", name) for name in _names(contrats, service)],
                "tags": [{"name": service}],
            }
    return found


def _event_messages(contrats: Contrats) -> Schema:
    found = {}
    for event in contrats.registre.events:
        for name in contrats.registre.names(event):
            found[name] = {
                "name": name,
                "title": event.__name__,
                "summary": summary(event),
                "contentType": "application/cloudevents+json",
                "headers": _ref("components", "schemas", "EntetesEvenement"),
                "payload": {
                    "allOf": [
                        _ref("components", "schemas", "Enveloppe"),
                        {
                            "type": "object",
                            "properties": {"type": {"const": name}, "data": _frozen(contrats, f"evenements/{name}")},
                        },
                    ]
                },
                "correlationId": {"location": "$message.payload#/correlationid"},
            }
    return found


def _frozen(contrats: Contrats, key: str) -> dict[str, str]:
    """Reference to the newest frozen schema of a name, from ``docs/``."""
    files = contrats.frozen(key)
    return {"$ref": f"../contracts/{contrats.relative(files[-1]) if files else f'schemas/{key}.json'}"}


def _both(contrats: Contrats) -> list[tuple[str, str, Mapping[str, type]]]:
    return [("cmd", "commandes", contrats.commandes), ("qry", "requetes", contrats.requetes)]


def _doors(contrats: Contrats) -> Schema:
    return {
        f"{prefix}.{name}": {
            "address": f"{prefix}.{{academie}}.{name}",
            "parameters": _parameters("academie"),
            "messages": _messages([f"{prefix}.{name}"]),
            "tags": [{"name": name.partition(".")[0]}],
        }
        for prefix, _, models in _both(contrats)
        for name in models
    }


def _door_operations(contrats: Contrats) -> Schema:
    return {
        f"{prefix}.{name}": {
            "action": "receive",
            "channel": _ref("channels", f"{prefix}.{name}"),
            "summary": summary(model),
            "messages": [_ref("channels", f"{prefix}.{name}", "messages", f"{prefix}.{name}")],
            "reply": {
                "address": {
                    "location": "$message.header#/reply",
                    "description": "Sujet de réponse que NATS donne à toute requête.",
                },
                "channel": _ref("channels", "reponse"),
                "messages": [
                    _ref("channels", "reponse", "messages", "fait" if prefix == "cmd" else "reponse"),
                    _ref("channels", "reponse", "messages", "refus"),
                ],
            },
            "tags": [{"name": name.partition(".")[0]}],
        }
        for prefix, _, models in _both(contrats)
        for name, model in models.items()
    }


def _door_messages(contrats: Contrats) -> Schema:
    return {
        f"{prefix}.{name}": {
            "name": name,
            "title": model.__name__,
            "summary": summary(model),
            "contentType": "application/json",
            "payload": _frozen(contrats, f"{kind}/{name}"),
        }
        for prefix, kind, models in _both(contrats)
        for name, model in models.items()
    }


def _replies() -> Schema:
    return {
        "reponse": {
            "address": None,
            "description": "Réponse à une commande ou à une question.",
            "messages": _messages(["fait", "reponse", "refus"]),
        }
    }


def _reply_messages() -> Schema:
    what = {
        "fait": ("Fait", "La commande est faite : ses événements, et où le journal en était après eux."),
        "reponse": ("Reponse", "La réponse à la question."),
        "refus": ("Refus", "Un refus (règle ou code), ou une panne."),
    }
    return {
        name: {"name": name, "summary": text, "payload": _ref("components", "schemas", schema)}
        for name, (schema, text) in what.items()
    }


def summary(model: type) -> str:
    """First paragraph of a docstring, on one line."""
    return " ".join((inspect.cleandoc(model.__doc__ or "").split("\n\n")[0]).split())
