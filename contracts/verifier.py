"""Is what was released still true? Run by ``make check``: ``python -m contracts.verifier [--geler]``.

Checks the frozen schemas (`contracts.figes`), the golden examples of every event version, and the generated documents.
``--geler`` freezes what is new; it never overwrites.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from contracts import documents
from contracts.figes import Contrats, additions, changes, fingerprint, read, text_of
from contracts.messages import ContractError, split_name

GELER = "lancez « python -m contracts.verifier --geler »"
EMPREINTES = "empreintes.json"


def check(contrats: Contrats) -> list[str]:
    """Every broken promise, in French: file, key, what to do."""
    return [
        *_not_frozen(contrats),
        *_vanished(contrats),
        *_changed(contrats),
        *_examples(contrats),
        *_fingerprints(contrats),
    ]


def check_documents(root: Path) -> list[str]:
    """Generated documents that are not what the contracts say today."""
    return [
        f"{path} : {'périmé' if (root / path).exists() else 'absent'} ; lancez « make documents »"
        for path, text in documents.generate().items()
        if not (root / path).exists() or (root / path).read_text("utf-8") != text
    ]


def freeze(contrats: Contrats) -> list[str]:
    """Write what is not frozen yet: schemas, additions to them, fingerprints. Gives the paths written."""
    written = []
    for key, schema in contrats.current.items():
        frozen = contrats.frozen(key)
        if frozen and (changes(read(frozen[-1]), schema, wider_lists=_wider(key)) or not _adds(frozen, schema)):
            continue
        path = contrats.schemas / f"{key}{f'+{len(frozen)}' if frozen else ''}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text_of(schema))
        written.append(contrats.relative(path))
    return written + _freeze_fingerprints(contrats)


def _freeze_fingerprints(contrats: Contrats) -> list[str]:
    known, broken = _known(contrats), _broken_examples(contrats)
    new = {
        contrats.relative(path): fingerprint(path)
        for path in contrats.released()
        if contrats.relative(path) not in known and path not in broken
    }
    if new:
        contrats.schemas.mkdir(parents=True, exist_ok=True)
        (contrats.schemas / EMPREINTES).write_text(text_of(dict(sorted((known | new).items()))), "utf-8")
    return [f"empreinte de {path}" for path in new]


def _broken_examples(contrats: Contrats) -> set[Path]:
    """Examples that do not load, or that no event claims: never frozen."""
    claimed = {path: name for name in _event_names(contrats) for path in contrats.examples(name)}
    return {
        path
        for path in contrats.exemples.glob("*/*.json")
        if path not in claimed or any(_loads(contrats, claimed[path], path))
    }


def _event_names(contrats: Contrats) -> list[str]:
    return [name for event in contrats.registre.events for name in contrats.registre.names(event)]


def _known(contrats: Contrats) -> dict[str, str]:
    path = contrats.schemas / EMPREINTES
    found: dict[str, str] = read(path) if path.exists() else {}
    return found


def _wider(key: str) -> bool:
    return not key.startswith("evenements/")


def _adds(frozen: list[Path], schema: dict[str, Any]) -> bool:
    return additions(read(frozen[-1]), schema)


def _not_frozen(contrats: Contrats) -> Iterator[str]:
    for key in contrats.current:
        frozen = contrats.frozen(key)
        if not frozen or frozen[0].stem != key.rpartition("/")[2]:
            yield f"schemas/{key}.json : schéma non figé ; {GELER}"
    for key in contrats.older:
        if not contrats.frozen(key):
            yield f"schemas/{key}.json : version ancienne sans schéma figé ; remettez le fichier publié"


def _vanished(contrats: Contrats) -> Iterator[str]:
    for key in sorted(set(contrats.frozen_names()) - contrats.current.keys() - set(contrats.older)):
        yield (
            f"schemas/{key}.json : {key.partition('/')[2]} est publié, mais plus aucun type ne porte ce nom ; "
            "remettez la classe (un événement écrit se relit toujours)"
        )


def _changed(contrats: Contrats) -> Iterator[str]:
    for key, schema in contrats.current.items():
        for path in contrats.frozen(key):
            for change in changes(read(path), schema, wider_lists=_wider(key)):
                yield f"{contrats.relative(path)} : {change.key or '(racine)'} : {change.what} ; {_advice(key)}"


def _advice(key: str) -> str:
    kind, _, name = key.partition("/")
    if kind != "evenements":
        return "ce nom est publié : remettez le champ, ou créez un nouveau nom et gardez l'ancien"
    service, word, version = split_name(name)
    return (
        f"publié : créez une v{version + 1} ({service}.{word}.v{version + 1}) et une étape v{version} → v{version + 1}"
    )


def _examples(contrats: Contrats) -> Iterator[str]:
    names = _event_names(contrats)
    expected = {path for name in names for path in contrats.examples(name)}
    for name in names:
        if not contrats.examples(name):
            where = f"evenements/exemples/{name.partition('.')[0]}/{name}.json"
            yield f"{where} : aucun exemple pour {name} ; écrivez-en un"
        for path in contrats.examples(name):
            yield from _loads(contrats, name, path)
    for path in sorted(set(contrats.exemples.glob("*/*.json")) - expected):
        yield f"{contrats.relative(path)} : exemple d'un événement inconnu ; remettez la classe ou corrigez le nom"


def _loads(contrats: Contrats, name: str, path: Path) -> Iterator[str]:
    try:
        contrats.registre.load(name, read(path))
    except json.JSONDecodeError as error:
        yield f"{contrats.relative(path)} : JSON illisible ligne {error.lineno} ({error.msg})"
    except ContractError as error:
        yield f"{contrats.relative(path)} : ne se relit plus : {error} ; le modèle doit lire ce qui est publié"
    except (KeyError, TypeError, AttributeError) as error:
        yield f"{contrats.relative(path)} : l'étape de version échoue ({type(error).__name__} {error})"


def _fingerprints(contrats: Contrats) -> Iterator[str]:
    known = _known(contrats)
    present = {contrats.relative(path): path for path in contrats.released()}
    for key, path in present.items():
        if key not in known:
            yield f"{key} : fichier non figé ; {GELER}"
        elif fingerprint(path) != known[key]:
            yield f"{key} : fichier publié modifié ; remettez-le (un nouveau cas est un nouveau fichier)"
    for key in sorted(known.keys() - present.keys()):
        yield f"{key} : fichier publié disparu ; remettez-le"


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts.verifier", description="Vérifie les contrats publiés.")
    parser.add_argument("--geler", action="store_true", help="figer ce qui est nouveau, sans rien écraser")
    chosen = parser.parse_args(arguments)
    contrats = Contrats()
    if chosen.geler:
        for path in freeze(contrats):
            print(f"figé : {path}")
    problems = [f"contracts/{line}" for line in check(contrats)] + check_documents(contrats.dossier.parent)
    for line in problems:
        print(line, file=sys.stderr)
    if problems:
        print(f"{len(problems)} écart(s) avec ce qui est publié", file=sys.stderr)
        return 1
    print(f"contrats vérifiés : {len(contrats.current)} noms, {sum(1 for _ in contrats.released())} fichiers figés")
    return 0


if __name__ == "__main__":
    sys.exit(main())
