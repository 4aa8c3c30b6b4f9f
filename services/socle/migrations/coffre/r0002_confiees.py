"""The pairs to which others confide keys, the keys received, and whose were destroyed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    op.create_table(
        "paires",
        sa.Column("objet", sa.String(120), nullable=False),
        sa.Column("publique", sa.String(44), nullable=False),
        sa.Column("privee", sa.LargeBinary()),
        sa.Column("detruite_le", sorted_text()),
        sa.PrimaryKeyConstraint("objet"),
        if_not_exists=True,
    )
    op.create_table(
        "confiees",
        sa.Column("objet", sa.String(120), nullable=False),
        sa.Column("origine", sa.String(40), nullable=False),
        sa.Column("personne", sa.String(80), nullable=False),
        sa.Column("cle", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("objet", "origine", "personne"),
        if_not_exists=True,
    )
    op.create_table(
        "confiees_oubliees",
        sa.Column("origine", sa.String(40), nullable=False),
        sa.Column("personne", sa.String(80), nullable=False),
        sa.Column("le", sorted_text(), nullable=False),
        sa.PrimaryKeyConstraint("origine", "personne"),
        if_not_exists=True,
    )
