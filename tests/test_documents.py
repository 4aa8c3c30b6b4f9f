"""The generated pages say what the contracts say, and only true things."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from contracts import documents
from contracts.asyncapi import EXPLOITATION, SERVICES
from contracts.commandes import COMMANDES, read_command
from contracts.droits import check_rights
from contracts.evenements import REGISTRE
from contracts.figes import Contrats
from contracts.requetes import REQUETES, check_query_rights, read_query

ROOT = Path(__file__).resolve().parents[1]
CONTRATS = Contrats()


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return {path.name: text for path, text in documents.generate().items()}


@pytest.fixture(scope="module")
def api(pages: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(pages["asyncapi.yaml"])
    return found


def test_deux_fois_les_memes_octets(pages: dict[str, str]) -> None:
    assert {path.name: text for path, text in documents.generate().items()} == pages


def test_chaque_nom_a_sa_page(pages: dict[str, str]) -> None:
    assert not [event.NAME for event in REGISTRE.events if f"`{event.NAME}`" not in pages["evenements.md"]]
    assert not [name for name in [*COMMANDES, *REQUETES] if f"### {name}\n" not in pages["commandes.md"]]
    assert not [name for name in [*COMMANDES, *REQUETES] if f"`{name.partition('.')[2]}`" not in pages["droits.md"]]


def test_chaque_nom_a_son_exemple() -> None:
    told = documents.exemples()
    assert not COMMANDES.keys() - told["commandes"].keys(), "à écrire dans contracts/exemples.yaml"
    assert not REQUETES.keys() - told["requetes"].keys(), "à écrire dans contracts/exemples.yaml"
    assert not (told["commandes"].keys() | told["requetes"].keys()) - COMMANDES.keys() - REQUETES.keys()


@pytest.mark.parametrize("name", sorted(documents.exemples()["commandes"]))
def test_l_exemple_d_une_commande_est_accepte(name: str) -> None:
    raw = documents.exemple(name)
    check_rights(read_command(raw), "normandie")
    jsonschema.validate(raw, CONTRATS.current[f"commandes/{name}"], jsonschema.Draft202012Validator)


@pytest.mark.parametrize("name", sorted(documents.exemples()["requetes"]))
def test_l_exemple_d_une_question_est_accepte(name: str) -> None:
    raw = documents.exemple(name)
    check_query_rights(read_query(raw), "normandie")
    positioned = {**raw, "position": {"journal": "JOURNAL_NORMANDIE_2026", "seq": 12}}
    jsonschema.validate(positioned, CONTRATS.current[f"requetes/{name}"], jsonschema.Draft202012Validator)


def test_les_liens_internes_menent_quelque_part(pages: dict[str, str]) -> None:
    for name in ("evenements.md", "commandes.md"):
        titles = {line.lstrip("# ").lower().replace(" ", "-") for line in pages[name].splitlines() if line[:1] == "#"}
        assert not set(re.findall(r"\]\(#([^)]+)\)", pages[name])) - titles


def test_asyncapi_a_la_forme_de_la_version_3(api: dict[str, Any]) -> None:
    assert api["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= api["info"].keys()
    assert {"servers", "channels", "operations", "components"} <= api.keys()
    assert all({"host", "protocol"} <= server.keys() for server in api["servers"].values())
    assert all(one["action"] in ("send", "receive") and "channel" in one for one in api["operations"].values())
    for channel in api["channels"].values():
        assert channel["address"] is None or set(_variables(channel["address"])) == channel.get("parameters", {}).keys()


def test_asyncapi_chaque_renvoi_interne_mene_quelque_part(api: dict[str, Any]) -> None:
    assert not [ref for ref in _refs(api) if ref.startswith("#") and not _reached(api, ref)]
    for operation in api["operations"].values():
        channel = operation["channel"]["$ref"]
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


def test_asyncapi_chaque_schema_cite_est_fige(api: dict[str, Any]) -> None:
    files = {ref for ref in _refs(api) if not ref.startswith("#")}
    assert len(files) == len(CONTRATS.current) + len(CONTRATS.older)
    assert not sorted(ref for ref in files if not (ROOT / "docs" / ref).resolve().is_file()), (
        "contracts.verifier --geler"
    )


def test_asyncapi_les_canaux_sont_ceux_du_courtier(api: dict[str, Any]) -> None:
    channels, operations = api["channels"], api["operations"]
    for event in REGISTRE.events:
        owner = event.NAME.partition(".")[0]
        for service in SERVICES if owner == EXPLOITATION else (owner,):  # each writes what is decided of its own
            channel = channels[f"ev.{service}"]
            assert channel["address"] == f"ev.{{academie}}.{{session}}.{{diplome}}.{service}.{{agregat}}"
            assert set(REGISTRE.names(event)) <= channel["messages"].keys()
    for prefix, names in (("cmd", COMMANDES), ("qry", REQUETES)):
        for name in names:
            assert channels[f"{prefix}.{name}"]["address"] == f"{prefix}.{{academie}}.{name}"
            assert operations[f"{prefix}.{name}"]["reply"]["channel"] == {"$ref": "#/channels/reponse"}


def _variables(address: str) -> Iterator[str]:
    yield from re.findall(r"\{(\w+)\}", address)


def _refs(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from _refs(value)
    elif isinstance(node, list):
        for value in node:
            yield from _refs(value)


def _reached(root: Any, ref: str) -> bool:
    node = root
    for part in ref.removeprefix("#/").split("/"):
        if not isinstance(node, dict) or part not in node:
            return False
        node = node[part]
    return True
