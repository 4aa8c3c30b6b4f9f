"""La commande `parchemin` comme on la tape : ce qu'elle dit, son code de retour, jamais de trace de programme."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook

from contracts.messages import Data
from contracts.reglement import DOSSIER
from services.exploitation.composition import SERVICES, projections
from services.exploitation.importation import LOT
from services.socle.server import running
from services.socle.settings import Settings
from tests.parcours.histoire import CELIA, ELISE, FARID, HUGO, LYCEE, SESSION, etapes, histoire
from tests.parcours.terminal import PARCHEMIN, Sortie, Terminal, environnement, servir

FAIT, REFUSE, MAL_EMPLOYE, ABSENT = 0, 1, 2, 3
INSCRIRE, NOTER = "2025-10-20T09:00:00+02:00", "2026-05-20T09:00:00+02:00"
ENTETE = "numero;nom;prenoms;naissance;lieu_naissance;categorie;etablissement"
ELEVES = [f"N26M{rang:04d};Mouflet{rang};Zéphirin;2008-03-1{rang};Rouen;scolaire_public;{LYCEE}" for rang in range(10)]


@pytest.fixture(scope="module")
def parchemin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Un terminal sur une plateforme en service, où l'histoire vient d'être jouée."""
    dossier = tmp_path_factory.mktemp("ligne")
    variables = environnement(dossier / "donnees")
    with servir(variables, dossier / "traces.jsonl"), Terminal(variables) as terminal:
        jeu = terminal("jouer", ecrire(dossier / "histoire.jsonl", *map(json.dumps, histoire())))
        assert jeu.code == FAIT, jeu.tout
        ecrire(terminal.dossier / "attendre.jsonl", '{"attendre": true}')
        yield terminal


def ecrire(fichier: Path, *lignes: str) -> Path:
    fichier.write_text("\n".join(lignes) + "\n", "utf-8")
    return fichier


def importer(parchemin: Terminal, fichier: Path, *options: object) -> Sortie:
    le = NOTER if "--bordereau" in options else INSCRIRE
    return parchemin("importer", fichier, "--session", SESSION, "--le", le, *options)


def messages(parchemin: Terminal) -> str:
    """Où en est le journal."""
    (ligne,) = [detail for quoi, _, detail in parchemin("sante", "--json").json["lignes"] if quoi.startswith("JOURNAL")]
    return str(ligne)


def au_calme(parchemin: Terminal) -> str:
    """Où en est le journal, une fois que plus rien ne bouge."""
    attendu = parchemin("jouer", parchemin.dossier / "attendre.jsonl")
    assert attendu.code == FAIT, attendu.tout
    return messages(parchemin)


# Ce qui ne demande aucun service -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seul(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    """Un terminal sur un dossier vide, où rien ne tourne."""
    with Terminal(environnement(tmp_path_factory.mktemp("vide"))) as terminal:
        yield terminal


def test_l_aide_est_en_francais_et_nomme_chaque_commande(seul: Terminal) -> None:
    aide = seul("--help")
    assert aide.code == FAIT
    for commande in (
        "demo",
        "servir",
        "importer",
        "jouer",
        "etat",
        "expliquer",
        "journal",
        "reglements",
        "cas",
        "formulaires",
        "pv",
        "reclamation",
        "rejouer",
    ):
        assert f" {commande} " in aide.sortie
        assert "Afficher cette aide." in seul(commande, "--help").sortie
    assert seul().code == MAL_EMPLOYE


@pytest.mark.parametrize(
    "arguments",
    [
        ["inconnue"], ["sante", "--fantaisie"], ["etat", "--candidat"], ["etat", "de", "trop"], ["jouer"],
        ["reglements", "montrer"], ["reglements", "fantaisie"], ["servir", "cantine"],
        ["importer", "x.csv", "--bordereau", "L1"], ["importer", "x.csv", "--le", "hier"],
        ["reglements", "montrer", "CAP-INCONNU"], ["pv"], ["formulaires", "MC-ACVD"],
        ["formulaires", "CAP-INCONNU", "--sortie", "x"],
        ["formulaires", "MC-ACVD", "--session", "1999", "--sortie", "x"],
        ["rejouer", "--en-place"], ["rejouer", "--oublier", "notes", "jurys"], ["rejouer", "--au", "hier"],
        ["rejouer", "--documents", "zéro"], ["rejouer", "--documents", "3", "--agregat", "releve-N26A0001"],
        ["rejouer", "--au", "2026-07-03T12:00", "--position", "3"], ["rejouer", "--position", "3", "notes"],
        ["etat", "--au", "2026-07-03T12:00", "--position", "3"], ["etat", "--position", "trois"],
        ["cas", str(DOSSIER / "cap_osrcl" / "2026.cas.yaml"), "--seul", "CL-999"],
    ],
)  # fmt: skip
def test_mal_employee_elle_le_dit_en_francais_et_rend_2(seul: Terminal, arguments: list[str]) -> None:
    rendu = seul(*arguments)
    assert (rendu.code, rendu.sortie) == (MAL_EMPLOYE, "")
    assert rendu.erreurs.split()[0].isupper(), rendu.erreurs
    assert not any(mot in rendu.erreurs for mot in ("Missing", "Invalid", "No such", "Usage", "unexpected"))


