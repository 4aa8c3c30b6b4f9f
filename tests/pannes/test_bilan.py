"""Le compte voit ce qu'il doit voir : une perte, un double, un lot à moitié."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from services.socle.enveloppe import H_COMMAND, H_TYPES, Stored
from tests.pannes.bilan import Compte, a_moitie, code_de_sortie, doublees
from tests.pannes.messages import corps_malforme
from tests.pannes.tableau import ligne

INSCRIT, OUVERT = "inscription.candidat_inscrit.v2", "notation.releve_ouvert.v2"


def journal(*ecrits: tuple[str, str, str]) -> list[Stored]:
    """Commande, agrégat et type de chaque message."""
    return [
        Stored("J", rang, f"ev.a.s.d.service.{agregat}", {H_COMMAND: commande, H_TYPES: genre}, b"")
        for rang, (commande, agregat, genre) in enumerate(ecrits, 1)
    ]


@pytest.mark.parametrize(
    ("ecrits", "combien"),
    [
        ([("c1", "x-1", INSCRIT), ("c2", "x-2", INSCRIT)], 0),
        ([("c1", "x-1", INSCRIT), ("c1", "personne-1", "autre.v1")], 0),  # une commande sur deux agrégats
        ([("c1", "x-1", "autre.v1"), ("c1", "x-1", "autre.v1")], 1),  # la même commande deux fois
        ([("r:1", "releve-1", OUVERT), ("r:2", "releve-1", OUVERT)], 1),  # un effet deux fois, sous deux identifiants
    ],
)
def test_ce_qui_est_deux_fois_est_vu(ecrits: Sequence[tuple[str, str, str]], combien: int) -> None:
    assert len(doublees(journal(*ecrits), 0)) == combien
    assert not doublees(journal(*ecrits), len(ecrits))


@pytest.mark.parametrize(
    ("commandes", "moities"),
    [
        (["l1", "l2", "l3", "autre"], 0),
        (["autre"], 0),  # rien du tout : le client est mort avant
        (["l1", "l2", "autre"], 1),
        (["l1", "autre", "l2", "l3"], 1),  # en deux fois
    ],
)
def test_un_lot_a_moitie_est_vu(commandes: Sequence[str], moities: int) -> None:
    messages = journal(*((one, f"x-{one}", "autre.v1") for one in commandes))
    assert a_moitie(messages, [("l1", "l2", "l3")]) == moities


@pytest.mark.parametrize(
    ("champs", "bon"),
    [
        ({}, True),
        ({"perdues": 1}, False),
        ({"doublees": 1}, False),
        ({"a_moitie": 1}, False),
        ({"rejeu": False}, False),
        ({"echec": "bloqué"}, False),
        ({"temoin": True}, False),
        ({"temoin": True, "perdues": 3}, True),
        ({"obstacle": "il faut être root"}, False),
    ],
)
def test_le_verdict(champs: dict[str, object], bon: bool) -> None:
    compte = Compte("essai", **champs)  # type: ignore[arg-type]
    assert compte.bon is bon
    assert len(ligne(compte)) == len(ligne(Compte("essai", obstacle="absent")))


BONNE, MAUVAISE, NON_JOUEE = Compte("a"), Compte("b", perdues=1), Compte("c", obstacle="il faut être root")


@pytest.mark.parametrize(
    ("comptes", "code"),
    [
        ([], 0),
        ([BONNE], 0),
        ([BONNE, NON_JOUEE], 75),
        ([NON_JOUEE], 75),
        ([BONNE, NON_JOUEE, MAUVAISE], 1),
    ],
)
def test_une_panne_qui_n_a_pas_pu_etre_jouee_se_voit_au_code_de_sortie(comptes: list[Compte], code: int) -> None:
    assert code_de_sortie(comptes) == code
    assert ligne(NON_JOUEE)[-1] not in {ligne(BONNE)[-1], ligne(MAUVAISE)[-1]}


def test_les_malformes_sont_de_toutes_sortes_et_se_refont() -> None:
    bon = b'{"id":"1","commande":"inscription.essai"}'
    une, autre = (
        [corps_malforme(random.Random(rang), bon) for rang in range(200)],
        [corps_malforme(random.Random(rang), bon) for rang in range(200)],
    )
    assert une == autre
    assert len(set(une)) > 100
    assert bon not in une
