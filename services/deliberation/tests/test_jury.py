"""The jury: named at parity, present, presided, sovereign through marks, closed with its proof."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from decimal import Decimal
from functools import partial, reduce
from typing import Any

import pytest
from pydantic import ValidationError

from contracts.commandes.deliberation import (
    AccorderAcquis,
    AccorderPoints,
    AttesterPresence,
    CloreJury,
    ConstituerJury,
    OuvrirJury,
    PrendreDecision,
    ReconvoquerJury,
    RecuserMembre,
    SignalerResultatTardif,
    SuivreTransfert,
    TransmettrePresidence,
    ViserLivret,
)
from contracts.droits import DROITS
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    LivretVise,
    MembreRecuse,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.messages import Event, Refus
from contracts.vocabulaire import Decision, EtatResultat, Membre, Mode, Profil
from services.deliberation.domain.dossier import DossierJury, Fermeture
from services.deliberation.domain.etats import Ouvert
from services.deliberation.domain.jury import Jury, JuryEvent, decide, evolve, initial
from services.deliberation.domain.seance import candidats_perimes
from services.deliberation.tests.donnees import (
    ALICE,
    BASILE,
    CONSTITUE,
    EN_SEANCE,
    ENS,
    MEMBRES,
    OUVERT,
    PRESENTS,
    PRO,
    dossier,
    qui,
    resultat,
    session,
)
from services.socle.spec import Given, Spec, When

SESSION = session()
PRESIDENT = qui()
VICE = qui("ens1")
RECTEUR = qui("rec1", "recteur")
GESTIONNAIRE = qui("ges1", "gestionnaire")
TRANSMISE = PresidenceTransmise(jury="J1", de="pro1", a="ens1", motif="président empêché", regle="CAP24-D01")
VISE = LivretVise(jury="J1", candidat=ALICE, regle="DC-CAP15")


def given(*histoire: Event | tuple[Event, ...], **arguments: Any) -> Given:
    """``arguments`` are what the shell gives to `decide` besides the session."""
    return Spec(partial(decide, session=SESSION, **arguments), evolve, initial).given(*histoire)


def decider(d: DossierJury, *histoire: Event) -> When:
    """The president's order to decide on this dossier, in session, after these facts."""
    return given(EN_SEANCE, *histoire, dossier=d).when(PrendreDecision(candidat=d.numero, **PRESIDENT))


def prise(d: DossierJury, *histoire: Event) -> DecisionPrise:
    """The decision event that follows from this dossier."""
    (event,) = decider(d, *histoire).events()
    assert isinstance(event, DecisionPrise)
    return event


def constituer(**autres: Any) -> ConstituerJury:
    valeurs = CONSTITUE.model_dump(exclude={"regle", "jury", "origines"}) | autres
    return ConstituerJury(**RECTEUR, **valeurs)


def apres(*histoire: JuryEvent) -> Jury:
    """The state that this history leaves."""
    return reduce(evolve, histoire, initial)


def accorder(note: str = "10", epreuve: str = "EP1", motif: str = "copie revue par le jury", **autres: Any) -> Any:
    return AccorderPoints(candidat=ALICE, epreuve=epreuve, note=Decimal(note), motif=motif, **{**PRESIDENT, **autres})


# Nomination ---------------------------------------------------------------------------------------------------------


def test_dc_cap22_jury_a_parite_constitue() -> None:
    given().when(constituer()).then(CONSTITUE)


def test_constituer_le_meme_jury_ne_fait_rien() -> None:
    given(CONSTITUE).when(constituer()).then_nothing()


def test_un_jury_nomme_ne_se_renomme_pas_autrement() -> None:
    given(CONSTITUE).when(constituer(candidats=(ALICE,))).then_refused("JURY_DEJA_CONSTITUE")
    given(EN_SEANCE).when(constituer(candidats=(ALICE,))).then_refused("JURY_DEJA_CONSTITUE")


@pytest.mark.parametrize(
    "membres",
    [
        (*MEMBRES, Membre(id="ens3", profil=ENS)),  # trois contre deux
        MEMBRES[:2],  # aucun enseignant
        (*MEMBRES, Membre(id="exp1", profil=Profil.EXPERT_PERMIS)),  # un profil que le texte n'y met pas
        (*MEMBRES, MEMBRES[0], MEMBRES[2]),  # nommés deux fois
    ],
)
def test_dc_cap22_composition_irreguliere_refusee(membres: tuple[Membre, ...]) -> None:
    given().when(constituer(membres=membres)).then_refused("DC-CAP22")


