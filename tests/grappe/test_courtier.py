"""`parchemin courtier`: keys and certificates that only their owner reads, and that a second run does not lose."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from services.exploitation.courtier_cles import AutoriteExistante, ecrire_certificats, ecrire_cles, publique
from services.exploitation.courtier_droits import differents, ecrire, lire_droits
from services.exploitation.terminal import EntreeRefusee
from services.socle.errors import Misconfigured
from services.socle.settings import ROOT, Settings


def _mode(chemin: Path) -> int:
    return stat.S_IMODE(chemin.stat().st_mode)


def test_une_graine_par_identite_lue_de_son_seul_proprietaire(tmp_path: Path) -> None:
    ecrire_cles(tmp_path / "cles", ["notation", "inscription"])
    graines = sorted((tmp_path / "cles").glob("*.nk"))
    assert [un.name for un in graines] == ["inscription.nk", "notation.nk"]
    for chemin in (*graines, tmp_path / "cles" / "chiffrement.cle"):
        assert _mode(chemin) == 0o600
    lignes = (tmp_path / "cles" / "publiques.env").read_text("utf-8").splitlines()
    assert lignes[0] == f"PARCHEMIN_NATS_PUBLIQUE_INSCRIPTION={publique(graines[0])}"
    assert publique(graines[0]).startswith("U")
    assert publique(graines[0]) != publique(graines[1])


def test_les_cles_qui_existent_sont_gardees(tmp_path: Path) -> None:
    ecrire_cles(tmp_path, ["notation"])
    avant = {un.name: un.read_bytes() for un in tmp_path.iterdir()}
    faits = ecrire_cles(tmp_path, ["notation", "publication"])
    assert faits == ["publication.nk", "publiques.env"]
    for nom in ("notation.nk", "chiffrement.cle"):
        assert (tmp_path / nom).read_bytes() == avant[nom]


def test_une_graine_illisible_se_dit(tmp_path: Path) -> None:
    (tmp_path / "x.nk").write_text("SUPAS-UNE-GRAINE")
    with pytest.raises(EntreeRefusee):
        publique(tmp_path / "x.nk")


def test_un_certificat_par_noeud_sous_une_autorite_gardee(tmp_path: Path) -> None:
    ecrire_certificats(tmp_path, [("nats-0", ["10.0.0.1", "nats-0.interne"])], 30)
    autorite = (tmp_path / "autorite.pem").read_bytes()
    ecrire_certificats(tmp_path, [("nats-1", [])], 30)
    assert (tmp_path / "autorite.pem").read_bytes() == autorite
    lu = x509.load_pem_x509_certificate((tmp_path / "nats-0.pem").read_bytes())
    lu.verify_directly_issued_by(x509.load_pem_x509_certificate(autorite))
    noms = lu.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert noms.get_values_for_type(x509.DNSName) == ["nats-0", "nats-0.interne"]
    assert [str(une) for une in noms.get_values_for_type(x509.IPAddress)] == ["10.0.0.1"]
    usages = set(lu.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    assert usages == {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}
    assert not lu.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    for chemin in tmp_path.glob("*.cle"):
        assert _mode(chemin) == 0o600


def test_l_autorite_n_est_jamais_remplacee(tmp_path: Path) -> None:
    ecrire_certificats(tmp_path, [("nats-0", [])], 30)
    avant = {un.name: un.read_bytes() for un in tmp_path.iterdir()}
    with pytest.raises(AutoriteExistante):
        ecrire_certificats(tmp_path, [("nats-1", []), ("autorite", [])], 30)
    assert {un.name: un.read_bytes() for un in tmp_path.iterdir()} == avant


@pytest.mark.parametrize("perdu", ["autorite.pem", "autorite.cle"])
def test_une_moitie_d_autorite_n_en_fait_pas_une_neuve(tmp_path: Path, perdu: str) -> None:
    ecrire_certificats(tmp_path, [("nats-0", [])], 30)
    (tmp_path / perdu).unlink()
    with pytest.raises(AutoriteExistante) as refus:
        ecrire_certificats(tmp_path, [("nats-0", [])], 30)
    assert refus.value.code == "AUTORITE_EXISTANTE"
    assert not (tmp_path / perdu).exists()


def test_la_graine_d_une_identite_se_regle_a_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ecrire_cles(tmp_path / "toutes", ["notation"])
    ecrire_cles(tmp_path / "seule", ["notation"])
    settings = Settings(nats_cles=tmp_path / "toutes")
    assert settings.seed_file("notation") == tmp_path / "toutes" / "notation.nk"
    with pytest.raises(Misconfigured):
        settings.seed_file("publication")
    monkeypatch.setenv("PARCHEMIN_NATS_CLE_NOTATION", str(tmp_path / "seule" / "notation.nk"))
    assert settings.seed_file("notation") == tmp_path / "seule" / "notation.nk"
    assert Settings().seed_file("publication") is None


def test_les_droits_se_reecrivent_de_leur_source(tmp_path: Path) -> None:
    nats = tmp_path / "nats"
    nats.mkdir()
    (nats / "droits.yaml").write_bytes((ROOT / "deploy" / "nats" / "droits.yaml").read_bytes())
    assert len(differents(tmp_path)) == len(lire_droits(tmp_path)) == len(ecrire(tmp_path))
    (nats / "droits" / "ancien.conf").write_text("")
    (nats / "droits" / "notation.conf").write_text('DROITS_NOTATION: { publish: [">"] }')
    assert [un.name for un in ecrire(tmp_path)] == ["notation.conf", "ancien.conf"]
    assert differents(tmp_path) == []
    deploye = ROOT / "deploy" / "nats" / "droits" / "notation.conf"
    assert (nats / "droits" / "notation.conf").read_bytes() == deploye.read_bytes()
