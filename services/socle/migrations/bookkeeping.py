"""The tables that every service keeps beside its read models, step by step. Each service's history calls the steps.

A step that was released never changes. The next one is a function here, and one revision in each of the services.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text


def step_1() -> None:
    """Positions, generations, parked messages, and what reactions remember."""
    _read_models()
    _parked()
    _reactions()


def step_2() -> None:
    """Which messages of partners each read model has taken."""
    op.create_table(
        "echanges_recus",
        sa.Column("service", sorted_text(), nullable=False),
        sa.Column("consumer", sorted_text(), nullable=False),
        sa.Column("stream", sorted_text(), nullable=False),
        sa.Column("subject", sorted_text(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("empreinte", sorted_text(), nullable=False),
        sa.PrimaryKeyConstraint("service", "consumer", "stream", "subject", "rang"),
        if_not_exists=True,
    )


def step_3() -> None:
    """Which messages of partners were given up."""
    names = ("service", "consumer", "stream", "subject", "empreinte")
    op.create_table(
        "echanges_ecartes",
        *(sa.Column(name, sorted_text(), nullable=False) for name in names),
        sa.PrimaryKeyConstraint(*names),
        if_not_exists=True,
    )


def retire(*tables: str) -> None:
    """Tables of versions that this program no longer has: gone from a base where no service ever ran, and kept in the
    others, where the program before may still read them, until ``parchemin rejouer --oublier``.
    """
    drops = [f"DROP TABLE IF EXISTS {name}" for name in tables]
    if op.get_context().dialect.name == "postgresql":
        body = "; ".join(drops)
        op.execute(f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM position) THEN {body}; END IF; END $$")
    elif op.get_bind().scalar(sa.text("SELECT count(*) FROM position")) == 0:
        for drop in drops:
            op.execute(drop)


def _read_models() -> None:
    op.create_table(
        "position",
        sa.Column("projection", sorted_text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stream", sorted_text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created", sorted_text(), nullable=False),
        sa.PrimaryKeyConstraint("projection", "version", "stream"),
        if_not_exists=True,
    )
    op.create_table(
        "projections_en_service",
        sa.Column("projection", sorted_text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("etat", sorted_text()),
        sa.Column("depuis", sorted_text()),
        sa.Column("tables", sa.Text()),
        sa.PrimaryKeyConstraint("projection", "version", "generation"),
        if_not_exists=True,
    )


def _parked() -> None:
    op.create_table(
        "stationnes",
        sa.Column("service", sorted_text(), nullable=False),
        sa.Column("consumer", sorted_text(), nullable=False),
        sa.Column("stream", sorted_text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("subject", sorted_text(), nullable=False),
        sa.Column("code", sorted_text(), nullable=False),
        sa.Column("cause", sorted_text(), nullable=False),
        sa.Column("at", sorted_text(), nullable=False),
        sa.Column("status", sorted_text(), nullable=False),
        sa.Column("by", sorted_text()),
        sa.Column("reason", sorted_text()),
        sa.Column("settled", sorted_text()),
        sa.PrimaryKeyConstraint("service", "consumer", "stream", "seq"),
        if_not_exists=True,
    )
    op.create_index("stationnes_status", "stationnes", ["status", "service", "stream"], if_not_exists=True)


def _journal() -> list[sa.Column[str]]:
    return [sa.Column(name, sorted_text(), nullable=False) for name in ("service", "reaction", "stream")]


def _reactions() -> None:
    """How far each reaction is on each aggregate, on which journal, and what may have been handled before."""
    op.create_table(
        "avancement",
        *_journal(),
        sa.Column("subject", sorted_text(), nullable=False),
        sa.Column("rang", sa.Integer(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service", "reaction", "stream", "subject"),
        if_not_exists=True,
    )
    op.create_table(
        "avancement_journal",
        *_journal(),
        sa.Column("created", sorted_text(), nullable=False),
        sa.PrimaryKeyConstraint("service", "reaction", "stream"),
        if_not_exists=True,
    )
    op.create_table(
        "avancement_reprise",
        *_journal(),
        sa.Column("jusqu_a", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("service", "reaction", "stream"),
        if_not_exists=True,
    )
