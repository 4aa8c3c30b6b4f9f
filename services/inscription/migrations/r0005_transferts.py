"""Transferts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    op.create_table(
        "transferts_reponses_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("origine", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("proposition", sa.Integer(), nullable=True),
        sa.Column("accepte", sa.Boolean(), nullable=True),
        sa.Column("repondu_le", sorted_text(), nullable=True),
        sa.Column("repris_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "origine", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "transferts_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("vers", sorted_text(), nullable=True),
        sa.Column("motif", sorted_text(), nullable=True),
        sa.Column("proposition", sa.Integer(), nullable=True),
        sa.Column("etat", sorted_text(), nullable=True),
        sa.Column("dit_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat"),
        if_not_exists=True,
    )
