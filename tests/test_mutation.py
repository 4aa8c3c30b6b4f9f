"""What mutation testing sets apart is text, and nothing else is."""

from __future__ import annotations

import ast
from textwrap import dedent

import pytest

from tests.mutation_textes import Changement, Fonction, Textes, changements

SOURCE = dedent(
    '''
    def decider(note, seuil):
        """Ce que la note donne."""
        manque = seuil - note
        if note < seuil:
            raise Refus("CAP24-N01", f"{dire(manque)} de moins que le seuil", note=note)
        issue = "admis" if note > seuil else "au seuil exact"
        return clause("CAP24-D01", "la note suffit", (issue,))

    def dire(points):
        return "un point" if points == 1 else f"{points} points"

    def clause(regle, texte, faits):
        return Explication(regle=regle, texte=texte, faits=faits)

    class Illisible(Exception):
        def __init__(self, code, detail):
            super().__init__(detail)

    class Lot:
        def ligne(self, colonnes):
            if colonnes["date de naissance"] == "sans date":
                raise Illisible("LIGNE", "corrigez-la")
            if colonnes["nom"]:
                return "lue"
    '''
)


def _fonction(source: str, nom: str) -> Fonction:
    return Textes({"m": ast.parse(source)}).fonction("m", nom)


def _changes(nom: str, ancien: str, nouveau: str) -> tuple[Textes, list[Changement]]:
    assert SOURCE.count(ancien) == 1
    textes = Textes({"m": ast.parse(SOURCE)})
    return textes, changements(textes.fonction("m", nom), _fonction(SOURCE.replace(ancien, nouveau), nom))


@pytest.mark.parametrize(
    ("nom", "ancien", "nouveau"),
    [
        ("decider", 'f"{dire(manque)} de moins que le seuil"', "None"),
        ("decider", ', f"{dire(manque)} de moins que le seuil"', ""),
        ("decider", "seuil - note", "seuil + note"),  # only ever told
        ("dire", "points == 1", "points != 1"),  # only called to be told
        ("decider", '"la note suffit"', '"LA NOTE SUFFIT"'),
        ("decider", '"admis"', '"ADMIS"'),
        ("Lot.ligne", '"corrigez-la"', "None"),
        ("decider", '"au seuil exact"', '"XXau seuil exactXX"'),
    ],
)
def test_ne_change_que_du_texte(nom: str, ancien: str, nouveau: str) -> None:
    textes, changes = _changes(nom, ancien, nouveau)
    assert changes
    assert textes.seulement(changes)


@pytest.mark.parametrize(
    ("nom", "ancien", "nouveau"),
    [
        ("decider", '"CAP24-N01"', "None"),
        ("decider", "note=note", "note=None"),
        ("decider", "note < seuil", "note <= seuil"),
        ("decider", "note > seuil", "note >= seuil"),  # which words are chosen is code
        ("decider", '"la note suffit", (issue,)', '"la note suffit", None'),
        ("decider", '"la note suffit", (issue,)', "(issue,)"),
        ("decider", '"CAP24-D01"', '"cap24-d01"'),
        ("clause", "texte=texte", "texte=None"),
        ("clause", "regle=regle, ", ""),
        ("Lot.ligne", '"date de naissance"', '"DATE DE NAISSANCE"'),
        ("Lot.ligne", '"sans date"', '"SANS DATE"'),
        ("Lot.ligne", '"lue"', '"LUE"'),
        ("Lot.ligne", '"LIGNE", ', ""),
    ],
)
def test_change_plus_que_du_texte(nom: str, ancien: str, nouveau: str) -> None:
    textes, changes = _changes(nom, ancien, nouveau)
    assert changes
    assert not textes.seulement(changes)


def test_dire_aussi_ailleurs_n_est_plus_du_texte() -> None:
    textes = Textes({"m": ast.parse(SOURCE + "\ndef autre(points):\n    return len(dire(points))\n")})
    mutant = _fonction(SOURCE.replace("points == 1", "points != 1"), "dire")
    assert not textes.seulement(changements(textes.fonction("m", "dire"), mutant))


def test_un_changement_se_montre_par_ce_qu_il_touche() -> None:
    _, [(before, after)] = _changes("decider", "note < seuil", "note <= seuil")
    assert after is not None
    assert (ast.unparse(before), ast.unparse(after)) == ("note < seuil", "note <= seuil")