@pytest.mark.parametrize(
    ("variable", "valeur"),
    [
        ("PARCHEMIN_REPLICAS", "9"), ("PARCHEMIN_REPLICAS", "trois"), ("PARCHEMIN_LOG_LEVEL", "BAVARD"),
        ("PARCHEMIN_REQUEST_TIMEOUT", "-1"),
    ],
)  # fmt: skip
def test_un_reglage_refuse_nomme_sa_variable(seul: Terminal, variable: str, valeur: str) -> None:
    rendu = seul("sante", **{variable: valeur})
    assert rendu.code == MAL_EMPLOYE
    assert rendu.erreurs.startswith("CONFIGURATION")
    assert variable in rendu.erreurs


def test_sans_plateforme_la_sante_est_mauvaise_et_un_courtier_absent_rend_3(seul: Terminal) -> None:
    sante = seul("sante", "--json")
    assert (sante.code, sante.json["ok"]) == (REFUSE, False)
    assert "aucun courtier ne sert" in sante.sortie
    ailleurs = {"PARCHEMIN_NATS_URL": "nats://127.0.0.1:1", "PARCHEMIN_NATS_MDP_COMMANDES": "x"}
    absent = seul("etat", **ailleurs, PARCHEMIN_CONNECT_TIMEOUT=0.2)
    assert (absent.code, absent.erreurs.split()[0]) == (ABSENT, "COURTIER_ABSENT")


def test_ce_qu_attendre_n_arrangera_pas_est_dit_tout_de_suite(seul: Terminal, tmp_path: Path) -> None:
    """Une mauvaise clé du coffre, une session qu'aucun journal ne peut porter."""
    cle = ecrire(tmp_path / "coffre.cle", "pas une clé")
    reglages: tuple[tuple[str, object, int, str], ...] = (
        ("PARCHEMIN_COFFRE_CLE", cle, ABSENT, "COFFRE"),
        ("PARCHEMIN_SESSIONS", "20 26", MAL_EMPLOYE, "SUJET_INVALIDE"),
    )
    for variable, valeur, code, annonce in reglages:
        rendu = seul("etat", **{"PARCHEMIN_DONNEES": tmp_path / annonce, variable: valeur})
        assert rendu.code == code, rendu.tout
        assert f"{annonce} " in rendu.erreurs
        assert "demarrage_en_attente" not in rendu.erreurs, "rien n'est réessayé"


def test_les_reglements_se_listent_se_verifient_se_montrent(seul: Terminal) -> None:
    assert {one["id"] for one in seul("reglements", "lister", "--json").json} >= {"CAP-OSRCL-2024", "CAP-OSRCL-2026"}
    assert "CAP-OSRCL-2026" in seul("reglements", "lister").sortie
    verifies = seul("reglements", "verifier")
    assert (verifies.code, verifies.sortie.count("bon ")) == (FAIT, len(list(DOSSIER.glob("*/????.yaml"))))
    assert seul("reglements", "montrer", "CAP-OSRCL-2026", "--json").json["session"] == "2026"
    assert "CAP26-I03" in seul("reglements", "montrer", "CAP-OSRCL-2026").sortie


@pytest.mark.parametrize(
    ("abimer", "attendus"),
    [
        (lambda texte: texte + "\n  - [", ["YAML mal formé", "line"]),
        (lambda texte: texte.replace("niveau: 3", "niveau: 3\nfantaisie: 1"), ["fantaisie", "clé inconnue"]),
        (lambda texte: texte.replace("  CAP26-I03: *note\n", ""), ["CAP26-I03", "sources"]),
        (
            lambda texte: texte.replace("coefficient: 3, modes", "coefficient: douze, modes", 1),
            ["epreuves.UG1.coefficient", "DC-CAP10"],
        ),
    ],
)
def test_un_reglement_casse_dit_son_fichier_sa_cle_sa_regle(
    seul: Terminal, tmp_path: Path, abimer: Callable[[str], str], attendus: Sequence[str]
) -> None:
    fichier = ecrire(tmp_path / "casse.yaml", abimer((DOSSIER / "cap_osrcl" / "2026.yaml").read_text("utf-8")))
    rendu = seul("reglements", "verifier", fichier)
    assert rendu.code == REFUSE
    for attendu in (str(fichier), *attendus):
        assert attendu in rendu.erreurs


def _sommes(rendu: Sortie) -> dict[Path, str]:
    """Les fichiers écrits et leur somme, comme `sha256sum --check` les lit."""
    assert rendu.code == FAIT, rendu.tout
    lignes = [ligne.split("  ", 1) for ligne in rendu.sortie.splitlines()]
    dites = {Path(nom): somme for somme, nom in lignes}
    assert {nom: hashlib.sha256(nom.read_bytes()).hexdigest() for nom in dites} == dites
    return dites


