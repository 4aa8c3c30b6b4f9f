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
        "acquis_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("obtenu_le", sorted_text(), nullable=True),
        sa.Column("titre_origine", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "epreuve"),
        if_not_exists=True,
    )
    op.create_table(
        "amenagements_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("nature", sorted_text(), nullable=False),
        sa.Column("epreuves", sa.Text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "nature"),
        if_not_exists=True,
    )
    op.create_table(
        "benefices_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("session_origine", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.Column("abandonne", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "epreuve"),
        if_not_exists=True,
    )
    op.create_table(
        "candidats_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("categorie", sorted_text(), nullable=True),
        sa.Column("majeur", sa.Boolean(), nullable=True),
        sa.Column("reglement", sorted_text(), nullable=True),
        sa.Column("modes", sa.Text(), nullable=True),
        sa.Column("facultatives", sa.Text(), nullable=True),
        sa.Column("forme", sorted_text(), nullable=True),
        sa.Column("unites", sa.Text(), nullable=True),
        sa.Column("etablissement", sorted_text(), nullable=True),
        sa.Column("formation_attestee", sa.Boolean(), nullable=True),
        sa.Column("livret", sa.Boolean(), nullable=True),
        sa.Column("identite", sa.Text(), nullable=True),
        sa.Column("inscrit_le", sorted_text(), nullable=True),
        sa.Column("centre", sorted_text(), nullable=True),
        sa.Column("centre_type", sorted_text(), nullable=True),
        sa.Column("autorise", sa.Boolean(), nullable=True),
        sa.Column("regle_autorisation", sorted_text(), nullable=True),
        sa.Column("planning", sa.Text(), nullable=True),
        sa.Column("convoque", sa.Boolean(), nullable=True),
        sa.Column("convoque_le", sorted_text(), nullable=True),
        sa.Column("convoque_centre", sorted_text(), nullable=True),
        sa.Column("convoque_epreuves", sa.Text(), nullable=True),
        sa.Column("annule", sa.Boolean(), nullable=True),
        sa.Column("motif_annulation", sorted_text(), nullable=True),
        sa.Column("remplace_par", sorted_text(), nullable=True),
        sa.Column("renvoye_vers", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "centres_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("centre", sorted_text(), nullable=False),
        sa.Column("type", sorted_text(), nullable=True),
        sa.Column("acte", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "centre"),
        if_not_exists=True,
    )
    op.create_table(
        "dispenses_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("situation", sorted_text(), nullable=False),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.Column("motif", sorted_text(), nullable=True),
        sa.Column("fondement", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "epreuve", "situation"),
        if_not_exists=True,
    )
    op.create_table(
        "fermetures_centres_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("centre", sorted_text(), nullable=False),
        sa.Column("jour", sorted_text(), nullable=False),
        sa.Column("motif", sorted_text(), nullable=True),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "centre", "jour"),
        if_not_exists=True,
    )
    op.create_table(
        "fermetures_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "epreuve"),
        if_not_exists=True,
    )
    op.create_table(
        "remplacements_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("epreuve", sorted_text(), nullable=False),
        sa.Column("regle", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "epreuve"),
        if_not_exists=True,
    )
    op.create_table(
        "sessions_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("reglement", sorted_text(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("empreinte", sorted_text(), nullable=True),
        sa.Column("parametres", sa.Text(), nullable=True),
        sa.Column("arrete", sorted_text(), nullable=True),
        sa.Column("ouverte_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome"),
        if_not_exists=True,
    )
    op.create_table(
        "valeurs_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("cle", sorted_text(), nullable=False),
        sa.Column("nature", sorted_text(), nullable=True),
        sa.Column("valeur", sa.Text(), nullable=True),
        sa.Column("reference", sorted_text(), nullable=True),
        sa.Column("demonstration", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "cle"),
        if_not_exists=True,
    )
