"""Ce qui est gardé et jusqu'à quand, et l'effacement qui attend."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from contracts.evenements.publication import EffacementAccorde
from services.publication.domain.conservation import Gel, conservation, echeance, tenu
from services.publication.tests.diplomes import BTS, MC
from services.publication.tests.diplomes import session as session_de
from services.publication.tests.donnees import ALICE, PUBLIE, session
from services.publication.tests.donnees_reclamations import (
    LENDEMAIN,
    C,
    I,
    N,
    clore,
    deposer,
    effacer,
    given,
    instruire,
    le_jour,
    suite,
)

UN_AN = date(2027, 7, 7)
SUIVANTE = date(2027, 9, 20)
APRES = le_jour(date(2027, 7, 8))


def test_amb_58_copies_et_pieces_un_an_apres_la_publication_resultats_sans_fin_dite() -> None:
    for ici in (session(), session_de(BTS)):
        gardes = conservation(ici, publie_le=PUBLIE, gel=Gel())
        assert [(one.objet, one.jusqu_au, one.regle) for one in gardes] == [
            ("copies", UN_AN, "DC-ARC01"),
            ("pieces", UN_AN, "AMB-58"),
            ("resultats", None, "AMB-58"),
        ]
        assert gardes[-1].explication.details[0].regle == "DC-ARC02"


def test_dc_arc01_les_durees_sont_celles_de_la_table() -> None:
    table = session().conservation
    deux_ans = [one.model_copy(update={"mois": 24}) if one.objet == "copies" else one for one in table.durees]
    ici = replace(session(), conservation=table.model_copy(update={"durees": tuple(deux_ans)}))
    given(ici=ici).when(effacer(APRES)).then_refused("DC-ARC01")
    given(ici=ici).when(effacer(le_jour(date(2028, 7, 8)))).then_kinds(EffacementAccorde)


def test_l_echeance_est_la_derniere_des_durees_qui_finissent() -> None:
    assert echeance(conservation(session(), publie_le=PUBLIE, gel=Gel())) == UN_AN
    assert echeance(conservation(session(), publie_le=PUBLIE, gel=Gel(fin=SUIVANTE))) == SUIVANTE
    assert echeance(conservation(session(), publie_le=PUBLIE, gel=Gel(("R1",)))) is None
    mc = session_de(MC)
    assert echeance(conservation(mc, publie_le=PUBLIE, gel=Gel())) is None
    assert echeance(conservation(mc, publie_le=PUBLIE, gel=Gel(), suivante=SUIVANTE)) == SUIVANTE


def test_le_motif_de_la_demande_est_garde_avec_l_accord() -> None:
    [accorde] = given().when(effacer(APRES, motif="durées finies")).then_kinds(EffacementAccorde)
    assert accorde.motif == "durées finies"


def test_amb_58_sans_resultat_les_durees_partent_de_la_publication_prevue() -> None:
    given(publie_le=None, depart=PUBLIE).when(effacer(le_jour(UN_AN))).then_refused("DC-ARC01")
    given(publie_le=None, depart=PUBLIE).when(effacer(APRES)).then_kinds(EffacementAccorde)


def test_cl_125_mc_r01_le_dossier_e1_reste_au_jury_jusqu_a_la_session_suivante() -> None:
    mc = session_de(MC)
    sans = tenu(mc, "pieces", publie_le=PUBLIE, gel=Gel())
    assert (sans.regle, sans.jusqu_au) == ("MC-R01", None)
    assert sans.tient(date(2028, 1, 1))
    avec = tenu(mc, "pieces", publie_le=PUBLIE, gel=Gel(), suivante=SUIVANTE)
    assert (avec.regle, avec.jusqu_au) == ("MC-R01", SUIVANTE)
    un_an_apres = date(2027, 7, 8)
    assert avec.tient(un_an_apres)
    assert not tenu(mc, "copies", publie_le=PUBLIE, gel=Gel(), suivante=SUIVANTE).tient(un_an_apres)
    assert not avec.tient(date(2027, 9, 21))


def test_amb_58_la_session_suivante_n_y_change_rien_ailleurs() -> None:
    assert tenu(session(), "pieces", publie_le=PUBLIE, gel=Gel(), suivante=SUIVANTE).jusqu_au == UN_AN


@pytest.mark.parametrize("objet", ["copies", "pieces"])
def test_amb_58_un_recours_qui_court_garde_tout_puis_le_delai_qu_il_rouvre(objet: str) -> None:
    for ici in (session(), session_de(MC)):
        tous = conservation(ici, publie_le=PUBLIE, gel=Gel(("R1",)), suivante=SUIVANTE)
        garde = next(one for one in tous if one.objet == objet)
        assert (garde.jusqu_au, garde.regle) == (None, "DC-RGP02")
        assert garde.explication.faits == ("réclamation R1 sans issue",)
        fin = date(2027, 10, 1)
        tous = conservation(ici, publie_le=PUBLIE, gel=Gel(fin=fin), suivante=SUIVANTE)
        assert next(one for one in tous if one.objet == objet).jusqu_au == fin


# L'effacement -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nature", [N.COMMUNICATION_COPIE, N.DECISION_JURY, N.RECOURS_CONTENTIEUX])
def test_cl_138_dc_rgp02_l_effacement_est_gele_jusqu_a_l_issue(nature: N) -> None:
    faits = suite(deposer(nature))
    refus = given(faits).when(effacer(APRES)).then_refused("DC-RGP02")
    assert "R1" in refus.detail
    assert ALICE not in refus.detail
    faits = suite(deposer(nature), clore(I.SANS_SUITE, LENDEMAIN))
    given(faits).when(effacer(APRES)).then_kinds(EffacementAccorde)


def test_cl_138_une_issue_qui_peut_se_contester_gele_encore() -> None:
    rejet = le_jour(date(2027, 6, 15))
    faits = suite(deposer(N.DECISION_JURY), instruire(C.APPRECIATION), clore(I.REJETEE, rejet))
    dernier = date(2027, 8, 16)
    given(faits).when(effacer(le_jour(dernier))).then_refused("DC-RGP02")
    given(faits).when(effacer(le_jour(date(2027, 8, 17)))).then_kinds(EffacementAccorde)


def test_amb_58_rien_ne_s_efface_pendant_l_annee_qui_suit_la_publication() -> None:
    given(publie_le=None).when(effacer(LENDEMAIN)).then_refused("AMB-58")
    given().when(effacer(le_jour(UN_AN, 23))).then_refused("DC-ARC01")


def test_mc_r01_ni_avant_la_session_suivante() -> None:
    mc = session_de(MC)
    given(ici=mc).when(effacer(APRES)).then_refused("MC-R01")
    given(ici=mc, suivante=SUIVANTE).when(effacer(APRES)).then_refused("MC-R01")
    given(ici=mc, suivante=SUIVANTE).when(effacer(le_jour(date(2027, 9, 21)))).then_kinds(EffacementAccorde)


def test_dc_arc02_l_accord_des_archives_est_requis() -> None:
    given().when(effacer(APRES, accord_archives="")).then_refused("DC-ARC02")
    [accorde] = given().when(effacer(APRES)).then_kinds(EffacementAccorde)
    assert accorde.regles[0] == "DC-ARC02"
    assert accorde.explication[0].faits == ("accord AD76/2027/12",)
    given(inscrit=False).when(effacer(APRES)).then_refused("CANDIDAT_INCONNU")
    given(accorde).when(effacer(APRES)).then_nothing()
