"""L'exercice : sauvegarder pendant que tout tourne, tout perdre, restaurer ; rien ne manque, rien n'est ajouté."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from services.exploitation.archive.dossier import archives
from tests.parcours.histoire import BASILE, histoire
from tests.parcours.terminal import Terminal, environnement, servir

BASES = ("inscription.db", "conformite.db", "notation.db", "deliberation.db", "publication.db")
ATTENDRE = '{"attendre": true}\n'


@pytest.fixture(scope="module")
def perdue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Une installation où l'histoire est jouée et sauvegardée, puis arrêtée."""
    dossier = tmp_path_factory.mktemp("perdue")
    variables = environnement(dossier / "donnees")
    (dossier / "histoire.jsonl").write_text("\n".join(map(json.dumps, histoire())) + "\n", "utf-8")
    (dossier / "attendre.jsonl").write_text(ATTENDRE, "utf-8")
    with servir(variables, dossier / "traces.jsonl"), Terminal(variables) as parchemin:
        jeu = parchemin("jouer", dossier / "histoire.jsonl")
        assert jeu.code == 0, jeu.tout
        faite = parchemin("sauvegarder", dossier / "copie", "--json")
        assert faite.code == 0, faite.tout
        assert parchemin("archive", "cle", "--sortie", dossier / "publique.pem").code == 0
        # Une seconde copie, complétée pendant que tout tourne encore.
        assert [one["ajoutes"] for one in parchemin("sauvegarder", dossier / "copie", "--json").json] == [0]
    return dossier


def neuve(perdue: Path, dossier: Path, *gardes: str) -> dict[str, object]:
    """Une machine neuve, où l'on a remis le coffre et la clé de scellement, gardés ailleurs, et ce que l'on nomme."""
    (dossier / "donnees").mkdir()
    for nom in ("coffre.db", "coffre.cle", "scellement", *gardes):
        source = perdue / "donnees" / nom
        (shutil.copytree if source.is_dir() else shutil.copy)(source, dossier / "donnees" / nom)
    return environnement(dossier / "donnees")


def positions(dossier: Path) -> dict[str, int]:
    trouvees = {}
    for archive in archives(dossier):
        dernier = archive.dernier()
        trouvees[archive.journal] = dernier.dernier if dernier is not None else 0
    return trouvees


def fichiers(dossier: Path) -> dict[str, bytes]:
    return {str(one.relative_to(dossier)): one.read_bytes() for one in dossier.rglob("*.pdf")}


@pytest.mark.parametrize("gardes", [(), BASES], ids=["bases-perdues", "bases-gardees"])
def test_restauree_rien_ne_manque_et_rien_de_plus_n_est_fait(
    perdue: Path, tmp_path: Path, gardes: tuple[str, ...]
) -> None:
    variables = neuve(perdue, tmp_path, *gardes)
    with Terminal(variables) as parchemin:
        faite = parchemin("restaurer", perdue / "copie", "--json")
        assert faite.code == 0, faite.tout
        (journal,) = faite.json["journaux"]
        assert journal["messages"] == positions(perdue / "copie")[journal["journal"]]
        assert sum(one["positions"] for one in faite.json["bases"]) == 0 or gardes
        with servir(variables, tmp_path / "traces.jsonl"):
            # Les réactions repassent sur toute l'histoire, ou savent qu'elles l'ont fait : rien de nouveau n'en sort.
            assert parchemin("jouer", perdue / "attendre.jsonl").code == 0
            verdict = parchemin("archive", "verifier", "--json").json
            assert verdict["bon"]
            assert [one["a_sceller"] for one in verdict["journaux"]] == [0]
            assert parchemin("rejouer", "--json").code == 0
            parchemin("jouer", perdue / "histoire.jsonl")
            assert [one["a_sceller"] for one in parchemin("archive", "verifier", "--json").json["journaux"]] == [0]
    traces = (tmp_path / "traces.jsonl").read_text("utf-8")
    assert "stationne" not in traces
    # Les documents en vigueur, refaits, sont ceux qui avaient été publiés.
    avant, apres = fichiers(perdue / "donnees" / "documents"), fichiers(tmp_path / "donnees" / "documents")
    assert {nom: apres[nom] for nom in apres} == {nom: avant[nom] for nom in apres}
    assert bool(apres) != bool(gardes)


