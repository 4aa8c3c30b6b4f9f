"""L'attestation des unités : à qui, pour lesquelles, par qui, et rien quand il n'y a rien à attester."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from contracts.commandes.publication import DelivrerAttestation, DelivrerDiplome, EditerReleve
from contracts.evenements.publication import (
    AttestationDelivree,
    DiplomeDelivre,
    DocumentRemplace,
    ReleveEdite,
    TypeAttestation,
)
from contracts.reglement import Attestation, Source
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat
from services.publication.domain.attestation import unites_attestees
from services.publication.domain.document import Document, DocumentEvent, evolve, initial
from services.publication.domain.resultat import ResultatPublie
from services.publication.tests.diplomes import (
    BTS,
    MC,
    TP,
    attestation,
    bts,
    bts_controle,
    bts_non_valide,
    ligne,
    mc,
    remplacer,
    session,
    tp,
)
from services.publication.tests.donnees import ALICE, AUTRE, EMPREINTE, ajourne, qui, reglement
from services.publication.tests.donnees import session as session_cap
from services.publication.tests.test_document import executer
from services.publication.tests.test_rendu import texte
from services.socle.spec import Given, Spec

REFUSE = remplacer(bts(), decision=Decision.REFUSE)
PARTIEL = tp(Decision.REUSSITE_PARTIELLE, ccp2=False)


def given(
    publie: ResultatPublie, ici: SessionFigee, *suite: DocumentEvent, empreinte: str = EMPREINTE
) -> Given[Document]:
    """Her relevé is issued; then what follows."""
    ordre = partial(executer, session=ici, resultat=publie, empreinte=empreinte)
    histoire = [*executer(EditerReleve(**cible("systeme", ici)), initial, ici, resultat=publie, empreinte=EMPREINTE)]
    return Spec[Document](ordre, evolve, initial).given(*histoire, *suite)


def cible(role: str, ici: SessionFigee) -> dict[str, Any]:
    ordre = {**qui(role, le=ici.parametres.publication), "diplome": ici.reglement.diplome, "session": str(ici.annee)}
    return {"candidat": ALICE, "jury": "J1", **ordre}


def delivrer(ici: SessionFigee, role: str = "recteur") -> DelivrerAttestation:
    return DelivrerAttestation(**cible(role, ici))


def test_dc_bts17_le_refuse_recoit_l_attestation_de_ses_unites_a_10() -> None:
    ici = session(BTS)
    [delivree] = given(REFUSE, ici).when(delivrer(ici)).then_kinds(AttestationDelivree)
    assert delivree.unites == ("E2", "E3", "E4", "E5", "E6")
    assert (delivree.type, delivree.regle) == (TypeAttestation.BLOCS, "DC-BTS17")
    assert (delivree.numero, delivree.version) == (f"NORMANDIE-2022-BTS-NDRC-{ALICE}-A1", 1)
    given(REFUSE, ici, delivree).when(delivrer(ici, "systeme")).then_nothing()
    given(REFUSE, ici, delivree, empreinte=AUTRE).when(delivrer(ici)).then_refused("EMPREINTE_DIFFERENTE")


def test_dc_bts17_la_forme_progressive_aussi() -> None:
    ici, suite = session(BTS), remplacer(bts(), decision=Decision.POURSUITE)
    assert unites_attestees(suite, ici.reglement) == ("E2", "E3", "E4", "E5", "E6")
    given(suite, ici).when(delivrer(ici)).then_kinds(AttestationDelivree)


def test_bts_c03_cl_085_une_unite_non_valide_n_est_pas_attestee() -> None:
    """The frozen 13.75 of E4 would reach the threshold: it is not there."""
    for etat in (EtatResultat.NON_VALIDE, EtatResultat.SUSPENDUE, EtatResultat.FRAUDE_ANNULEE):
        assert unites_attestees(bts_non_valide(etat), reglement(BTS)) == ("E2", "E3", "E5", "E6")


def test_dc_bts11_la_meilleure_des_deux_notes_est_attestee() -> None:
    refuse = remplacer(bts_controle(), decision=Decision.REFUSE)
    assert unites_attestees(refuse, reglement(BTS)) == ("E1", "E4", "E5", "E6")
    assert "U1 – Culture générale et expression (E1) 12" in texte(attestation(refuse, session(BTS)))


def test_amb_38_une_note_tronquee_se_juge_sur_sa_valeur_exacte() -> None:
    juste = ligne(MC, "E2", "9.99", note_exacte="29999/3000")
    assert unites_attestees(remplacer(mc(decision=Decision.AJOURNE), juste), reglement(MC)) == ("E1", "E3")


def test_dc_mc11_l_ajourne_recoit_l_attestation_du_recteur() -> None:
    ici, ajournee = session(MC, 2025), mc(decision=Decision.AJOURNE)
    [delivree] = given(ajournee, ici).when(delivrer(ici)).then_kinds(AttestationDelivree)
    assert (delivree.unites, delivree.regle) == (("E1", "E2", "E3"), "DC-MC11")
    lu = texte(attestation(ajournee, ici))
    assert "le recteur de l’académie de Normandie atteste que la personne" in lu
    assert "a obtenu au moins 10 sur 20 à ces unités :" in lu
    assert "Certificat de spécialisation" in lu


def test_dc_tp08_la_reussite_partielle_donne_le_livret_de_certification() -> None:
    ici = session(TP, 2024)
    [delivree] = given(PARTIEL, ici).when(delivrer(ici)).then_kinds(AttestationDelivree)
    assert (delivree.type, delivree.unites) == (TypeAttestation.LIVRET, ("CCP1",))
    lu = texte(attestation(PARTIEL, ici))
    for dit in (
        "Livret de certification",
        "le représentant territorial du ministère chargé de l’emploi atteste",
        "a acquis cette unité du titre professionnel :",
        "CCP Assurer des prestations de services et du conseil en relation client à distance",
        "Gérer des situations difficiles en relation client à distance",
        "devant le ministre chargé de l’emploi",
    ):
        assert dit in lu, dit
    assert "CCP2" not in lu
    assert "sur 20" not in lu
    assert "Entretien final" not in lu


def test_tp_d03_le_livret_dit_ccp_obtenu() -> None:
    seul = replace(PARTIEL, lignes=PARTIEL.lignes[:1], unites=("CCP1",))
    assert "(CCP1) (CCP obtenu)" in texte(attestation(seul, session(TP, 2024)))
    assert "CCP obtenu" not in texte(attestation(PARTIEL, session(TP, 2024)))


def test_amb_28_l_unite_acquise_par_decision_du_jury_est_au_livret_sans_la_competence_manquante() -> None:
    ici, accordee = session(TP, 2024), remplacer(PARTIEL, unites=("CCP1", "CCP2"))
    assert unites_attestees(accordee, ici.reglement) == ("CCP1", "CCP2")
    lu = texte(attestation(accordee, ici))
    assert "(CCP2) (par décision motivée du jury)" in lu
    assert "(CCP1) (par" not in lu
    assert "Assurer le recouvrement amiable de créances" in lu
    assert "rétention client" not in lu


@pytest.mark.parametrize(
    ("identifiant", "publie", "regle"),
    [
        (BTS, bts(), "DC-BTS17"),
        (BTS, remplacer(REFUSE, *(ligne(BTS, f"E{n}", "9.5") for n in range(1, 7))), "DC-BTS17"),
        (TP, tp(), "DC-TP08"),
        (TP, remplacer(PARTIEL, decision=Decision.ECHEC, unites=()), "DC-TP08"),
        (MC, mc(), "DC-MC11"),
        (BTS, remplacer(bts(), decision=Decision.EPREUVES_CONTROLE), "RESULTAT_EN_ATTENTE"),
    ],
)
def test_rien_a_attester_se_refuse_avec_sa_regle(identifiant: str, publie: ResultatPublie, regle: str) -> None:
    ici = session(identifiant, publie.publie_le.year)
    given(publie, ici).when(delivrer(ici)).then_refused(regle)


def test_sans_attestation_au_reglement_l_ordre_est_refuse() -> None:
    ici = session_cap()
    given(ajourne(), ici).when(delivrer(ici)).then_refused("DC-CAP25")


def test_dc_cap26_un_cap_dont_le_reglement_le_dit_atteste_ses_unites_a_10() -> None:
    """Une clause du règlement et sa source suffisent : le recteur atteste les unités d'au moins 10 du CAP refusé."""
    clause = Attestation(
        regle="DC-CAP26",
        type="attestation_blocs",
        intitule="attestation de blocs",
        autorite="recteur",
        seuil=Decimal(10),
    )
    cap = reglement()
    documents = cap.documents.model_copy(update={"attestation": clause})
    sources = {**cap.sources, "DC-CAP26": Source(texte="circulaire 2016-133 du 04/10/2016", section="D337-16")}
    ici = session_cap(du=cap.model_copy(update={"documents": documents, "sources": sources}))
    attendues = tuple(one.epreuve for one in ajourne().lignes if one.note is not None and one.note >= 10)
    assert 0 < len(attendues) < len(ajourne().lignes)
    assert set(unites_attestees(ajourne(), ici.reglement)) <= set(attendues)
    [delivree] = given(ajourne(), ici).when(delivrer(ici)).then_kinds(AttestationDelivree)
    assert (delivree.unites, delivree.regle) == (unites_attestees(ajourne(), ici.reglement), "DC-CAP26")
    given(ajourne(), ici).when(delivrer(ici, "gestionnaire")).then_refused("DC-CAP26")


