"""The keys of the persons, and who was erased."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0001", None


def upgrade() -> None:
    op.create_table(
        "cles",
        sa.Column("personne", sa.String(80), nullable=False),
        sa.Column("cle", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("personne"),
        if_not_exists=True,
    )
    op.create_table(
        "detruites",
        sa.Column("personne", sa.String(80), nullable=False),
        sa.Column("le", sorted_text(), nullable=False),
        sa.PrimaryKeyConstraint("personne"),
        if_not_exists=True,
    )