def test_lire_une_installation_restauree_n_y_fait_rien(perdue: Path, tmp_path: Path) -> None:
    variables, remis = neuve(perdue, tmp_path), tmp_path / "remis"
    coffre = {nom: (tmp_path / "donnees" / nom).replace(tmp_path / nom) for nom in ("coffre.db", "coffre.cle")}
    with Terminal(variables) as parchemin:
        assert parchemin("restaurer", perdue / "copie").code == 0
        avant = noms(tmp_path / "donnees")
        lectures = [
            ("archive", "verifier"),
            ("archive", "sceller"),
            ("sauvegarder", tmp_path / "autre"),
            ("journal", "--candidat", BASILE.numero),
            ("reclamation", "dossier", BASILE.numero, "--sortie", tmp_path / "dossier"),
        ]
        for lecture in lectures:
            lue = parchemin(*lecture)
            assert (lue.code, noms(tmp_path / "donnees")) == (0, avant), (lecture, lue.tout)
        exporter = ("personne", "exporter", BASILE.numero, "--sortie", remis, "--json")
        assert parchemin(*exporter).code == 1, "sans la clé maîtresse, aucune n'est faite"
        assert noms(tmp_path / "donnees") == avant
        # Le coffre rendu, l'export lit ses vues dans des bases à part.
        for nom, garde in coffre.items():
            garde.replace(tmp_path / "donnees" / nom)
        exporte = parchemin(*exporter)
        assert exporte.code == 0, exporte.tout
        assert noms(tmp_path / "donnees") == avant | coffre.keys()
        dit = json.loads((remis / "personne.json").read_text("utf-8"))
        assert [one["candidature"]["candidat"] for one in dit["inscriptions"]] == [BASILE.numero]
        verdict = parchemin("archive", "verifier", "--json").json
        assert [(one["bon"], one["a_sceller"]) for one in verdict["journaux"]] == [(True, 0)]
        # Le dernier sceau est gardé hors de l'archive, et confronté à elle ici seulement.
        (repere,) = (tmp_path / "donnees" / "reperes").iterdir()
        repere.write_bytes(b"{")
        assert "REPERE_ILLISIBLE" in parchemin("archive", "verifier", "--hors-ligne").sortie
        assert parchemin("archive", "verifier", tmp_path / "donnees" / "archive").code == 0


def noms(dossier: Path) -> set[str]:
    """Ce qu'une installation tient ; ses bases encore vides, et le dossier des brouillons, n'y comptent pas."""
    bases = {dossier / nom for nom in BASES}
    assert not any(dossier.glob("brouillons/*"))
    return {
        one.name
        for one in dossier.iterdir()
        if one.name != "brouillons" and not one.name.endswith(("-wal", "-shm"))
        if one not in bases or one.stat().st_size
    }


def test_avec_la_cle_publique_seule_la_copie_se_verifie_ailleurs(perdue: Path, tmp_path: Path) -> None:
    shutil.copytree(perdue / "copie", tmp_path / "copie")
    with Terminal(environnement(tmp_path / "rien")) as parchemin:
        bonne = parchemin("archive", "verifier", tmp_path / "copie", "--cle", perdue / "publique.pem", "--json")
        assert (bonne.code, bonne.json["bon"]) == (0, True)
        (archive,) = archives(tmp_path / "copie")
        archive.chemin_segment(archive.scelle(1).manifeste).write_bytes(b"")
        assert parchemin("archive", "verifier", tmp_path / "copie", "--cle", perdue / "publique.pem").code == 1
        assert not (tmp_path / "rien").exists()


