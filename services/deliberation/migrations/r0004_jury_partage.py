"""Juries that decide on candidates of several académies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.create_table(
        "origine_jury_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("origine", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "position_jury_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("journal", sorted_text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "journal"),
        if_not_exists=True,
    )
    op.create_table(
        "regroupement_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("regroupement", sorted_text(), nullable=True),
        sa.Column("pilote", sorted_text(), nullable=True),
        sa.Column("membres", sa.Text(), nullable=True),
        sa.Column("clos", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome"),
        if_not_exists=True,
    )
    op.create_table(
        "tardif_jury_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("fait", sorted_text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=True),
        sa.Column("origine", sorted_text(), nullable=True),
        sa.Column("regle", sa.Text(), nullable=True),
        sa.Column("le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "candidat", "epreuve", "fait"),
        if_not_exists=True,
    )