def test_dc_cap22_sans_aucun_professionnel_ni_president() -> None:
    refus = given().when(constituer(membres=MEMBRES[2:])).then_refused("DC-CAP22")
    assert [one.regle for one in refus.donnees["manques"]] == ["DC-CAP22", "DC-CAP22", "CAP24-D01"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("president", ["ens1", "inconnu"])
def test_cap24_d01_le_president_est_un_professionnel_du_jury(president: str) -> None:
    given().when(constituer(president=president)).then_refused("CAP24-D01")


@pytest.mark.parametrize("vice_president", ["pro2", "ens2", "inconnu"])
def test_cap24_d01_le_vice_president_est_un_enseignant_du_public(vice_president: str) -> None:
    given().when(constituer(vice_president=vice_president)).then_refused("CAP24-D01")


def test_un_candidat_releve_d_un_seul_jury() -> None:
    refus = given(deja={BASILE: "J2"}).when(constituer()).then_refused("CANDIDAT_DEJA_AU_JURY")
    assert refus.donnees["candidats"] == {BASILE: "J2"}
    given(deja={BASILE: "J1"}).when(constituer()).then(CONSTITUE)
    given().when(constituer(candidats=(ALICE, ALICE))).then_refused("CANDIDAT_EN_DOUBLE")


# Présence, récusation, présidence -----------------------------------------------------------------------------------


def test_une_presence_s_atteste_une_fois() -> None:
    ordre = AttesterPresence(membre="pro1", **GESTIONNAIRE)
    given(CONSTITUE).when(ordre).then(PresenceAttestee(jury="J1", membre="pro1"))
    given(EN_SEANCE).when(ordre).then_nothing()
    given(CONSTITUE).when(AttesterPresence(membre="inconnu", **GESTIONNAIRE)).then_refused("MEMBRE_INCONNU")


def test_un_membre_arrive_pendant_la_seance() -> None:
    histoire = (CONSTITUE, *PRESENTS[:3], OUVERT)
    given(histoire).when(AttesterPresence(membre="ens2", **PRESIDENT)).then(PRESENTS[3])


def test_une_recusation_vise_un_membre_et_un_candidat() -> None:
    ordre = RecuserMembre(membre="ens2", candidat=ALICE, motif="lien de parenté", **RECTEUR)
    fait = MembreRecuse(jury="J1", membre="ens2", candidat=ALICE, motif="lien de parenté")
    given(CONSTITUE).when(ordre).then(fait)
    given(CONSTITUE, fait).when(ordre).then_nothing()
    inconnu = RecuserMembre(membre="exp9", candidat=ALICE, motif="lien de parenté", **RECTEUR)
    given(CONSTITUE).when(inconnu).then_refused("MEMBRE_INCONNU")
    ailleurs = RecuserMembre(membre="ens2", candidat="N2699999", motif="lien de parenté", **RECTEUR)
    given(CONSTITUE).when(ailleurs).then_refused("CANDIDAT_HORS_JURY")


@pytest.mark.parametrize("auteur", [PRESIDENT, RECTEUR])
def test_cap24_d01_le_president_ou_le_recteur_transmet_la_presidence(auteur: dict[str, Any]) -> None:
    ordre = TransmettrePresidence(motif="président empêché", **auteur)
    given(CONSTITUE).when(ordre).then(TRANSMISE)
    given(EN_SEANCE).when(ordre).then(TRANSMISE)


@pytest.mark.parametrize("auteur", [VICE, qui("pro2"), GESTIONNAIRE])
def test_cap24_d01_personne_d_autre_ne_la_transmet(auteur: dict[str, Any]) -> None:
    given(CONSTITUE).when(TransmettrePresidence(motif="je préside", **auteur)).then_refused("CAP24-D01")


def test_transmise_deux_fois_elle_l_est_deja() -> None:
    given(CONSTITUE, TRANSMISE).when(TransmettrePresidence(motif="encore", **RECTEUR)).then_nothing()
    given(CONSTITUE, TRANSMISE).when(TransmettrePresidence(motif="encore", **VICE)).then_nothing()


ORDRES_DU_PRESIDENT: list[Any] = [
    lambda par: OuvrirJury(**par),
    lambda par: ViserLivret(candidat=ALICE, **par),
    lambda par: accorder(**par),
    lambda par: PrendreDecision(candidat=ALICE, **par),
    lambda par: CloreJury(**par),
    lambda par: AttesterPresence(membre="ens2", **par),
    lambda par: RecuserMembre(membre="ens2", candidat=ALICE, motif="lien de parenté", **par),
    lambda par: TransmettrePresidence(motif="encore", **par),
    lambda par: AccorderAcquis(candidat=ALICE, epreuve="EP1", motif="compétence montrée", **par),
]


@pytest.mark.parametrize("ordre", ORDRES_DU_PRESIDENT)
def test_cap24_d01_l_ancien_president_n_ordonne_plus_rien(ordre: Any) -> None:
    given(EN_SEANCE, TRANSMISE, dossier=dossier("10")).when(ordre(PRESIDENT)).then_refused("CAP24-D01")


@pytest.mark.parametrize("ordre", ORDRES_DU_PRESIDENT)
def test_cap24_d01_un_autre_membre_n_ordonne_pas_a_la_place_du_president(ordre: Any) -> None:
    given(EN_SEANCE, dossier=dossier("10")).when(ordre(qui("pro2"))).then_refused("CAP24-D01")


def test_cap24_d01_le_vice_president_decide_une_fois_la_presidence_transmise() -> None:
    when = given(EN_SEANCE, TRANSMISE, dossier=dossier("10")).when(PrendreDecision(candidat=ALICE, **VICE))
    assert when.then_kinds(DecisionPrise)[0].decision is Decision.ADMIS


# Ouverture ----------------------------------------------------------------------------------------------------------


def test_le_jury_ouvre_sur_une_position_du_journal() -> None:
    vu = {"journal": "JOURNAL_ROUEN_2026", "position": 90}
    given(CONSTITUE, PRESENTS, **vu).when(OuvrirJury(**PRESIDENT)).then(OUVERT)
    given(EN_SEANCE, **vu).when(OuvrirJury(**PRESIDENT)).then_nothing()


def test_dc_cap22_le_jury_delibere_malgre_des_absences() -> None:
    given(CONSTITUE, PRESENTS[0], PRESENTS[3]).when(OuvrirJury(**PRESIDENT)).then_kinds(JuryOuvert)


def test_dc_cap22_aucun_enseignant_present() -> None:
    refus = given(CONSTITUE, PRESENTS[0], PRESENTS[1]).when(OuvrirJury(**PRESIDENT)).then_refused("DC-CAP22")
    assert "enseignant_specialite" in refus.detail


def test_cap24_d01_qui_preside_est_present() -> None:
    sans_president = (CONSTITUE, *PRESENTS[1:])
    given(sans_president).when(OuvrirJury(**PRESIDENT)).then_refused("CAP24-D01")
    given(sans_president, TRANSMISE).when(OuvrirJury(**VICE)).then_kinds(JuryOuvert)


def test_cl_062_valeurs_absentes_le_jury_n_ouvre_pas() -> None:
    sans_valeurs = Spec(partial(decide, session=session(valeurs=None)), evolve, initial)
    refus = sans_valeurs.given(CONSTITUE, PRESENTS).when(OuvrirJury(**PRESIDENT)).then_refused("AMB-05")
    assert refus.donnees["valeurs"] == ["EP1", "EP2", "EP3", "EP1.S1", "EP1.S2"]


def test_avant_l_ouverture_rien_ne_se_decide() -> None:
    for ordre in (ViserLivret(candidat=ALICE, **PRESIDENT), accorder(), PrendreDecision(candidat=ALICE, **PRESIDENT)):
        given(CONSTITUE, PRESENTS, dossier=dossier("10")).when(ordre).then_refused("JURY_NON_OUVERT")
    given(CONSTITUE, PRESENTS).when(CloreJury(**PRESIDENT)).then_refused("JURY_NON_OUVERT")


def test_sans_nomination_pas_de_jury() -> None:
    given().when(AttesterPresence(membre="pro1", **GESTIONNAIRE)).then_refused("JURY_INCONNU")


# Décision -----------------------------------------------------------------------------------------------------------


def test_tr_d01_le_jury_prend_la_decision_que_donnent_les_notes() -> None:
    when = given(EN_SEANCE, dossier=dossier("12")).when(PrendreDecision(candidat=ALICE, **PRESIDENT))
    (event,) = when.then_kinds(DecisionPrise)
    assert (event.decision, event.mention, event.points, event.coefficients) == (Decision.ADMIS, "AB", "240", "20")
    assert (event.journal, event.position) == ("JOURNAL_ROUEN_2026", 100)
    assert event.reglement == "CAP-OSRCL-2026"
    assert [one.epreuve for one in event.lignes] == ["EP1", "EP2", "EP3", "UG1", "UG2", "UG3", "UG4"]


def test_tr_d01_la_proposition_ne_se_cloture_pas_sans_decision() -> None:
    refus = given(EN_SEANCE, prise(dossier("10"))).when(CloreJury(**PRESIDENT)).then_refused("JURY_INCOMPLET")
    assert [(one.regle, one.sur) for one in refus.donnees["manques"]] == [("TR-D01", BASILE)]  # type: ignore[attr-defined]


@pytest.mark.parametrize(("note", "donnee"), [("8", Decision.ADMIS), ("10", Decision.AJOURNE)])
def test_amb_53_une_decision_contraire_aux_notes_est_refusee(note: str, donnee: Decision) -> None:
    ordre = PrendreDecision(candidat=ALICE, decision=donnee, **PRESIDENT)
    refus = given(EN_SEANCE, dossier=dossier(note)).when(ordre).then_refused("AMB-53")
    assert "accordez des points" in refus.detail


def test_amb_53_le_jury_admet_en_accordant_des_points() -> None:
    d = dossier("10", EP1="9.5")
    points = PointsDeJuryAccordes(
        jury="J1",
        candidat=ALICE,
        epreuve="EP1",
        avant=Decimal("9.5"),
        apres=Decimal(10),
        motif="copie revue par le jury",
        regle="AMB-53",
        arretee=Decimal("9.5"),
    )
    given(EN_SEANCE, dossier=d).when(accorder()).then(points)
    ordre = PrendreDecision(candidat=ALICE, decision=Decision.ADMIS, **PRESIDENT)
    (event,) = given(EN_SEANCE, points, dossier=d).when(ordre).then_kinds(DecisionPrise)
    assert (event.decision, event.points) == (Decision.ADMIS, "200")


def test_amb_53_les_points_s_accordent_sur_la_note_deja_modifiee() -> None:
    d = dossier("10", EP1="9.5")
    (premier,) = given(EN_SEANCE, dossier=d).when(accorder("10")).then_kinds(PointsDeJuryAccordes)
    (second,) = given(EN_SEANCE, premier, dossier=d).when(accorder("11")).then_kinds(PointsDeJuryAccordes)
    assert (second.avant, second.apres, second.arretee) == (Decimal(10), Decimal(11), Decimal("9.5"))
    (retour,) = given(EN_SEANCE, premier, second, dossier=d).when(accorder("9.5")).then_kinds(PointsDeJuryAccordes)
    assert (retour.avant, retour.apres) == (Decimal(11), Decimal("9.5"))


def test_amb_53_un_accord_ecrit_sans_note_arretee_part_de_la_note_d_avant() -> None:
    ancien = PointsDeJuryAccordes(
        jury="J1",
        candidat=ALICE,
        epreuve="EP1",
        avant=Decimal("9.5"),
        apres=Decimal(10),
        motif="copie revue",
        regle="AMB-53",
    )
    assert prise(dossier("10", EP1="9.5"), ancien).points == "200"


def test_tr_n02_le_jury_modifie_une_note_de_ccf() -> None:
    d = dossier("10", EP1=resultat("9", "EP1", mode=Mode.CCF))
    (event,) = given(EN_SEANCE, dossier=d).when(accorder("10")).then_kinds(PointsDeJuryAccordes)
    assert event.avant == Decimal(9)


def test_amb_53_la_meme_note_ne_change_rien() -> None:
    given(EN_SEANCE, dossier=dossier("10")).when(accorder("10.0")).then_nothing()


@pytest.mark.parametrize("note", ["20.5", "10.25"])
def test_dc_cap11_la_note_du_jury_reste_dans_le_bareme(note: str) -> None:
    given(EN_SEANCE, dossier=dossier("10")).when(accorder(note)).then_refused("DC-CAP11")


def test_amb_53_le_motif_est_du() -> None:
    given(EN_SEANCE, dossier=dossier("10")).when(accorder("11", motif="    ")).then_refused("AMB-53")
    with pytest.raises(ValidationError):
        accorder("11", motif="")


@pytest.mark.parametrize("etat", [EtatResultat.ABSENT_JUSTIFIE, EtatResultat.ABSENT_INJUSTIFIE, EtatResultat.DISPENSE])
def test_amb_53_ni_absence_ni_dispense_ne_devient_une_note(etat: EtatResultat) -> None:
    given(EN_SEANCE, dossier=dossier("10", EP1=etat)).when(accorder("11")).then_refused("AMB-53")


def test_pas_de_points_sans_resultat_ni_epreuve() -> None:
    given(EN_SEANCE, dossier=dossier("10", EP1=None)).when(accorder("11")).then_refused("RESULTAT_MANQUANT")
    given(EN_SEANCE, dossier=dossier("10")).when(accorder("11", epreuve="EP9")).then_refused("EPREUVE_INCONNUE")


@pytest.mark.parametrize("donnee", [None, Decision.AJOURNE])
def test_cl_057_ajournement_sans_visa_du_livret_refuse(donnee: Decision | None) -> None:
    d = dossier("8", livret=True)
    ordre = PrendreDecision(candidat=ALICE, decision=donnee, **PRESIDENT)
    given(EN_SEANCE, dossier=d).when(ordre).then_refused("DC-CAP15")
    given(EN_SEANCE, dossier=d).when(ViserLivret(candidat=ALICE, **PRESIDENT)).then(VISE)
    (event,) = given(EN_SEANCE, VISE, dossier=d).when(ordre).then_kinds(DecisionPrise)
    assert event.decision is Decision.AJOURNE


def test_dc_cap15_on_ne_vise_qu_un_livret_produit() -> None:
    given(EN_SEANCE, dossier=dossier("8")).when(ViserLivret(candidat=ALICE, **PRESIDENT)).then_refused("LIVRET_ABSENT")


def test_un_resultat_non_arrete_ne_se_decide_pas() -> None:
    for donnee in (None, Decision.EN_ATTENTE, Decision.AJOURNE):
        ordre = PrendreDecision(candidat=ALICE, decision=donnee, **PRESIDENT)
        refus = given(EN_SEANCE, dossier=dossier("10", EP2=None)).when(ordre).then_refused("RESULTAT_MANQUANT")
        assert refus.donnees["epreuves"] == ("EP2",)


def test_cap26_i05_le_non_autorise_est_decide_sans_calcul() -> None:
    d = replace(dossier(None), non_autorise=Fermeture("fait-dossier", "CAP26-I05"))
    (event,) = given(EN_SEANCE, dossier=d).when(PrendreDecision(candidat=ALICE, **PRESIDENT)).then_kinds(DecisionPrise)
    assert (event.decision, event.regles, event.lignes) == (Decision.NON_AUTORISE, ("CAP26-I05",), ())


def test_on_ne_decide_que_des_candidats_du_jury_et_sur_leur_dossier() -> None:
    autre = PrendreDecision(candidat="N2699999", **PRESIDENT)
    given(EN_SEANCE, dossier=dossier("10", numero="N2699999")).when(autre).then_refused("CANDIDAT_HORS_JURY")
    given(EN_SEANCE, dossier=dossier("10", numero=BASILE)).when(
        PrendreDecision(candidat=ALICE, **PRESIDENT)
    ).then_refused("DOSSIER_ABSENT")


def test_une_inscription_annulee_ne_se_decide_pas() -> None:
    d = replace(dossier("10"), annulation="fait-annulation")
    given(EN_SEANCE, dossier=d).when(PrendreDecision(candidat=ALICE, **PRESIDENT)).then_refused("INSCRIPTION_ANNULEE")


def test_un_dossier_qui_a_change_se_decide_a_nouveau() -> None:
    avant = prise(dossier("10"))
    change = replace(dossier("14"), position=140)
    (event,) = decider(change, avant).then_kinds(DecisionPrise)
    assert (event.mention, event.position) == ("B", 140)


# Récusation et décision ---------------------------------------------------------------------------------------------


def recuse(membre: str) -> MembreRecuse:
    return MembreRecuse(jury="J1", membre=membre, candidat=ALICE, motif="lien de parenté")


def test_dc_cap22_un_profil_entierement_recuse_ne_decide_pas_de_ce_candidat() -> None:
    histoire = (*EN_SEANCE, recuse("ens1"), recuse("ens2"))
    given(histoire, dossier=dossier("10")).when(PrendreDecision(candidat=ALICE, **PRESIDENT)).then_refused("DC-CAP22")
    given(histoire, dossier=dossier("10", numero=BASILE)).when(
        PrendreDecision(candidat=BASILE, **PRESIDENT)
    ).then_kinds(DecisionPrise)


def test_cap24_d01_le_president_recuse_ne_preside_pas_ce_candidat() -> None:
    histoire = (*EN_SEANCE, recuse("pro1"))
    given(histoire, dossier=dossier("10")).when(PrendreDecision(candidat=ALICE, **PRESIDENT)).then_refused("CAP24-D01")
    given(histoire, TRANSMISE, dossier=dossier("10")).when(PrendreDecision(candidat=ALICE, **VICE)).then_kinds(
        DecisionPrise
    )


def test_une_recusation_apres_la_decision_la_fait_reprendre() -> None:
    histoire = (*EN_SEANCE, prise(dossier("10")), prise(dossier("10", numero=BASILE)), recuse("ens2"))
    refus = given(histoire).when(CloreJury(**PRESIDENT)).then_refused("JURY_INCOMPLET")
    assert [(one.regle, one.sur) for one in refus.donnees["manques"]] == [("TR-D01", ALICE)]  # type: ignore[attr-defined]
    (reprise,) = decider(dossier("10"), *histoire[len(EN_SEANCE) :]).then_kinds(DecisionPrise)
    given(histoire, reprise).when(CloreJury(**PRESIDENT)).then_kinds(JuryClos)


def test_des_points_apres_la_decision_la_font_reprendre() -> None:
    (points,) = given(EN_SEANCE, dossier=dossier("10")).when(accorder("11")).then_kinds(PointsDeJuryAccordes)
    histoire = (*EN_SEANCE, prise(dossier("10")), prise(dossier("10", numero=BASILE)), points)
    refus = given(histoire).when(CloreJury(**PRESIDENT)).then_refused("JURY_INCOMPLET")
    assert [one.sur for one in refus.donnees["manques"]] == [ALICE]  # type: ignore[attr-defined]


# Clôture ------------------------------------------------------------------------------------------------------------

DECIDES = (prise(dossier("10")), prise(dossier("8", numero=BASILE)))
CLOS = JuryClos(
    jury="J1",
    decisions={ALICE: Decision.ADMIS, BASILE: Decision.AJOURNE},
    presents=("ens1", "ens2", "pro1", "pro2"),
    preside_par="pro1",
    journal="JOURNAL_ROUEN_2026",
    position=100,
    regle="DC-CAP22",
)


def test_le_jury_se_clot_avec_sa_preuve() -> None:
    (event,) = given(EN_SEANCE, DECIDES).when(CloreJury(**PRESIDENT)).then_kinds(JuryClos)
    assert event.model_copy(update={"preuve": ()}) == CLOS
    assert {one.regle for one in event.preuve} == {"DC-CAP22", "CAP24-D01"}


def test_cap24_d01_le_jury_clos_dit_qui_presidait() -> None:
    (event,) = given(EN_SEANCE, DECIDES, TRANSMISE).when(CloreJury(**VICE)).then_kinds(JuryClos)
    assert event.preside_par == "ens1"


def test_clore_donne_la_liste_complete_de_ce_qui_manque() -> None:
    """Président parti sans que son suppléant soit attesté présent, aucun enseignant, un non décidé, un périmé."""
    histoire = (CONSTITUE, *PRESENTS[:2], OUVERT, prise(dossier("10")), TRANSMISE)
    refus = given(histoire, perimes={ALICE}).when(CloreJury(**VICE)).then_refused("JURY_INCOMPLET")
    assert [(one.regle, one.sur) for one in refus.donnees["manques"]] == [  # type: ignore[attr-defined]
        ("CAP24-D01", "ens1"),
        ("DC-CAP22", "enseignant_specialite"),
        ("TR-D01", ALICE),
        ("TR-D01", BASILE),
    ]


def test_dc_cap22_une_nomination_sans_parite_ne_se_clot_pas() -> None:
    irreguliere = CONSTITUE.model_copy(update={"membres": MEMBRES[:3]})
    histoire = (irreguliere, *PRESENTS[:3], OUVERT, *DECIDES)
    refus = given(histoire).when(CloreJury(**PRESIDENT)).then_refused("JURY_INCOMPLET")
    assert [(one.regle, one.sur) for one in refus.donnees["manques"]] == [("DC-CAP22", "parite")]  # type: ignore[attr-defined]


def test_une_decision_plus_ancienne_que_les_faits_empeche_de_clore() -> None:
    refus = given(EN_SEANCE, DECIDES, perimes={BASILE}).when(CloreJury(**PRESIDENT)).then_refused("JURY_INCOMPLET")
    assert [one.sur for one in refus.donnees["manques"]] == [BASILE]  # type: ignore[attr-defined]


def test_un_candidat_dont_l_inscription_est_annulee_n_empeche_pas_de_clore() -> None:
    (event,) = given(EN_SEANCE, DECIDES[0], annules={BASILE}).when(CloreJury(**PRESIDENT)).then_kinds(JuryClos)
    assert event.decisions == {ALICE: Decision.ADMIS}
    decides = given(EN_SEANCE, DECIDES, annules={BASILE}, perimes={BASILE})
    (event,) = decides.when(CloreJury(**PRESIDENT)).then_kinds(JuryClos)
    assert event.decisions == {ALICE: Decision.ADMIS}


@pytest.mark.parametrize(
    "ordre", [constituer(), *(ordre(par) for ordre in ORDRES_DU_PRESIDENT for par in (PRESIDENT, RECTEUR))]
)
def test_apres_la_cloture_tout_est_refuse(ordre: Any) -> None:
    given(EN_SEANCE, DECIDES, CLOS, dossier=dossier("10")).when(ordre).then_refused("JURY_CLOS")


@pytest.mark.parametrize("event", [PRESENTS[0], TRANSMISE, recuse("ens2"), OUVERT, VISE, DECIDES[0], CLOS])
def test_apres_la_cloture_rien_ne_change(event: Any) -> None:
    clos = apres(*EN_SEANCE, *DECIDES, CLOS)
    assert evolve(clos, event) == clos


@pytest.mark.parametrize("event", [PRESENTS[0], TRANSMISE, recuse("ens2"), OUVERT, VISE, DECIDES[0]])
def test_un_fait_sans_jury_ne_change_rien(event: Any) -> None:
    assert evolve(initial, event) == initial


def test_les_decisions_perimees_se_lisent_aux_positions() -> None:
    jury = apres(*EN_SEANCE, *DECIDES)
    assert isinstance(jury, Ouvert)
    positions: Mapping[str, int] = {ALICE: 100, BASILE: 101}
    perimes: Collection[str] = candidats_perimes(jury, positions)
    assert perimes == {BASILE}
    assert candidats_perimes(jury, {}) == frozenset()


def test_chaque_ordre_de_deliberation_a_ses_droits() -> None:
    reconvoquer = ReconvoquerJury(candidat=ALICE, motif="erreur d'addition", **RECTEUR)
    ordres = [constituer(), reconvoquer, *(ordre(PRESIDENT) for ordre in ORDRES_DU_PRESIDENT)]
    des_reactions = {SignalerResultatTardif.NAME, SuivreTransfert.NAME}
    ordonnes = {name for name in DROITS if name.startswith("deliberation.")} - des_reactions
    assert ordonnes == {one.NAME for one in ordres}


def test_un_refus_ne_change_pas_l_etat() -> None:
    jury = apres(*EN_SEANCE)
    avant = repr(jury)
    with pytest.raises(Refus):
        decide(CloreJury(**PRESIDENT), jury, SESSION)
    assert repr(jury) == avant


def test_le_jury_nomme_garde_son_arrete_et_ses_candidats() -> None:
    (event,) = given().when(constituer()).then_kinds(JuryConstitue)
    assert event.candidats == (ALICE, BASILE)
    assert {one.profil for one in event.membres} == {PRO, ENS}
