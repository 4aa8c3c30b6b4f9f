"""Ce que chaque académie voit du regroupement, quel que soit l'ordre où les faits des autres arrivent."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.commandes.regroupement import AccepterRegroupement, DefinirRegroupement
from contracts.evenements.inscription import CentreOuvert
from contracts.evenements.regroupement import RegroupementClos
from contracts.vocabulaire import TypeCentre
from services.communs.testing import base, projeter
from services.inscription.domain.regroupement import Rattachee
from services.inscription.projections.regroupements import Regroupements, lire_definition, lire_regroupement
from services.inscription.shell import partage
from services.inscription.shell.app import Shell
from services.inscription.tests.academies import (
    AILLEURS,
    ARRETE,
    CODE,
    GRENOBLE,
    LYON,
    PARTAGE,
    PILOTE,
    accepte,
    defini,
    fait_de,
    propose,
    qui,
)
from services.inscription.tests.donnees import LYCEE, ouverte
from services.socle.coffre import Coffre
from services.socle.enveloppe import Fact

LIEU = {"session": "2026", "diplome": "cap_osrcl"}
FAITS = (
    fait_de(PILOTE, defini(cle_publique="K1"), "regroupement"),
    fait_de(LYON, accepte(cle_publique="K2"), "regroupement"),
    fait_de(PILOTE, CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL), "session"),
    fait_de(LYON, CentreOuvert(centre="0690001A", type=TypeCentre.PRINCIPAL, places_accueil=4), "session"),
)


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    one = base(tmp_path, Regroupements())
    yield one
    one.dispose()


def vu(engine: Engine, academie: str) -> Any:
    with engine.connect() as connection:
        return lire_regroupement(connection, academie=academie, **LIEU)


def ecrire(engine: Engine, *faits: Fact, ensemble: bool = False) -> None:
    projeter(engine, Regroupements(), faits, ensemble=ensemble)


def test_bts_g02_la_pilote_et_les_rattachees_connaissent_les_centres_de_chacune(tmp_path: Path) -> None:
    vues = []
    for rang, ordre in enumerate(permutations(FAITS)):
        (tmp_path / str(rang)).mkdir()
        one = base(tmp_path / str(rang), Regroupements())
        ecrire(one, *ordre, ordre[0], ensemble=bool(rang % 2))
        vues.append([vu(one, academie) for academie in (PILOTE, LYON, GRENOBLE)])
        one.dispose()
    [pilote, lyon, grenoble] = vues[0]
    assert all(une == vues[0] for une in vues)
    assert pilote == lyon == grenoble
    dites = {one["academie"]: (one["pilote"], one["accepte"], one["cle_publique"]) for one in pilote["academies"]}
    assert dites == {PILOTE: (True, True, "K1"), LYON: (False, True, "K2"), GRENOBLE: (False, False, "")}
    centres = {one["academie"]: one["centres"] for one in pilote["academies"]}
    assert centres[LYON] == [{"centre": "0690001A", "type": "principal", "places_accueil": 4}]
    assert [one["places_accueil"] for one in centres[PILOTE]] == [None]


def test_tr_g01_qui_n_en_est_pas_ne_voit_aucun_regroupement(engine: Engine) -> None:
    ecrire(engine, *FAITS)
    assert vu(engine, AILLEURS) is None


def test_dc_bts19_nul_ne_definit_au_nom_d_une_autre(engine: Engine) -> None:
    ecrire(engine, fait_de(GRENOBLE, defini(), "regroupement"))
    assert vu(engine, LYON) is None


def test_une_definition_redite_ajoute_et_une_cloture_se_voit(engine: Engine) -> None:
    clos = RegroupementClos(regroupement=CODE, motif="session terminée", regle="BTS-G01")
    ecrire(engine, *FAITS, fait_de(PILOTE, defini(LYON, GRENOBLE, AILLEURS), "regroupement", 2))
    assert [one["academie"] for one in vu(engine, AILLEURS)["academies"]] == [PILOTE, LYON, GRENOBLE, AILLEURS]
    ecrire(engine, fait_de(PILOTE, clos, "regroupement", 3))
    assert (vu(engine, LYON)["clos"], vu(engine, LYON)["motif_cloture"]) == (True, "session terminée")
    with engine.connect() as connection:
        assert lire_definition(connection, pilote=LYON, **LIEU) is None


# Ce que le service donne à ses décisions ----------------------------------------------------------------------------


def env(engine: Engine, *arrives: Fact, etat: Any = None) -> Any:
    """L'environnement d'un service : ce qui est arrivé n'est lisible qu'une fois attendu."""

    async def state(session: str, diplome: str, ref: Any) -> Any:
        return SimpleNamespace(state=ref.family.initial if etat is None else etat)

    async def events(session: str, diplome: str, service: str, aggregate: str) -> list[Any]:
        return [ouverte()]

    async def up_to_date(session: str) -> int:
        ecrire(engine, *arrives)
        return 1

    async def told(academie: str, session: str, diplome: str, service: str, aggregate: str) -> list[Any]:
        return [ouverte()] if academie == PILOTE else []

    runner, settings = SimpleNamespace(state=state), SimpleNamespace(academie=LYON)
    coffre = Coffre(engine, bytes(32))
    lus = {"events": events, "told": told, "up_to_date": up_to_date}
    return SimpleNamespace(runner=runner, engine=engine, settings=settings, coffre=coffre, **lus)


async def test_qui_accepte_connait_ce_qui_est_arrive_de_la_pilote(engine: Engine) -> None:
    accepter = AccepterRegroupement(regroupement=CODE, pilote=PILOTE, **qui(LYON))
    connu = await Shell(env(engine, *FAITS)).regroupement(accepter)
    assert connu["propose"] == propose()
    assert connu["cle_publique"]
    inconnu = await Shell(env(engine)).regroupement(accepter.model_copy(update={"pilote": GRENOBLE}))
    assert inconnu["propose"] is None
    definir = DefinirRegroupement(regroupement=CODE, membres=(GRENOBLE,), arrete=ARRETE, **qui(LYON))
    assert (await Shell(env(engine)).regroupement(definir))["propose"] is None


async def test_tr_g01_le_partage_d_une_rattachee_suit_ce_que_sa_pilote_a_dit_en_dernier(engine: Engine) -> None:
    ici = accepte(), qui(LYON)
    commande = AccepterRegroupement(regroupement=CODE, pilote=PILOTE, **ici[1])
    assert await partage.partage(env(engine), commande) is None
    assert await partage.partage(env(engine, *FAITS, etat=Rattachee(ici[0])), commande) == PARTAGE