def test_les_formulaires_vierges_s_ecrivent_et_se_refont_octet_pour_octet(seul: Terminal, tmp_path: Path) -> None:
    faits = _sommes(seul("formulaires", "MC-ACVD", "--session", "2026", "--sortie", tmp_path / "neuf"))
    assert {nom.parent for nom in faits} == {tmp_path / "neuf"}
    assert {"bordereau-E1-ponctuel.pdf", "fiche-E2-S3-ccf.pdf"} <= {nom.name for nom in faits}
    assert _sommes(seul("formulaires", "MC-ACVD", "--session", "2026", "--sortie", tmp_path / "neuf")) == faits
    d_office = _sommes(seul("formulaires", "MC-ACVD", "--sortie", tmp_path / "office"))
    assert set(d_office.values()).isdisjoint(faits.values())  # chaque session a son intitulé et son année


def test_un_cas_travaille_est_bon_ou_dit_son_ecart(seul: Terminal, tmp_path: Path) -> None:
    cas = DOSSIER / "cap_osrcl" / "2026.cas.yaml"
    bon = seul("cas", cas, "--seul", "CL-001", "--json")
    assert (bon.code, [(one["cas"], one["bon"]) for one in bon.json]) == (FAIT, [("CL-001", True)])
    autre = ecrire(tmp_path / "autre.cas.yaml", cas.read_text("utf-8").replace("heures: 490", "heures: 491", 1))
    ecart = seul("cas", autre, "--seul", "CL-001")
    assert ecart.code == REFUSE
    assert "490 au lieu de 491" in ecart.sortie
    casse = ecrire(tmp_path / "casse.cas.yaml", "fantaisie: 1")
    for fichier in (casse, tmp_path / "absent.yaml"):
        rendu = seul("cas", fichier)
        assert (rendu.code, rendu.erreurs.split()[0]) == (REFUSE, "CAS_MALFORME")


# Importer ----------------------------------------------------------------------------------------------------------


def test_un_fichier_de_candidats_s_importe_et_reimporte_ne_change_rien(parchemin: Terminal, tmp_path: Path) -> None:
    fichier = ecrire(tmp_path / "eleves.csv", ENTETE, *ELEVES)
    assert importer(parchemin, fichier).sortie.strip() == "10 lignes : 10 faites, 0 déjà faites, 0 en erreur."
    avant = au_calme(parchemin)
    encore = importer(parchemin, ecrire(tmp_path / "tries.csv", ENTETE, *reversed(ELEVES)), "--json")
    assert (encore.code, encore.json["inscrits"], encore.json["deja"]) == (FAIT, 0, 10)
    assert messages(parchemin) == avant


def test_chaque_ligne_fautive_dit_sa_ligne_et_sa_colonne_les_bonnes_sont_faites_ou_aucune(
    parchemin: Terminal, tmp_path: Path
) -> None:
    lignes = [
        f"N26P0001;Bon;Alix;2008-01-01;Rouen;scolaire_public;{LYCEE}",
        f"N26P0002;Mauvais;Alix;2008-13-40;Rouen;scolaire_public;{LYCEE}",
        f"N26P0003;;Alix;2008-01-03;Rouen;extraterrestre;{LYCEE}",
        "N26P0004;SansLycee;Alix;2008-01-04;Rouen;scolaire_public;",
    ]
    fichier, avant = ecrire(tmp_path / "fautes.csv", ENTETE, *lignes), au_calme(parchemin)
    rien = importer(parchemin, fichier, "--tout-ou-rien", "--json")
    assert (rien.code, rien.json["rien_ecrit"], messages(parchemin)) == (REFUSE, True, avant)
    rendu = importer(parchemin, fichier, "--json")
    assert (rendu.code, rendu.json["inscrits"]) == (REFUSE, 1)
    assert [(one["ligne"], one["colonne"], one["code"]) for one in rendu.json["erreurs"]] == [
        (3, "naissance", "DATE_MAL_FORMEE"),
        (4, "nom", "CHAMP_VIDE"),
        (4, "categorie", "CATEGORIE_INCONNUE"),
        (5, "", "ETABLISSEMENT_REQUIS"),
    ]
    assert "ligne 3, colonne naissance" in importer(parchemin, fichier).sortie
    assert "Mauvais" not in rendu.tout, "une erreur ne répète pas ce qui peut être personnel"


@pytest.mark.parametrize(
    ("contenu", "code"),
    [
        (b"", "FICHIER_VIDE"), (b"\n\n", "FICHIER_VIDE"), (ENTETE.encode(), "FICHIER_VIDE"),
        (bytes(range(256)) * 20, "FORMAT_INCONNU"), (b"PK\x03\x04 un classeur", "FORMAT_INCONNU"),
        (b"a;b\n1;2\n", "ENTETE_ABSENT"), (f"{ENTETE};couleur\n".encode(), "COLONNE_INCONNUE"),
        (b"numero;nom\nN26Q0001;Alix\n", "COLONNE_ABSENTE"), (f"{ENTETE}\n\"N26Q".encode(), "CSV_MAL_FORME"),
    ],
)  # fmt: skip
def test_un_fichier_qui_n_en_est_pas_un_est_refuse_entier(
    parchemin: Terminal, tmp_path: Path, contenu: bytes, code: str
) -> None:
    fichier = tmp_path / "candidats.csv"
    fichier.write_bytes(contenu)
    rendu = importer(parchemin, fichier)
    assert (rendu.code, rendu.erreurs.split()[0]) == (REFUSE, code)


