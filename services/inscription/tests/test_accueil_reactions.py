"""Entre deux académies : ce que l'une demande, ce que l'autre répond, dans tous les ordres et en double."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.commandes.regroupement import AccueillirCandidat, EnregistrerAccueil, LibererPlace
from contracts.droits import check_rights
from contracts.messages import Command, Event
from services.communs.testing import base, projeter
from services.inscription.domain import accueil, candidature
from services.inscription.domain.session_examen import Centre
from services.inscription.projections.accueils import Accueils, centres_tenus, lire_accueils, lire_candidat
from services.inscription.shell.reactions_regroupement import Voisinage, reactions
from services.inscription.tests.academies import CHEZ, GRENOBLE, LYON, PARTAGE, PILOTE, fait_de
from services.inscription.tests.donnees import AUTRE, NUMERO, inscrit
from services.inscription.tests.test_accueil import (
    AFFECTE_ICI,
    AFFECTE_LA,
    ANNULEE,
    CENTRE,
    DECLINE,
    LA,
    RENDUE,
    accueilli,
    demande,
    refuse,
)
from services.socle.enveloppe import Fact

LIEU = {"session": "2026", "diplome": "cap_osrcl"}
CANDIDATURE, CENTRE_LA = f"candidature-{NUMERO}", f"accueil-{LA}"


def a_lyon(*tenues: str) -> Voisinage:
    async def tient(fact: Fact, candidat: str) -> list[str]:
        return list(tenues)

    return Voisinage(LYON, tient)


def chez_lui(academie: str = PILOTE) -> Voisinage:
    return Voisinage(academie, a_lyon().tenues)


async def test_bts_g05_la_demande_d_un_partenaire_devient_un_ordre_d_ici() -> None:
    [ordre] = await a_lyon().recevoir(fait_de(PILOTE, demande(3), CANDIDATURE))
    assert isinstance(ordre, AccueillirCandidat)
    assert (ordre.origine, ordre.centre, ordre.demande, ordre.par.academie) == (PILOTE, LA, 3, LYON)
    check_rights(ordre, LYON)
    assert await a_lyon().recevoir(fait_de(PILOTE, demande(academie=GRENOBLE), CANDIDATURE)) == []


@pytest.mark.parametrize(
    ("fait", "rendues"), [(ANNULEE, {LA, "AUTRE"}), (AFFECTE_ICI, {LA, "AUTRE"}), (AFFECTE_LA, {"AUTRE"})]
)
async def test_qui_ne_vient_plus_rend_ses_places(fait: Event, rendues: set[str]) -> None:
    ordres = await a_lyon(LA, "AUTRE").recevoir(fait_de(PILOTE, fait, CANDIDATURE))
    assert {one.centre for one in ordres if isinstance(one, LibererPlace)} == rendues
    assert len({one.id for one in ordres}) == len(rendues)
    for one in ordres:
        check_rights(one, LYON)


@pytest.mark.parametrize(("reponse", "cause"), [(accueilli(), ""), (refuse("CENTRE_PLEIN"), "CENTRE_PLEIN")])
def test_bts_g05_la_reponse_revient_a_l_academie_du_candidat_et_a_elle_seule(reponse: Any, cause: str) -> None:
    fait = fait_de(LYON, reponse, CENTRE_LA)
    [ordre] = chez_lui().apprendre(fait)
    assert isinstance(ordre, EnregistrerAccueil)
    assert (ordre.academie, ordre.accueilli, ordre.cause) == (LYON, not cause, cause)
    check_rights(ordre, PILOTE)
    assert chez_lui(GRENOBLE).apprendre(fait) == []


def test_ces_reactions_ne_suivent_que_les_partenaires() -> None:
    assert all(one.exchanged and not one.own for one in reactions(chez_lui()))


# Les deux ensemble -------------------------------------------------------------------------------------------------


@dataclass
class Academie:
    """Un agrégat, ses faits, et les ordres déjà donnés : une réaction ne donne le même qu'une fois."""

    nom: str
    agregat: str
    etat: Any
    decide: Any
    evolve: Any
    faits: list[Fact] = field(default_factory=list)
    donnes: set[str] = field(default_factory=set)

    def executer(self, ordre: Command) -> None:
        if ordre.id in self.donnes:
            return
        self.donnes.add(ordre.id)
        self.dire(*self.decide(ordre, self.etat))

    def dire(self, *events: Event) -> None:
        for event in events:
            rang = len(self.faits) + 1
            self.etat = self.evolve(self.etat, event)
            self.faits.append(replace(fait_de(self.nom, event, self.agregat, rang), id=f"{self.agregat}-{rang}"))


