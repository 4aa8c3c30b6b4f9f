"""What was released is kept: schemas, examples, versions, règlements, rights."""

from __future__ import annotations

import shutil
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal

import jsonschema
import pytest
from pydantic import Field, create_model

from contracts import verifier
from contracts.commandes import COMMANDES
from contracts.commandes.notation import RemplirGrille
from contracts.droits import DROITS, Role
from contracts.evenements import REGISTRE
from contracts.evenements.conformite import piece_deposee_v1
from contracts.figes import Contrats, changes, read, text_of
from contracts.messages import (
    COMMAND_PATTERN,
    Acteur,
    Event,
    MalformedMessage,
    Message,
    Registry,
    UnknownType,
    UnknownVersion,
    split_name,
)
from contracts.reglement import DOSSIER, ReglementInvalide, load_all, load_reglement
from contracts.requetes import DROITS_REQUETES, REQUETES
from contracts.vocabulaire import Parametres

ROOT = Path(__file__).resolve().parents[1]
REEL = Contrats()
NOM = "caisse.depot_fait.v1"


class Couleur(StrEnum):
    ROUGE = "rouge"
    VERT = "vert"


class Ligne(Message):
    libelle: str
    montant: Decimal = Field(ge=0)


class DepotFait(Event):
    NAME: ClassVar[str] = NOM
    compte: str = Field(pattern=r"^[a-z]+$")
    montant: Decimal = Field(ge=0, max_digits=5, decimal_places=2)
    couleur: Couleur = Couleur.ROUGE
    lignes: tuple[Ligne, ...] = ()


BON = {"compte": "abc", "montant": "12.50", "couleur": "vert", "lignes": [{"libelle": "x", "montant": "1"}]}


def contrats(folder: Path, *events: type[Event], steps: Any = None) -> Contrats:
    return Contrats(registre=Registry(events or (DepotFait,), steps), commandes={}, requetes={}, dossier=folder)


def exemple(folder: Path, name: str, data: Any) -> Path:
    path = folder / "evenements/exemples" / name.partition(".")[0] / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text_of(data), "utf-8")
    return path


def variante(base: type[Event] = DepotFait, **fields: Any) -> type[Event]:
    """The same event, with other fields: what somebody's edit would give."""
    kept: dict[str, Any] = {
        name: (info.annotation, info) for name, info in base.model_fields.items() if name not in fields
    }
    made = create_model("DepotFait", __base__=Event, **kept, **{k: v for k, v in fields.items() if v is not None})
    made.NAME = base.NAME
    return made


@pytest.fixture
def publie(tmp_path: Path) -> Path:
    """A folder where `DepotFait` was released, with its example."""
    exemple(tmp_path, NOM, BON)
    verifier.freeze(contrats(tmp_path))
    assert verifier.check(contrats(tmp_path)) == []
    return tmp_path


# What may change, and what may not ---------------------------------------------------------------------------------


def test_un_nouveau_nom_se_fige_sans_rien_ecraser(tmp_path: Path) -> None:
    exemple(tmp_path, NOM, BON)
    told = verifier.check(contrats(tmp_path))
    assert [line for line in told if f"schemas/evenements/{NOM}.json" in line and "--geler" in line]
    assert f"schemas/evenements/{NOM}.json" in verifier.freeze(contrats(tmp_path))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert verifier.freeze(contrats(tmp_path, variante(montant=(int, ...)))) == []
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before


