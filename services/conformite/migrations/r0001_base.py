"""Base."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from services.socle.migrations import bookkeeping
from services.socle.migrations.kinds import sorted_text

revision, down_revision = "0001", None


def upgrade() -> None:
    bookkeeping.step_1()
    op.create_table(
        "controles_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("etat", sorted_text(), nullable=True),
        sa.Column("effet", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.Column("motifs", sa.Text(), nullable=True),
        sa.Column("duree_retenue", sorted_text(), nullable=True),
        sa.Column("penalites", sa.Text(), nullable=True),
        sa.Column("explication", sa.Text(), nullable=True),
        sa.Column("decide_le", sorted_text(), nullable=True),
        sa.Column("verifie_seq", sa.BigInteger(), nullable=True),
        sa.Column("verification_conforme", sa.Boolean(), nullable=True),
        sa.Column("verification_motif", sorted_text(), nullable=True),
        sa.Column("verification_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "epreuve"),
        if_not_exists=True,
    )
    op.create_table(
        "dossiers_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("etat", sorted_text(), nullable=True),
        sa.Column("categorie", sorted_text(), nullable=True),
        sa.Column("majeur", sa.Boolean(), nullable=True),
        sa.Column("reglement", sorted_text(), nullable=True),
        sa.Column("experience_due", sa.Boolean(), nullable=True),
        sa.Column("pieces_dues", sa.Text(), nullable=True),
        sa.Column("pieces_manquantes", sa.Text(), nullable=True),
        sa.Column("heures_retenues", sa.Text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.Column("motifs", sa.Text(), nullable=True),
        sa.Column("orientation", sorted_text(), nullable=True),
        sa.Column("explication", sa.Text(), nullable=True),
        sa.Column("decide_le", sorted_text(), nullable=True),
        sa.Column("supports_manquants", sa.Text(), nullable=True),
        sa.Column("supports_arretes_le", sorted_text(), nullable=True),
        sa.Column("regularisation_piece", sorted_text(), nullable=True),
        sa.Column("regularisation_manques", sa.Text(), nullable=True),
        sa.Column("regularisation_avant", sorted_text(), nullable=True),
        sa.Column("regularisation_regle", sorted_text(), nullable=True),
        sa.Column("en_doute", sa.Boolean(), nullable=True),
        sa.Column("doute_motif", sorted_text(), nullable=True),
        sa.Column("verification_conforme", sa.Boolean(), nullable=True),
        sa.Column("verification_motif", sorted_text(), nullable=True),
        sa.Column("inscription_annulee", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "doutes_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("motif", sorted_text(), nullable=True),
        sa.Column("depuis", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "epreuve", "seq"),
        if_not_exists=True,
    )
    op.create_table(
        "pieces_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("piece", sorted_text(), nullable=False),
        sa.Column("nature", sorted_text(), nullable=True),
        sa.Column("attendu", sorted_text(), nullable=True),
        sa.Column("depose_le", sorted_text(), nullable=True),
        sa.Column("verdict", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.Column("motifs", sa.Text(), nullable=True),
        sa.Column("alertes", sa.Text(), nullable=True),
        sa.Column("heures_retenues", sa.Text(), nullable=True),
        sa.Column("a_la_main", sa.Boolean(), nullable=True),
        sa.Column("manques", sa.Text(), nullable=True),
        sa.Column("avant", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "piece"),
        if_not_exists=True,
    )
    op.create_table(
        "reductions_v1",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("cause", sorted_text(), nullable=False),
        sa.Column("motif", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "cause"),
        if_not_exists=True,
    )