def test_dix_fois_les_memes_lignes_n_inscrivent_qu_une_fois(parchemin: Terminal, tmp_path: Path) -> None:
    lignes = [one.replace("N26M", "N26R").replace("Mouflet", "Redit") for one in ELEVES]
    rendu = importer(parchemin, ecrire(tmp_path / "dix.csv", ENTETE, *lignes * 10), "--json")
    assert (rendu.code, rendu.json["inscrits"], len(rendu.json["erreurs"])) == (REFUSE, 10, 90)
    assert {one["code"] for one in rendu.json["erreurs"]} == {"NUMERO_EN_DOUBLE"}


def test_des_lignes_longues_partent_en_plus_de_lots(parchemin: Terminal, tmp_path: Path) -> None:
    """Moins de candidats qu'un lot n'en prend, et plus d'octets que le courtier n'en accepte."""
    reste = f"2008-03-01;{'€' * 95};scolaire_public;{LYCEE};{'€' * 290};{'€' * 95}"
    lignes = [f"N26L{rang:04d};Long{rang};{'Zoé€' * 48};{reste}" for rang in range(LOT)]
    fichier = ecrire(tmp_path / "longs.csv", f"{ENTETE};adresse;ville", *lignes)
    assert fichier.stat().st_size > 800_000, "et chaque commande est plus longue que sa ligne"
    rendu = importer(parchemin, fichier, "--json")
    assert (rendu.code, rendu.json["inscrits"], rendu.json["erreurs"]) == (FAIT, LOT, [])


def test_un_bordereau_se_depose_en_csv_et_en_xlsx(parchemin: Terminal, tmp_path: Path) -> None:
    eleves = [one.replace("N26M", "N26S").replace("Mouflet", "Note") for one in ELEVES]
    assert importer(parchemin, ecrire(tmp_path / "notes-eleves.csv", ENTETE, *eleves)).code == FAIT
    au_calme(parchemin)
    csv = ecrire(tmp_path / "ug1.csv", "candidat;note", "N26S0000;12,5", "N26S0001;ABS")
    classeur, xlsx = Workbook(), tmp_path / "ug2.xlsx"
    for ligne in (["candidat", "note"], ["N26S0000", 12.5], ["N26S0001", "ABS"]):
        assert classeur.active is not None
        classeur.active.append(ligne)
    classeur.save(xlsx)
    for fichier, epreuve in ((csv, "UG1"), (xlsx, "UG2")):
        lot = ("--bordereau", f"LOT-{epreuve}", "--epreuve", epreuve)
        assert importer(parchemin, fichier, *lot).sortie.strip() == "2 lignes : 2 faites, 0 déjà faites, 0 en erreur."
        assert importer(parchemin, fichier, *lot, "--json").json["deja"] == 2
    etat = parchemin("etat", "--candidat", "N26S0000", "--json").json
    assert {one["epreuve"]: one["note"] for one in etat["releve"]["notes"] if one["note"]} == {
        "UG1": "12.5",
        "UG2": "12.5",
    }


@pytest.mark.parametrize(
    ("nom", "contenu", "code"),
    [
        ("b.csv", b"candidat;note\nN26S0000;quinze\n", "NOTE_ILLISIBLE"),
        ("b.csv", b"candidat;note\nN26S0000;21\n", "BORDEREAU_REFUSE"),
        ("b.csv", b"candidat;note\nN26INCONNU;12\n", "BORDEREAU_REFUSE"),
        ("b.csv", b"candidat;note\n\nN26S0000;12\n\nN26S0001;quinze\n", "ligne 5, colonne note"),
        ("b.csv", b"eleve;points\nN26S0000;12\n", "COLONNE_ABSENTE"),
        ("b.csv", b"", "FICHIER_VIDE"),
        ("b.csv", bytes(range(256)) * 4, "FORMAT_INCONNU"),
        ("b.xlsx", b"pas un classeur", "FICHIER_ILLISIBLE"),
        ("b.xlsx", b"PK\x03\x04 tronque", "FICHIER_ILLISIBLE"),
    ],
)
def test_un_bordereau_fautif_ne_depose_rien(
    parchemin: Terminal, tmp_path: Path, nom: str, contenu: bytes, code: str
) -> None:
    fichier, avant = tmp_path / nom, messages(parchemin)
    fichier.write_bytes(contenu)
    rendu = importer(parchemin, fichier, "--bordereau", "LOT-FAUX", "--epreuve", "UG4")
    assert rendu.code == REFUSE
    assert code in rendu.tout
    assert messages(parchemin) == avant


# Jouer -------------------------------------------------------------------------------------------------------------


def _ouvrir_centre(**champs: Any) -> str:
    centre = {"commande": "inscription.ouvrir_centre", "le": INSCRIRE, "centre": "0769999Z", "type": "principal"}
    return json.dumps({**centre, "session": SESSION, "diplome": "cap_osrcl", "par": "recteur", **champs})


