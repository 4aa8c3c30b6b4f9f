"""Les documents de chaque diplôme : ce qui s'y lit, ce qui ne s'y lit jamais, et les premiers gabarits intacts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from contracts.evenements.deliberation import Ligne
from contracts.reglement import load_all
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat
from services.publication.documents.autorites import autorite
from services.publication.documents.donnees import donnees_liste
from services.publication.documents.erreurs import RenduImpossible
from services.publication.documents.rendu import Donnees, empreinte, rendre
from services.publication.domain.document import Edition
from services.publication.domain.resultat import ResultatPublie
from services.publication.domain.resultats import LigneListe
from services.publication.tests import test_rendu
from services.publication.tests.diplomes import (
    BTS,
    MC,
    TP,
    bts,
    bts_controle,
    bts_non_valide,
    diplome,
    ligne,
    mc,
    publie,
    publie_le,
    releve,
    remplacer,
    session,
    tp,
)
from services.publication.tests.donnees import ALICE, BASILE, CELIA, ajourne
from services.publication.tests.donnees import session as session_cap
from services.publication.tests.test_rendu import D1, texte, xmp

# Documents déjà remis : ils se refont octet pour octet, avec leur gabarit d'alors.
REMIS = {
    "releve": "5a6e161f1c8d002c063de492706013bf43a872f5568652f139fc4ad4b833d168",
    "diplome": "6713e0e2dfaab24496a481d0717a5843e426aa01a2820b2aec59a631ea6ed9e6",
    "liste": "e9a0820ff87c0825676a08064ae63f66357982b2da10d71fcb219acb9a8f4763",
}


def lire(de: ResultatPublie, ici: SessionFigee, version: int = 1) -> str:
    return texte(rendre(releve(de, ici, version)))


# Ce qui est déjà remis ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nature", REMIS)
def test_un_document_des_premiers_gabarits_se_refait_octet_pour_octet(nature: str) -> None:
    assert empreinte(test_rendu.FICHIERS[nature]()) == REMIS[nature]


def test_les_variantes_des_premiers_gabarits_aussi() -> None:
    variante = ajourne(remplacement_possible=("EP2",))
    essai = test_rendu.releve(ici=session_cap(demonstration=True))
    sans = test_rendu.diplome(mention=None, edition=Edition(D1.numero[:-1] + "2", 2, "diplome.v1"))
    assert [empreinte(rendre(one)) for one in (test_rendu.releve(variante), essai, sans)] == [
        "496b1c1fe30a2101f8d88362efb4f60b93de4a9962c5ad13cf4e1f0ac337ac70",
        "bf663e52bd6112ab381d615f34ba22f9bb53078e3e1d023a66c16d4e5988095c",
        "a630b0833ee7379916d16d17c3a5b71f364cb579ae759f2cf768d32ad9d94496",
    ]


# Le relevé noté -------------------------------------------------------------------------------------------------------


def test_le_releve_du_bts_dit_epreuves_moities_facultatives_et_total() -> None:
    lu = lire(bts(), session(BTS))
    for dit in (
        "Brevet de technicien supérieur",
        "Session 2022, diplôme de niveau 5",
        "E1 Culture générale et expression 3 9,5 28,5",
        "Situation 1, première partie, épreuve écrite : étude de cas : 9",
        "Situation 2, deuxième partie, épreuve pratique : contexte digital (WordPress ou PrestaShop) : 11",
        "EF1 Communication en langue vivante étrangère 2 (facultative) – 12 +2",
        "EF2 Engagement étudiant (facultative) (document exigé non remis, sans effet sur le total) – non tenue –",
        "Total : 210,5 points, pour une somme de coefficients de 21.",
        "Moyenne générale : 10,02 sur 20.",
        "Admis(e)",
        "Délivré le 5 juillet 2022 par le recteur de l’académie de Normandie",
    ):
        assert dit in lu, dit


@pytest.mark.parametrize(
    ("etat", "dit", "decision"),
    [
        (EtatResultat.NON_VALIDE, "(dossier non conforme) 5 NON VALIDE –", "Refusé(e), non valide"),
        (
            EtatResultat.NON_VALIDEE_U1,
            "(dossier non remis ou non conforme, épreuve non subie) 5 NON VALIDÉE –",
            "unité non validée",
        ),
        (EtatResultat.FRAUDE_ANNULEE, "(épreuve annulée par la commission de discipline) 5 ANNULÉE –", "annulée"),
        (EtatResultat.SUSPENDUE, "5 en attente de vérification –", "Refusé(e)"),
    ],
)
def test_bts_c03_amb_46_cl_085_un_etat_sans_note_n_en_montre_aucune(
    etat: EtatResultat, dit: str, decision: str
) -> None:
    lu = lire(bts_non_valide(etat), session(BTS))
    assert dit in lu
    assert decision in lu
    assert "Moyenne" not in lu
    assert "Total" not in lu
    for tu in ("13,75", "13.75", "55/4", "229", "10,91"):
        assert tu not in lu, tu


def test_amb_46_le_releve_dit_pourquoi_il_n_y_a_pas_de_moyenne() -> None:
    lu = lire(bts_non_valide(), session(BTS))
    assert "Aucune moyenne n’est calculée : le diplôme ne peut être délivré (E4)." in lu
    assert "Unités acquises ou conservables : E2, E3, E5 et E6." in lu


@pytest.mark.parametrize(
    ("etat", "note", "dit"),
    [
        (EtatResultat.VAE, None, "(validation des acquis de l’expérience, hors du calcul) 3 acquise –"),
        (EtatResultat.DISPENSE, None, "(dispense, hors du calcul) 3 dispense –"),
        (EtatResultat.ABSENT_INJUSTIFIE, None, "(absence sans motif admis) 3 absence –"),
        (EtatResultat.ABSENT_JUSTIFIE, "0", "(absence pour un motif admis) 3 0 0"),
        (EtatResultat.BENEFICE, "13", "(note conservée d’une session antérieure) 3 13 39"),
    ],
)
def test_chaque_etat_se_dit_en_mots(etat: EtatResultat, note: str | None, dit: str) -> None:
    assert dit in lire(remplacer(bts(), ligne(BTS, "E2", note, etat)), session(BTS))


@pytest.mark.parametrize(
    ("de", "identifiant", "annee", "code"),
    [(bts(), BTS, 2022, "E2"), (mc(), MC, 2025, "E2")],
)
def test_bts_d01_dc_mc08_une_absence_sans_motif_admis_dit_le_refus_sans_moyenne(
    de: ResultatPublie, identifiant: str, annee: int, code: str
) -> None:
    absente = ligne(identifiant, code, None, EtatResultat.ABSENT_INJUSTIFIE)
    lu = lire(remplacer(de, absente, decision=Decision.REFUSE), session(identifiant, annee))
    assert f"Absence sans motif admis à {code} : le diplôme ne peut pas être délivré." in lu
    assert "Moyenne" not in lu
    assert "Total" not in lu


def test_bts_d01_une_partie_manquee_sans_motif_admis_aussi() -> None:
    partie = ligne(BTS, "E5", "9", situations={"S1": "18", "S2": "absent_injustifie"})
    lu = lire(remplacer(bts(), partie, decision=Decision.REFUSE), session(BTS))
    assert "Absence sans motif admis à E5 : le diplôme" in lu
    assert "Moyenne" not in lu


@pytest.mark.parametrize(
    ("code", "etat", "decision"),
    [
        ("EF1", EtatResultat.ABSENT_INJUSTIFIE, Decision.REFUSE),
        ("E2", EtatResultat.ABSENT_JUSTIFIE, Decision.REFUSE),
        ("E2", EtatResultat.ABSENT_INJUSTIFIE, Decision.EPREUVES_CONTROLE),
    ],
)
def test_une_absence_qui_ne_fonde_pas_le_refus_laisse_la_moyenne(
    code: str, etat: EtatResultat, decision: Decision
) -> None:
    lu = lire(remplacer(bts(), ligne(BTS, code, None, etat), decision=decision), session(BTS))
    assert "ne peut pas être délivré" not in lu
    assert "Moyenne générale" in lu


def test_une_moitie_d_epreuve_sans_note_se_dit() -> None:
    moitie = ligne(BTS, "E5", "9", situations={"S1": "18", "S2": "absent_justifie"})
    assert "(WordPress ou PrestaShop) : absence pour un motif admis" in lire(remplacer(bts(), moitie), session(BTS))


def test_dc_bts11_la_meilleure_des_deux_notes_est_gardee() -> None:
    lu = lire(bts_controle(), session(BTS))
    assert "E1 Culture générale et expression Première note : 6 ; oral de contrôle : 12 ; oral retenu 3 12 36" in lu
    assert "Première note : 9 ; oral de contrôle : 7 ; première note gardée 3 9 27" in lu
    gardee = ligne(BTS, "E1", "12", controle=Decimal(12))  # telle que le jury l'a retenue
    lu = lire(remplacer(bts_controle(), gardee), session(BTS))
    assert "Oral de contrôle : 12, note retenue 3 12 36" in lu


@pytest.mark.parametrize(
    ("note", "oral", "dit"),
    [
        ("12", "12", "Première note : 6 ; oral de contrôle : 12 ; oral retenu 3 12 36"),
        ("6", "4", "Première note : 6 ; oral de contrôle : 4 ; première note gardée 3 6 18"),
        ("6", None, "Première note : 6 ; oral de contrôle : absent ; première note gardée 3 6 18"),
        ("6", "20", "Première note : 6 ; oral de contrôle : 20 ; première note gardée 3 6 18"),  # l'oral ne compte plus
    ],
)
def test_dc_bts11_le_releve_dit_la_premiere_note_l_oral_et_laquelle_est_gardee(
    note: str, oral: str | None, dit: str
) -> None:
    situations = {"PREMIERE": "6", "CONTROLE": oral or "absent_injustifie"}
    passee = ligne(BTS, "E1", note, controle=None if oral is None else Decimal(oral), situations=situations)
    lu = lire(remplacer(bts_controle(), passee, decision=Decision.REFUSE), session(BTS))
    assert dit in lu
    assert "Situation PREMIERE" not in lu
    assert "Situation CONTROLE" not in lu
    assert "ne peut pas être délivré" not in lu


@pytest.mark.parametrize(
    ("decision", "dites"),
    [
        (Decision.REFUSE, ["Refusé(e)"]),
        (Decision.AJOURNE, ["Ajourné(e)"]),
        (
            Decision.EPREUVES_CONTROLE,
            ["Autorisé(e) à passer les épreuves de contrôle", "à choisir parmi E1, E2 et E3 ; la meilleure"],
        ),
        (Decision.POURSUITE, ["Poursuite du parcours", "quand toutes les unités auront été présentées."]),
    ],
)
def test_la_decision_se_dit_en_mots(decision: Decision, dites: list[str]) -> None:
    choisies = ("E1", "E2", "E3") if decision is Decision.EPREUVES_CONTROLE else ()
    lu = lire(remplacer(bts(), decision=decision, epreuves_controle=choisies), session(BTS))
    for dit in dites:
        assert dit in lu, dit


def poursuite(*lignes: Ligne, **autres: Any) -> ResultatPublie:
    """The jury gives neither points nor coefficients: nothing is computed yet."""
    return publie(2022, decision=Decision.POURSUITE, lignes=lignes, **autres)


def test_dc_bts03_une_poursuite_n_a_pas_de_total_et_dit_ce_qui_reste() -> None:
    lignes = (ligne(BTS, "E1", "12"), ligne(BTS, "E2", "9"), ligne(BTS, "E3", "11"))
    lu = lire(poursuite(*lignes, unites=("E1", "E2", "E3")), session(BTS))
    for dit in (
        "Unités acquises ou conservables : E1, E2 et E3.",
        "Unités restant à présenter : E4, E5 et E6.",
        "Le jury décidera du diplôme quand toutes les unités auront été présentées.",
    ):
        assert dit in lu, dit
    for tu in ("Total", "Moyenne", "somme de coefficients", "de nouveau"):
        assert tu not in lu, tu


def test_dc_bts03_un_total_ne_se_dit_pas_meme_s_il_est_connu() -> None:
    assert "Total" not in lire(remplacer(bts(), decision=Decision.POURSUITE), session(BTS))


def test_dc_bts03_une_poursuite_dit_ce_qui_se_represente_et_ce_qui_ne_se_represente_pas() -> None:
    lignes = (
        ligne(BTS, "E1", None, EtatResultat.VAE),
        ligne(BTS, "E2", None, EtatResultat.DISPENSE),
        ligne(BTS, "E3", None, EtatResultat.ABSENT_INJUSTIFIE),
        ligne(BTS, "E4", None, EtatResultat.NON_VALIDE),
        ligne(BTS, "E5", "12"),
    )
    lu = lire(poursuite(*lignes, unites=("E5",)), session(BTS))
    assert "Unités acquises ou conservables : E1 et E5." in lu
    assert "Unités restant à présenter : E6." in lu
    assert "Unités à présenter de nouveau : E3 et E4." in lu
    assert "le diplôme ne peut être délivré" not in lu


def test_la_moyenne_professionnelle_ne_repete_pas_la_moyenne_generale() -> None:
    """Every unit of the mention complémentaire is professional; the BTS has both kinds."""
    lu = lire(mc(moyenne_professionnelle="11.44"), session(MC, 2025))
    assert "Moyenne générale : 11,44 sur 20." in lu
    assert "Moyenne des unités professionnelles" not in lu
    assert "Moyenne des unités professionnelles : 10,41 sur 20." in lire(bts_controle(), session(BTS))


def test_dc_rec04_le_releve_dit_les_voies_selon_l_autorite() -> None:
    superieur = "devant le recteur, ou hiérarchique devant le ministre chargé de l’enseignement supérieur"
    scolaire = "devant le recteur, ou hiérarchique devant le ministre chargé de l’éducation nationale"
    emploi = (
        "devant le représentant territorial du ministère chargé de l’emploi, "
        "ou hiérarchique devant le ministre chargé de l’emploi"
    )
    lus = {
        superieur: lire(bts(), session(BTS)),
        scolaire: lire(mc(), session(MC, 2025)),
        emploi: lire(tp(), session(TP)),
    }
    for voie, lu in lus.items():
        assert voie in lu, voie
        assert "deux mois qui suivent sa notification" in lu
        assert "R. 421-1 et R. 421-5" in lu


@pytest.mark.parametrize(
    ("annee", "intitule"),
    [(2022, "Mention complémentaire"), (2024, "Mention complémentaire"), (2025, "Certificat de spécialisation"),
     (2026, "Certificat de spécialisation")],
)  # fmt: skip
def test_cl_128_dc_mc01_l_intitule_est_celui_de_la_session(annee: int, intitule: str) -> None:
    ici = session(MC, annee)
    lu = lire(mc(annee), ici)
    assert f"{intitule} Assistance, conseil, vente à distance Session {annee}, diplôme de niveau 4" in lu
    assert intitule.upper() in texte(rendre(diplome(mc(annee), ici)))


def test_dc_mc10_la_mention_se_lit_au_releve_et_au_diplome() -> None:
    ici, avec = session(MC, 2025), mc(mention="AB")
    assert "mention assez bien" in lire(avec, ici)
    assert "avec la mention assez bien" in texte(rendre(diplome(avec, ici)))


def test_mc_n05_une_note_exacte_se_dit() -> None:
    lu = lire(mc(), session(MC, 2025))
    assert "Note exacte : 32/3 3 10,66 32" in lu
    assert "Situation 3, étude de cas technique en deux parties indépendantes : 11" in lu


def test_une_version_2_annule_et_remplace() -> None:
    assert "La version 2 annule et remplace les précédentes." in lire(bts(), session(BTS), 2)


# Les compétences ------------------------------------------------------------------------------------------------------


def test_dc_tp01_le_releve_du_titre_dit_les_competences_sans_note_ni_moyenne() -> None:
    lu = lire(tp(Decision.REUSSITE_PARTIELLE, ccp2=False), session(TP, 2024))
    for dit in (
        "Ministère chargé de l’emploi Relevé de résultats Titre professionnel",
        "CCP1 Assurer des prestations de services et du conseil en relation client à distance",
        "Accueillir le client ou l’utilisateur et le renseigner : acquise",
        "Gérer des situations de rétention client : non acquise",
        "EF Entretien final acquis",
        "Réussite partielle",
        "Unités acquises : CCP1.",
        "par le représentant territorial du ministère chargé de l’emploi",
    ):
        assert dit in lu, dit
    for tu in ("Coefficient", "sur 20", "Moyenne", "Total", "Points", "académie"):
        assert tu not in lu, tu


@pytest.mark.parametrize(
    ("decision", "unites", "dits"),
    [
        (Decision.ADMIS, (), ["Titre obtenu"]),
        (Decision.REUSSITE_PARTIELLE, ("CCP1", "CCP2"), ["Réussite partielle", "Unités acquises : CCP1 et CCP2."]),
    ],
)
def test_amb_28_l_unite_que_le_jury_tient_pour_acquise_l_est_la_competence_reste_non_acquise(
    decision: Decision, unites: tuple[str, ...], dits: list[str]
) -> None:
    lu = lire(remplacer(tp(decision, ccp2=False), unites=unites), session(TP, 2024))
    assert "relation client à distance (par décision motivée du jury)" in lu
    assert "Gérer des situations de rétention client : non acquise" in lu
    assert "non acquis " not in lu
    for dit in dits:
        assert dit in lu, dit


def test_amb_28_sans_cette_decision_l_unite_reste_non_acquise() -> None:
    lu = lire(tp(Decision.REUSSITE_PARTIELLE, ccp2=False), session(TP, 2024))
    assert "décision motivée" not in lu
    assert "non acquis " in lu


def test_tp_d03_un_ccp_presente_et_acquis_se_lit_ccp_obtenu() -> None:
    entier = tp(Decision.REUSSITE_PARTIELLE)
    seul = replace(entier, lignes=entier.lignes[:1], unites=("CCP1",))
    lu = lire(seul, session(TP, 2024))
    assert "CCP obtenu" in lu
    assert "Réussite partielle" not in lu
    assert "12 mois" not in lu
    assert "CCP obtenu" not in lire(tp(Decision.REUSSITE_PARTIELLE, ccp2=False), session(TP, 2024))


def test_dc_tp06_un_echec_ne_laisse_aucune_unite_a_conserver() -> None:
    assert "Aucune unité à conserver." in lire(remplacer(tp(Decision.ECHEC, ccp2=False), unites=()), session(TP, 2024))


@pytest.mark.parametrize(("decision", "dit"), [(Decision.ADMIS, "Titre obtenu"), (Decision.ECHEC, "Échec")])
def test_dc_tp06_les_issues_du_titre(decision: Decision, dit: str) -> None:
    assert dit in lire(tp(decision), session(TP, 2024))


def test_dc_tp01_le_titre_est_delivre_par_le_representant_territorial() -> None:
    lu = texte(rendre(diplome(tp(), session(TP, 2024))))
    assert "TITRE PROFESSIONNEL" in lu
    assert "Titre de niveau 4, session 2024" in lu
    assert "le représentant territorial du ministère chargé de l’emploi délivre ce titre à" in lu
    assert "diplôme" not in lu


def test_dc_bts18_le_diplome_dit_ses_credits_europeens() -> None:
    lu = texte(rendre(diplome(bts(), session(BTS))))
    assert "BREVET DE TECHNICIEN SUPÉRIEUR" in lu
    assert "120 crédits européens (ECTS)" in lu
    assert "ECTS" not in texte(rendre(diplome(mc(), session(MC, 2025))))


# La liste -------------------------------------------------------------------------------------------------------------


def test_cl_083_la_liste_tait_le_candidat_en_attente_et_toute_note() -> None:
    lignes = [
        LigneListe(ALICE, "J1", Decision.REFUSE),
        LigneListe(BASILE, "J1", Decision.EN_ATTENTE),
        LigneListe(CELIA, "J1", Decision.EPREUVES_CONTROLE),
    ]
    lu = texte(rendre(donnees_liste("J1", publie_le(2022), lignes, session(BTS))))
    assert f"{ALICE} Refusé(e) {CELIA} Autorisé(e) à passer les épreuves de contrôle" in lu
    assert BASILE not in lu
    assert "Candidats : 2. Admissions : 0." in lu
    assert "Mention" not in lu


def test_la_liste_d_un_titre_et_sa_version_suivante() -> None:
    lignes = [LigneListe(ALICE, "J1", Decision.ADMIS), LigneListe(BASILE, "J1", Decision.REUSSITE_PARTIELLE)]
    lu = texte(rendre(donnees_liste("J1", publie_le(2024), lignes, session(TP, 2024), 2)))
    assert "Titre obtenu" in lu
    assert "Titres obtenus : 1." in lu
    assert "NORMANDIE-2024-TP-CRCD-J1-L2, version 2" in lu
    assert "La version 2 annule et remplace les précédentes." in lu


# Pour tous ------------------------------------------------------------------------------------------------------------


FAIRE: dict[str, Callable[[], Donnees]] = {
    "releve_bts": lambda: releve(bts_non_valide(), session(BTS)),
    "releve_mc": lambda: releve(mc(), session(MC, 2025)),
    "releve_tp": lambda: releve(tp(), session(TP, 2024)),
    "diplome_bts": lambda: diplome(bts(), session(BTS)),
    "diplome_tp": lambda: diplome(tp(), session(TP, 2024)),
    "liste": lambda: donnees_liste("J1", publie_le(2022), [], session(BTS)),
}


@pytest.mark.parametrize("cas", FAIRE)
def test_chaque_document_est_archivable_accessible_et_reproductible(cas: str) -> None:
    faire = FAIRE[cas]
    fichier = rendre(faire())
    assert rendre(faire()) == fichier
    assert "<pdfaid:part>2</pdfaid:part>" in xmp(fichier)
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp(fichier)


def test_un_releve_complet_tient_sur_une_page() -> None:
    for de, ici in ((bts_controle(), session(BTS)), (bts(), session(BTS)), (tp(), session(TP, 2024))):
        assert _pages(rendre(releve(de, ici))) == 1
        assert _pages(rendre(diplome(de, ici))) == 1


def _pages(fichier: bytes) -> int:
    return len(PdfReader(BytesIO(fichier)).pages)


def test_l_autorite_de_chaque_reglement_se_dit() -> None:
    for reglement in load_all().values():
        for nom in filter(
            None, (reglement.documents.autorite, getattr(reglement.documents.attestation, "autorite", ""))
        ):
            assert autorite(nom, "normandie", reglement.niveau).titre


def test_une_autorite_inconnue_est_nommee() -> None:
    with pytest.raises(RenduImpossible, match="préfet"):
        autorite("préfet", "normandie", 4)
