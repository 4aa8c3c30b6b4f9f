"""Results that a jury of another académie decided."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations import bookkeeping
from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0004", "0003"


def upgrade() -> None:
    op.create_table(
        "resultats_decisions_v4",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("dite_par", sorted_text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("nature", sorted_text(), nullable=True),
        sa.Column("le", sorted_text(), nullable=True),
        sa.Column("decision", sorted_text(), nullable=True),
        sa.Column("mention", sorted_text(), nullable=True),
        sa.Column("points", sorted_text(), nullable=True),
        sa.Column("coefficients", sorted_text(), nullable=True),
        sa.Column("moyenne", sorted_text(), nullable=True),
        sa.Column("moyenne_professionnelle", sorted_text(), nullable=True),
        sa.Column("permis", sorted_text(), nullable=True),
        sa.Column("lignes", sa.Text(), nullable=True),
        sa.Column("remplacement_possible", sa.Text(), nullable=True),
        sa.Column("unites", sa.Text(), nullable=True),
        sa.Column("epreuves_controle", sa.Text(), nullable=True),
        sa.Column("reglement", sorted_text(), nullable=True),
        sa.Column("confirmee", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "candidat", "dite_par", "seq"),
        if_not_exists=True,
    )
    op.create_table(
        "resultats_documents_v4",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("numero", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=True),
        sa.Column("candidat", sorted_text(), nullable=True),
        sa.Column("nature", sorted_text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("modele", sorted_text(), nullable=True),
        sa.Column("empreinte", sorted_text(), nullable=True),
        sa.Column("publie_le", sorted_text(), nullable=True),
        sa.Column("decision", sorted_text(), nullable=True),
        sa.Column("remplace_par", sorted_text(), nullable=True),
        sa.Column("remplace_regle", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "numero"),
        if_not_exists=True,
    )
    op.create_table(
        "resultats_v4",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("clos", sa.Boolean(), nullable=True),
        sa.Column("embargo", sorted_text(), nullable=True),
        sa.Column("publie_le", sorted_text(), nullable=True),
        sa.Column("publie_seq", sa.BigInteger(), nullable=True),
        sa.Column("pilote", sorted_text(), nullable=True),
        sa.Column("suite_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "candidat"),
        if_not_exists=True,
    )
    bookkeeping.retire("resultats_decisions_v3", "resultats_v3", "resultats_documents_v3")
