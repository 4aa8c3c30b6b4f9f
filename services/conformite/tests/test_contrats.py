"""What this service says can be read back, in every version it was ever said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from contracts.commandes import conformite as commandes
from contracts.commandes import read_command
from contracts.droits import DROITS
from contracts.evenements import REGISTRE
from contracts.evenements.conformite import EVENEMENTS, MotifNonConformite, PieceDeposee
from contracts.messages import Refus
from services.conformite.domain.controle import ORDRE
from services.conformite.domain.dossier import evolve, initial
from services.conformite.tests.donnees import apres, ouvrir, spec

EXEMPLES = Path(__file__).parents[3] / "contracts" / "evenements" / "exemples" / "conformite"


def lu(name: str) -> object:
    return json.loads((EXEMPLES / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize("path", sorted(EXEMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_chaque_exemple_se_relit(path: Path) -> None:
    stored = json.loads(path.read_text("utf-8"))
    name = ".".join(path.name.split(".")[:3])
    event = REGISTRE.load(name, stored)
    if name == event.NAME:
        assert json.loads(event.model_dump_json(exclude_unset=True)) == stored


def test_chaque_evenement_et_chaque_version_a_son_exemple() -> None:
    names = {name for event in EVENEMENTS for name in REGISTRE.names(event)}
    assert names <= {path.stem for path in EXEMPLES.glob("*.json")}


def test_une_piece_deposee_v1_se_lit_aujourd_hui_avec_une_liste_d_une_periode() -> None:
    event = REGISTRE.load("conformite.piece_deposee.v1", lu("conformite.piece_deposee.v1"))  # type: ignore[arg-type]
    assert isinstance(event, PieceDeposee)
    assert event.attestation is not None
    [periode] = event.attestation.periodes
    assert periode.debut.isoformat() == "2025-03-03"
    assert periode.heures_hebdomadaires == 35
    autre = REGISTRE.load(
        "conformite.piece_deposee.v1",
        lu("conformite.piece_deposee.v1.sans_attestation"),  # type: ignore[arg-type]
    )
    assert isinstance(autre, PieceDeposee)
    assert autre.attestation is None


def test_une_piece_deposee_v1_compte_ses_heures_a_l_ouverture() -> None:
    event = REGISTRE.load("conformite.piece_deposee.v1", lu("conformite.piece_deposee.v1"))  # type: ignore[arg-type]
    assert isinstance(event, PieceDeposee)
    assert evolve(initial, event) == spec().given(event).state
    [_, jugee] = spec().given(event).when(ouvrir()).events()
    assert jugee.heures_retenues == 490


def test_chaque_ordre_a_ses_droits() -> None:
    assert {one.NAME for one in commandes.COMMANDES} == {name for name in DROITS if name.startswith("conformite.")}


def test_cap26_r01_les_motifs_sont_ceux_du_catalogue() -> None:
    assert [motif.value for motif in MotifNonConformite][:5] == ["duree", "secteur", "delai", "piece", "signature"]


def test_bts_c02_les_cinq_motifs_sont_ceux_du_catalogue() -> None:
    assert [motif.value for motif in ORDRE[:5]] == ["depot", "delai", "duree", "attestation", "signature"]
    assert set(ORDRE) == set(MotifNonConformite)


def test_un_dossier_inconnu_n_a_pas_d_histoire() -> None:
    assert apres().state == initial


@pytest.mark.parametrize(
    ("champ", "valeur"), [("nature", "fichier_zip"), ("piece", "P" * 41), ("depose_le", "hier"), ("taille", 10_000_000)]
)
def test_amb_57_une_piece_illisible_est_un_refus_technique_et_jamais_un_motif_de_non_conformite(
    champ: str, valeur: object
) -> None:
    bonne = {
        "commande": "conformite.deposer_piece",
        "id": "depot-0001",
        "le": "2025-11-10T09:00:00+01:00",
        "par": {"id": "ges1", "role": "gestionnaire", "academie": "normandie"},
        "session": "2026",
        "diplome": "cap_osrcl",
        "candidat": "N2600001",
        "piece": "P1",
        "nature": "preuve_formation",
        "depose_le": "2025-11-10T09:00:00+01:00",
    }
    assert isinstance(read_command(bonne), commandes.DeposerPiece)
    with pytest.raises(Refus) as refus:
        read_command({**bonne, champ: valeur})
    assert refus.value.regle == "COMMANDE_MALFORMEE"
    assert refus.value.regle not in {motif.value for motif in MotifNonConformite}
    assert not {motif.value for motif in MotifNonConformite} & {"format", "taille", "illisible"}
