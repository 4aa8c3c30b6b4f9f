"""Qui accueille un candidat sait qui il est ; une académie hostile n'en apprend rien, ni ne répond pour elle."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from contracts.commandes.inscription import OuvrirCentre
from contracts.commandes.regroupement import DemanderAccueil
from contracts.droits import Role
from contracts.evenements.inscription import CentreAffecte
from contracts.evenements.regroupement import AccueilDemande, CandidatAccueilli
from contracts.requetes import VoirCandidature
from contracts.vocabulaire import TypeCentre
from services.inscription.tests.donnees import IDENTITE, NUMERO
from services.inscription.tests.federation import DIPLOME, SESSION, Academie, Federation
from services.socle.testing import Bench

CENTRE = "0760110F"


@pytest.fixture
async def federation(journal: Bench, tmp_path: Path) -> AsyncIterator[Federation]:
    """La Réunion demande une place à Mayotte ; la pilote n'y est pour rien."""
    async with AsyncExitStack() as stack:
        made = Federation(journal, tmp_path, stack, uuid.uuid4().hex[:6])
        await made.ouvrir("pilote", "reunion", "mayotte")
        await made.regrouper("pilote", "reunion", "mayotte")
        await made["reunion"].inscrire(NUMERO)
        await made["reunion"].jusque(lambda: cle_connue(made["reunion"], made["mayotte"]))
        yield made


async def cle_connue(chez: Academie, de: Academie) -> bool:
    return bool(await chez.service.environment.told(de.nom, SESSION, DIPLOME, "inscription", "regroupement"))


async def demander(federation: Federation) -> AccueilDemande:
    reunion, mayotte = federation["reunion"], federation["mayotte"]
    await reunion.ordonner(DemanderAccueil, Role.GESTIONNAIRE, candidat=NUMERO, academie=mayotte.nom, centre=CENTRE)
    where = (SESSION, DIPLOME, "inscription", f"candidature-{NUMERO}")
    dits = await reunion.service.environment.events(*where)
    [demande] = [one for one in dits if isinstance(one, AccueilDemande)]
    return demande


async def test_bts_g05_tr_g01_la_demande_d_accueil_confie_le_candidat_a_qui_l_accueille(federation: Federation) -> None:
    reunion, mayotte = federation["reunion"], federation["mayotte"]
    assert await mayotte.refusee(VoirCandidature, candidat=NUMERO, origine=reunion.nom) == "IDENTITE_NON_CONFIEE"
    demande = await demander(federation)
    assert demande.enveloppe is not None
    assert demande.enveloppe.pour == mayotte.nom
    await mayotte.jusqu_a("", VoirCandidature, candidat=NUMERO, origine=reunion.nom)
    lu = await mayotte.demander(VoirCandidature, candidat=NUMERO, origine=reunion.nom)
    assert lu["identite"] == IDENTITE.model_dump(mode="json")


async def test_tr_g01_une_demande_recopiee_par_une_autre_ne_donne_pas_la_cle(federation: Federation) -> None:
    """La pilote hostile la redit comme d'elle, puis se la destine : rien ne s'ouvre, nulle part."""
    pilote, mayotte = federation["pilote"], federation["mayotte"]
    demande = await demander(federation)
    assert demande.enveloppe is not None
    await pilote.ecrire(demande, f"candidature-{NUMERO}")
    await mayotte.appris(pilote, f"candidature-{NUMERO}")
    assert await mayotte.refusee(VoirCandidature, candidat=NUMERO, origine=pilote.nom) == "IDENTITE_NON_CONFIEE"
    pour_elle = demande.enveloppe.model_copy(update={"pour": pilote.nom})
    await mayotte.ecrire(demande.model_copy(update={"enveloppe": pour_elle}), f"candidature-{NUMERO}")
    await pilote.appris(mayotte, f"candidature-{NUMERO}")
    assert await pilote.refusee(VoirCandidature, candidat=NUMERO, origine=mayotte.nom) == "IDENTITE_NON_CONFIEE"


async def test_bts_g05_nul_ne_repond_au_nom_de_l_academie_d_accueil(federation: Federation) -> None:
    """Mayotte n'a pas encore ouvert ce centre ; la pilote, hostile, répond oui à sa place, de son propre journal."""
    pilote, reunion, mayotte = (federation[nom] for nom in ("pilote", "reunion", "mayotte"))
    await mayotte.ordonner(OuvrirCentre, centre=CENTRE, type=TypeCentre.PRINCIPAL, places_accueil=1)
    await mayotte.arreter()  # coupée : elle ne peut répondre elle-même
    await demander(federation)
    oui: dict[str, Any] = {"candidat": NUMERO, "origine": reunion.nom, "centre": CENTRE, "type": TypeCentre.PRINCIPAL}
    await pilote.ecrire(CandidatAccueilli(**oui, regle="BTS-G05"), f"accueil-{CENTRE}")
    await reunion.appris(pilote, f"accueil-{CENTRE}")
    where = (SESSION, DIPLOME, "inscription", f"candidature-{NUMERO}")

    async def affectations() -> list[CentreAffecte]:
        return [one for one in await reunion.service.environment.events(*where) if isinstance(one, CentreAffecte)]

    assert await affectations() == []

    await mayotte.demarrer()

    async def repondu() -> bool:
        return [one.academie for one in await affectations()] == [mayotte.nom]

    await reunion.jusque(repondu)