def test_un_refus_annonce_est_conforme_un_refus_imprevu_rend_1(parchemin: Terminal, tmp_path: Path) -> None:
    autrement = {"type": "annexe", "acte": "décision 12"}
    annonce = _ouvrir_centre(**autrement, refus_attendu="CENTRE_DEJA_OUVERT")
    fichier = ecrire(tmp_path / "jeu.jsonl", "// un centre", "", _ouvrir_centre(), annonce)
    prevu = parchemin("jouer", fichier)
    assert prevu.code == FAIT, prevu.tout
    assert "    3 fait inscription.ouvrir_centre" in prevu.sortie
    assert "    4 refus CENTRE_DEJA_OUVERT" in prevu.sortie
    avant = au_calme(parchemin)
    encore = [json.loads(ligne) for ligne in parchemin("jouer", fichier, "--json").sortie.splitlines()]
    assert [(one["ligne"], one.get("deja"), one.get("code")) for one in encore] == [
        (3, True, None),
        (4, None, "CENTRE_DEJA_OUVERT"),
    ]
    assert messages(parchemin) == avant
    imprevu = parchemin("jouer", ecrire(tmp_path / "imprevu.jsonl", _ouvrir_centre(**autrement)))
    assert imprevu.code == REFUSE
    pas_refuse = parchemin("jouer", ecrire(tmp_path / "fait.jsonl", _ouvrir_centre(refus_attendu="CENTRE_DEJA_OUVERT")))
    assert pas_refuse.code == REFUSE


@pytest.mark.parametrize(
    "faute", ["{pas du json", "[1]", '"texte"', "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")]
)
def test_une_ligne_illisible_dit_son_numero_et_rien_n_est_joue(parchemin: Terminal, tmp_path: Path, faute: str) -> None:
    avant = au_calme(parchemin)
    rendu = parchemin("jouer", ecrire(tmp_path / "faute.jsonl", _ouvrir_centre(centre="0768888Y"), faute))
    assert (rendu.code, rendu.erreurs.split()[0]) == (REFUSE, "FICHIER_ILLISIBLE")
    assert "ligne 2" in rendu.erreurs
    assert messages(parchemin) == avant


def test_ce_qui_n_est_pas_une_commande_est_refuse_ligne_par_ligne(parchemin: Terminal, tmp_path: Path) -> None:
    lignes = [
        "{}",
        '{"commande": 5}',
        '{"commande": "inscription.inconnue"}',
        _ouvrir_centre(par=5),
        _ouvrir_centre(le="hier"),
    ]
    rendu = parchemin("jouer", ecrire(tmp_path / "riens.jsonl", *lignes), "--json")
    codes = [json.loads(ligne)["code"] for ligne in rendu.sortie.splitlines()]
    assert (rendu.code, codes) == (REFUSE, ["COMMANDE_INCONNUE"] * 3 + ["COMMANDE_MALFORMEE"] * 2)


# Consulter ---------------------------------------------------------------------------------------------------------


def test_l_etat_compte_les_sessions_et_montre_un_candidat(parchemin: Terminal) -> None:
    (session,) = parchemin("etat", "--json").json
    assert session["resultats"] == {"admis": 5, "ajourne": 3, "non_autorise": 1}
    assert "5 admis" in parchemin("etat").sortie
    un = parchemin("etat", "--candidat", HUGO.numero, "--json").json
    assert (un["decision"]["decision"], un["dossier"]["etat"]) == ("admis", "autorise")
    assert HUGO.numero in parchemin("etat", "--candidat", HUGO.numero).sortie
    assert parchemin("etat", "--candidat", "N26X0000").code == REFUSE
    for mauvais in (("--candidat", "un nom"), ("--session", "20 26"), ("--diplome", "CAP OSRCL")):
        assert parchemin("etat", *mauvais).code == MAL_EMPLOYE


def test_le_pv_d_un_jury_clos_se_refait_depuis_le_journal(parchemin: Terminal, tmp_path: Path) -> None:
    jury = ("pv", "J1", "--session", SESSION, "--diplome", "cap_osrcl", "--sortie")
    [(range_ici, somme)] = _sommes(parchemin(*jury, tmp_path)).items()
    assert range_ici == tmp_path / "pv-J1-v1.pdf"
    assert _sommes(parchemin(*jury, tmp_path / "dossier" / "jury.pdf")) == {tmp_path / "dossier" / "jury.pdf": somme}
    au_calme(parchemin)
    deja = parchemin.dossier / "donnees" / "documents" / SESSION / "cap_osrcl" / "pv-J1-v1.pdf"
    assert range_ici.read_bytes() == deja.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["J9"], "PUBLICATION_NON_PREPAREE"), (["J1", "--version", "2"], "PV_INCONNU"),
     (["J1", "--session", "1999"], "SESSION_INCONNUE"),
     (["J1", "--diplome", "cap_epc"], "SESSION_NON_OUVERTE")],
)  # fmt: skip
def test_un_pv_qui_n_existe_pas_se_dit_et_n_ecrit_rien(
    parchemin: Terminal, tmp_path: Path, arguments: list[str], code: str
) -> None:
    rendu = parchemin("pv", *arguments, "--sortie", tmp_path / "pv.pdf")
    assert (rendu.code, rendu.sortie, rendu.erreurs.split()[0]) == (REFUSE, "", code)
    assert not (tmp_path / "pv.pdf").exists()


