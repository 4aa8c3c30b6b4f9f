"""Juries of another académie that decide on candidates of this one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.create_table(
        "decision_partagee_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("dite_par", sorted_text(), nullable=False),
        sa.Column("jury", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("epreuves_controle", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "dite_par"),
        if_not_exists=True,
    )
    op.create_table(
        "jury_partage_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("dit_par", sorted_text(), nullable=False),
        sa.Column("jury", sa.Text(), nullable=True),
        sa.Column("etat", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "dit_par"),
        if_not_exists=True,
    )
