"""Les fichiers : normes d'archivage et d'accessibilité, mêmes octets, noms tels quels, ce qu'un candidat y lit."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Identite
from services.publication.documents import rendu
from services.publication.documents.donnees import (
    DonneesDiplome,
    DonneesReleve,
    donnees_diplome,
    donnees_liste,
    donnees_releve,
)
from services.publication.documents.rendu import RenduImpossible, empreinte, rendre_diplome, rendre_liste, rendre_releve
from services.publication.domain.document import Edition
from services.publication.domain.resultat import ResultatPublie
from services.publication.domain.resultats import LigneListe
from services.publication.tests.donnees import (
    ALICE,
    IDENTITE,
    LIGNES,
    PUBLIE,
    ajourne,
    ligne,
    reglement,
    resultat,
    session,
)

R1 = Edition("NORMANDIE-2026-CAP-OSRCL-N2600001-R1", 1, "releve.v1")
D1 = Edition("NORMANDIE-2026-CAP-OSRCL-N2600001-D1", 1, "diplome.v1")

# Un gabarit servi ne change plus : le document déjà remis doit se refaire octet pour octet. Corrigez dans un .v2.
GABARITS: dict[str, str] = {
    "attestation.v1.typ": "66f5e0829203d228fd9b9d5cfc0dc4322d9ea3e0c4ceb94adac04c37d168721e",
    "bordereau.v1.typ": "718e2c2def0ab0ae0cd72c66e5d4530f581b4aeb8f56be032a60b6788936dd3e",
    "commun.v1.typ": "0f5d3f10d4b4e46991866204693f8276bc3b6ccbd721a06f21cf6e02d380770d",
    "commun.v2.typ": "53684e6613ee002226b6dd77b10b39e41cd1ce941528a40e6ee7f77284b6ac61",
    "diplome.v1.typ": "1e1b2b3566ad7c80afcae23a7a5c7cf1c34dd146e6c4675f347919625fea5dad",
    "diplome.v2.typ": "8325f6ae47aa0182114d99deb6484ecbfeb220d0bfe0a6865bc784035f29ee35",
    "dossier.v1.typ": "2c450510f639e5401a04f693b9f2055a9c530593ab5cdbce23d5af5ae7e0af97",
    "fiche.v1.typ": "4273168bf7998f9ecd2843ee6170dad336d5c47c0a6e1c5fe0085e3e2e70fae8",
    "liste.v1.typ": "50aa6b9d4d935dd78cda39ef7960aa6e3dab531292723fdbd17f52458854a362",
    "liste.v2.typ": "d70ac61263089256b536d6ba90515f98da13547d04fd68a489193cb1ac7dbc30",
    "pv.v1.typ": "d36344c823867a2123bcd38108e4f943dff2d964e00161aecdd61e5a2560c949",
    "pv.v2.typ": "46fd4a0d7e623d5647b8a98569cd259c961c487a4381706c8892dec8ce67417b",
    "releve.v1.typ": "5f442d77d4689db96da1eb761ffb43a365fd0ac3154e40051d297c9538ed807c",
    "releve.v2.typ": "8ba61b6683b6426d680fbc6a59de909fab26d7e16c43c6bdb0b0289c3b1863f4",
}


def releve(
    de: ResultatPublie | None = None,
    identite: Identite = IDENTITE,
    ici: SessionFigee | None = None,
    edition: Edition = R1,
) -> DonneesReleve:
    return donnees_releve(de or resultat(), edition, identite, Categorie.APPRENTI, ici or session())


def diplome(identite: Identite = IDENTITE, edition: Edition = D1, **autres: Any) -> DonneesDiplome:
    return donnees_diplome(resultat(**autres), edition, identite, session())


def texte(fichier: bytes) -> str:
    """What the file says, lines joined, spaces made plain."""
    pages = (page.extract_text() for page in PdfReader(BytesIO(fichier)).pages)
    return " ".join(" ".join(pages).replace("\u200b", "").split())


def xmp(fichier: bytes) -> str:
    racine: Any = PdfReader(BytesIO(fichier)).trailer["/Root"]
    found: bytes = racine["/Metadata"].get_object().get_data()
    return found.decode("utf-8")


LISTE = donnees_liste("J1", PUBLIE, [LigneListe(ALICE, "J1", Decision.ADMIS, "AB")], session())
FICHIERS = {
    "releve": lambda: rendre_releve(releve()),
    "diplome": lambda: rendre_diplome(diplome()),
    "liste": lambda: rendre_liste(LISTE),
}


# Les normes ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nature", FICHIERS)
def test_chaque_fichier_se_declare_pdf_a_2a_et_pdf_ua_1(nature: str) -> None:
    fichier = FICHIERS[nature]()
    declare = xmp(fichier)
    assert "<pdfaid:part>2</pdfaid:part>" in declare
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in declare
    assert "<pdfuaid:part>1</pdfuaid:part>" in declare


@pytest.mark.parametrize("nature", FICHIERS)
def test_chaque_fichier_dit_sa_langue_son_titre_et_sa_structure(nature: str) -> None:
    lecteur = PdfReader(BytesIO(FICHIERS[nature]()))
    racine: Any = lecteur.trailer["/Root"]
    assert racine["/Lang"] == "fr-FR"
    assert racine["/MarkInfo"]["/Marked"] is True or racine["/MarkInfo"]["/Marked"].value is True
    assert "/StructTreeRoot" in racine
    assert racine["/ViewerPreferences"]["/DisplayDocTitle"]
    assert lecteur.metadata is not None
    assert "session 2026" in (lecteur.metadata.title or "")
    assert IDENTITE.nom not in (lecteur.metadata.title or "")


def test_la_date_du_fichier_est_celle_de_la_publication() -> None:
    lecteur = PdfReader(BytesIO(rendre_releve(releve())))
    assert lecteur.metadata is not None
    assert lecteur.metadata.creation_date == PUBLIE
    assert lecteur.metadata.modification_date == PUBLIE


def test_toutes_les_polices_sont_dans_le_fichier() -> None:
    page: Any = PdfReader(BytesIO(rendre_releve(releve()))).pages[0]
    polices = [one.get_object() for one in page["/Resources"]["/Font"].values()]
    assert polices
    for police in polices:
        descendant = police["/DescendantFonts"][0].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descendant["/FontDescriptor"].get_object())


# Les mêmes octets ---------------------------------------------------------------------------------------------------

AILLEURS = """
from services.publication.documents.rendu import empreinte
from services.publication.tests.test_rendu import FICHIERS
print(" ".join(empreinte(rendre()) for rendre in FICHIERS.values()))
"""


def test_deux_processus_rendent_les_memes_octets() -> None:
    """Another hash seed, time zone, locale and day: nothing of the machine enters the file."""
    ici = " ".join(empreinte(rendre()) for rendre in FICHIERS.values())
    ailleurs = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Auckland", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "1"}
    done = subprocess.run(
        [sys.executable, "-c", AILLEURS],
        env={**os.environ, **ailleurs},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == ici


def test_le_meme_instant_dans_un_autre_fuseau_donne_les_memes_octets() -> None:
    utc = resultat(publie_le=PUBLIE.astimezone(UTC))
    assert rendre_releve(releve(utc)) == rendre_releve(releve())


def test_des_fils_paralleles_rendent_les_memes_octets() -> None:
    attendus = [rendre_releve(releve(identite=IDENTITE.model_copy(update={"nom": f"Nom{n}"}))) for n in range(6)]
    with ThreadPoolExecutor(3) as fils:
        rendus = fils.map(
            lambda n: rendre_releve(releve(identite=IDENTITE.model_copy(update={"nom": f"Nom{n}"}))), range(6)
        )
        assert list(rendus) == attendus


def test_un_rendu_ne_garde_rien_du_precedent() -> None:
    premier = rendre_releve(releve())
    rendre_releve(releve(identite=IDENTITE.model_copy(update={"nom": "Autre"})))
    assert rendre_releve(releve()) == premier


def test_un_gabarit_servi_ne_change_plus() -> None:
    gabarits = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in rendu.GABARITS.glob("*.typ")}
    assert {name: gabarits.get(name) for name in GABARITS} == GABARITS
    assert gabarits.keys() == GABARITS.keys(), "nouveau gabarit : ajoutez son empreinte à GABARITS"


def test_un_gabarit_absent_se_dit() -> None:
    with pytest.raises(RenduImpossible, match=r"releve\.v99"):
        rendre_releve(releve(edition=replace(R1, modele="releve.v99")))


# Ce qu'une personne a écrit s'imprime tel quel ------------------------------------------------------------------------

PIEGES = [
    "#panic()",
    "*gras*",
    "_italique_",
    "$x^2$",
    "`code`",
    "<etiquette>",
    "@renvoi",
    "= Titre",
    "- puce",
    "// pas un commentaire",
    "/* ni celui-ci */",
    "\\#",
    '"guillemets"',
    "~ -- --- ...",
    "{accolades} [crochets]",
    "https://example.org",
    '#import "commun.v1.typ"',
    "\\u{41}",
]


@pytest.mark.parametrize("nom", PIEGES)
def test_un_nom_s_imprime_tel_quel(nom: str) -> None:
    piege = IDENTITE.model_copy(update={"nom": nom, "prenoms": nom, "nom_usage": nom + "!", "lieu_naissance": nom})
    for fichier in (rendre_releve(releve(identite=piege)), rendre_diplome(diplome(piege))):
        lu = texte(fichier)
        assert lu.count(" ".join(nom.split())) >= 3, lu


@pytest.mark.parametrize(
    "nom", ["Łukasz Żółć", "Nguyễn Thị Hồng", "Çelik Øystein Þórsson", "Œuvrard ʻOumuamua", "Ёлкин"]
)
def test_les_lettres_d_ailleurs_s_impriment(nom: str) -> None:
    assert nom in texte(rendre_releve(releve(identite=IDENTITE.model_copy(update={"nom": nom}))))


def test_un_caractere_sans_police_est_refuse_sans_le_citer() -> None:
    with pytest.raises(RenduImpossible) as refus:
        rendre_releve(releve(identite=IDENTITE.model_copy(update={"nom": "Nom 李"})))
    assert "李" not in str(refus.value)
    assert "Nom" not in str(refus.value)
    assert R1.numero in str(refus.value)
    assert refus.value.__cause__ is None


def test_des_noms_demesures_tiennent_dans_la_page() -> None:
    long = Identite(
        nom="A" * 100,
        nom_usage="Œuvrard-" * 12,
        prenoms=("Jean-Baptiste " * 14).strip(),
        naissance=IDENTITE.naissance,
        lieu_naissance="Saint-Remy-en-Bouzemont-Saint-Genest-et-Isson" * 2,
    )
    assert len(PdfReader(BytesIO(rendre_diplome(diplome(long)))).pages) == 1
    lu = texte(rendre_releve(releve(identite=long))).replace(" ", "")
    assert "A" * 100 in lu
    assert "JeanBaptiste" in lu.replace("-", "")


# Ce que le relevé dit -------------------------------------------------------------------------------------------------


def test_cap24_p01_le_releve_dit_qui_le_delivre_a_qui_pour_quoi() -> None:
    lu = texte(rendre_releve(releve()))
    for dit in (
        "RÉPUBLIQUE FRANÇAISE",
        "Académie de Normandie",
        "Certificat d’aptitude professionnelle",
        "Opérateur/opératrice de service – Relation client et livraison",
        "Session 2026",
        "Nom de naissance : L'Hostis-Guéguen",
        "Nom d’usage : Çelik",
        "Prénoms : Maëlys Zoé",
        "Naissance : 1er mars 2007 au Havre",
        "Numéro de candidat : N2600001",
        "Statut : Apprenti de CFA",
        "Délivré le 7 juillet 2026 par le recteur de l’académie de Normandie",
        "Document n° NORMANDIE-2026-CAP-OSRCL-N2600001-R1, version 1",
        "Page 1 sur 1",
    ):
        assert dit in lu, dit


def test_le_releve_ne_dit_que_l_identite_utile() -> None:
    lu = texte(rendre_releve(releve())) + texte(rendre_diplome(diplome()))
    for tu in (IDENTITE.ine, IDENTITE.adresse, IDENTITE.courriel, IDENTITE.code_postal):
        assert tu
        assert tu not in lu


def test_le_releve_donne_chaque_epreuve_avec_coefficient_note_et_points() -> None:
    lu = texte(rendre_releve(releve()))
    for dit in (
        "EP1 Relation client et proposition de produits et de services",
        "Situation 1, vente d’un produit ou d’une prestation de service : 13",
        "juridique : 11,5 4 12,5 50",
        "EP2 Logistique et préparation de livraison (support non remis) 3 0 0",
        "UG1 Français et histoire-géographie – enseignement moral et civique 3 11 33",
        "UG2 Mathématiques – physique-chimie (dispense, hors du calcul) – dispense –",
        "UG3 Éducation physique et sportive (absence pour un motif admis) 1 0 0",
        "UG4 Prévention santé environnement (note conservée d’une session antérieure) 1 15 15",
        "UF1 Langue vivante étrangère (facultative) – 13 +3",
        "Unités facultatives (seuls comptent les points au-dessus de 10)",
        "Total : 180,5 points, pour une somme de coefficients de 15.",
        "Admis(e)",
        "mention assez bien",
    ):
        assert dit in lu, dit


def test_une_absence_sans_motif_se_lit() -> None:
    absent = ligne("EP2", None, 3, etat=EtatResultat.ABSENT_INJUSTIFIE, points=0)
    assert "(absence sans motif admis) 3 absence 0" in texte(rendre_releve(releve(ajourne(lignes=(absent,)))))


def test_amb_38_les_moyennes_sont_celles_du_jury_tronquees() -> None:
    lu = texte(rendre_releve(releve(ajourne(moyenne="9.99", moyenne_professionnelle="10.00"))))
    assert "Moyenne générale : 9,99 sur 20." in lu
    assert "Moyenne des unités professionnelles : 10,00 sur 20." in lu
    assert "tronquées à deux décimales" in lu


@pytest.mark.parametrize(
    ("etat", "dit"),
    [
        (EtatResultat.VALIDEE, "validée"),
        (EtatResultat.FAVORABLE, "validée (avis favorable)"),
        (EtatResultat.NON_VALIDEE, "non validée"),
        (EtatResultat.INSUFFISANT, "non validée (avis insuffisant)"),
        (EtatResultat.NON_ORGANISEE, "non organisée par l’académie"),
        (EtatResultat.DISPENSE, "dispensée"),
    ],
)
def test_amb_11_cap24_p03_favorable_vaut_validee_au_releve(etat: EtatResultat, dit: str) -> None:
    conduite = ligne("EP3", "14", 3, situations={"S1": etat.value, "S2": "14"})
    lu = texte(rendre_releve(releve(resultat(lignes=(conduite,), permis=etat))))
    assert f"Situation 1, conduite d’un véhicule de catégorie B : {dit} Situation 2" in lu
    assert f"Résultat : {dit}. C’est une mention" in lu
    assert ("portail ANTS" in lu) is (etat in (EtatResultat.VALIDEE, EtatResultat.FAVORABLE))


def test_cap24_p02_le_candidat_demande_lui_meme_le_permis() -> None:
    lu = texte(rendre_releve(releve()))
    assert "Le candidat peut demander lui-même le permis de conduire au préfet du département de son domicile" in lu
    assert "télé-service « demande de permis de conduire » du portail ANTS" in lu


def test_cap24_p03_le_releve_peut_remplacer_le_diplome_pour_cette_demande() -> None:
    lu = texte(rendre_releve(releve()))
    assert "le présent relevé, délivré par le recteur, peut remplacer le diplôme" in lu
    assert "circulaire du 19 février 2024" in lu


def test_cl_042_ajourne_pratique_validee_le_releve_l_atteste_sous_reserve_de_la_prefecture() -> None:
    lu = texte(rendre_releve(releve(ajourne())))
    assert "Ajourné(e)" in lu
    assert "Moyenne générale : 8,00 sur 20." in lu
    assert "Résultat : validée (avis favorable)." in lu
    assert "du portail ANTS" in lu
    assert "même sans le diplôme et sous réserve de l’accord de la préfecture" in lu
    assert "peut remplacer le diplôme" not in lu


def test_sans_resultat_de_conduite_le_releve_le_dit() -> None:
    assert "Résultat : sans résultat." in texte(rendre_releve(releve(resultat(permis=None))))


def test_un_reglement_sans_conduite_n_en_parle_pas() -> None:
    documents = reglement().documents.model_copy(update={"mention_permis": None})
    sans = session(du=reglement().model_copy(update={"documents": documents}))
    assert "Conduite d’un véhicule" not in texte(rendre_releve(releve(resultat(lignes=LIGNES[:2]), ici=sans)))


def test_dc_rec04_le_releve_dit_les_voies_et_delais_de_recours() -> None:
    for de in (resultat(), ajourne()):
        lu = texte(rendre_releve(releve(de)))
        assert "Voies et délais de recours" in lu
        assert "deux mois qui suivent sa notification" in lu
        assert "recours gracieux" in lu
        assert "tribunal administratif" in lu
        assert "R. 421-1 et R. 421-5" in lu


def test_apres_un_echec_les_epreuves_de_remplacement_sont_dites() -> None:
    lu = texte(rendre_releve(releve(ajourne(remplacement_possible=("EP2", "UG1")))))
    assert "des épreuves de remplacement sont possibles (EP2, UG1)" in lu
    assert "remplacement" not in texte(rendre_releve(releve()))


def test_une_version_2_annule_et_remplace() -> None:
    lu = texte(rendre_releve(releve(edition=Edition(R1.numero[:-1] + "2", 2, R1.modele))))
    assert "La version 2 annule et remplace les précédentes." in lu
    assert "annule et remplace" not in texte(rendre_releve(releve()))


def test_une_demonstration_se_voit_sur_chaque_document() -> None:
    essai = session(demonstration=True)
    liste = donnees_liste("J1", PUBLIE, [], essai)
    for fichier in (
        rendre_releve(releve(ici=essai)),
        rendre_diplome(donnees_diplome(resultat(), D1, IDENTITE, essai)),
        rendre_liste(liste),
    ):
        assert "Spécimen de démonstration" in texte(fichier)
    assert "Spécimen" not in texte(rendre_releve(releve()))


def test_un_releve_complet_tient_sur_une_page() -> None:
    deux = (*LIGNES, ligne("UF3", None, None, etat=EtatResultat.ABSENT_JUSTIFIE))
    fichier = rendre_releve(releve(resultat(lignes=deux), ici=session(demonstration=True)))
    assert len(PdfReader(BytesIO(fichier)).pages) == 1


def test_la_date_imprimee_est_celle_de_l_academie() -> None:
    """23:30 UTC is the next day in Paris."""
    tard = resultat(publie_le=datetime(2026, 7, 7, 23, 30, tzinfo=UTC))
    assert "Délivré le 8 juillet 2026" in texte(rendre_releve(releve(tard)))


# Le diplôme et la liste -----------------------------------------------------------------------------------------------


def test_dc_cap25_le_diplome_est_delivre_par_le_recteur() -> None:
    lu = texte(rendre_diplome(diplome()))
    for dit in (
        "CERTIFICAT D’APTITUDE PROFESSIONNELLE",
        "Opérateur/opératrice de service – Relation client et livraison",
        "Diplôme national de niveau 3, session 2026",
        "Vu la délibération du jury J1, le recteur de l’académie de Normandie délivre ce diplôme à",
        "Maëlys Zoé L'Hostis-Guéguen",
        "né(e) le 1er mars 2007 au Havre",
        "avec la mention assez bien",
        "Document n° NORMANDIE-2026-CAP-OSRCL-N2600001-D1, version 1",
    ):
        assert dit in lu, dit
    assert "mention" not in texte(rendre_diplome(diplome(mention=None)))


def test_dc_rgp03_la_liste_donne_des_numeros_sans_nom_ni_les_non_autorises() -> None:
    # Nulle donnée de la liste ne peut porter un nom : elle n'a que le numéro, la décision et la mention.
    assert {one.name for one in fields(LigneListe)} == {"candidat", "jury", "decision", "mention"}
    lignes = [LigneListe(f"N26{n:05d}", "J1", Decision.NON_AUTORISE if n == 7 else Decision.ADMIS) for n in range(120)]
    fichier = rendre_liste(donnees_liste("J1", PUBLIE + timedelta(0), lignes, session()))
    lu = texte(fichier)
    assert "N2600006" in lu
    assert "N2600007" not in lu
    assert "Candidats : 119. Admissions : 119." in lu
    assert len(PdfReader(BytesIO(fichier)).pages) > 1
    assert lu.count("Numéro de candidat Décision Mention") == len(PdfReader(BytesIO(fichier)).pages)