def test_une_decision_s_explique_clause_par_clause(parchemin: Terminal) -> None:
    told = parchemin("expliquer", FARID.numero)
    assert told.code == FAIT
    for attendu in ("décision du jury", "DC-CAP16", "source : code de l'éducation", "position vue"):
        assert attendu in told.sortie
    vue = parchemin("expliquer", CELIA.numero, "--json").json
    assert (vue["decision"]["decision"], vue["dossier"]["motifs"]) == ("non_autorise", ["duree"])
    assert parchemin("expliquer", "N26X0000").code == REFUSE


def test_le_journal_raconte_un_candidat_un_agregat_et_reste_scelle(parchemin: Terminal) -> None:
    texte = parchemin("journal", "--candidat", CELIA.numero)
    assert f"Histoire du candidat {CELIA.numero}" in texte.sortie
    assert "état du dossier : en contrôle → non conforme" in texte.sortie
    assert CELIA.identite.nom not in texte.sortie
    faits = _lignes(parchemin("journal", "--candidat", CELIA.numero, "--json"))
    assert {one["service"] for one in faits} == set(SERVICES)
    assert [one["position"] for one in faits] == sorted(one["position"] for one in faits)
    jury = _lignes(parchemin("journal", "--agregat", "jury-J1", "--json"))
    assert jury[-1]["evenement"] == "deliberation.jury_clos.v2"
    sujet = f"ev.normandie.{SESSION}.cap_osrcl.deliberation.jury-J1"
    assert _lignes(parchemin("journal", "--agregat", sujet, "--json")) == jury
    assert parchemin("journal", "--agregat", "jury-J9").code == REFUSE
    for mauvais in ("jury J1", "jury-*", "ev.>"):
        assert parchemin("journal", "--agregat", mauvais).code == MAL_EMPLOYE
    dossier = _lignes(parchemin("journal", "--candidat", CELIA.numero, "--service", "conformite", "--json"))
    assert [one for one in faits if one["service"] == "conformite"] == dossier
    bornes = ("--depuis", "2025-12-01", "--jusqu-a", "2025-12-01")
    ce_jour = _lignes(parchemin("journal", "--candidat", CELIA.numero, *bornes, "--json"))
    assert [one for one in faits if one["le"].startswith("2025-12-01")] == ce_jour != []
    assert parchemin("journal", "--candidat", CELIA.numero, "--depuis", "2027-01-01").code == REFUSE
    for fautif in (("--service", "truc"), ("--depuis", "01/12/2025"), ("--agregat", "jury-J1")):
        assert parchemin("journal", "--candidat", CELIA.numero, *fautif).code == MAL_EMPLOYE


def _lignes(rendu: Sortie) -> list[Data]:
    assert rendu.code == FAIT, rendu.erreurs
    return [json.loads(ligne) for ligne in rendu.sortie.splitlines()]


def test_un_dossier_de_reclamation_se_fait_ici_et_se_verifie_ailleurs(
    parchemin: Terminal, seul: Terminal, tmp_path: Path
) -> None:
    sortie, cle = tmp_path / "dossier", tmp_path / "publique.pem"
    fait = parchemin("reclamation", "dossier", ELISE.numero, "--sortie", sortie, "--nominatif", "--json")
    assert fait.code == FAIT, fait.tout
    assert (fait.json["reclamations"], fait.json["absents"], fait.json["refaits"]) == (["R1"], [], [])
    assert sorted(one.name for one in (sortie / "documents").iterdir()) == [
        "pv-J1-v1.pdf",
        f"releve-{ELISE.numero}-v1.pdf",
    ]
    assert parchemin("reclamation", "verifier", sortie).code == FAIT
    assert parchemin("archive", "cle", "--sortie", cle).code == FAIT
    ailleurs = seul("reclamation", "verifier", sortie, "--cle", cle, "--json")
    assert ailleurs.code == FAIT
    assert {one["code"]: (one["bon"], one["verifies"] > 0) for one in ailleurs.json["controles"]} == dict.fromkeys(
        ("SIGNATURE", "FICHIERS", "PREUVES", "COMPLETUDE", "DOCUMENTS", "RECIT", "CHIFFRES", "EDITION"), (True, True)
    )
    assert "dossier vérifié" in seul("reclamation", "verifier", sortie, "--cle", cle).sortie.lower()
    sans_cle = seul("reclamation", "verifier", sortie)
    assert (sans_cle.code, "--cle" in sans_cle.erreurs) == (REFUSE, True)
    messages = sortie / "messages.jsonl"
    messages.write_bytes(b"".join(messages.read_bytes().splitlines(keepends=True)[1:]))
    touche = seul("reclamation", "verifier", sortie, "--cle", cle)
    assert touche.code == REFUSE
    assert "FICHIER_ALTERE messages.jsonl" in touche.sortie


