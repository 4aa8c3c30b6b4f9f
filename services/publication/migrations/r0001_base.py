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
        "identites_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("categorie", sorted_text(), nullable=True),
        sa.Column("reglement", sorted_text(), nullable=True),
        sa.Column("identite", sa.Text(), nullable=True),
        sa.Column("efface", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "reclamations_effacements_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat"),
        if_not_exists=True,
    )
    op.create_table(
        "reclamations_v2",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("numero", sorted_text(), nullable=False),
        sa.Column("etat", sorted_text(), nullable=True),
        sa.Column("nature", sorted_text(), nullable=True),
        sa.Column("epreuve", sorted_text(), nullable=True),
        sa.Column("annexe", sorted_text(), nullable=True),
        sa.Column("depose_le", sorted_text(), nullable=True),
        sa.Column("par_representant", sa.Boolean(), nullable=True),
        sa.Column("recours_jusqu_au", sorted_text(), nullable=True),
        sa.Column("tardive", sa.Boolean(), nullable=True),
        sa.Column("interrompt", sa.Boolean(), nullable=True),
        sa.Column("reponse_due", sorted_text(), nullable=True),
        sa.Column("accuse", sa.Text(), nullable=True),
        sa.Column("constat", sorted_text(), nullable=True),
        sa.Column("constat_motif", sorted_text(), nullable=True),
        sa.Column("instruite_le", sorted_text(), nullable=True),
        sa.Column("trouve", sa.Text(), nullable=True),
        sa.Column("issue", sorted_text(), nullable=True),
        sa.Column("motif", sorted_text(), nullable=True),
        sa.Column("close_le", sorted_text(), nullable=True),
        sa.Column("contestable_jusqu_au", sorted_text(), nullable=True),
        sa.Column("explication", sa.Text(), nullable=True),
        sa.Column("rectification", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "candidat", "numero"),
        if_not_exists=True,
    )
    op.create_table(
        "resultats_decisions_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
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
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "candidat", "seq"),
        if_not_exists=True,
    )
    op.create_table(
        "resultats_documents_v3",
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
        "resultats_v3",
        sa.Column("academie", sorted_text(), nullable=False),
        sa.Column("session", sorted_text(), nullable=False),
        sa.Column("diplome", sorted_text(), nullable=False),
        sa.Column("jury", sorted_text(), nullable=False),
        sa.Column("candidat", sorted_text(), nullable=False),
        sa.Column("clos", sa.Boolean(), nullable=True),
        sa.Column("embargo", sorted_text(), nullable=True),
        sa.Column("publie_le", sorted_text(), nullable=True),
        sa.Column("publie_seq", sa.BigInteger(), nullable=True),
        sa.Column("suite_le", sorted_text(), nullable=True),
        sa.PrimaryKeyConstraint("academie", "session", "diplome", "jury", "candidat"),
        if_not_exists=True,
    )
