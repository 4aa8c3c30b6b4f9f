"""Le dossier non conforme ou mis en doute, la fraude : ce qui gèle une note, ce qui en tient lieu."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

import pytest

from contracts.commandes.bordereau import CloreBordereau, DeposerBordereau, LigneBordereau
from contracts.commandes.notation import HarmoniserNote, RectifierNote, RemplirGrille
from contracts.commandes.releve import OuvrirReleve
from contracts.droits import check_rights
from contracts.evenements.bordereau import BordereauDepose
from contracts.evenements.notation import (
    CauseSuspension,
    MentionNonValidePortee,
    MentionNonValideRetiree,
    NoteSaisie,
    NoteSuspendue,
    ResultatArrete,
    SuspensionLevee,
)
from contracts.evenements.releve import EpreuveDispensee
from contracts.messages import Refus
from contracts.vocabulaire import Categorie, EtatResultat
from services.notation.domain import bordereau
from services.notation.domain.jury import EtatJury
from services.notation.tests.diplomes import (
    A_LA_MC,
    AU_BTS,
    BTS,
    absence,
    apres,
    arreter,
    bts,
    conclure,
    lever,
    mc,
    non_valide,
    noter,
    ouverte,
    resultat,
    retirer,
    suspecter,
    suspendre,
)
from services.notation.tests.donnees import ALICE, APRES_JURY, CORRECTEUR, ENS, PRO, fait

NV = MentionNonValidePortee(
    candidat=ALICE, epreuve="E4", mention=EtatResultat.NON_VALIDE, motifs=("duree",), regle="BTS-C03"
)
DOUTE = NoteSuspendue(
    candidat=ALICE, epreuve="E4", cause=CauseSuspension.VERIFICATION, motif="fiches illisibles", regle="BTS-C05"
)
SOUPCON = NoteSuspendue(
    candidat=ALICE, epreuve="E3", cause=CauseSuspension.DISCIPLINE, motif="téléphone en salle", regle="DC-FRA01"
)


def deposer(releve: Any, note: str) -> tuple[Any, Any]:
    """The lot L1 of E4 deposited with this mark: the bordereau, and what it does to the relevé."""
    lignes = (LigneBordereau(candidat=ALICE, note=Decimal(note)),)
    depot = fait(DeposerBordereau, lot="L1", epreuve="E4", lignes=lignes, par=CORRECTEUR)
    [depose], faits = bordereau.deposer(depot, bordereau.initial, {ALICE: releve.state}, ouverte(BTS))
    assert isinstance(depose, BordereauDepose)
    return bordereau.evolve(bordereau.initial, depose), faits[ALICE]


def clore(deja: Any, releve: Any) -> dict[str, list[Any]]:
    commande = fait(CloreBordereau, lot="L1", par=CORRECTEUR)
    _, faits = bordereau.clore(commande, deja, {ALICE: releve.state}, ouverte(BTS))
    return faits


def arrete(epreuve: str, etat: str, regle: str, *regles: str, **autres: Any) -> ResultatArrete:
    return ResultatArrete(
        candidat=ALICE, epreuve=epreuve, etat=EtatResultat(etat), regle=regle, regles=regles, **autres
    )


SUSPENDUE = arrete("E4", "suspendue", "BTS-C05", "BTS-C05", mode="ponctuel")
NON_VALIDE = arrete("E4", "non_valide", "BTS-C03")

# Non valide --------------------------------------------------------------------------------------------------------


def test_bts_c03_un_dossier_non_conforme_porte_non_valide_et_le_resultat_aussitot() -> None:
    bts(AU_BTS).when(non_valide()).then(NV, NON_VALIDE)


def test_cl_086_bts_c03_present_quand_meme_il_n_est_ni_interroge_ni_absent() -> None:
    donne = bts(AU_BTS, NV, NON_VALIDE)
    refus = donne.when(noter("E4", "12")).then_refused("BTS-C03")
    assert "non valide" in refus.detail
    donne.when(absence("E4")).then_refused("BTS-C03")
    donne.when(fait(RectifierNote, epreuve="E4", note=Decimal(12), motif="erreur")).then_refused("BTS-C03")
    donne.when(fait(HarmoniserNote, epreuve="E4", note=Decimal(12), motif="écart")).then_refused("BTS-C03")
    assert donne.when(noter("E3", "12")).events()  # les autres épreuves se passent


def test_cl_086_bts_c03_aucune_grille_non_plus() -> None:
    donne = bts(AU_BTS, NV.model_copy(update={"epreuve": "E6"}))
    commande = fait(
        RemplirGrille, epreuve="E6", criteres={"C1": 1}, commission=(ENS, PRO), note=Decimal(12), par=CORRECTEUR
    )
    donne.when(commande).then_refused("BTS-C03")


def test_bts_c03_l_arret_du_resultat_redit_la_mention_sans_note() -> None:
    bts(AU_BTS, NV).when(arreter("E4")).then(NON_VALIDE)


def test_bts_c03_une_note_deja_saisie_ne_compte_plus() -> None:
    donne = apres(bts(AU_BTS), noter("E4", "13"), arreter("E4"), non_valide())
    assert resultat(donne, "E4") == NON_VALIDE


def test_bts_c03_appris_avant_l_inscription_dit_a_l_ouverture() -> None:
    donne = bts()
    donne.when(non_valide()).then(NV)
    ouvrir = fait(OuvrirReleve, categorie=Categorie.SCOLAIRE_PUBLIC, reglement=BTS, modes={})
    assert bts(NV).when(ouvrir).events() == [AU_BTS, NON_VALIDE]


def test_tr_c02_un_dossier_finalement_conforme_rouvre_l_epreuve() -> None:
    retiree = MentionNonValideRetiree(candidat=ALICE, epreuve="E4", regle="BTS-C01")
    attente = arrete("E4", "suspendue", "BTS-C03")
    bts(AU_BTS, NV, NON_VALIDE).when(retirer()).then(retiree, attente)
    donne = apres(bts(AU_BTS, NV, NON_VALIDE), retirer())
    donne.when(noter("E4", "12")).then_kinds(NoteSaisie)  # le résultat s'arrête comme les autres, pas à la saisie
    fini = apres(donne, noter("E4", "12"), arreter("E4"))
    found = resultat(fini, "E4")
    assert found is not None
    assert (found.etat, found.note) == (EtatResultat.NOTE, Decimal(12))
    bts(AU_BTS).when(retirer()).then_nothing()


def test_tr_c02_la_note_deja_arretee_reprend_effet_avec_le_dossier() -> None:
    donne = apres(bts(AU_BTS), noter("E4", "13"), arreter("E4"), non_valide(), retirer())
    found = resultat(donne, "E4")
    assert found is not None
    assert (found.etat, found.note) == (EtatResultat.NOTE, Decimal(13))


def test_tr_c03_seules_les_mentions_d_un_dossier_se_portent_ainsi() -> None:
    bts(AU_BTS).when(non_valide(mention=EtatResultat.FRAUDE_ANNULEE)).then_refused("MENTION_SANS_OBJET")


def test_cl_123_mc_c13_dossier_d_e1_absent_non_validee_ni_zero_ni_absence() -> None:
    [portee, dite] = mc(A_LA_MC).when(non_valide("E1", "MC-C13", EtatResultat.NON_VALIDEE_U1)).events()
    assert portee.mention is EtatResultat.NON_VALIDEE_U1
    assert (dite.etat, dite.note, dite.regle) == (EtatResultat.NON_VALIDEE_U1, None, "MC-C13")
    donne = mc(A_LA_MC, portee, dite)
    donne.when(noter("E1", "12")).then_refused("MC-C13")
    donne.when(absence("E1")).then_refused("MC-C13")
    assert donne.when(noter("E3", "12")).events()  # les autres unités se passent et se gardent (AMB-23)


def test_tr_c03_amb_23_la_mention_est_celle_que_le_reglement_donne_au_controle() -> None:
    [portee, dite] = mc(A_LA_MC).when(non_valide("E1", "TR-C02", EtatResultat.NON_VALIDE)).events()
    assert (portee.mention, dite.etat) == (EtatResultat.NON_VALIDEE_U1, EtatResultat.NON_VALIDEE_U1)


def test_bts_c03_un_lot_se_clot_sans_la_note_du_candidat_non_valide() -> None:
    with pytest.raises(Refus) as refus:
        deposer(bts(AU_BTS, NV, NON_VALIDE), "12")
    lignes: Any = refus.value.donnees["lignes"]
    assert [ligne["regle"] for ligne in lignes] == ["BTS-C03"]
    deja, notes = deposer(bts(AU_BTS), "12")
    assert clore(deja, bts(AU_BTS, notes, NV, NON_VALIDE)) == {}


# Le doute ----------------------------------------------------------------------------------------------------------


def test_cl_083_bts_c05_le_doute_suspend_la_note_sans_la_dire() -> None:
    donne = apres(bts(AU_BTS), noter("E4", "13"), arreter("E4"))
    donne.when(suspendre()).then(DOUTE, SUSPENDUE)


def test_bts_c19_malgre_le_doute_le_candidat_est_evalue_normalement() -> None:
    donne = bts(AU_BTS, DOUTE, SUSPENDUE)
    donne.when(noter("E4", "13")).then_kinds(NoteSaisie)
    fini = apres(donne, noter("E4", "13"), arreter("E4"))
    assert resultat(fini, "E4") == SUSPENDUE


def test_cl_083_avant_ou_apres_la_note_le_resultat_est_le_meme() -> None:
    commandes = (noter("E4", "13"), suspendre())
    for ordre in itertools.permutations(commandes):
        donne = apres(bts(AU_BTS), *ordre)
        assert resultat(apres(donne, arreter("E4")), "E4") == SUSPENDUE
        leve = resultat(apres(donne, lever(), arreter("E4")), "E4")
        assert leve is not None
        assert (leve.etat, leve.note, leve.regles) == (EtatResultat.NOTE, Decimal(13), ("BTS-N11", "BTS-N04", "TR-N01"))


def test_cl_084_bts_c06_verification_positive_la_note_reprend_effet_meme_apres_le_jury() -> None:
    donne = apres(bts(AU_BTS), noter("E4", "13"), arreter("E4"), suspendre())
    [levee, dite] = donne.when(lever(le=APRES_JURY)).events()
    assert levee == SuspensionLevee(
        candidat=ALICE, epreuve="E4", cause=CauseSuspension.VERIFICATION, motif="dossier conforme", regle="BTS-C06"
    )
    assert (dite.etat, dite.note, dite.note_brute) == (EtatResultat.NOTE, Decimal(13), "13/1")


def test_cl_085_bts_c06_verification_negative_non_valide_remplace_la_note_jamais_dite() -> None:
    donne = apres(bts(AU_BTS, DOUTE, SUSPENDUE), noter("E4", "13"))
    [portee, dite] = donne.when(non_valide(regle="BTS-C06")).events()
    assert (portee.regle, dite) == ("BTS-C06", arrete("E4", "non_valide", "BTS-C06"))
    assert "13" not in dite.model_dump_json()
    fini = bts(AU_BTS, DOUTE, SUSPENDUE, portee, dite)
    fini.when(noter("E4", "13")).then_refused("BTS-C06")
    fini.when(lever()).then_nothing()
    fini.when(suspendre()).then_nothing()
    fini.when(non_valide()).then_nothing()  # la non-conformité redite n'ajoute rien


def test_bts_c05_un_doute_deja_signale_n_ajoute_rien_et_une_levee_sans_doute_non_plus() -> None:
    bts(AU_BTS, DOUTE, SUSPENDUE).when(suspendre(motif="autre doute")).then_nothing()
    bts(AU_BTS).when(lever()).then_nothing()


def test_amb_45_une_suspension_levee_avant_la_note_ne_se_convertit_pas() -> None:
    donne = apres(bts(AU_BTS, DOUTE, SUSPENDUE), lever())
    assert resultat(donne, "E4") == SUSPENDUE
    note = resultat(apres(donne, noter("E4", "13"), arreter("E4")), "E4")
    assert note is not None
    assert note.note == Decimal(13)


def test_bts_c05_un_lot_se_clot_la_note_reste_gelee_puis_reprend_effet() -> None:
    deja, notes = deposer(bts(AU_BTS, DOUTE, SUSPENDUE), "13")
    verrou = clore(deja, bts(AU_BTS, DOUTE, SUSPENDUE, notes))[ALICE]
    assert [type(one).__name__ for one in verrou] == ["NoteVerrouillee"]
    [_, dite] = bts(AU_BTS, DOUTE, SUSPENDUE, notes, verrou).when(lever()).events()
    assert dite.note == Decimal(13)


# La fraude ---------------------------------------------------------------------------------------------------------


def test_cl_092_dc_fra01_un_candidat_suspecte_termine_et_son_resultat_est_retenu() -> None:
    retenu = arrete("E3", "suspendue", "DC-FRA01", "DC-FRA01", mode="ponctuel")
    bts(AU_BTS).when(suspecter()).then(SOUPCON, retenu)
    donne = apres(bts(AU_BTS, SOUPCON, retenu), noter("E3", "15"), arreter("E3"))
    assert resultat(donne, "E3") == retenu


def test_dc_fra01_la_commission_annule_l_epreuve() -> None:
    donne = apres(bts(AU_BTS), noter("E3", "15"), arreter("E3"), suspecter())
    [portee, dite] = donne.when(conclure(annulee=True, le=APRES_JURY)).events()
    assert (portee.mention, portee.regle) == (EtatResultat.FRAUDE_ANNULEE, "DC-FRA01")
    assert dite == arrete("E3", "fraude_annulee", "DC-FRA01")
    fini = apres(donne, conclure(annulee=True))
    fini.when(noter("E3", "15")).then_refused("DC-FRA01")
    fini.when(conclure(annulee=True)).then_nothing()
    fini.when(suspecter()).then_nothing()


def test_dc_fra01_la_commission_relaxe_et_la_note_reprend_effet() -> None:
    donne = apres(bts(AU_BTS), noter("E3", "15"), suspecter())
    [levee, dite] = donne.when(conclure(annulee=False)).then_kinds(SuspensionLevee, ResultatArrete)
    assert levee.cause is CauseSuspension.DISCIPLINE
    assert (dite.etat, dite.note) == (EtatResultat.NOTE, Decimal(15))


def test_dc_fra01_sans_suspicion_rien_a_conclure() -> None:
    bts(AU_BTS).when(conclure()).then_refused("AUCUNE_SUSPICION")


def test_dc_fra01_on_ne_suspecte_que_qui_passe_l_epreuve() -> None:
    bts(AU_BTS).when(suspecter("EF1")).then_refused("EPREUVE_NON_INSCRITE")
    dispense = EpreuveDispensee(candidat=ALICE, epreuve="E1", regle="BTS-I03")
    bts(AU_BTS, dispense).when(suspecter("E1")).then_refused("BTS-I03")
    bts(AU_BTS, jury=EtatJury.CLOS).when(suspecter()).then_refused("AMB-54")


def test_dc_fra01_seul_le_recteur_conclut() -> None:
    with pytest.raises(Refus, match="DROIT_ROLE"):
        check_rights(conclure(), "normandie")


@pytest.mark.parametrize("premiere", ["verification", "discipline"])
def test_dc_fra01_bts_c05_deux_suspensions_ne_se_levent_que_toutes_deux(premiere: str) -> None:
    donne = apres(bts(AU_BTS), noter("E4", "13"), arreter("E4"), suspecter("E4"), suspendre())
    levees = [lever(), conclure("E4", annulee=False)]
    if premiere == "discipline":
        levees.reverse()
    donne = apres(donne, levees[0])
    found = resultat(donne, "E4")
    assert found is not None
    assert (found.etat, found.note) == (EtatResultat.SUSPENDUE, None)
    found = resultat(apres(donne, levees[1]), "E4")
    assert found is not None
    assert (found.etat, found.note) == (EtatResultat.NOTE, Decimal(13))


def test_dc_fra01_la_commission_saisie_retient_meme_un_resultat_non_valide() -> None:
    donne = apres(bts(AU_BTS), suspecter("E4"), non_valide())
    retenu = resultat(donne, "E4")
    assert retenu is not None
    assert resultat(apres(bts(AU_BTS), non_valide(), suspecter("E4")), "E4") == retenu
    assert (retenu.etat, retenu.regle) == (EtatResultat.SUSPENDUE, "DC-FRA01")
    assert resultat(apres(donne, conclure("E4", annulee=False)), "E4") == NON_VALIDE
    annule = resultat(apres(donne, conclure("E4")), "E4")
    assert annule is not None
    assert annule.etat is EtatResultat.FRAUDE_ANNULEE
