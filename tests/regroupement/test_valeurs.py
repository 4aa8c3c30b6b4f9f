"""A shared exam is counted alike everywhere: the values that texts do not give (AMB-05) cannot differ in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from contracts.commandes.inscription import FournirValeurs
from contracts.commandes.regroupement import AccepterRegroupement, DefinirRegroupement
from contracts.evenements.inscription import ValeursFournies
from contracts.evenements.regroupement import RegroupementAccepte
from contracts.messages import Refus
from contracts.vocabulaire import Valeurs
from tests.regroupement.academies import BASILE, MEMBRE, PILOTE, VALEURS, nommer, ordre, relier
from tests.regroupement.entieres import INSCRIT_LE, Entiere

AUTRES = VALEURS.model_copy(update={"coefficients": {**VALEURS.coefficients, "EP1": Decimal(6)}})


@pytest.fixture
async def deux(tmp_path: Path) -> AsyncIterator[tuple[Entiere, Entiere]]:
    """The pilot, open and told; the other, that has said nothing yet."""
    pilote, membre = Entiere(PILOTE, tmp_path), Entiere(MEMBRE, tmp_path)
    await pilote.ouvrir()
    recteur = ordre(PILOTE, "recteur", INSCRIT_LE, regroupement="cap-nord")
    await pilote.inscription.ordonner(DefinirRegroupement(**recteur, membres=(MEMBRE,), arrete="arrêté 1"))
    relier((pilote, membre))
    yield pilote, membre
    pilote.fermer()
    membre.fermer()


async def accepter(membre: Entiere) -> list[str]:
    recteur = ordre(MEMBRE, "recteur", INSCRIT_LE, regroupement="cap-nord")
    return await membre.inscription.ordonner(AccepterRegroupement(**recteur, pilote=PILOTE))


async def fournir(academie: Entiere, valeurs: Valeurs) -> list[str]:
    command = FournirValeurs(**ordre(academie.nom, "recteur", INSCRIT_LE), valeurs=valeurs)
    return await academie.inscription.ordonner(command)


async def test_amb_05_qui_a_d_autres_coefficients_que_la_pilote_n_accepte_pas(deux: tuple[Entiere, Entiere]) -> None:
    _, membre = deux
    await membre.ouvrir(AUTRES)
    with pytest.raises(Refus) as refus:
        await accepter(membre)
    assert (refus.value.regle, refus.value.donnees["cles"]) == ("AMB-05", ["EP1"])


async def test_amb_05_qui_a_accepte_sans_valeurs_n_en_fournit_pas_d_autres(deux: tuple[Entiere, Entiere]) -> None:
    _, membre = deux
    await membre.ouvrir(None)
    assert await accepter(membre) == [RegroupementAccepte.NAME]
    with pytest.raises(Refus, match="AMB-05"):
        await fournir(membre, AUTRES)
    assert await fournir(membre, VALEURS) == [ValeursFournies.NAME]


async def test_amb_05_fournies_autrement_pendant_une_coupure_le_jury_ne_les_juge_pas(tmp_path: Path) -> None:
    pilote, membre = Entiere(PILOTE, tmp_path), Entiere(MEMBRE, tmp_path)
    await pilote.ouvrir(None)
    recteur = ordre(PILOTE, "recteur", INSCRIT_LE, regroupement="cap-nord")
    await pilote.inscription.ordonner(DefinirRegroupement(**recteur, membres=(MEMBRE,), arrete="arrêté 1"))
    await membre.ouvrir(None)
    relier((pilote, membre))
    await accepter(membre)
    await fournir(pilote, VALEURS)  # the link is down
    await fournir(membre, AUTRES)
    await membre.enregistrer(BASILE)
    relier((pilote, membre))
    with pytest.raises(Refus) as refus:
        await pilote.deliberation.ordonner(nommer(PILOTE, [BASILE]))
    assert refus.value.regle == "AMB-05"
    pilote.fermer()
    membre.fermer()