@pytest.mark.parametrize(
    ("fields", "key", "what"),
    [
        ({"montant": (int, ...)}, "montant", "type"),
        ({"montant": (Decimal, Field(ge=1, max_digits=5, decimal_places=2))}, "montant", "x-decimal"),
        ({"compte": None}, "compte", "champ retiré"),
        ({"compte": (str, Field(pattern=r"^[a-z]*$"))}, "compte", "pattern"),
        ({"compte": (str, "abc")}, "compte", "champ devenu facultatif"),
        ({"couleur": (Couleur, ...)}, "couleur", "champ devenu obligatoire"),
        ({"couleur": (Couleur, Couleur.VERT)}, "couleur", "default"),
        ({"couleur": (Literal["rouge"], "rouge")}, "couleur", "valeurs retirées"),
        ({"motif": (str, ...)}, "motif", "champ obligatoire ajouté"),
    ],
)
def test_un_champ_change_est_refuse(publie: Path, fields: dict[str, Any], key: str, what: str) -> None:
    told = [line for line in verifier.check(contrats(publie, variante(**fields))) if line.startswith("schemas/")]
    assert told, "accepté"
    assert any(f"schemas/evenements/{NOM}.json : {key}" in line for line in told), told
    if what != "valeurs retirées":
        assert any(what in line for line in told), told
    assert all("créez une v2 (caisse.depot_fait.v2) et une étape v1 → v2" in line for line in told)


def test_un_champ_change_dans_un_objet_est_refuse(publie: Path) -> None:
    class Autre(Message):  # renamed: free; its label becomes a number: not free
        libelle: int
        montant: Decimal = Field(ge=0)

    told = verifier.check(contrats(publie, variante(lignes=(tuple[Autre, ...], ()))))
    assert [line for line in told if "lignes[].libelle" in line and "créez une v2" in line], told


def test_un_champ_facultatif_ajoute_est_accepte(publie: Path) -> None:
    class Detail(Message):
        libelle: str
        montant: Decimal = Field(ge=0)
        note: str = ""

    wider = variante(motif=(str, ""), lignes=(tuple[Detail, ...], ()))
    assert verifier.check(contrats(publie, wider)) == []


def test_un_champ_facultatif_fige_apres_coup_tient_aussi(publie: Path) -> None:
    assert verifier.freeze(contrats(publie, variante(motif=(str, "")))) == [
        f"schemas/evenements/{NOM}+1.json",
        f"empreinte de schemas/evenements/{NOM}+1.json",
    ]
    assert verifier.check(contrats(publie, variante(motif=(str, "")))) == []
    assert any("champ retiré" in line for line in verifier.check(contrats(publie)))
    assert any("motif" in line for line in verifier.check(contrats(publie, variante(motif=(int, 0)))))


def test_une_liste_fermee_ne_s_etend_que_pour_une_commande() -> None:
    old = {"properties": {"c": {"enum": ["a", "b"]}}}
    new = {"properties": {"c": {"enum": ["a", "b", "z"]}}}
    assert [one.key for one in changes(old, new)] == ["c"]
    assert changes(old, new, wider_lists=True) == []
    assert changes(new, old, wider_lists=True) != []


def test_les_titres_et_les_noms_de_classes_sont_libres(publie: Path) -> None:
    class Renommee(Message):
        """Dit autrement."""

        libelle: str = Field(title="Libellé", description="autre")
        montant: Decimal = Field(ge=0)

    assert verifier.check(contrats(publie, variante(lignes=(tuple[Renommee, ...], ())))) == []


def test_un_evenement_retire_est_refuse(publie: Path) -> None:
    class Autre(Event):
        NAME: ClassVar[str] = "caisse.autre.v1"

    told = verifier.check(contrats(publie, Autre))
    assert [line for line in told if NOM in line and "plus aucun type ne porte ce nom" in line], told


def test_une_nouvelle_version_garde_l_ancienne(publie: Path) -> None:
    class DepotFaitV2(Event):
        NAME: ClassVar[str] = "caisse.depot_fait.v2"
        comptes: tuple[str, ...]

    def step(data: dict[str, Any]) -> dict[str, Any]:
        return {"comptes": [data["compte"]]}

    later = contrats(publie, DepotFaitV2, steps={NOM: step})
    exemple(publie, "caisse.depot_fait.v2", {"comptes": ["abc"]})
    verifier.freeze(later)
    assert verifier.check(later) == []
    (publie / f"schemas/evenements/{NOM}.json").unlink()
    assert [line for line in verifier.check(later) if "version ancienne sans schéma figé" in line]


# Examples ----------------------------------------------------------------------------------------------------------