def _candidat(numero: str) -> Academie:
    def decide(ordre: Any, etat: Any) -> Any:
        return candidature.decide(ordre, etat, CHEZ[PILOTE], partage=PARTAGE)

    one = Academie(PILOTE, f"candidature-{numero}", candidature.initial, decide, candidature.evolve)
    one.dire(inscrit(candidat=numero), demande(candidat=numero))
    return one


def _centre(places: Centre) -> Academie:
    def decide(ordre: Any, etat: Any) -> Any:
        return accueil.decide(ordre, etat, partage=PARTAGE, centre=places)

    return Academie(LYON, CENTRE_LA, accueil.initial, decide, accueil.evolve)


async def _echanger(candidats: Iterable[Academie], centre: Academie, fois: int) -> None:
    """Tout ce qui a été dit passe d'une académie à l'autre, plusieurs fois."""
    tous = list(candidats)

    async def tient(fact: Fact, candidat: str) -> list[str]:
        return [LA] if (PILOTE, candidat) in centre.etat.accueillis else []

    lyon, pilote = Voisinage(LYON, tient), chez_lui()
    for _ in range(fois):
        for fait in [fait for one in tous for fait in one.faits]:
            for ordre in await lyon.recevoir(fait):
                centre.executer(ordre)
        for fait in list(centre.faits):
            for rendu in pilote.apprendre(fait):
                ordre = rendu
                next(one for one in tous if one.agregat.endswith(ordre.candidat)).executer(ordre)  # type: ignore[attr-defined]


async def test_bts_g05_deux_candidats_pour_une_place_un_seul_la_tient_et_chacun_le_sait() -> None:
    for ordre in permutations((NUMERO, AUTRE)):
        candidats, centre = {numero: _candidat(numero) for numero in ordre}, _centre(CENTRE)
        await _echanger([candidats[numero] for numero in ordre], centre, 3)
        premier, second = (candidats[numero].etat.fiche for numero in ordre)
        assert (premier.centre.academie, premier.centre.centre) == (LYON, LA)
        assert (second.centre, second.accueil) == (None, None)
        assert set(centre.etat.accueillis) == {(PILOTE, ordre[0])}


async def test_qui_renonce_pendant_la_coupure_ne_tient_aucune_place() -> None:
    un, autre, centre = _candidat(NUMERO), _candidat(AUTRE), _centre(CENTRE)
    un.dire(AFFECTE_ICI)
    await _echanger([un, autre], centre, 2)
    assert set(centre.etat.accueillis) == {(PILOTE, AUTRE)}
    assert un.etat.fiche.centre == AFFECTE_ICI
    assert autre.etat.fiche.centre.academie == LYON


# Ce qui se lit -----------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    one = base(tmp_path, Accueils())
    yield one
    one.dispose()


def lire(engine: Engine, academie: str, *faits: Fact) -> Any:
    projeter(engine, Accueils(), faits)
    with engine.connect() as connection:
        return lire_accueils(connection, academie=academie, **LIEU)


def de(event: Event, seq: int) -> Fact:
    return fait_de(PILOTE, event, CANDIDATURE, seq)


def test_un_accueil_decline_est_a_traiter(engine: Engine) -> None:
    vu = lire(engine, PILOTE, de(demande(), 2))
    assert ([one["etat"] for one in vu["accueils_demandes"]], vu["a_traiter"]) == (["attend"], [])
    [a_traiter] = lire(engine, PILOTE, de(DECLINE, 3))["a_traiter"]
    assert (a_traiter["nature"], a_traiter["candidat"], a_traiter["cause"]) == (
        "accueil_decline",
        NUMERO,
        "CENTRE_PLEIN",
    )
    vu = lire(engine, PILOTE, de(demande(2), 4), de(AFFECTE_LA, 5))
    assert ([one["etat"] for one in vu["accueils_demandes"]], vu["a_traiter"]) == (["accueilli"], [])
    with engine.connect() as connection:
        sien = lire_candidat(connection, academie=PILOTE, candidat=NUMERO, **LIEU)["accueil"]
    assert (sien["chez"], sien["centre"], sien["fuseau"]) == (LYON, LA, "Indian/Reunion")
    assert lire(engine, PILOTE, de(AFFECTE_ICI, 6))["accueils_demandes"] == []


def test_un_centre_sait_qui_il_tient(engine: Engine) -> None:
    cle = {"academie": LYON, "origine": PILOTE, "candidat": NUMERO, **LIEU}
    la = [
        fait_de(LYON, one, CENTRE_LA, rang) for rang, one in enumerate((accueilli(), RENDUE, refuse("CENTRE_PLEIN")), 1)
    ]
    vus = []
    for fait in la:
        [tenu] = lire(engine, LYON, fait)["accueils"]
        with engine.connect() as connection:
            vus.append((tenu["etat"], tenu["cause"], centres_tenus(connection, **cle)))
    assert vus == [("accueilli", None, [LA]), ("rendu", None, []), ("refuse", "CENTRE_PLEIN", [])]
