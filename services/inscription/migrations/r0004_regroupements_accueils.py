"""Regroupements, accueils."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.create_table(
        "accueils_demandes_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("chez", sorted_text(), nullable=True),
        sa.Column("centre", sorted_text(), nullable=True),
        sa.Column("demande", sa.Integer(), nullable=True),
        sa.Column("etat", sorted_text(), nullable=True),
        sa.Column("cause", sorted_text(), nullable=True),
        sa.Column("fuseau", sorted_text(), nullable=True),
        sa.Column("dit_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "accueils_tenus_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("centre", sorted_text(), nullable=False),
        sa.Column("origine", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("demande", sa.Integer(), nullable=True),
        sa.Column("etat", sorted_text(), nullable=True),
        sa.Column("cause", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.Column("dit_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "centre", "origine", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "centres_regroupes_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("centre", sorted_text(), nullable=False),
        sa.Column("type", sorted_text(), nullable=True),
        sa.Column("places_accueil", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "centre"),
        if_not_exists=True,
    )
    op.create_table(
        "fermetures_regroupees_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("centre", sorted_text(), nullable=False),
        sa.Column("jour", sorted_text(), nullable=False),
        sa.Column("motif", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "centre", "jour"),
        if_not_exists=True,
    )
    op.create_table(
        "regroupements_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("regroupement", sorted_text(), nullable=True),
        sa.Column("pilote", sorted_text(), nullable=True),
        sa.Column("membres", sa.Text(), nullable=True),
        sa.Column("arrete", sorted_text(), nullable=True),
        sa.Column("reglement", sorted_text(), nullable=True),
        sa.Column("empreinte", sorted_text(), nullable=True),
        sa.Column("cle_publique", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.Column("dit_le", sorted_text(), nullable=True),
        sa.Column("clos", sa.Boolean(), nullable=True),
        sa.Column("motif_cloture", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome"),
        if_not_exists=True,
    )