def test_un_evenement_sans_exemple_est_refuse(publie: Path) -> None:
    class Autre(Event):
        NAME: ClassVar[str] = "caisse.autre.v1"

    told = verifier.check(contrats(publie, DepotFait, Autre))
    assert [line for line in told if "aucun exemple pour caisse.autre.v1" in line]


def test_un_exemple_modifie_est_refuse(publie: Path) -> None:
    exemple(publie, NOM, {**BON, "compte": "autre"})
    told = verifier.check(contrats(publie))
    assert told == [
        f"evenements/exemples/caisse/{NOM}.json : fichier publié modifié ; "
        "remettez-le (un nouveau cas est un nouveau fichier)"
    ]
    verifier.freeze(contrats(publie))
    assert verifier.check(contrats(publie)) == told, "figer n'efface pas l'écart"


def test_un_exemple_disparu_est_refuse(publie: Path) -> None:
    exemple(publie, NOM, BON).unlink()
    assert [line for line in verifier.check(contrats(publie)) if "disparu" in line]


def test_un_schema_fige_modifie_est_refuse(publie: Path) -> None:
    path = publie / f"schemas/evenements/{NOM}.json"
    path.write_text(path.read_text("utf-8").replace("DepotFait", "Depot"), "utf-8")
    assert [line for line in verifier.check(contrats(publie)) if "publié modifié" in line]


def test_un_exemple_qui_ne_se_relit_plus_est_refuse(publie: Path) -> None:
    exemple(publie, f"{NOM}.ancien", {**BON, "compte": "ABC"})
    assert [line for line in verifier.check(contrats(publie)) if "ne se relit plus" in line and ".ancien.json" in line]


def test_un_exemple_qui_ne_se_lit_pas_ne_se_fige_pas(publie: Path) -> None:
    exemple(publie, f"{NOM}.faux", {**BON, "compte": "ABC"})
    exemple(publie, "caisse.oublie.v1", {})
    assert verifier.freeze(contrats(publie)) == []


def test_un_exemple_sans_type_est_refuse(publie: Path) -> None:
    exemple(publie, "caisse.oublie.v1", {})
    assert [line for line in verifier.check(contrats(publie)) if "événement inconnu" in line]


# The real contracts ------------------------------------------------------------------------------------------------


def test_les_contrats_publies_tiennent() -> None:
    assert verifier.check(REEL) == []


def test_les_documents_sont_a_jour() -> None:
    assert verifier.check_documents(ROOT) == []


def test_un_document_perime_est_refuse(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "docs/droits.md").write_text("autre", "utf-8")
    (tmp_path / "docs/commandes.md").unlink()
    told = verifier.check_documents(tmp_path)
    assert [line for line in told if "droits.md : périmé" in line and "make documents" in line]
    assert [line for line in told if "commandes.md : absent" in line]


NOMS = [name for event in REGISTRE.events for name in REGISTRE.names(event)]


@pytest.mark.parametrize("name", NOMS)
def test_chaque_exemple_se_relit_et_suit_son_schema(name: str) -> None:
    paths = REEL.examples(name)
    assert paths, f"aucun exemple : contracts/evenements/exemples/{name.partition('.')[0]}/{name}.json"
    key = f"evenements/{name}"
    schema = read(REEL.frozen(key)[-1]) if REEL.frozen(key) else REEL.current[key]
    for path in paths:
        event = REGISTRE.load(name, read(path))
        assert isinstance(event, Event)
        jsonschema.validate(
            read(path), schema, jsonschema.Draft202012Validator, format_checker=jsonschema.FormatChecker()
        )


def test_chaque_schema_est_un_schema() -> None:
    for schema in REEL.current.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_piece_deposee_v1_se_lit_comme_la_v2() -> None:
    entreprise = {"denomination": "Livraisons du Cailly"}
    periode = {"nature": "stage", "debut": "2025-06-02", "fin": "2025-09-07", "heures_hebdomadaires": "35"}
    commun = {
        "candidat": "2600000001",
        "piece": "A1",
        "nature": "attestation_experience",
        "depose_le": "2025-11-20T09:30:00+01:00",
    }
    v1 = {**commun, "attestation": {"entreprise": entreprise, "periode": periode}}
    v2 = {**commun, "attestation": {"entreprise": entreprise, "periodes": [periode]}}
    assert REGISTRE.load("conformite.piece_deposee.v1", v1) == REGISTRE.load("conformite.piece_deposee.v2", v2)
    assert piece_deposee_v1(commun) == commun
    jsonschema.validate(v1, read(REEL.frozen("evenements/conformite.piece_deposee.v1")[0]))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(v2, read(REEL.frozen("evenements/conformite.piece_deposee.v1")[0]))


