"""Candidates who change académie."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0005", "0004"


def upgrade() -> None:
    op.create_table(
        "transfert_jury_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("fait", sorted_text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("de", sorted_text(), nullable=True),
        sa.Column("vers", sorted_text(), nullable=True),
        sa.Column("suivi", sa.Boolean(), nullable=True),
        sa.Column("regle", sa.Text(), nullable=True),
        sa.Column("le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "candidat", "fait"),
        if_not_exists=True,
    )