def test_un_dossier_de_reclamation_ne_s_ecrit_pas_par_dessus_ni_pour_un_inconnu(
    parchemin: Terminal, tmp_path: Path
) -> None:
    plein = tmp_path / "plein"
    plein.mkdir()
    ecrire(plein / "autre", "déjà là")
    refus = parchemin("reclamation", "dossier", ELISE.numero, "--sortie", plein)
    assert (refus.code, [one.name for one in plein.iterdir()]) == (REFUSE, ["autre"])
    inconnu = parchemin("reclamation", "dossier", "N26Z0000", "--sortie", tmp_path / "rien")
    assert (inconnu.code, "CANDIDAT_INCONNU" in inconnu.erreurs) == (REFUSE, True)
    absent = parchemin("reclamation", "verifier", tmp_path / "rien")
    assert (absent.code, (tmp_path / "rien").exists()) == (REFUSE, False)


def test_rejouer_compare_une_projection_ou_toutes(parchemin: Terminal) -> None:
    toutes = parchemin("rejouer", "--json")
    assert toutes.code == FAIT
    assert {one["service"] for one in toutes.json} == set(SERVICES)
    assert all(one["egal"] for one in toutes.json)
    une = parchemin("rejouer", "notation.notes")
    assert (une.code, une.sortie.count("égale")) == (FAIT, 1)
    inconnue = parchemin("rejouer", "fantaisie")
    assert (inconnue.code, inconnue.erreurs.split()[0]) == (MAL_EMPLOYE, "PROJECTION_INCONNUE")


def test_rejouer_dans_un_dossier_y_reprend(parchemin: Terminal, tmp_path: Path) -> None:
    for _ in range(2):
        rendu = parchemin("rejouer", "deliberation.jurys", "--dans", tmp_path, "--ensemble", 2, "--json")
        assert (rendu.code, [one["egal"] for one in rendu.json]) == (FAIT, [True])
    assert [one.suffix for one in tmp_path.glob("deliberation.jurys_v*.db")] == [".db"]


def test_rejouer_un_agregat_ou_des_documents(parchemin: Terminal) -> None:
    agregat = parchemin("rejouer", "--agregat", f"releve-{CELIA.numero}", "--json")
    assert (agregat.code, {one["egal"] for one in agregat.json}) == (FAIT, {True})
    assert (parchemin("rejouer", "--agregat", "releve-N99").code, messages(parchemin)) == (REFUSE, messages(parchemin))
    documents = parchemin("rejouer", "--documents", 2, "--json")
    assert (documents.code, [one["verdict"] for one in documents.json["refaits"]]) == (FAIT, ["égal", "égal"])


def test_rejouer_sur_place_bascule_puis_oublie(parchemin: Terminal) -> None:
    essai = parchemin("rejouer", "--en-place", "deliberation.jurys", "--sans-basculer")
    assert essai.code == FAIT
    assert "Rien n'est basculé" in essai.sortie
    [faite] = parchemin("rejouer", "--en-place", "deliberation.jurys", "--json").json
    assert (faite["basculee"], faite["egal"]) == (True, True)
    assert "génération 1" in parchemin("rejouer", "--oublier", "deliberation.jurys").sortie
    assert parchemin("rejouer", "deliberation.jurys").code == FAIT


def test_l_etat_passe_est_celui_qu_on_connaissait(parchemin: Terminal, tmp_path: Path) -> None:
    present = parchemin("etat", "--candidat", CELIA.numero, "--json").json
    fin = int(messages(parchemin).split()[0])
    assert parchemin("etat", "--candidat", CELIA.numero, "--position", fin, "--json").json == present
    debut = parchemin("etat", "--candidat", CELIA.numero, "--position", 40, "--dans", tmp_path, "--json").json
    assert (bool(debut["candidature"]), debut["decision"]) == (True, None)
    assert "Tel que connu le" in parchemin("etat", "--position", 40).sortie
    assert parchemin("etat", "--au", "2001-01-01T00:00").code == REFUSE
    reconstruites = parchemin("rejouer", "--position", 40, "--json").json
    assert {one["evenements"] for one in reconstruites["projections"]} == {40}


def test_rejouer_ce_qu_aucun_service_n_a_cree_dit_quoi_ou_et_que_faire(parchemin: Terminal, tmp_path: Path) -> None:
    rendu = parchemin("rejouer", "notation.notes", PARCHEMIN_DB_URL=f"sqlite:///{tmp_path}/{{service}}.db")
    assert (rendu.code, rendu.erreurs.split()[0]) == (ABSENT, "PROJECTION_ABSENTE")
    for attendu in ("notation.notes_v", str(tmp_path), "PARCHEMIN_DB_URL", "parchemin servir"):
        assert attendu in rendu.erreurs


def test_la_sante_montre_chaque_projection(parchemin: Terminal) -> None:
    sante = parchemin("sante")
    assert sante.code == FAIT
    for service in SERVICES:
        assert all(f"{service}.{one.label}" in sante.sortie for one in projections(service))


# Servir ------------------------------------------------------------------------------------------------------------