def test_un_type_inconnu_et_une_version_a_venir_se_disent() -> None:
    with pytest.raises(UnknownType) as inconnu:
        REGISTRE.load("notation.jamais_vu.v1", {})
    with pytest.raises(UnknownVersion, match="mettez-le à jour") as version:
        REGISTRE.load("conformite.piece_deposee.v9", {})
    with pytest.raises(UnknownType):
        REGISTRE.load("pas un nom", {})
    assert (inconnu.value.code, version.value.code) == ("TYPE_INCONNU", "VERSION_INCONNUE")


def test_un_contenu_malforme_se_dit_sans_montrer_sa_valeur() -> None:
    with pytest.raises(MalformedMessage, match="candidat") as error:
        REGISTRE.load("inscription.inscription_annulee.v1", {"candidat": "Jean Dupont", "motif": "abandon"})
    assert "Dupont" not in str(error.value)


def test_un_champ_ajoute_par_un_programme_plus_recent_est_ignore() -> None:
    data = {"candidat": "2600000001", "motif": "abandon", "plus_tard": 1}
    read_back = REGISTRE.load("inscription.inscription_annulee.v1", data)
    assert "plus_tard" not in read_back.model_dump()


# Rights ------------------------------------------------------------------------------------------------------------


def test_chaque_commande_et_chaque_question_a_ses_droits() -> None:
    assert DROITS.keys() == COMMANDES.keys()
    assert DROITS_REQUETES.keys() == REQUETES.keys()
    assert all(droit.roles for droit in DROITS.values())
    assert all(DROITS_REQUETES.values())


def test_une_portee_nomme_un_champ_de_la_commande() -> None:
    """Otherwise the author's scope can never match, and the right is no right."""
    lost = [
        f"{name} : {role.value} borné par « {word} », que la commande n'a pas"
        for name, droit in DROITS.items()
        for role, word in droit.bornes
        if word not in COMMANDES[name].model_fields
    ]
    assert not lost, lost


def test_les_noms_disent_leur_service() -> None:
    assert all((ROOT / f"contracts/evenements/{split_name(name)[0]}.py").is_file() for name in NOMS)
    assert all(COMMAND_PATTERN.match(name) for name in [*COMMANDES, *REQUETES])


def test_tr_c01_seule_l_autorite_fixe_les_dates() -> None:
    assert DROITS["inscription.ouvrir_session"].roles == {Role.RECTEUR, Role.GESTIONNAIRE}


def test_dc_cap23_le_recteur_nomme_le_jury() -> None:
    assert DROITS["deliberation.constituer_jury"].roles == {Role.RECTEUR}


def test_un_auteur_est_un_compte_jamais_un_nom() -> None:
    with pytest.raises(ValueError, match="id"):
        Acteur(id="Camille Martin", role="gestionnaire", academie="normandie")


# Règlements --------------------------------------------------------------------------------------------------------

FICHIERS = sorted(path for path in DOSSIER.glob("*/*.yaml") if not path.name.endswith(".cas.yaml"))
CAP_2026 = DOSSIER / "cap_osrcl/2026.yaml"


