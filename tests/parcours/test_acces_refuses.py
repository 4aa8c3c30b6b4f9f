"""Ce que l'exploitant voit des consultations refusées : d'où, à quel titre, jamais sur qui (TR-G01, CL-135)."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from contracts.droits import Role
from contracts.messages import Acteur
from contracts.requetes import VoirCandidature
from services.exploitation.acces import refusees
from services.exploitation.plateforme import demarrer
from services.socle.settings import Settings

CANDIDAT = "N26000012"


@pytest.mark.parametrize(("academie", "dite"), [("lyon", "lyon"), ("Zoé Lemoine", "inconnue")])
async def test_cl_135_l_exploitant_voit_les_tentatives_sans_savoir_sur_qui(
    tmp_path: Path, academie: str, dite: str
) -> None:
    settings = Settings(donnees=tmp_path, sessions=("2026",), nats_url="", archivage=False)
    par = Acteur(id="agent-7", role=Role.GESTIONNAIRE, academie=academie)
    async with demarrer(settings, ["inscription"]) as plateforme:
        assert await refusees(settings) == []
        question = VoirCandidature(par=par, session="2026", diplome="cap_osrcl", candidat=CANDIDAT)
        reponse = await plateforme.demander(question)
        assert (reponse["ok"], reponse["code"]) == (False, "DROIT_ACADEMIE")
        [vue] = await refusees(settings)
    assert (vue.de, vue.sur, vue.diplome, vue.service) == (dite, "normandie", "cap_osrcl", "inscription")
    assert CANDIDAT not in json.dumps(asdict(vue), default=str)
