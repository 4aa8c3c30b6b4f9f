"""A title made of units acquired or not: never a mark, units delivered alone, an interview at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.commandes.deliberation import AccorderAcquis, AccorderPoints, PrendreDecision
from contracts.evenements.deliberation import AcquisAccorde, DecisionPrise
from contracts.messages import Refus
from contracts.vocabulaire import Categorie, Decision, EtatResultat
from services.deliberation.domain.dossier import Fermeture, ResultatJury
from services.deliberation.tests.cadres import (
    BTS,
    TP,
    bts,
    citees,
    donne,
    en_seance,
    lire,
    president,
    prise,
    propose,
    tp,
)
from services.deliberation.tests.donnees import ALICE, reglement

N = EtatResultat
OUI, NON = N.ACQUISE, N.NON_ACQUISE


def repris(code: str) -> ResultatJury:
    return ResultatJury(OUI, f"acquis-{code}", repris=True)


def test_tp_d01_tout_est_acquis_le_titre_est_delivre_sans_points_ni_moyenne() -> None:
    obtenu = propose(TP, tp(CCP1=OUI, CCP2=OUI, EF=OUI))
    assert (obtenu.decision, obtenu.unites, obtenu.mention) == (Decision.ADMIS, (), None)
    assert (obtenu.points, obtenu.coefficients, obtenu.moyenne) == ("0", "0", None)
    assert all((one.note, one.points, one.coefficient) == (None, None, None) for one in obtenu.lignes)
    assert obtenu.explication[0].chiffres == {"presentees": "3", "acquises": "3"}


def test_tp_d01_le_jury_se_fonde_sur_les_pieces_de_la_voie() -> None:
    continu = propose(TP, tp(CCP1=OUI, CCP2=OUI, EF=OUI))
    vae = propose(TP, tp(CCP1=OUI, CCP2=OUI, EF=OUI, categorie=Categorie.VAE))
    (du_continu,) = [one for one in continu.explication if one.effet == "parcours suivi"]
    (de_la_vae,) = [one for one in vae.explication if one.effet == "parcours suivi"]
    assert "cours de formation" in du_continu.texte
    assert "cours de formation" not in de_la_vae.texte
    assert "Dossier professionnel" in de_la_vae.texte


def test_cl_102_dc_tp06_un_ccp_sur_deux_reussite_partielle() -> None:
    obtenu = propose(TP, tp(CCP1=OUI, CCP2=NON, EF=OUI))
    assert (obtenu.decision, obtenu.unites) == (Decision.REUSSITE_PARTIELLE, ("CCP1",))
    (issue,) = citees(obtenu.explication, "DC-TP06")
    assert issue.chiffres == {"unites_du_titre": "3", "acquises": "1", "tenues": "0"}
    assert "unités délivrées : CCP1" in issue.texte


def test_dc_tp06_l_entretien_final_seul_ne_se_delivre_pas() -> None:
    obtenu = propose(TP, tp(CCP1=NON, CCP2=NON, EF=OUI))
    assert (obtenu.decision, obtenu.unites) == (Decision.ECHEC, ())


def test_dc_tp06_les_deux_ccp_sans_l_entretien_ne_font_pas_le_titre() -> None:
    obtenu = propose(TP, tp(CCP1=OUI, CCP2=OUI, EF=NON))
    assert (obtenu.decision, obtenu.unites) == (Decision.REUSSITE_PARTIELLE, ("CCP1", "CCP2"))


def test_dc_tp06_rien_d_acquis_echec() -> None:
    obtenu = propose(TP, tp(CCP1=NON, CCP2=N.ABSENT_INJUSTIFIE, EF=NON))
    assert (obtenu.decision, obtenu.unites) == (Decision.ECHEC, ())
    assert "dans les 12 mois" in lire(obtenu.explication)


@pytest.mark.parametrize("code", ["CCP1", "CCP2"])
def test_tp_d03_la_session_d_un_ccp_ne_donne_pas_le_titre(code: str) -> None:
    obtenu = propose(TP, tp(unites=(code,), **{code: OUI}))
    assert (obtenu.decision, obtenu.unites) == (Decision.REUSSITE_PARTIELLE, (code,))
    assert "TP-D03" in obtenu.regles
    assert propose(TP, tp(unites=(code,), **{code: NON})).decision is Decision.ECHEC


@pytest.mark.parametrize("code", ["CCP1", "CCP2"])
def test_tp_d03_un_ccp_presente_et_acquis_se_dit_obtenu_sous_la_regle_de_son_parcours(code: str) -> None:
    obtenu = propose(TP, tp(unites=(code,), **{code: OUI}))
    assert "TP-D01" not in obtenu.regles
    assert [one.regle for one in obtenu.explication] == ["TP-D03"] * 3
    assert obtenu.explication[-1].effet == "CCP obtenu"
    assert obtenu.explication[-1].texte.startswith(f"CCP obtenu : {code}. Reste à présenter pour le titre :")
    assert "12 mois" not in lire(obtenu.explication)
    rate = propose(TP, tp(unites=(code,), **{code: NON}))
    assert "dans les 12 mois" in lire(rate.explication)
    assert "CCP obtenu" not in lire(rate.explication)


def test_tp_d02_la_condition_d_un_parcours_par_capitalisation_cite_sa_regle() -> None:
    obtenu = propose(TP, tp(CCP1=repris("CCP1"), CCP2=OUI, EF=OUI, unites=("CCP2", "EF")))
    assert obtenu.explication[0].regle == "TP-D02"
    assert propose(TP, tp(CCP1=OUI, CCP2=OUI, EF=OUI)).explication[0].regle == "TP-D01"


def test_cl_101_tp_d02_deux_ccp_obtenus_separement_puis_l_entretien_le_titre() -> None:
    livret = {"CCP1": repris("CCP1"), "CCP2": repris("CCP2"), "categorie": Categorie.CAPITALISATION, "unites": ("EF",)}
    obtenu = propose(TP, tp(EF=OUI, **livret))
    assert (obtenu.decision, "TP-D02" in obtenu.regles) == (Decision.ADMIS, True)
    assert "livret de certification" in lire(obtenu.explication).lower()
    rate = propose(TP, tp(EF=NON, **livret))
    assert (rate.decision, rate.unites) == (Decision.ECHEC, ("CCP1", "CCP2"))
    assert "restent acquises : CCP1 et CCP2" in lire(rate.explication)


def test_cl_103_tp_i05_un_ccp_du_titre_anterieur_cite_la_table_qui_le_reprend() -> None:
    ancien = ResultatJury(OUI, "acquis-CCP1", repris=True, regle="TP-I05")
    detail = _unite(propose(TP, tp(CCP1=ancien, CCP2=OUI, EF=OUI, unites=("CCP2", "EF"))), "acquis-CCP1")
    assert (detail.regle, "annexe 2" in detail.source) == ("TP-I05", True)
    memes = ResultatJury(OUI, "acquis-CCP1", repris=True, regle="DC-TP03")
    detail = _unite(propose(TP, tp(CCP1=memes, CCP2=OUI, EF=OUI, unites=("CCP2", "EF"))), "acquis-CCP1")
    assert detail.regle == "DC-TP03"


def _unite(obtenu: Any, fait: str) -> Any:
    """What the explanation says of the unit that this fact establishes."""
    [detail] = [one for one in obtenu.explication[0].details if fait in one.preuves]
    return detail


def test_cl_101_le_dernier_ccp_et_l_entretien_a_la_meme_session() -> None:
    obtenu = propose(TP, tp(CCP1=repris("CCP1"), CCP2=OUI, EF=OUI, unites=("CCP2", "EF")))
    assert obtenu.decision is Decision.ADMIS
    assert {"TP-D02", "TP-D03"} <= set(obtenu.regles)


def test_cl_101_un_seul_ccp_tenu_ne_fait_pas_le_titre() -> None:
    obtenu = propose(TP, tp(CCP1=repris("CCP1"), EF=OUI, categorie=Categorie.CAPITALISATION, unites=("EF",)))
    assert (obtenu.decision, obtenu.unites) == (Decision.ECHEC, ("CCP1",))


def test_tp_d06_l_entretien_final_voit_tout_le_dossier() -> None:
    obtenu = propose(TP, tp(CCP1=OUI, CCP2=OUI, EF=OUI))
    (parcours,) = [one for one in obtenu.explication if one.effet == "parcours suivi"]
    assert parcours.preuves == ("fait-CCP1", "fait-CCP2", "fait-EF")


def test_tp_d05_chaque_modalite_du_referentiel_est_dite_au_candidat() -> None:
    for code, unites in (("titre", ()), ("ccp1", ("CCP1",)), ("ccp2", ("CCP2",))):
        suivi = reglement(TP).parcours[code]
        obtenu = propose(TP, tp(unites=unites, **dict.fromkeys(unites or ("CCP1", "CCP2", "EF"), OUI)))
        (parcours,) = [one for one in obtenu.explication if one.effet == "parcours suivi"]
        assert parcours.regle == suivi.regle
        assert all(one.intitule in parcours.texte for one in suivi.modalites.values())


def test_tp_d04_aucun_parcours_de_ccs_ne_donne_de_decision() -> None:
    du_titre = reglement(TP)
    assert not du_titre.categories[Categorie.CCS].ouverte
    assert not [one for one in du_titre.parcours.values() if Categorie.CCS in one.categories]


def test_tp_n13_amb_28_chaque_competence_est_dite_et_rien_n_est_agrege() -> None:
    ccp1 = ResultatJury(NON, "fait-CCP1", situations={"S1": "acquise", "S2": "non_acquise", "S3": "acquise"})
    obtenu = propose(TP, tp(CCP1=ccp1, CCP2=OUI, EF=OUI))
    assert "conseiller dans ses choix : non acquise" in lire(obtenu.explication)
    assert "AMB-28" in obtenu.choix


def test_tp_c01_dossier_non_conforme_pas_d_examen() -> None:
    ferme = replace(tp(), non_autorise=Fermeture("fait-dossier", "TP-C01"))
    assert propose(TP, ferme).decision is Decision.NON_AUTORISE


def test_un_resultat_manque_le_candidat_attend() -> None:
    obtenu = propose(TP, tp(CCP1=OUI, CCP2=OUI))
    assert (obtenu.decision, obtenu.attendus) == (Decision.EN_ATTENTE, ("EF",))


def test_cl_110_une_note_n_est_pas_un_acquis() -> None:
    with pytest.raises(Refus, match="RESULTAT_MANQUANT"):
        propose(TP, tp(CCP1="14", CCP2=OUI, EF=OUI))
    with pytest.raises(Refus, match="RESULTAT_MANQUANT"):
        propose(BTS, bts(OUI, "10", "10", "10", "10", "10"))


# The jury's own word ------------------------------------------------------------------------------------------------

ACCORDE = AcquisAccorde(
    jury="J1", candidat=ALICE, epreuve="CCP2", motif="rétention montrée à l'entretien", regle="AMB-28"
)


def accorder(epreuve: str = "CCP2", motif: str = ACCORDE.motif) -> AccorderAcquis:
    return AccorderAcquis(candidat=ALICE, epreuve=epreuve, motif=motif, **president(TP))


def test_amb_28_le_jury_tient_une_unite_pour_acquise_par_decision_motivee() -> None:
    d = tp(CCP1=OUI, CCP2=NON, EF=OUI)
    donne(TP, en_seance(TP), dossier=d).when(accorder()).then(ACCORDE)
    decision = prise(TP, d, *en_seance(TP), ACCORDE)
    assert (decision.decision, decision.choix["AMB-28"][:16]) == (Decision.ADMIS, "décision saisie ")
    assert ACCORDE.motif in lire(decision.explication)
    assert next(one for one in decision.lignes if one.epreuve == "CCP2").etat is NON


def test_amb_28_un_acquis_accorde_apres_la_decision_la_fait_reprendre() -> None:
    d = tp(CCP1=OUI, CCP2=NON, EF=OUI)
    avant = prise(TP, d)
    ordre = PrendreDecision(candidat=ALICE, **president(TP))
    donne(TP, *en_seance(TP), avant, dossier=d).when(ordre).then_nothing()
    (apres,) = donne(TP, *en_seance(TP), avant, ACCORDE, dossier=d).when(ordre).then_kinds(DecisionPrise)
    assert (avant.decision, apres.decision) == (Decision.REUSSITE_PARTIELLE, Decision.ADMIS)


def test_amb_28_ce_qui_est_acquis_l_est_deja() -> None:
    donne(TP, en_seance(TP), dossier=tp(CCP1=OUI, CCP2=OUI, EF=OUI)).when(accorder()).then_nothing()
    donne(TP, en_seance(TP), ACCORDE, dossier=tp(CCP1=OUI, CCP2=NON, EF=OUI)).when(accorder()).then_nothing()


def test_amb_28_ni_absence_ni_motif_vide() -> None:
    absent = tp(CCP1=OUI, CCP2=N.ABSENT_INJUSTIFIE, EF=OUI)
    donne(TP, en_seance(TP), dossier=absent).when(accorder()).then_refused("AMB-28")
    donne(TP, en_seance(TP), dossier=tp(CCP1=OUI, CCP2=NON, EF=OUI)).when(accorder(motif="    ")).then_refused("AMB-28")


def test_amb_28_un_acquis_porte_sur_une_unite_connue_et_arretee() -> None:
    donne(TP, en_seance(TP), dossier=tp(CCP1=OUI)).when(accorder("CCP9")).then_refused("EPREUVE_INCONNUE")
    donne(TP, en_seance(TP), dossier=tp(CCP1=OUI)).when(accorder()).then_refused("RESULTAT_MANQUANT")


def test_amb_53_une_note_ne_se_change_pas_en_acquis_ni_l_inverse() -> None:
    de_note = AccorderAcquis(candidat=ALICE, epreuve="E1", motif="copie revue", **president(BTS))
    donne(BTS, en_seance(BTS), dossier=bts("9")).when(de_note).then_refused("AMB-53")
    points = AccorderPoints(candidat=ALICE, epreuve="CCP1", note=12, motif="copie revue", **president(TP))
    donne(TP, en_seance(TP), dossier=tp(CCP1=NON, CCP2=OUI, EF=OUI)).when(points).then_refused("AMB-53")
