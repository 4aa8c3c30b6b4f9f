"""Les documents d'un candidat : relevé, diplôme, versions."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given as pour_tout
from hypothesis import strategies as st

from contracts.commandes.publication import DelivrerDiplome, EditerReleve
from contracts.evenements.publication import DiplomeDelivre, DocumentRemplace, ReleveEdite
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision, EtatResultat
from services.publication.domain.document import (
    AvecReleve,
    Document,
    DocumentCommand,
    DocumentEvent,
    Edition,
    Vierge,
    a_editer,
    decide,
    empreinte_editee,
    evolve,
    initial,
    tel_que_dit,
)
from services.publication.domain.resultat import ResultatPublie
from services.publication.tests import diplomes
from services.publication.tests.donnees import (
    ALICE,
    AUTRE,
    BASILE,
    EMPREINTE,
    PUBLIE,
    ajourne,
    ligne,
    qui,
    resultat,
    session,
)
from services.socle.spec import Given, Spec

PREFIXE = "NORMANDIE-2026-CAP-OSRCL-N2600001"


def editer(**autres: Any) -> EditerReleve:
    return EditerReleve(**{"candidat": ALICE, "jury": "J1", **qui(), **autres})


def delivrer(**autres: Any) -> DelivrerDiplome:
    return DelivrerDiplome(**{"candidat": ALICE, "jury": "J1", **qui("recteur"), **autres})


def executer(
    command: DocumentCommand,
    document: Document,
    session: SessionFigee,
    *,
    resultat: ResultatPublie | None,
    empreinte: str,
) -> list[DocumentEvent]:
    """As the shell does: ask what to print, render it, decide."""
    edition = a_editer(command, document, session, resultat=resultat)
    return decide(command, document, session, resultat=resultat, edition=edition, empreinte=empreinte)


def given(
    *history: DocumentEvent,
    publie: ResultatPublie | None = None,
    empreinte: str = EMPREINTE,
    ici: SessionFigee | None = None,
) -> Given[Document]:
    """A history, then commands about this published result (by default Alice's)."""
    ordre = partial(executer, session=ici or session(), resultat=publie or resultat(), empreinte=empreinte)
    return Spec[Document](ordre, evolve, initial).given(*history)


def releve(de: ResultatPublie | None = None, version: int = 1, empreinte: str = EMPREINTE) -> ReleveEdite:
    one = de or resultat()
    return ReleveEdite(
        candidat=one.candidat,
        jury=one.jury,
        numero=f"{PREFIXE}-R{version}",
        version=version,
        modele="releve.v1",
        publie_le=one.publie_le,
        decision=one.decision,
        mention=one.mention,
        points=one.points,
        coefficients=one.coefficients,
        moyenne=one.moyenne,
        moyenne_professionnelle=one.moyenne_professionnelle,
        lignes=one.lignes,
        permis=one.permis,
        remplacement_possible=one.remplacement_possible,
        empreinte=empreinte,
        regle="CAP24-P01",
    )


def diplome(mention: str | None = "AB", version: int = 1, **autres: Any) -> DiplomeDelivre:
    valeurs: dict[str, Any] = {
        "candidat": ALICE,
        "jury": "J1",
        "numero": f"{PREFIXE}-D{version}",
        "version": version,
        "modele": "diplome.v1",
        "publie_le": PUBLIE,
        "mention": mention,
        "empreinte": EMPREINTE,
        "regle": "DC-CAP25",
    }
    return DiplomeDelivre(**valeurs | autres)


def remplace(numero: str, par: str, le: datetime, regle: str = "AMB-54") -> DocumentRemplace:
    """``remplace("R1", "R2", …)``: the second takes the place of the first."""
    dits = {"numero": f"{PREFIXE}-{numero}", "par": f"{PREFIXE}-{par}", "le": le, "regle": regle}
    return DocumentRemplace(candidat=ALICE, jury="J1", **dits)


# Le relevé ----------------------------------------------------------------------------------------------------------


def test_cap24_p01_chaque_academie_edite_les_releves_de_ses_candidats() -> None:
    given().when(editer()).then(releve())


def test_l_empreinte_est_celle_de_l_edition_deja_delivree_et_d_aucune_autre() -> None:
    edite = given(releve()).state
    premiere, seconde = (Edition(f"{PREFIXE}-R{version}", version, "releve.v1") for version in (1, 2))
    assert empreinte_editee(editer(), edite, premiere) == EMPREINTE
    assert empreinte_editee(editer(), edite, seconde) is None
    assert empreinte_editee(editer(), initial, premiere) is None
    assert empreinte_editee(delivrer(), edite, premiere) is None


def test_cap24_p03_le_releve_porte_le_resultat_de_la_conduite() -> None:
    [edite] = given().when(editer()).then_kinds(ReleveEdite)
    assert edite.permis is EtatResultat.FAVORABLE
    assert {one.epreuve: one.situations for one in edite.lignes}["EP3"]["S1"] == "favorable"


def test_cl_042_pratique_validee_et_ajourne_le_releve_est_edite_et_l_atteste() -> None:
    [edite] = given(publie=ajourne()).when(editer()).then_kinds(ReleveEdite)
    assert (edite.decision, edite.moyenne) == (Decision.AJOURNE, "8.00")
    assert edite.permis is EtatResultat.FAVORABLE
    assert {one.epreuve: one.situations for one in edite.lignes}["EP3"]["S1"] == "favorable"
    given(releve(ajourne()), publie=ajourne()).when(delivrer()).then_refused("NON_ADMIS")


def test_rien_n_est_edite_avant_la_publication() -> None:
    ordre = partial(executer, session=session(), resultat=None, empreinte=EMPREINTE)
    for command in (editer(), delivrer()):
        Spec[Document](ordre, evolve, initial).given().when(command).then_refused("RESULTAT_NON_PUBLIE")


def test_le_resultat_est_celui_du_candidat_et_du_jury_nommes() -> None:
    given().when(editer(candidat=BASILE)).then_refused("RESULTAT_NON_PUBLIE")
    given().when(editer(jury="J2")).then_refused("RESULTAT_NON_PUBLIE")


def test_cap24_p01_tr_p01_pas_de_document_pour_le_candidat_d_une_autre_academie() -> None:
    for inscrit_a in ("rouen", ""):
        given(publie=resultat(academie=inscrit_a)).when(editer()).then_refused("CAP24-P01")
        given(publie=resultat(academie=inscrit_a)).when(delivrer()).then_refused("CAP24-P01")


def test_cap24_p01_une_autre_academie_n_edite_rien_ici() -> None:
    given().when(editer(**qui(academie="rouen"))).then_refused("CAP24-P01")


@pytest.mark.parametrize("historique", [(), (releve(),)])
def test_cap26_p01_aucun_document_pour_un_candidat_non_autorise(historique: tuple[DocumentEvent, ...]) -> None:
    ferme = resultat(decision=Decision.NON_AUTORISE, lignes=(), mention=None, permis=None)
    given(*historique, publie=ferme).when(editer()).then_refused("CAP26-P01")
    given(*historique, publie=ferme).when(delivrer()).then_refused("CAP26-P01")


def test_pas_de_document_tant_que_le_jury_n_a_pas_decide() -> None:
    en_attente = resultat(decision=Decision.EN_ATTENTE, mention=None)
    given(publie=en_attente).when(editer()).then_refused("RESULTAT_EN_ATTENTE")
    given(publie=en_attente).when(delivrer()).then_refused("RESULTAT_EN_ATTENTE")


def test_le_meme_resultat_rendu_a_l_identique_ne_fait_rien_de_plus() -> None:
    given(releve()).when(editer()).then_nothing()


def test_le_meme_resultat_rendu_autrement_est_refuse() -> None:
    given(releve(), empreinte=AUTRE).when(editer()).then_refused("EMPREINTE_DIFFERENTE")


def test_un_resultat_change_donne_une_version_2_et_garde_la_premiere() -> None:
    change = resultat(points="182", moyenne="12.13", publie_le=PUBLIE + timedelta(days=8))
    attendus = (releve(change, 2, AUTRE), remplace("R1", "R2", change.publie_le))
    given(releve(), publie=change, empreinte=AUTRE).when(editer()).then(*attendus)


def test_amb_54_une_decision_confirmee_n_edite_rien_de_plus() -> None:
    """Same content, published later: the documents in force stay, and render the same, with their own date."""
    confirme = resultat(publie_le=PUBLIE + timedelta(days=8))
    for command in (editer(), delivrer()):
        deja = given(releve(), diplome(), publie=confirme)
        deja.when(command).then_nothing()
        assert tel_que_dit(command, deja.state, session(), confirme) == resultat()


def test_amb_54_le_releve_change_le_diplome_qui_dit_la_meme_chose_demeure() -> None:
    change = resultat(points="182", publie_le=PUBLIE + timedelta(days=8))
    histoire = (releve(), diplome(), releve(change, 2), remplace("R1", "R2", change.publie_le))
    given(*histoire, publie=change).when(delivrer()).then_nothing()
    assert tel_que_dit(delivrer(), given(*histoire).state, session(), change).publie_le == PUBLIE


def test_un_document_qui_ne_vaut_plus_ne_revient_pas_sous_son_numero() -> None:
    caduc = (releve(), diplome(), remplace("D1", "R2", PUBLIE))
    [nouveau] = given(*caduc, publie=resultat(publie_le=PUBLIE + timedelta(days=1))).when(delivrer()).events()
    assert (nouveau.version, nouveau.numero) == (2, f"{PREFIXE}-D2")


def test_un_resultat_ancien_ne_remplace_pas_un_plus_recent() -> None:
    recent = resultat(jury="J2", publie_le=PUBLIE + timedelta(days=60))
    for command in (editer(), delivrer()):
        given(releve(recent)).when(command).then_refused("RESULTAT_REMPLACE")


def test_un_fichier_qui_porte_une_autre_version_est_refuse() -> None:
    perimee = Edition(f"{PREFIXE}-R2", 2, "releve.v1")
    ordre = partial(decide, session=session(), resultat=resultat(), edition=perimee, empreinte=EMPREINTE)
    for command in (editer(), delivrer()):
        Spec[Document](ordre, evolve, initial).given(releve()).when(command).then_refused("EDITION_PERIMEE")


def test_un_document_deja_edite_garde_son_gabarit() -> None:
    """Templates move on; what was issued is rendered again with its own."""
    ancien = releve().model_copy(update={"modele": "releve.v9"})
    edition = a_editer(editer(), AvecReleve(ancien), session(), resultat=resultat())
    assert edition == Edition(f"{PREFIXE}-R1", 1, "releve.v9")
    change = resultat(points="182", publie_le=PUBLIE + timedelta(days=1))
    assert a_editer(editer(), AvecReleve(ancien), session(), resultat=change).modele == "releve.v1"


# Le diplôme ---------------------------------------------------------------------------------------------------------


def test_dc_cap25_le_recteur_delivre_le_diplome_de_l_admis() -> None:
    given(releve()).when(delivrer()).then(diplome())
    given(releve()).when(delivrer(**qui("systeme"))).then(diplome())


def test_dc_cap25_personne_d_autre_ne_le_delivre() -> None:
    given(releve()).when(delivrer(**qui("gestionnaire"))).then_refused("DC-CAP25")


def test_pas_de_diplome_pour_un_ajourne() -> None:
    given(releve(ajourne()), publie=ajourne()).when(delivrer()).then_refused("NON_ADMIS")


def test_le_releve_precede_le_diplome() -> None:
    given().when(delivrer()).then_refused("RELEVE_ABSENT")
    given(releve(resultat(jury="J0"))).when(delivrer()).then_refused("RELEVE_ABSENT")


def test_le_meme_diplome_ne_fait_rien_de_plus() -> None:
    given(releve(), diplome()).when(delivrer()).then_nothing()
    given(releve(), diplome(), empreinte=AUTRE).when(delivrer()).then_refused("EMPREINTE_DIFFERENTE")


def test_une_mention_changee_donne_un_diplome_version_2() -> None:
    apres = PUBLIE + timedelta(days=8)
    change = resultat(mention="B", publie_le=apres)
    histoire = (releve(), diplome(), releve(change, 2))
    attendus = (diplome("B", 2, publie_le=apres), remplace("D1", "D2", apres))
    given(*histoire, publie=change).when(delivrer()).then(*attendus)


def test_un_diplome_sans_releve_ne_se_retient_pas() -> None:
    assert evolve(initial, diplome()) == Vierge()


# Les gabarits, et ce qui ne sort pas de la délibération ------------------------------------------------------------


def ailleurs(identifiant: str, publie: ResultatPublie) -> Given[Document]:
    """A command about a result of another diploma."""
    ici = diplomes.session(identifiant, publie.publie_le.year)
    ordre = partial(executer, session=ici, resultat=publie, empreinte=EMPREINTE)
    return Spec[Document](ordre, evolve, initial).given()


@pytest.mark.parametrize(
    ("identifiant", "publie"),
    [(diplomes.BTS, diplomes.bts()), (diplomes.MC, diplomes.mc()), (diplomes.TP, diplomes.tp())],
)
def test_le_gabarit_suit_ce_que_le_document_a_a_dire(identifiant: str, publie: ResultatPublie) -> None:
    [edite] = ailleurs(identifiant, publie).when(editer()).then_kinds(ReleveEdite)
    assert edite.modele == "releve.v2"
    assert edite.unites == publie.unites
    annulee = ligne("UG1", None, 3, etat=EtatResultat.FRAUDE_ANNULEE)
    [edite] = given(publie=ajourne(lignes=(annulee,))).when(editer()).then_kinds(ReleveEdite)
    assert edite.modele == "releve.v2"  # le premier ne saurait pas le dire


def test_cl_083_cl_085_bts_c03_le_journal_ne_porte_ni_note_gelee_ni_total() -> None:
    for etat in (EtatResultat.SUSPENDUE, EtatResultat.NON_VALIDE):
        [edite] = ailleurs(diplomes.BTS, diplomes.bts_non_valide(etat)).when(editer()).then_kinds(ReleveEdite)
        ecrit = edite.model_dump_json()
        for tu in ("13.75", "55/4", "229.25", "10.91"):
            assert tu not in ecrit, tu
        assert (edite.points, edite.moyenne) == ("0", None)


def test_cl_130_amb_54_une_note_rectifiee_apres_publication_donne_la_version_2() -> None:
    change = diplomes.bts(publie_le=diplomes.publie_le(2022) + timedelta(days=9), moyenne_professionnelle="10.00")
    ici = diplomes.session(diplomes.BTS)
    [premier] = executer(editer(), initial, ici, resultat=diplomes.bts(), empreinte=EMPREINTE)
    ordre = partial(executer, session=ici, resultat=change, empreinte=AUTRE)
    second, fin = (
        Spec[Document](ordre, evolve, initial).given(premier).when(editer()).then_kinds(ReleveEdite, DocumentRemplace)
    )
    assert isinstance(premier, ReleveEdite)
    assert (fin.numero, fin.par, fin.regle) == (premier.numero, second.numero, "AMB-54")
    assert (second.version, second.numero) == (2, "NORMANDIE-2022-BTS-NDRC-N2600001-R2")
    assert second.publie_le > premier.publie_le


def test_cl_128_dc_mc01_le_numero_dit_l_annee_de_la_session() -> None:
    [edite] = ailleurs(diplomes.MC, diplomes.mc(2024)).when(editer()).then_kinds(ReleveEdite)
    assert edite.numero == "NORMANDIE-2024-MC-ACVD-N2600001-R1"


def test_tr_p01_tp_c01_les_regles_sont_celles_du_reglement() -> None:
    ailleurs(diplomes.BTS, diplomes.bts(academie="rouen")).when(editer()).then_refused("TR-P01")
    ferme = diplomes.tp(Decision.NON_AUTORISE)
    ailleurs(diplomes.TP, ferme).when(editer()).then_refused("TP-C01")
    ailleurs(diplomes.BTS, diplomes.bts(decision=Decision.EN_ATTENTE)).when(editer()).then_refused(
        "RESULTAT_EN_ATTENTE"
    )


@pytest.mark.parametrize(
    "decision", sorted(set(Decision) - {Decision.ADMIS, Decision.NON_AUTORISE, Decision.EN_ATTENTE})
)
def test_le_diplome_n_est_que_pour_l_admis(decision: Decision) -> None:
    autre = diplomes.bts(decision=decision)
    ailleurs(diplomes.BTS, autre).when(editer()).then_kinds(ReleveEdite)
    ailleurs(diplomes.BTS, autre).when(delivrer()).then_refused("NON_ADMIS")


# Propriétés ---------------------------------------------------------------------------------------------------------

ORDRES = st.lists(
    st.tuples(st.sampled_from(["editer", "delivrer"]), st.integers(0, 3), st.sampled_from(["10", "11"])), max_size=12
)


@pour_tout(ORDRES)
def test_les_versions_se_suivent_et_un_diplome_vient_apres_son_releve(ordres: list[tuple[str, int, str]]) -> None:
    """Whatever is asked, in whatever order: versions 1, 2, 3… of each kind, never a diploma before its relevé."""
    document, events = initial, list[DocumentEvent]()
    for nature, jours, points in ordres:
        command: DocumentCommand = editer() if nature == "editer" else delivrer()
        publie = resultat(points=points, publie_le=PUBLIE + timedelta(days=jours))
        try:
            faits = executer(command, document, session(), resultat=publie, empreinte=EMPREINTE)
        except Refus:
            continue
        for event in faits:
            document = evolve(document, event)
            events.append(event)
    for kind in (ReleveEdite, DiplomeDelivre):
        versions = [one.version for one in events if isinstance(one, kind)]
        assert versions == list(range(1, len(versions) + 1))
    assert not events or isinstance(events[0], ReleveEdite)
