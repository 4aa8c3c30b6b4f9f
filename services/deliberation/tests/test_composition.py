"""Who may sit, by règlement: profiles, equal shares, presidency, experience, competence, trainers set aside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contracts.commandes.deliberation import (
    CloreJury,
    ConstituerJury,
    OuvrirJury,
    PrendreDecision,
    RecuserMembre,
    TransmettrePresidence,
    ViserLivret,
)
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    MembreRecuse,
    PresidenceTransmise,
)
from contracts.vocabulaire import EtatResultat, Membre
from services.deliberation.domain.dossier import DossierJury
from services.deliberation.tests.cadres import (
    BTS,
    EC,
    ENS,
    INS,
    MC,
    MEMBRES,
    PRESIDENCE,
    PRO,
    RECTEUR,
    TP,
    bts,
    constitue,
    donne,
    en_seance,
    mc,
    president,
    prise,
    qui,
    toutes,
    tp,
)
from services.deliberation.tests.donnees import ALICE, BASILE

OUI = EtatResultat.ACQUISE
ADMIS: dict[str, Any] = {
    BTS: bts("12"),
    MC: mc("12", "12", "12"),
    TP: tp(CCP1=OUI, CCP2=OUI, EF=OUI),
}
CADRES = [BTS, MC, TP]


def constituer(identifiant: str, **autres: Any) -> ConstituerJury:
    valeurs = constitue(identifiant).model_dump(exclude={"regle", "jury", "origines"}) | autres
    return ConstituerJury(**RECTEUR, **valeurs)


def le_meme(d: DossierJury, numero: str) -> DossierJury:
    return replace(d, numero=numero)


# Named --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", CADRES)
def test_dc_bts15_dc_mc09_dc_tp05_un_jury_regulier_est_nomme(identifiant: str) -> None:
    donne(identifiant).when(constituer(identifiant)).then(constitue(identifiant))


def test_dc_bts15_preside_par_un_enseignant_chercheur_ou_un_inspecteur() -> None:
    inspecteur = (*MEMBRES[BTS], Membre(id="ins1", profil=INS))
    donne(BTS).when(constituer(BTS, membres=inspecteur, president="ins1")).then_kinds(JuryConstitue)
    for preside in ("ens1", "pro2"):
        donne(BTS).when(constituer(BTS, president=preside)).then_refused("DC-BTS15")


def test_dc_bts15_parts_egales_de_professeurs_et_de_professionnels() -> None:
    de_trop = (*MEMBRES[BTS], Membre(id="ens2", profil=ENS))
    refus = donne(BTS).when(constituer(BTS, membres=de_trop)).then_refused("DC-BTS15")
    assert "3 « enseignant_specialite ou enseignant_chercheur » et 2 « professionnel »" in refus.detail


@pytest.mark.parametrize(
    ("publics", "regulier"), [((True, False), False), ((False, False), False), ((True, True), True)]
)
def test_dc_bts15_les_professeurs_sont_en_majorite_du_public(publics: tuple[bool, bool], regulier: bool) -> None:
    uni, ens = publics
    professeurs = (
        Membre(id="uni1", profil=EC, public=uni),
        Membre(id="ens1", profil=ENS, public=ens),
    )
    prives = tuple(one.model_copy(update={"public": False}) for one in MEMBRES[BTS][2:])  # d'eux, rien n'est demandé
    ordre = donne(BTS).when(constituer(BTS, membres=(*professeurs, *prives)))
    if regulier:
        ordre.then_kinds(JuryConstitue)
        return
    refus = ordre.then_refused("DC-BTS15")
    assert [one.sur for one in refus.donnees["manques"]] == ["majorite_public"]  # type: ignore[attr-defined]


def test_dc_bts15_un_enseignant_chercheur_en_est() -> None:
    sans = (Membre(id="ins1", profil=INS), *MEMBRES[BTS][1:3])
    refus = donne(BTS).when(constituer(BTS, membres=sans, president="ins1")).then_refused("DC-BTS15")
    assert "enseignant_chercheur" in refus.detail


def test_cl_095_dc_bts16_sans_professionnel_nomme_la_deliberation_est_bloquee() -> None:
    sans = MEMBRES[BTS][:2]
    refus = donne(BTS).when(constituer(BTS, membres=sans, vice_president="ens1")).then_refused("DC-BTS16")
    assert "professionnel" in refus.detail
    histoire = (constitue(BTS, membres=sans), *en_seance(BTS)[1:3])
    ordre = OuvrirJury(**president(BTS))
    donne(BTS, *histoire).when(ordre).then_refused("DC-BTS16")


def test_cl_095_dc_bts16_un_professionnel_nomme_et_jamais_present() -> None:
    histoire = en_seance(BTS)[:3]  # l'enseignant-chercheur et l'enseignant seuls
    donne(BTS, *histoire).when(OuvrirJury(**president(BTS))).then_refused("DC-BTS16")


def test_dc_bts15_le_jury_est_valable_malgre_une_defection() -> None:
    un_de_chaque = (en_seance(BTS)[0], en_seance(BTS)[1], en_seance(BTS)[3])
    donne(BTS, *un_de_chaque).when(OuvrirJury(**president(BTS))).then_kinds(JuryOuvert)


def test_dc_mc09_preside_par_un_inspecteur_supplee_par_un_professionnel() -> None:
    donne(MC).when(constituer(MC, president="ens1")).then_refused("DC-MC09")
    donne(MC).when(constituer(MC, vice_president="ens1")).then_refused("DC-MC09")
    inegal = (*MEMBRES[MC], Membre(id="pro2", profil=PRO))
    donne(MC).when(constituer(MC, membres=inegal)).then_refused("DC-MC09")


def test_dc_tp05_deux_membres_au_moins_qui_ne_se_suppleent_pas_eux_memes() -> None:
    donne(TP).when(constituer(TP, membres=MEMBRES[TP][:1], vice_president="pro1")).then_refused("DC-TP05")
    donne(TP).when(constituer(TP, vice_president="pro1")).then_refused("DC-TP05")
    enseignant = (*MEMBRES[TP], Membre(id="ens1", profil=ENS))
    donne(TP).when(constituer(TP, membres=enseignant)).then_refused("DC-TP05")


@pytest.mark.parametrize(
    ("annees", "quitte", "regulier"),
    [(3, None, True), (2, None, False), (None, None, False), (10, 5, True), (10, 6, False)],
)
def test_dc_tp05_trois_ans_d_experience_metier_quitte_depuis_cinq_ans_au_plus(
    annees: int | None, quitte: int | None, regulier: bool
) -> None:
    autre = Membre(id="pro2", profil=PRO, experience_annees=annees, metier_quitte_depuis=quitte)
    when = donne(TP).when(constituer(TP, membres=(MEMBRES[TP][0], autre)))
    if regulier:
        when.then_kinds(JuryConstitue)
    else:
        refus = when.then_refused("DC-TP05")
        assert "pro2" in refus.detail
        assert "arrêté du 22 décembre 2015" in refus.detail


# Sitting ------------------------------------------------------------------------------------------------------------

SANS_RETENTION = tuple(one.model_copy(update={"competences": ()}) for one in MEMBRES[TP])


def test_cl_106_tp_n17_ccp2_sans_correcteur_experimente_la_session_est_bloquee() -> None:
    seance = en_seance(TP, membres=SANS_RETENTION)
    nomme = seance[:-1]
    refus = donne(TP, *nomme, unites={ALICE: ("CCP2",)}).when(OuvrirJury(**president(TP))).then_refused("TP-N17")
    assert "retention" in refus.detail
    d = tp(CCP2=OUI, unites=("CCP2",))
    donne(TP, *seance, dossier=d).when(PrendreDecision(candidat=ALICE, **president(TP))).then_refused("TP-N17")
    dernier = tp(CCP2=OUI, EF=OUI, unites=("CCP2", "EF"), CCP1=OUI)
    donne(TP, *seance, dossier=dernier).when(PrendreDecision(candidat=ALICE, **president(TP))).then_refused("TP-N17")


def test_tp_n17_le_titre_et_le_ccp1_ne_demandent_rien_de_tel() -> None:
    seance = en_seance(TP, membres=SANS_RETENTION)
    unites = {ALICE: ("CCP1", "CCP2", "EF"), BASILE: ("CCP1",)}
    donne(TP, *seance[:-1], unites=unites).when(OuvrirJury(**president(TP))).then_kinds(JuryOuvert)
    ordre = PrendreDecision(candidat=ALICE, **president(TP))
    donne(TP, *seance, dossier=ADMIS[TP]).when(ordre).then_kinds(DecisionPrise)
    donne(TP, *seance, dossier=tp(CCP1=OUI, unites=("CCP1",))).when(ordre).then_kinds(DecisionPrise)


def test_tp_n17_un_membre_competent_qui_siege_suffit() -> None:
    unites = {ALICE: ("CCP2",)}
    donne(TP, *en_seance(TP)[:-1], unites=unites).when(OuvrirJury(**president(TP))).then_kinds(JuryOuvert)


def formateur(identifiant: str, *candidats: str) -> tuple[Membre, ...]:
    return tuple(one.model_copy(update={"a_forme": candidats}) if one.id == identifiant else one for one in MEMBRES[TP])


def test_cl_111_dc_tp12_le_formateur_du_candidat_ne_siege_pas_alerte_bloquante() -> None:
    seance = en_seance(TP, membres=formateur("pro2", ALICE))
    ordre = PrendreDecision(candidat=ALICE, **president(TP))
    refus = donne(TP, *seance, dossier=ADMIS[TP]).when(ordre).then_refused("DC-TP12")
    assert "pro2" in refus.detail
    autre = PrendreDecision(candidat=BASILE, **president(TP))
    donne(TP, *seance, dossier=le_meme(ADMIS[TP], BASILE)).when(autre).then_kinds(DecisionPrise)


def test_dc_tp12_le_president_qui_a_forme_le_candidat_passe_la_main() -> None:
    membres = (*formateur("pro1", ALICE), Membre(id="pro3", profil=PRO, experience_annees=4))
    seance = en_seance(TP, membres=membres)
    ordre = PrendreDecision(candidat=ALICE, **president(TP))
    donne(TP, *seance, dossier=ADMIS[TP]).when(ordre).then_refused("DC-TP12")
    transmise = PresidenceTransmise(jury="J1", de="pro1", a="pro2", motif="a formé un candidat", regle="DC-TP05")
    par_le_suppleant = PrendreDecision(candidat=ALICE, **qui("pro2"))
    donne(TP, *seance, transmise, dossier=ADMIS[TP]).when(par_le_suppleant).then_kinds(DecisionPrise)


def test_dc_tp12_a_plusieurs_le_formateur_s_ecarte_et_le_jury_decide() -> None:
    membres = (*formateur("pro2", ALICE), Membre(id="pro3", profil=PRO, experience_annees=4))
    seance = en_seance(TP, membres=membres)
    ordre = PrendreDecision(candidat=ALICE, **president(TP))
    donne(TP, *seance, dossier=ADMIS[TP]).when(ordre).then_kinds(DecisionPrise)


def test_dc_tp12_un_reglement_qui_ne_le_dit_pas_n_ecarte_personne() -> None:
    membres = tuple(one.model_copy(update={"a_forme": (ALICE,)}) for one in MEMBRES[BTS])
    ordre = PrendreDecision(candidat=ALICE, **president(BTS))
    donne(BTS, *en_seance(BTS, membres=membres), dossier=ADMIS[BTS]).when(ordre).then_kinds(DecisionPrise)


# Handed over, set aside ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", CADRES)
def test_la_presidence_transmise_gele_les_pouvoirs_de_l_ancien_president(identifiant: str) -> None:
    ancien, suppleant = PRESIDENCE[identifiant]
    regle = constitue(identifiant).regle
    ordre = TransmettrePresidence(motif="président empêché", **qui(ancien))
    (transmise,) = donne(identifiant, *en_seance(identifiant)).when(ordre).then_kinds(PresidenceTransmise)
    histoire = (*en_seance(identifiant), transmise)
    for commande in (
        PrendreDecision(candidat=ALICE, **qui(ancien)),
        ViserLivret(candidat=ALICE, **qui(ancien)),
        CloreJury(**qui(ancien)),
        RecuserMembre(membre=suppleant, candidat=ALICE, motif="lien de parenté", **qui(ancien)),
    ):
        donne(identifiant, *histoire, dossier=ADMIS[identifiant]).when(commande).then_refused(regle)
    decide = PrendreDecision(candidat=ALICE, **qui(suppleant))
    donne(identifiant, *histoire, dossier=ADMIS[identifiant]).when(decide).then_kinds(DecisionPrise)


@pytest.mark.parametrize("identifiant", CADRES)
def test_le_president_recuse_ne_preside_pas_pour_ce_candidat(identifiant: str) -> None:
    ancien, _ = PRESIDENCE[identifiant]
    fait = MembreRecuse(jury="J1", membre=ancien, candidat=ALICE, motif="lien de parenté")
    ordre = PrendreDecision(candidat=ALICE, **qui(ancien))
    donne(identifiant, *en_seance(identifiant), fait, dossier=ADMIS[identifiant]).when(ordre).then_refused(
        constitue(identifiant).regle
    )


# The proof of a closed jury -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", CADRES)
def test_le_jury_clos_porte_la_preuve_de_sa_regularite(identifiant: str) -> None:
    d = ADMIS[identifiant]
    decides = (prise(identifiant, d), prise(identifiant, le_meme(d, BASILE)))
    when = donne(identifiant, *en_seance(identifiant), *decides).when(CloreJury(**president(identifiant)))
    (clos,) = when.then_kinds(JuryClos)
    assert all(one.source and one.texte.endswith(".") for one in toutes(clos.preuve))
    assert clos.preuve[0].texte.startswith("Jury J1, nommé par « arrêté du 2 juin »")
    dit = " ".join(one.texte for one in toutes(clos.preuve))
    assert all(membre.id in dit for membre in MEMBRES[identifiant])
    assert clos.preuve[-1].chiffres == {"candidats": "2", "admis": "2"}


def test_dc_bts15_la_preuve_dit_les_parts_la_suppleance_et_les_recusations() -> None:
    transmise = PresidenceTransmise(jury="J1", de="uni1", a="pro1", motif="président souffrant", regle="DC-BTS15")
    recuse = MembreRecuse(jury="J1", membre="pro2", candidat=BASILE, motif="employeur du candidat")
    decides = (prise(BTS, ADMIS[BTS]), prise(BTS, le_meme(ADMIS[BTS], BASILE)))
    histoire = (*en_seance(BTS), transmise, recuse, *decides)
    (clos,) = donne(BTS, *histoire).when(CloreJury(**qui("pro1"))).then_kinds(JuryClos)
    textes = {one.effet: one.texte for one in toutes(clos.preuve)}
    assert textes["présidence transmise"] == "pro1 supplée uni1 : président souffrant"
    assert textes["récusé pour ce candidat"] == f"pro2 n'a pas délibéré sur {BASILE} : employeur du candidat"
    (parts,) = [one for one in clos.preuve if one.texte.startswith("Parts égales")]
    assert parts.chiffres == {"enseignant_specialite ou enseignant_chercheur": "2", "professionnel": "2"}
    (majorite,) = [one for one in clos.preuve if "public" in one.chiffres]
    assert (majorite.regle, majorite.chiffres) == ("DC-BTS15", {"public": "2", "professeurs": "2"})


def test_dc_tp12_tp_n17_la_preuve_dit_la_competence_l_experience_et_le_formateur_ecarte() -> None:
    membres = (*formateur("pro2", ALICE), Membre(id="pro3", profil=PRO, experience_annees=4))
    seance = en_seance(TP, membres=membres, candidats=(ALICE,))
    decide = prise(TP, tp(CCP2=OUI, unites=("CCP2",)), *seance)
    arguments: dict[str, Any] = {"unites": {ALICE: ("CCP2",)}}
    (clos,) = donne(TP, *seance, decide, **arguments).when(CloreJury(**president(TP))).then_kinds(JuryClos)
    regles = {one.regle for one in toutes(clos.preuve)}
    assert {"DC-TP05", "TP-N17", "DC-TP12", "TR-D01"} <= regles
    assert f"pro2 n'a pas délibéré sur {ALICE}, qu'il a formé." in [one.texte for one in clos.preuve]


def test_une_cloture_refusee_dit_tout_ce_qui_manque_avec_l_article() -> None:
    irregulier = constitue(BTS, membres=(MEMBRES[BTS][0], MEMBRES[BTS][2], Membre(id="pro2", profil=PRO)))
    histoire = (irregulier, *en_seance(BTS)[1:2], en_seance(BTS)[-1])
    refus = donne(BTS, *histoire).when(CloreJury(**president(BTS))).then_refused("JURY_INCOMPLET")
    dits = [(one.regle, one.sur, bool(one.source)) for one in refus.donnees["manques"]]  # type: ignore[attr-defined]
    assert dits == [
        ("DC-BTS15", "enseignant_specialite", True),
        ("DC-BTS15", "parite", True),
        ("DC-BTS16", "professionnel", True),
        ("DC-BTS15", "membres", True),
        ("TR-D01", ALICE, True),
        ("TR-D01", BASILE, True),
    ]
    assert "D643-31" in refus.detail


def test_dc_bts15_les_profils_des_jurys_d_essai_sont_ceux_des_textes() -> None:
    assert {one.profil for one in MEMBRES[BTS]} == {EC, ENS, PRO}
    assert {one.profil for one in MEMBRES[MC]} == {INS, ENS, PRO}
