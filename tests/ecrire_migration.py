"""Writes the next revision of a database: ``python -m tests.ecrire_migration SERVICE TITRE``.

What it writes is read before it is kept, and frozen once released. It only adds: the tables of a version that the
program no longer has stay where a service ran, until somebody forgets them (``parchemin rejouer --oublier``).
"""

from __future__ import annotations

import argparse
import re
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from alembic.operations.ops import (
    AddColumnOp,
    CreateIndexOp,
    CreateTableOp,
    DropTableOp,
    ModifyTableOps,
    UpgradeOps,
)
from sqlalchemy import Connection, MetaData, Text
from sqlalchemy.types import TypeDecorator

from services.exploitation.base.histoires import NOMS, histoire
from services.socle.migrating import History, alembic_config, bookkeeping
from services.socle.sql import engine_for, writing

ENTETE = '''"""{titre}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
{imports}

revision, down_revision = {revision!r}, {avant!r}


def upgrade() -> None:
    {corps}
'''
TENUE = "from services.socle.migrations import bookkeeping"
TRI = "from services.socle.migrations.kinds import sorted_text"


def ecrire(history: History, titre: str) -> str:
    """The text of the revision that follows the last one; empty when nothing changed."""
    from alembic import command

    premiere = not history.revisions
    engine = engine_for("sqlite://")
    with writing(engine) as connection:
        if premiere:
            for table in bookkeeping():
                table.create(connection)
        else:
            command.upgrade(alembic_config(history, connection), "head")
            history.record.drop(connection)
        corps = _corps(connection, history)
    if not corps and not premiere:
        return ""
    corps = "\n    ".join(["bookkeeping.step_1()", corps] if premiere else [corps])
    imports = [TENUE] if "bookkeeping." in corps else []
    imports += [TRI] if "sorted_text()" in corps else []
    numero = f"{len(history.revisions) + 1:04}"
    avant = history.revisions[-1] if history.revisions else None
    return ENTETE.format(
        titre=titre, imports="\n".join(["", *imports]) if imports else "", revision=numero, avant=avant, corps=corps
    )


def _corps(connection: Connection, history: History) -> str:
    metadata = MetaData()
    for table in history.tables:
        table.to_metadata(metadata)
    options: dict[str, Any] = {
        "render_item": _rendre,
        "sqlalchemy_module_prefix": "sa.",
        "alembic_module_prefix": "op.",
    }
    context = MigrationContext.configure(connection, opts={"target_metadata": metadata, **options})
    found = produce_migrations(context, metadata).upgrade_ops
    assert found is not None
    changes = _a_plat(found)
    gone = [repr(one.table_name) for one in changes if isinstance(one, DropTableOp)]
    retire = f"bookkeeping.retire({', '.join(gone)})" if gone else ""
    added = UpgradeOps([one for one in map(_ajout, changes) if one is not None])
    if not added.ops:
        return retire
    code = render_python_code(added, render_item=_rendre, migration_context=context)
    code = code.partition("###\n")[2].rpartition("    # ###")[0].strip()
    return "\n    ".join([code, *([retire] if retire else [])])


def _a_plat(ops: Any) -> list[Any]:
    return [leaf for one in ops.ops for leaf in (_a_plat(one) if isinstance(one, ModifyTableOps) else [one])]


def _ajout(one: Any) -> Any:
    """An operation that adds; a table or an index only where it is not there yet; nothing for the others."""
    if isinstance(one, (CreateTableOp, CreateIndexOp)):
        one.if_not_exists = True
    return one if isinstance(one, (CreateTableOp, CreateIndexOp, AddColumnOp)) else None


def _rendre(kind: str, value: Any, context: Any) -> Any:
    """What the database stores, whatever Python makes of it."""
    if kind != "type":
        return False
    stored = value.impl_instance if isinstance(value, TypeDecorator) else value
    if isinstance(stored, Text):
        return "sorted_text()" if "postgresql" in stored._variant_mapping else "sa.Text()"
    return False


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.ecrire_migration", description="Écrit la révision suivante.")
    parser.add_argument("service", choices=NOMS)
    parser.add_argument("titre", help="ce que la révision ajoute, en quelques mots")
    asked = parser.parse_args()
    history = histoire(asked.service)
    texte = ecrire(history, asked.titre)
    if not texte:
        print(f"{asked.service} : rien à écrire, les migrations font déjà ces tables")
        return
    history.folder.mkdir(exist_ok=True)
    (history.folder / "__init__.py").touch()
    nom = re.sub(r"[^a-z0-9]+", "_", asked.titre.lower()).strip("_")
    path = history.folder / f"r{len(history.revisions) + 1:04}_{nom}.py"
    path.write_text(texte, encoding="utf-8")
    print(f"{path} : relisez-le, puis « ruff format »")


if __name__ == "__main__":
    main()
