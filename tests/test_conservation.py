"""The table of what is kept: complete, each duration with its rule and source, and refused when it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from contracts.conservation import FICHIER, ConservationInvalide, conservation_legale, load_conservation
from contracts.refus import REGLES
from services.exploitation.personne_echeances import STATUTS, table


def test_chaque_duree_a_sa_regle_au_catalogue_et_sa_source() -> None:
    conservation = conservation_legale()
    dites = [(one.regle, one.source) for one in conservation.durees]
    for regle, source in (*dites, *((one.regle, one.source) for one in (conservation.gel, conservation.accord))):
        assert regle in REGLES, regle
        assert source.texte


def test_dc_rgp01_ce_qui_est_dit_de_memoire_se_voit() -> None:
    rows = {one["objet"]: one for one in table(conservation_legale()) if "MC" not in one["libelle"]}
    assert rows["identite"]["statut"] == STATUTS["memoire"]
    assert (rows["copies"]["duree"], rows["copies"]["regle"]) == ("12 mois", "DC-ARC01")
    assert (rows["resultats"]["duree"], rows["resultats"]["sort"]) == (None, "archives")


def test_mc_r01_la_duree_propre_a_un_reglement_se_montre_aussi() -> None:
    [propre] = [one for one in table(conservation_legale()) if one["regle"] == "MC-R01"]
    assert "MC-ACVD" in propre["libelle"]


def _sans(objet: str) -> Any:
    return lambda raw: raw["durees"].remove(next(one for one in raw["durees"] if one["objet"] == objet))


@pytest.mark.parametrize(
    "gater",
    [
        lambda raw: raw["durees"][0].pop("regle"),
        lambda raw: raw["durees"][0].pop("source"),
        lambda raw: raw["durees"][0].pop("mois"),
        lambda raw: raw["durees"][0].update(mois=0),
        lambda raw: raw["durees"][2].update(mois=12),
        lambda raw: raw["durees"][0].update(inconnu=1),
        lambda raw: raw["durees"].append(raw["durees"][0]),
        lambda raw: raw.pop("gel"),
        _sans("pieces"),
        _sans("identite"),
    ],
)
def test_une_table_incomplete_ou_fausse_ne_se_charge_pas(gater: Any, tmp_path: Path) -> None:
    raw = yaml.safe_load(FICHIER.read_text("utf-8"))
    gater(raw)
    fichier = tmp_path / "conservation.yaml"
    fichier.write_text(yaml.safe_dump(raw), "utf-8")
    with pytest.raises(ConservationInvalide):
        load_conservation(fichier)
    fichier.write_text("durees: [", "utf-8")
    with pytest.raises(ConservationInvalide):
        load_conservation(fichier)
    with pytest.raises(ConservationInvalide):
        load_conservation(tmp_path / "absent.yaml")
