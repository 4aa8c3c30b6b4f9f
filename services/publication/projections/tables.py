"""Les tables des résultats : ce qui est public de chaque jury, ce qu'il a décidé, ce qui en est édité."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table

from services.socle.sql import Json, Moment, SortedText

META = MetaData()


def _lieu() -> list[Column[str]]:
    return [Column(name, SortedText, primary_key=True) for name in ("academie", "session", "diplome")]


# Par jury et candidat : où en est la publication. `pilote` : l'académie du jury, si c'en est une autre ; `publie_seq`
# est alors une position des échanges.
resultats = Table(
    "resultats_v4",
    META,
    *_lieu(),
    Column("jury", SortedText, primary_key=True),
    Column("candidat", SortedText, primary_key=True),
    Column("clos", Boolean),
    Column("embargo", Moment),
    Column("publie_le", Moment),
    Column("publie_seq", BigInteger),
    Column("pilote", SortedText),
    Column("suite_le", Moment),
)

# Chaque décision du jury, dans l'ordre : une décision ultérieure ne se lit qu'une fois publiée. `dite_par` : l'académie
# dont c'est le jury ; ce que dit une autre que la pilote ne vaut rien.
decisions = Table(
    "resultats_decisions_v4",
    META,
    *_lieu(),
    Column("jury", SortedText, primary_key=True),
    Column("candidat", SortedText, primary_key=True),
    Column("dite_par", SortedText, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("nature", SortedText),
    Column("le", Moment),
    Column("decision", SortedText),
    Column("mention", SortedText),
    Column("points", SortedText),
    Column("coefficients", SortedText),
    Column("moyenne", SortedText),
    Column("moyenne_professionnelle", SortedText),
    Column("permis", SortedText),
    Column("lignes", Json),
    Column("remplacement_possible", Json),
    Column("unites", Json),
    Column("epreuves_controle", Json),
    Column("reglement", SortedText),
    Column("confirmee", Boolean),
)

# Chaque document édité, gardé : le dernier de sa nature est en vigueur, il remplace les autres (AMB-54).
documents_edites = Table(
    "resultats_documents_v4",
    META,
    *_lieu(),
    Column("numero", SortedText, primary_key=True),
    Column("jury", SortedText),
    Column("candidat", SortedText),
    Column("nature", SortedText),
    Column("version", Integer),
    Column("modele", SortedText),
    Column("empreinte", SortedText),
    Column("publie_le", Moment),
    Column("decision", SortedText),
    Column("remplace_par", SortedText),
    Column("remplace_regle", SortedText),
)