def test_a_un_moment_passe_les_bases_sont_en_avance_et_doivent_etre_videes(perdue: Path, tmp_path: Path) -> None:
    variables = neuve(perdue, tmp_path, *BASES)
    with Terminal(variables) as parchemin:
        coupee = parchemin("restaurer", perdue / "copie", "--session", "2026", "--position", 40)
        assert coupee.code == 1
        assert "BASE_EN_AVANCE" in coupee.erreurs
        for nom in BASES:
            (tmp_path / "donnees" / nom).unlink()
        reprise = parchemin("restaurer", perdue / "copie", "--session", "2026", "--position", 40, "--json")
        assert reprise.code == 0, reprise.tout
        assert [(one["messages"], one["deja"]) for one in reprise.json["journaux"]] == [(40, 40)]
        with servir(variables, tmp_path / "traces.jsonl"):
            assert parchemin("jouer", perdue / "attendre.jsonl").code == 0
            assert parchemin("archive", "verifier").code == 0


def test_une_sauvegarde_alteree_ne_devient_pas_la_verite(perdue: Path, tmp_path: Path) -> None:
    shutil.copytree(perdue / "copie", tmp_path / "copie")
    (archive,) = archives(tmp_path / "copie")
    chemin = archive.chemin_manifeste(1)
    chemin.write_bytes(chemin.read_bytes().replace(b'"numero": 1', b'"numero": 2'))
    variables = neuve(perdue, tmp_path)
    with Terminal(variables) as parchemin:
        refusee = parchemin("restaurer", tmp_path / "copie")
        assert refusee.code == 1
        assert "RESTAURATION_REFUSEE" in refusee.erreurs
        assert not (tmp_path / "donnees" / "nats" / "journaux").exists()


def test_une_copie_d_avant_un_changement_de_cle_se_restaure_encore(perdue: Path, tmp_path: Path) -> None:
    variables, ici = neuve(perdue, tmp_path), tmp_path / "donnees" / "archive"
    ici.mkdir()
    shutil.copy(perdue / "copie" / "cles.json", ici)
    with Terminal(variables) as parchemin:
        assert parchemin("archive", "cle", "--nouvelle").code == 0
        apres = (ici / "cles.json").read_bytes()
        # Une autre succession de clés : refusée avant que rien ne soit écrit.
        (ici / "cles.json").write_bytes(json.dumps(json.loads(apres)[1:]).encode())
        refusee = parchemin("restaurer", perdue / "copie", "--cle", perdue / "publique.pem")
        assert (refusee.code, refusee.erreurs.split()[0]) == (1, "ARCHIVE_ENDOMMAGEE")
        assert not (tmp_path / "donnees" / "nats").exists()
        # La bonne, plus longue que celle de la copie.
        (ici / "cles.json").write_bytes(apres)
        refaite = parchemin("restaurer", perdue / "copie")
        assert refaite.code == 0, refaite.tout
        assert (ici / "cles.json").read_bytes() == apres
        verifiee = parchemin("archive", "verifier", "--hors-ligne")
        assert verifiee.code == 0, verifiee.tout


def test_sans_la_cle_de_scellement_rien_n_est_restaure_ni_aucune_cle_faite(perdue: Path, tmp_path: Path) -> None:
    variables = neuve(perdue, tmp_path)
    shutil.rmtree(tmp_path / "donnees" / "scellement")
    with Terminal(variables) as parchemin:
        refusee = parchemin("restaurer", perdue / "copie", "--cle", perdue / "publique.pem")
        assert (refusee.code, refusee.erreurs.split()[0]) == (1, "RESTAURATION_REFUSEE")
        assert not [one for one in ("scellement", "archive", "nats") if (tmp_path / "donnees" / one).exists()]
        # Perdue : la copie prend la place de l'archive, et son registre une nouvelle clé.
        shutil.copytree(perdue / "copie", tmp_path / "donnees" / "archive")
        assert parchemin("archive", "cle", "--nouvelle", "--perdue").code == 0
        assert parchemin("archive", "cle", "--sortie", tmp_path / "neuve.pem").code == 0
        confiance = ("--cle", perdue / "publique.pem", "--cle", tmp_path / "neuve.pem")
        refaite = parchemin("restaurer", tmp_path / "donnees" / "archive", *confiance)
        assert refaite.code == 0, refaite.tout
        verifiee = parchemin("archive", "verifier", "--hors-ligne", *confiance)
        assert verifiee.code == 0, verifiee.tout
