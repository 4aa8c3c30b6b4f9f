"""Le fichier des candidats : ce qui se lit, et chaque faute dite sans répéter une donnée."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.messages import Acteur
from contracts.vocabulaire import Anteriorite, Categorie, Forme, Identite, Mode
from services.inscription.domain.fichier_candidats import COLONNES, ErreurLigne, FichierRefuse, Lecture, lire
from services.inscription.shell.fichiers import lire_candidats
from services.inscription.tests.donnees import LE, inscription

ENTETE = (
    "numero;ine;nom;nom_usage;prenoms;naissance;lieu_naissance;adresse;code_postal;ville;courriel;categorie;"
    "etablissement;modes;facultatives;formation_attestee;permis_b;livret;derogation"
)
PLEINE = (
    '2600000001;1234567890a;LEMOINE;DURAND;Zoé Marie;2004-03-12;Rouen;"12; rue du Port";76000;Rouen;'
    "zoe@courrier.test;apprenti;0761234A;EP1=ccf,EP2=ponctuel;UF1,UF2;oui;non;oui;"
)
COURTE = "numero;nom;prenoms;naissance;lieu_naissance;categorie"
SECRETS = ("LEMOINE", "DURAND", "Zoé", "2004", "12/03", "1234567890", "courrier.test", "rue du Port")


def csv(*lignes: str, entete: str = COURTE, codage: str = "utf-8") -> bytes:
    return "\r\n".join([entete, *lignes, ""]).encode(codage)


def ligne(numero: str = "2600000001", **autres: str) -> str:
    valeurs = {"nom": "LEMOINE", "prenoms": "Zoé", "naissance": "12/03/2004", "lieu": "Rouen", "statut": "individuel"}
    return ";".join([numero, *(valeurs | autres).values()])


def seule_erreur(contenu: bytes) -> ErreurLigne:
    [erreur] = lire(contenu).erreurs
    assert not any(secret in erreur.detail for secret in SECRETS)
    return erreur


def refuse(contenu: bytes) -> FichierRefuse:
    with pytest.raises(FichierRefuse) as refus:
        lire(contenu)
    assert not any(secret in str(refus.value) for secret in SECRETS)
    return refus.value


def lu(contenu: bytes) -> Lecture:
    lecture = lire(contenu)
    assert lecture.erreurs == ()
    return lecture


# Ce qui se lit -----------------------------------------------------------------------------------------------------


def test_toutes_les_colonnes_donnent_l_ordre_d_inscrire() -> None:
    [candidat] = lu(csv(PLEINE, entete=ENTETE)).candidats
    par = Acteur(id="agent-1", role="gestionnaire", academie="normandie", portee=("candidat:2600000001",))
    commande = candidat.commande(identifiant="import-0001", le=LE, par=par, session="2026", diplome="cap_osrcl")
    assert commande == inscription(
        Categorie.APPRENTI,
        id="import-0001",
        identite=Identite(
            ine="1234567890A",
            nom="LEMOINE",
            nom_usage="DURAND",
            prenoms="Zoé Marie",
            naissance=date(2004, 3, 12),
            lieu_naissance="Rouen",
            adresse="12; rue du Port",
            code_postal="76000",
            ville="Rouen",
            courriel="zoe@courrier.test",
        ),
        etablissement="0761234A",
        modes={"EP1": Mode.CCF, "EP2": Mode.PONCTUEL},
        facultatives=("UF1", "UF2"),
        formation_attestee=True,
        livret=True,
    )


@pytest.mark.parametrize("colonne", ["permis_b", "derogation", "contrat_deux_specialites", "livret"])
def test_dc_cap07_chaque_oui_donne_le_sien_a_l_ordre(colonne: str) -> None:
    [candidat] = lu(csv(f"{ligne()};oui", entete=f"{COURTE};{colonne}")).candidats
    par = Acteur(id="agent-1", role="gestionnaire", academie="normandie", portee=("candidat:2600000001",))
    commande = candidat.commande(identifiant="import-0001", le=LE, par=par, session="2026", diplome="cap_osrcl")
    dits = {nom: getattr(commande, nom) for nom in ("permis_b", "derogation", "contrat_deux_specialites", "livret")}
    assert dits == {**dict.fromkeys(dits, False), colonne: True}


def test_dc_bts02_la_forme_et_les_unites_se_lisent() -> None:
    entete = f"{COURTE};forme;unites"
    [progressif, global_] = lu(
        csv(f"{ligne()};Progressive;E1,E3", f"{ligne('2600000002', nom='MARTIN')};;", entete=entete)
    ).candidats
    assert (progressif.forme, progressif.unites) == (Forme.PROGRESSIVE, ("E1", "E3"))
    assert (global_.forme, global_.unites, global_.anteriorite) == (Forme.GLOBALE, (), None)


def test_dc_tp03_dc_tp07_le_passe_du_candidat_se_lit() -> None:
    entete = f"{COURTE};unites;premiere_inscription;dernier_echec;formation_suivie"
    [candidat] = lu(csv(f"{ligne(statut='capitalisation')};EF;2021-12-01;09/04/2021;oui", entete=entete)).candidats
    passe = Anteriorite(premiere_inscription=date(2021, 12, 1), dernier_echec=date(2021, 4, 9), formation_suivie=True)
    par = Acteur(id="agent-1", role="gestionnaire", academie="clermont")
    commande = candidat.commande(identifiant="import-0002", le=LE, par=par, session="2022", diplome="tp_crcd")
    assert (commande.unites, commande.anteriorite) == (("EF",), passe)


def test_une_ligne_qui_ne_dit_rien_de_neuf_garde_l_identifiant_de_son_ordre(tmp_path: Path) -> None:
    def identifiants(contenu: bytes) -> list[str]:
        (tmp_path / "candidats.csv").write_bytes(contenu)
        par = Acteur(id="agent-1", role="gestionnaire", academie="normandie")
        lecture = lire_candidats(
            tmp_path / "candidats.csv", session="2026", diplome="cap_osrcl", par=par, le=LE, secret=b"secret"
        )
        return [commande.id for _, commande in lecture.commandes]

    neuves = f"{COURTE};forme;unites;premiere_inscription;dernier_echec;formation_suivie"
    [avant] = identifiants(csv(ligne()))
    [vide] = identifiants(csv(f"{ligne()};globale;;;;non", entete=neuves))
    [dite] = identifiants(csv(f"{ligne()};progressive;UG1;;;", entete=neuves))
    assert avant == vide != dite


@pytest.mark.parametrize("codage", ["utf-8", "utf-8-sig", "cp1252", "latin-1"])
def test_le_codage_est_reconnu(codage: str) -> None:
    [candidat] = lu(csv(ligne(), codage=codage)).candidats
    assert candidat.identite.prenoms == "Zoé"


def test_un_octet_inconnu_de_windows_1252_ne_perd_que_sa_ligne() -> None:
    contenu = csv(ligne(), codage="latin-1").replace("Zoé".encode("latin-1"), b"Zo\xe9\x81")
    [erreur] = lire(contenu).erreurs
    assert (erreur.ligne, erreur.colonne, erreur.code) == (2, "prenoms", "CARACTERE_ILLISIBLE")


def test_la_virgule_separe_aussi() -> None:
    entete = "numero,nom,prenoms,naissance,lieu_naissance,categorie,modes,facultatives"
    lecture = lu(csv('2600000001,LEMOINE,Zoé,2004-03-12,Rouen,distance,"EP1=ponctuel,EP2=ponctuel",UF1', entete=entete))
    assert lecture.candidats[0].modes == {"EP1": Mode.PONCTUEL, "EP2": Mode.PONCTUEL}


def test_l_ordre_la_casse_des_titres_et_les_lignes_vides_ne_comptent_pas() -> None:
    entete = " Categorie ;NUMERO;nom;prenoms;lieu_naissance;naissance;;"
    contenu = csv("", "individuel;2600000001;LEMOINE;Zoé;Rouen;2004-03-12;;", ";;;;;;;", entete="\r\n" + entete)
    lecture = lu(contenu)
    assert (lecture.lignes, lecture.candidats[0].ligne) == (1, 4)


def test_les_espaces_de_trop_disparaissent() -> None:
    [candidat] = lu(csv(ligne(nom="  LE   MOINE "))).candidats
    assert candidat.identite.nom == "LE MOINE"


def test_une_cellule_sur_deux_lignes_ne_decale_pas_les_numeros() -> None:
    lecture = lire(csv(ligne(lieu='"Rouen\r\nCedex"'), ligne("2600000002", statut="x")))
    assert [candidat.ligne for candidat in lecture.candidats] == [2]
    assert [erreur.ligne for erreur in lecture.erreurs] == [4]


# Le fichier entier -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("contenu", [b"", b"\xef\xbb\xbf", b"\r\n \r\n", csv()])
def test_un_fichier_vide_est_refuse(contenu: bytes) -> None:
    assert refuse(contenu).code == "FICHIER_VIDE"


@pytest.mark.parametrize("contenu", [b"PK\x03\x04classeur", csv(ligne(), codage="utf-16"), b"numero\x00"])
def test_un_classeur_n_est_pas_un_csv(contenu: bytes) -> None:
    assert refuse(contenu).code == "FORMAT_INCONNU"


def test_sans_en_tete_la_premiere_ligne_n_est_pas_repetee() -> None:
    assert refuse(csv(ligne("2600000002"), entete=ligne())).code == "ENTETE_ABSENT"


@pytest.mark.parametrize(
    ("entete", "code", "dit"),
    [
        (COURTE + ";prenom_LEMOINE", "COLONNE_INCONNUE", "n° 7"),
        (COURTE + ";nom", "COLONNE_EN_DOUBLE", "nom"),
        (COURTE.replace("naissance;lieu_naissance;", ""), "COLONNE_ABSENTE", "naissance, lieu_naissance"),
    ],
)
def test_un_en_tete_faux_est_refuse(entete: str, code: str, dit: str) -> None:
    refus = refuse(csv(ligne(), entete=entete))
    assert refus.code == code
    assert dit in str(refus)


def test_des_guillemets_mal_fermes_sont_dits_avec_leur_ligne() -> None:
    refus = refuse(csv(ligne(), ligne("2600000002", nom='"LEMOINE')))
    assert refus.code == "CSV_MAL_FORME"
    assert "ligne 3" in str(refus)


# Les lignes --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colonne", "valeur", "code"),
    [
        ("numero", "", "CHAMP_VIDE"),
        ("numero", "26-1", "NUMERO_MAL_FORME"),
        ("ine", "LEMOINE", "INE_MAL_FORME"),
        ("nom", " ", "CHAMP_VIDE"),
        ("nom", "LEMOINE" * 20, "CHAMP_TROP_LONG"),
        ("nom_usage", "DURAND" * 20, "CHAMP_TROP_LONG"),
        ("naissance", "", "CHAMP_VIDE"),
        ("naissance", "31/02/2004", "DATE_MAL_FORMEE"),
        ("naissance", "12-03-2004", "DATE_MAL_FORMEE"),
        ("naissance", "12/03/04", "DATE_MAL_FORMEE"),
        ("code_postal", "76000 ROUEN CEDEX", "CHAMP_TROP_LONG"),
        ("courriel", "zoe", "COURRIEL_MAL_FORME"),
        ("courriel", "z" * 200 + "@courrier.test", "CHAMP_TROP_LONG"),
        ("categorie", "", "CHAMP_VIDE"),
        ("categorie", "LEMOINE", "CATEGORIE_INCONNUE"),
        ("etablissement", "Lycée de Rouen", "CODE_MAL_FORME"),
        ("modes", "EP1:ccf", "MODES_MAL_FORMES"),
        ("modes", "EP1=oral", "MODES_MAL_FORMES"),
        ("modes", "EP1=ccf,EP1=ponctuel", "MODES_MAL_FORMES"),
        ("facultatives", "anglais!", "EPREUVES_MAL_FORMEES"),
        ("facultatives", "UF1,UF1", "EPREUVES_MAL_FORMEES"),
        ("permis_b", "1", "OUI_NON_ATTENDU"),
        ("derogation", "peut-être", "OUI_NON_ATTENDU"),
    ],
)
def test_une_faute_dit_sa_ligne_sa_colonne_et_son_code(colonne: str, valeur: str, code: str) -> None:
    cellules = dict(zip(ENTETE.split(";"), PLEINE.replace('"12; rue du Port"', "12 rue").split(";"), strict=True))
    cellules[colonne] = valeur
    erreur = seule_erreur(csv(";".join(cellules.values()), entete=ENTETE))
    assert (erreur.ligne, erreur.colonne, erreur.code) == (2, colonne, code)


@pytest.mark.parametrize(
    ("colonne", "valeur", "code"),
    [
        ("forme", "partielle", "FORME_INCONNUE"),
        ("unites", "E1,E1", "EPREUVES_MAL_FORMEES"),
        ("dernier_echec", "printemps", "DATE_MAL_FORMEE"),
        ("premiere_inscription", "2021", "DATE_MAL_FORMEE"),
        ("formation_suivie", "peut-être", "OUI_NON_ATTENDU"),
    ],
)
def test_une_faute_des_colonnes_facultatives_est_dite(colonne: str, valeur: str, code: str) -> None:
    erreur = seule_erreur(csv(f"{ligne()};{valeur}", entete=f"{COURTE};{colonne}"))
    assert (erreur.ligne, erreur.colonne, erreur.code) == (2, colonne, code)


def test_toutes_les_fautes_d_une_ligne_sont_dites_et_les_autres_lignes_lues() -> None:
    lecture = lire(csv(ligne(), ligne("x", naissance="hier", statut="élève"), ligne("2600000003", nom="AUTRE")))
    assert [(one.ligne, one.colonne) for one in lecture.erreurs] == [(3, "numero"), (3, "naissance"), (3, "categorie")]
    assert (lecture.lignes, [one.numero for one in lecture.candidats]) == (3, ["2600000001", "2600000003"])


def test_une_ligne_trop_longue_est_dite() -> None:
    erreur = seule_erreur(csv(ligne() + ";LEMOINE"))
    assert (erreur.ligne, erreur.colonne, erreur.code) == (2, "", "LIGNE_TROP_LONGUE")


def test_un_numero_repete_est_dit_avec_sa_premiere_ligne() -> None:
    contenu = csv(ligne(), ligne(nom="AUTRE"))
    erreur = seule_erreur(contenu)
    assert (erreur.ligne, erreur.colonne, erreur.code) == (3, "numero", "NUMERO_EN_DOUBLE")
    assert "ligne 2" in erreur.detail
    assert [one.identite.nom for one in lire(contenu).candidats] == ["LEMOINE"]


def test_amb_56_une_personne_repetee_est_dite_avec_sa_premiere_ligne() -> None:
    erreur = seule_erreur(csv(ligne(), ligne("2600000002", nom="Lemoine", prenoms="ZOE")))
    assert (erreur.ligne, erreur.colonne, erreur.code) == (3, "", "PERSONNE_EN_DOUBLE")
    assert "ligne 2" in erreur.detail


def tentative(contenu: bytes) -> Lecture | FichierRefuse:
    try:
        return lire(contenu)
    except FichierRefuse as refus:
        return refus


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda texte: csv(texte)))
def test_quel_que_soit_le_contenu_le_fichier_se_lit_ou_dit_pourquoi(contenu: bytes) -> None:
    match tentative(contenu):
        case FichierRefuse(code=code) as refus:
            assert (code.isupper(), bool(str(refus))) == (True, True)
        case lecture:
            fautives = {erreur.ligne for erreur in lecture.erreurs}
            assert lecture.lignes == len(lecture.candidats) + len(fautives)


def test_les_colonnes_sont_celles_de_l_ordre() -> None:
    assert set(ENTETE.split(";")) < set(COLONNES)


# Les bords : à la longueur permise, un de plus ; rempli, vide ---------------------------------------------------------

TEXTES = {"nom": 100, "nom_usage": 100, "prenoms": 200, "lieu_naissance": 100, "adresse": 300, "code_postal": 10,
          "ville": 100}  # fmt: skip
REQUISES = ("numero", "nom", "prenoms", "naissance", "lieu_naissance", "categorie")


def avec(**valeurs: str) -> bytes:
    """Une ligne entière, où ces colonnes valent autre chose."""
    cellules = dict(zip(ENTETE.split(";"), PLEINE.replace('"12; rue du Port"', "12 rue").split(";"), strict=True))
    return csv(";".join((cellules | valeurs).values()), entete=ENTETE)


@pytest.mark.parametrize(("colonne", "maximum"), TEXTES.items())
def test_un_texte_se_lit_a_sa_longueur_et_pas_au_dela(colonne: str, maximum: int) -> None:
    [candidat] = lu(avec(**{colonne: "é" * maximum})).candidats
    assert getattr(candidat.identite, colonne) == "é" * maximum
    erreur = seule_erreur(avec(**{colonne: "é" * (maximum + 1)}))
    assert (erreur.ligne, erreur.colonne, erreur.code) == (2, colonne, "CHAMP_TROP_LONG")
    assert str(maximum) in erreur.detail


def test_un_courriel_se_lit_a_sa_longueur_et_pas_au_dela() -> None:
    domaine = "@courrier.test"
    [candidat] = lu(avec(courriel="z" * (200 - len(domaine)) + domaine)).candidats
    assert len(candidat.identite.courriel) == 200
    erreur = seule_erreur(avec(courriel="z" * (201 - len(domaine)) + domaine))
    assert (erreur.colonne, erreur.code) == ("courriel", "CHAMP_TROP_LONG")


@pytest.mark.parametrize(
    ("colonne", "bons", "mauvais", "code"),
    [
        ("numero", ("A234", "A" * 20), ("A23", "A" * 21), "NUMERO_MAL_FORME"),
        ("ine", ("1" * 11,), ("1" * 10, "1" * 12), "INE_MAL_FORME"),
        ("etablissement", ("E", "E" * 40), ("E" * 41,), "CODE_MAL_FORME"),
        ("modes", ("E=ccf", f"E{'1' * 9}=ccf"), (f"E{'1' * 10}=ccf", "1=ccf"), "MODES_MAL_FORMES"),
        ("facultatives", ("U", f"U{'1' * 9}"), (f"U{'1' * 10}", "1"), "EPREUVES_MAL_FORMEES"),
    ],
)
def test_un_code_se_lit_a_ses_deux_bords_et_pas_au_dela(
    colonne: str, bons: tuple[str, ...], mauvais: tuple[str, ...], code: str
) -> None:
    for bon in bons:
        assert len(lu(avec(**{colonne: bon})).candidats) == 1
    for un in mauvais:
        erreur = seule_erreur(avec(**{colonne: un}))
        assert (erreur.ligne, erreur.colonne, erreur.code) == (2, colonne, code)


@pytest.mark.parametrize("colonne", REQUISES)
def test_chaque_champ_obligatoire_vide_est_dit(colonne: str) -> None:
    for vide in ("", "  "):
        erreur = seule_erreur(avec(**{colonne: vide}))
        assert (erreur.ligne, erreur.colonne, erreur.code) == (2, colonne, "CHAMP_VIDE")


@pytest.mark.parametrize("colonne", REQUISES)
def test_chaque_colonne_obligatoire_absente_est_nommee(colonne: str) -> None:
    titres = [titre for titre in COURTE.split(";") if titre != colonne]
    refus = refuse(csv(";".join("x" for _ in titres), entete=";".join(titres)))
    assert refus.code == "COLONNE_ABSENTE"
    assert str(refus).endswith(f"colonne {colonne}")


@pytest.mark.parametrize("colonne", sorted(set(ENTETE.split(";")) - set(REQUISES)))
def test_chaque_colonne_facultative_peut_rester_vide(colonne: str) -> None:
    assert len(lu(avec(**{colonne: ""})).candidats) == 1


@pytest.mark.parametrize("colonne", TEXTES)
def test_un_caractere_qui_ne_s_imprime_pas_est_dit_partout(colonne: str) -> None:
    erreur = seule_erreur(avec(**{colonne: "a\x07b"}))
    assert (erreur.ligne, erreur.colonne, erreur.code) == (2, colonne, "CARACTERE_ILLISIBLE")