def altere(tmp_path: Path, old: str, new: str) -> Path:
    text = CAP_2026.read_text("utf-8")
    assert text.count(old) >= 1, old
    path = tmp_path / "2026.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("max_facultatives: 2", "max_facultative: 2", ["max_facultative", "clé inconnue du schéma"]),
        ("    coefficient: a_fournir", "    coefficient: beaucoup", ["epreuves.EP1.coefficient", "CAP24-N01"]),
        ("  CAP24-N05: *circulaire_ep1\n", "", ["règles sans source", "CAP24-N05"]),
        ("  procedure: heures_plafonnees", "  procedure: au_jugé", ["experience.procedure", "CAP26-I03"]),
        ("  heures: 490\n", "", ["experience.heures", "clé absente", "CAP26-I03"]),
        ("        poids: a_fournir\n", "", ["epreuves.EP1", "moyenne_ponderee", "CAP24-N01"]),
        ("id: CAP-OSRCL-2026", "id: [", ["YAML mal formé"]),
    ],
)
def test_un_reglement_errone_dit_fichier_cle_et_regle(tmp_path: Path, old: str, new: str, told: list[str]) -> None:
    path = altere(tmp_path, old, new)
    with pytest.raises(ReglementInvalide) as error:
        load_reglement(path)
    assert not [word for word in [str(path), *told] if word not in str(error.value)], str(error.value)


def test_un_nombre_decimal_reste_exact(tmp_path: Path) -> None:
    path = altere(tmp_path, "    coefficient: a_fournir", "    coefficient: 1.1")
    coefficient = load_reglement(path).epreuves["EP1"].coefficient
    assert (type(coefficient), coefficient) == (Decimal, Decimal("1.1"))


def test_l_empreinte_d_un_reglement_suit_son_contenu(tmp_path: Path) -> None:
    same = altere(tmp_path, "max_facultatives: 2", "max_facultatives: 2  # deux")
    assert load_reglement(same).empreinte == load_reglement(CAP_2026).empreinte
    other = altere(tmp_path, "max_facultatives: 2", "max_facultatives: 1")
    assert load_reglement(other).empreinte != load_reglement(CAP_2026).empreinte


def test_deux_reglements_de_meme_id_sont_refuses(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        shutil.copy(CAP_2026, tmp_path / name / "2026.yaml")
    with pytest.raises(ReglementInvalide, match="existe déjà"):
        load_all(tmp_path)


@pytest.mark.parametrize("path", FICHIERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_cap24_i01_le_diplome_est_rattache_a_ses_textes_et_a_sa_session(path: Path) -> None:
    reglement = load_reglement(path)
    assert reglement.textes
    assert (reglement.diplome, reglement.session) == (path.parent.name, path.stem)


@pytest.mark.parametrize("path", FICHIERS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_cap24_g04_seules_les_grilles_du_reglement_sont_admises(path: Path) -> None:
    """Nobody names a grid when filling one: it is the règlement's, for this épreuve and this mode."""
    assert "annexe" not in RemplirGrille.model_fields
    for epreuve in load_reglement(path).epreuves.values():
        situations = [s for s in epreuve.situations.values() if s.notee]
        for grilles in [epreuve.grilles, *(situation.grilles for situation in situations)]:
            assert all(grille.annexe for grille in grilles.values())


@pytest.mark.parametrize("session", ["2024", "2026"])
def test_cap24_n18_cap24_n19_ep3_s2_une_seule_grille_sans_phase_separee(session: str) -> None:
    """CAP24-N18, CAP24-N19: the three phases are one situation, one grid for both modes, one mark."""
    situations = load_reglement(DOSSIER / f"cap_osrcl/{session}.yaml").epreuves["EP3"].situations
    assert list(situations) == ["S1", "S2"]
    assert {grille.annexe for grille in situations["S2"].grilles.values()} == {"5.1"}


def test_cap24_g08_le_calendrier_est_un_parametre_coherent() -> None:
    dates = {
        "premiere_epreuve": "2026-05-18",
        "cloture_inscriptions": "2025-11-21",
        "remise_supports": "2026-04-30",
        "remontee_ccf": "2026-06-12",
        "jury_le": "2026-07-01",
        "publication": "2026-07-03T10:00:00+02:00",
    }
    assert Parametres.model_validate(dates).jury_le.year == 2026
    for change in ({"remontee_ccf": "2026-07-02"}, {"publication": "2026-06-30T10:00:00+02:00"}):
        with pytest.raises(ValueError, match=next(iter(change))):
            Parametres.model_validate({**dates, **change})