def test_l_attestation_est_delivree_par_son_autorite_apres_le_releve() -> None:
    ici = session(BTS)
    ordre = partial(executer, session=ici, resultat=REFUSE, empreinte=EMPREINTE)
    Spec[Document](ordre, evolve, initial).given().when(delivrer(ici)).then_refused("RELEVE_ABSENT")
    given(REFUSE, ici).when(delivrer(ici, "gestionnaire")).then_refused("DC-BTS17")


def test_dc_bts17_l_attestation_est_celle_du_recteur_de_region_academique() -> None:
    lu = texte(attestation(REFUSE, session(BTS)))
    assert "le recteur de la région académique Normandie atteste" in lu
    assert "Voies et délais de recours" in lu
    assert "Région académique Provence-Alpes-Côte d’Azur" in texte(
        attestation(REFUSE, session(BTS, academie="aix-marseille"))
    )


def test_une_attestation_garde_sa_place_quand_un_diplome_la_suit() -> None:
    ici = session(BTS)
    [delivree] = given(REFUSE, ici).when(delivrer(ici)).events()
    admis = bts()
    [releve] = executer(EditerReleve(**cible("systeme", ici)), initial, ici, resultat=admis, empreinte=AUTRE)
    suite = given(REFUSE, ici, delivree, releve).state
    ordre = DelivrerDiplome(**cible("recteur", ici))
    diplome, retrait = executer(ordre, suite, ici, resultat=admis, empreinte=EMPREINTE)
    assert isinstance(releve, ReleveEdite)
    assert isinstance(diplome, DiplomeDelivre)
    assert getattr(evolve(suite, diplome), "attestation", None) == delivree
    assert isinstance(retrait, DocumentRemplace)
    assert (retrait.numero, retrait.par, retrait.regle) == (delivree.numero, diplome.numero, "DC-BTS17")
    ensuite = evolve(evolve(suite, diplome), retrait)
    assert executer(ordre, ensuite, ici, resultat=admis, empreinte=EMPREINTE) == []


def test_amb_54_plus_aucune_unite_a_attester_le_nouveau_releve_annule_l_attestation() -> None:
    ici = session(BTS)
    ancien = executer(EditerReleve(**cible("systeme", ici)), initial, ici, resultat=REFUSE, empreinte=AUTRE)
    [delivree] = given(REFUSE, ici, *ancien).when(delivrer(ici)).events()
    sans = remplacer(REFUSE, *(ligne(BTS, f"E{n}", "9.5") for n in range(1, 7)))
    suite = given(REFUSE, ici, *ancien, delivree).state
    _, *remplaces = executer(EditerReleve(**cible("systeme", ici)), suite, ici, resultat=sans, empreinte=EMPREINTE)
    assert [getattr(one, "numero", "")[-2:] for one in remplaces] == ["R1", "A1"]
