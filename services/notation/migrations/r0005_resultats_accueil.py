"""Résultats d'accueil."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    op.create_table(
        "resultats_ecartes_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("autre", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("situation", sorted_text(), nullable=False),
        sa.Column("centre", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("absent", sa.Boolean(), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "autre", "epreuve", "situation"),
        if_not_exists=True,
    )
    op.create_table(
        "resultats_transmis_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("autre", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("situation", sorted_text(), nullable=False),
        sa.Column("centre", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("absent", sa.Boolean(), nullable=True),
        sa.Column("par", sa.Text(), nullable=True),
        sa.Column("le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "autre", "epreuve", "situation"),
        if_not_exists=True,
    )