def test_servir_est_vite_pret_tient_en_peu_de_memoire_et_s_arrete_quand_on_le_lui_demande(
    seul: Terminal, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    traces, debut = tmp_path / "traces.jsonl", time.monotonic()
    with servir(environnement(tmp_path / "donnees"), traces) as process:
        record_property("pret_s", round(time.monotonic() - debut, 2))
        memoire = _memoire(process.pid)
        record_property("memoire_mo", memoire)
        assert memoire < 400, "visé : 300 Mo, sans le courtier"
    assert process.returncode == FAIT
    evenements = [json.loads(ligne)["event"] for ligne in traces.read_text().splitlines()]
    assert evenements.count("service_arrete") == len(SERVICES)
    assert "courtier_perdu" not in evenements
    sante = seul("sante", PARCHEMIN_DONNEES=tmp_path / "donnees")
    assert sante.code == REFUSE, "le courtier embarqué s'est arrêté avec lui"


def test_le_courtier_perdu_se_dit_sauf_quand_on_s_arrete_avec_lui(tmp_path: Path) -> None:
    """Un superviseur arrête souvent tout ensemble, courtier compris : rien n'est perdu."""
    variables, perdu = environnement(tmp_path / "donnees"), "courtier_perdu"
    settings = Settings(donnees=tmp_path / "donnees", nats_url="")
    traces = tmp_path / "perdu.jsonl"
    with servir(variables, traces):
        os.kill(_courtier(settings), signal.SIGKILL)
        fin = time.monotonic() + 20
        while perdu not in traces.read_text() and time.monotonic() < fin:
            time.sleep(0.1)
    assert perdu in traces.read_text()
    traces = tmp_path / "ensemble.jsonl"
    with servir(variables, traces) as process:
        process.terminate()
        os.kill(_courtier(settings), signal.SIGTERM)
    assert "service_arrete" in traces.read_text()
    assert perdu not in traces.read_text()


def _courtier(settings: Settings) -> int:
    found = running(settings)
    assert found is not None
    return found.pid


def test_une_commande_seule_demarre_ce_qu_il_faut_et_l_arrete(seul: Terminal, tmp_path: Path) -> None:
    """La vraie commande, sans rien qui tourne : elle ouvre la session, puis une autre la retrouve."""
    ouverture = ecrire(tmp_path / "ouverture.jsonl", *(json.dumps(one) for one in etapes()["ouverture"]))
    environ = {nom: str(valeur) for nom, valeur in environnement(tmp_path / "donnees").items()}
    commande = [str(PARCHEMIN), "jouer", str(ouverture)]
    rendu = subprocess.run(commande, env={**os.environ, **environ}, capture_output=True, text=True, check=False)
    assert (rendu.returncode, rendu.stdout.count(" fait ")) == (FAIT, 2), rendu.stderr
    (session,) = seul("etat", "--json", **environ).json
    assert session["reglement"] == "CAP-OSRCL-2026"


def _memoire(pid: int) -> int:
    """Mémoire résidente d'un processus, en Mo ; zéro où le système ne la dit pas ainsi."""
    if not Path("/proc/self/status").exists():
        return 0
    (ligne,) = [one for one in Path(f"/proc/{pid}/status").read_text().splitlines() if one.startswith("VmRSS")]
    return int(ligne.split()[1]) // 1024


@pytest.mark.parametrize("commande", [("archive", "verifier", "--archive"), ("reclamation", "verifier")])
def test_verifier_un_dossier_absent_le_dit_avant_de_demander_une_cle(
    seul: Terminal, tmp_path: Path, commande: tuple[str, ...]
) -> None:
    rendu = seul(*commande, tmp_path / "absent")
    assert (rendu.code, rendu.erreurs.split()[0]) == (REFUSE, "ENTREE_REFUSEE")
    assert str(tmp_path / "absent") in rendu.erreurs


def test_une_autre_academie_atteste_le_journal_et_reconnait_une_histoire_recrite(
    parchemin: Terminal, seul: Terminal, tmp_path: Path
) -> None:
    cle, temoin = tmp_path / "auteur.pem", tmp_path / "temoin.pem"
    tete, vue = tmp_path / "tete.json", tmp_path / "cosignature.json"
    assert parchemin("archive", "sceller").code == FAIT
    assert parchemin("archive", "cle", "--sortie", cle).code == FAIT
    assert seul("archive", "cle", "--sortie", temoin).code == FAIT
    journal = parchemin("archive", "etat", "--json").json[0]["journal"]
    assert parchemin("archive", "tete", "--journal", journal, "--sortie", tete).code == FAIT
    sans_cle = seul("archive", "cosigner", tete, "--sortie", vue)
    assert (sans_cle.code, vue.exists()) == (REFUSE, False)
    assert "TETE_SANS_CONFIANCE" in sans_cle.erreurs
    assert seul("archive", "cosigner", tete, "--cle", cle, "--sortie", vue).code == FAIT
    assert parchemin("archive", "recevoir", vue, "--cle", temoin).code == FAIT
    verifie = parchemin("archive", "verifier", "--temoin", temoin, "--hors-ligne", "--json")
    assert verifie.code == FAIT, verifie.tout
    assert any(one["journal"] == journal and one["cosignee"] for one in verifie.json["archive"])
    brute = json.loads(tete.read_text())
    brute["scelle"]["manifeste"]["cree"] = "hier"
    tete.write_text(json.dumps(brute))
    assert "TETE_SANS_CONFIANCE" in seul("archive", "cosigner", tete, "--cle", cle, "--sortie", vue).erreurs
