"""Centre, autorisation, convocation, remplacement."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import (
    AffecterCentre,
    DemanderRemplacement,
    EmettreConvocation,
    EnregistrerAutorisation,
    PlanifierPassage,
)
from contracts.droits import Role
from contracts.evenements.inscription import (
    BeneficeAccorde,
    CentreAffecte,
    ConvocationEmise,
    DemandeRemplacementRenvoyee,
    DispenseAccordee,
    InscriptionAnnulee,
    RemplacementAutorise,
)
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Creneau, Decision, Mode, TypeCentre
from services.inscription.domain import candidature
from services.inscription.domain.candidature import SituationRemplacement
from services.inscription.domain.session_examen import Centre
from services.inscription.tests.donnees import (
    AFFECTE,
    ANNEXE,
    CFA,
    LYCEE,
    NUMERO,
    PERMIS,
    PRINCIPAL,
    QUI,
    S2024,
    S2026,
    autorise,
    inscrit,
    modes,
    qui,
)
from services.socle.spec import Given, Spec

JOUR = datetime(2026, 5, 18, 6, tzinfo=UTC)
TOUTES = ("EP1", "EP2", "EP3", "UG1", "UG2", "UG3", "UG4")
ANNULEE = InscriptionAnnulee(candidat=NUMERO, motif="désistement")


def candidat(
    *history: Any,
    centre: Centre | None = None,
    situation: SituationRemplacement | None = None,
    session: SessionFigee = S2026,
) -> Given[Any]:
    centres = {centre.code: centre} if centre else {}
    decide = partial(candidature.decide, session=session, centres=centres, situation=situation)
    return Spec(decide, candidature.evolve, candidature.initial).given(*history)


def affecter(code: str) -> AffecterCentre:
    return AffecterCentre(candidat=NUMERO, centre=code, **QUI)


def affecte(code: str, type: TypeCentre, regle: str) -> CentreAffecte:
    return CentreAffecte(candidat=NUMERO, centre=code, type=type, regle=regle)


def convoquer(date: datetime = JOUR) -> EmettreConvocation:
    return EmettreConvocation(candidat=NUMERO, date=date, **QUI)


def convocation(*epreuves: str, centre: str = LYCEE, le: datetime = JOUR) -> ConvocationEmise:
    return ConvocationEmise(candidat=NUMERO, centre=centre, epreuves=epreuves, le=le)


def controler(autorise: bool, regle: str = "CAP26-I03") -> EnregistrerAutorisation:
    return EnregistrerAutorisation(candidat=NUMERO, autorise=autorise, regle=regle, **qui(Role.SYSTEME))


def remplacer(*epreuves: str, academie: str = "normandie") -> DemanderRemplacement:
    return DemanderRemplacement(candidat=NUMERO, epreuves=epreuves, academie_depot=academie, **qui(Role.RECTEUR))


# Centre ------------------------------------------------------------------------------------------------------------

APPRENTI = inscrit(Categorie.APPRENTI, etablissement=CFA)


def test_cl_063_cap24_g07_un_apprenti_dont_le_cfa_n_est_pas_annexe_va_dans_un_centre_principal() -> None:
    candidat(APPRENTI).when(affecter(CFA)).then_refused("CAP24-G07")
    principal = affecte(LYCEE, TypeCentre.PRINCIPAL, "CAP24-G07")
    candidat(APPRENTI, centre=PRINCIPAL).when(affecter(LYCEE)).then(principal)


@pytest.mark.parametrize("statut", [Categorie.APPRENTI, Categorie.SCOLAIRE_PRIVE])
def test_cap24_g07_dans_son_etablissement_designe_annexe(statut: Categorie) -> None:
    chez_lui = affecte(CFA, TypeCentre.ANNEXE, "CAP24-G07")
    candidat(inscrit(statut, etablissement=CFA), centre=ANNEXE).when(affecter(CFA)).then(chez_lui)


def test_cap24_g07_pas_dans_l_annexe_d_un_autre() -> None:
    ailleurs = inscrit(Categorie.APPRENTI, etablissement="0769999Z")
    candidat(ailleurs, centre=ANNEXE).when(affecter(CFA)).then_refused("CAP24-G07")


@pytest.mark.parametrize("statut", [Categorie.INDIVIDUEL, Categorie.SCOLAIRE_PUBLIC, Categorie.FORMATION_CONTINUE])
def test_cap24_g07_les_autres_statuts_n_ont_pas_de_centre_annexe(statut: Categorie) -> None:
    candidat(inscrit(statut, etablissement=CFA), centre=ANNEXE).when(affecter(CFA)).then_refused("CAP24-G07")


def test_cap24_g06_un_individuel_va_dans_un_lycee_public() -> None:
    candidat(inscrit(), centre=PRINCIPAL).when(affecter(LYCEE)).then(AFFECTE)


def test_un_centre_qui_n_est_pas_ouvert_est_refuse() -> None:
    candidat(inscrit()).when(affecter("0999999X")).then_refused("CENTRE_INCONNU")


# Autorisation ------------------------------------------------------------------------------------------------------


def test_cap26_i05_le_dossier_non_conforme_ferme_l_examen() -> None:
    candidat(inscrit()).when(controler(False, "CAP26-I05")).then(autorise(False, "CAP26-I05"))


def test_l_issue_du_controle_peut_etre_revue() -> None:
    refuse = autorise(False, "CAP26-I05")
    candidat(inscrit(), refuse).when(controler(True)).then(autorise())
    candidat(inscrit(), autorise()).when(controler(False, "CAP26-I05")).then(refuse)
    candidat(inscrit(), refuse).when(controler(False, "CAP26-I05")).then_nothing()


def test_une_inscription_annulee_ne_s_autorise_plus() -> None:
    candidat(inscrit(), ANNULEE).when(controler(True)).then_nothing()


def test_cap26_p01_la_regle_qui_s_oppose_peut_changer_pas_se_repeter() -> None:
    refuse = (inscrit(), autorise(False, "CAP26-I05"))
    candidat(*refuse).when(controler(False, "CAP26-I05")).then_nothing()
    candidat(*refuse).when(controler(False, "DC-CAP03")).then(autorise(False, "DC-CAP03"))
    candidat(*refuse).when(controler(True, "CAP26-I05")).then(autorise(True, "CAP26-I05"))


def test_un_candidat_inconnu_ne_s_autorise_pas() -> None:
    candidat().when(controler(True)).then_refused("CANDIDAT_INCONNU")


# Convocation -------------------------------------------------------------------------------------------------------


def test_cap26_p01_pas_de_convocation_pour_un_candidat_non_autorise() -> None:
    candidat(inscrit(), AFFECTE, autorise(False, "CAP26-I05")).when(convoquer()).then_refused("CAP26-P01")


def test_sous_un_reglement_qui_ne_le_dit_pas_un_non_autorise_n_est_pas_convoque_non_plus() -> None:
    refuse = (inscrit(), AFFECTE, autorise(False, "DC-CAP03"))
    candidat(*refuse, session=S2024).when(convoquer()).then_refused("NON_AUTORISE")


@pytest.mark.parametrize(("session", "regle"), [(S2026, "CAP26-P01"), (S2024, "NON_AUTORISE")], ids=["2026", "2024"])
def test_cap26_p01_rien_ne_se_planifie_pour_un_candidat_non_autorise(session: SessionFigee, regle: str) -> None:
    creneau = Creneau(modalite="EP1", debut=JOUR, fin=JOUR)
    planifier = PlanifierPassage(candidat=NUMERO, creneaux=(creneau,), **QUI)
    candidat(inscrit(), AFFECTE, autorise(False, "DC-CAP03"), session=session).when(planifier).then_refused(regle)


def test_cap26_p01_le_dossier_d_un_candidat_non_autorise_se_suit_encore() -> None:
    refuse = (inscrit(), autorise(False, "CAP26-I05"))
    candidat(*refuse, centre=PRINCIPAL).when(affecter(LYCEE)).then(AFFECTE)


def test_pas_de_convocation_avant_le_controle_ni_sans_centre() -> None:
    candidat(inscrit(), AFFECTE).when(convoquer()).then_refused("CONTROLE_ATTENDU")
    candidat(inscrit(), autorise()).when(convoquer()).then_refused("CENTRE_ATTENDU")


def test_un_candidat_autorise_et_affecte_est_convoque() -> None:
    candidat(inscrit(), autorise(), AFFECTE).when(convoquer()).then(convocation(*TOUTES))


def test_cap24_i05_la_conduite_non_organisee_n_empeche_pas_la_convocation_d_un_individuel() -> None:
    assert not S2026.parametres.conduite_individuels
    [emise] = candidat(inscrit(), autorise(), AFFECTE).when(convoquer()).events()
    assert "EP3" in emise.epreuves


def test_cap24_i03_ni_ccf_ni_dispense_ni_note_conservee_ne_se_convoquent() -> None:
    eleve = inscrit(Categorie.SCOLAIRE_PUBLIC, modes=modes(Mode.PONCTUEL, "UF1", EP1=Mode.CCF), facultatives=("UF1",))
    dispense = DispenseAccordee(candidat=NUMERO, epreuve="UG1", regle="DC-CAP20", motif="titulaire d'un BEP")
    garde = BeneficeAccorde(candidat=NUMERO, epreuve="UG2", note=12, session_origine="2024", regle="DC-CAP18")
    acquis = (eleve, dispense, garde, PERMIS, autorise(), AFFECTE)
    candidat(*acquis).when(convoquer()).then(convocation("EP2", "EP3", "UG3", "UG4", "UF1"))


def test_un_candidat_tout_en_ccf_n_est_pas_convoque() -> None:
    eleve = inscrit(Categorie.SCOLAIRE_PUBLIC, modes=modes(Mode.CCF), etablissement=LYCEE)
    candidat(eleve, autorise(), AFFECTE).when(convoquer()).then_refused("RIEN_A_CONVOQUER")


def test_une_convocation_ne_precede_pas_la_premiere_epreuve() -> None:
    veille = datetime(2026, 5, 17, 21, 59, tzinfo=UTC)  # 23:59 à Rouen
    candidat(inscrit(), autorise(), AFFECTE).when(convoquer(veille)).then_refused("CONVOCATION_PREMATUREE")


def test_un_changement_de_centre_se_convoque_a_nouveau() -> None:
    ailleurs = affecte("0760111G", TypeCentre.PRINCIPAL, "CAP24-G06")
    deja = (inscrit(), autorise(), AFFECTE, convocation(*TOUTES))
    candidat(*deja).when(convoquer()).then_nothing()
    candidat(*deja, ailleurs).when(convoquer()).then(convocation(*TOUTES, centre="0760111G"))


def test_cap26_p01_une_convocation_tombe_avec_l_autorisation() -> None:
    refuse = (inscrit(), autorise(), AFFECTE, convocation(*TOUTES), autorise(False, "CAP26-I05"))
    candidat(*refuse).when(convoquer()).then_refused("CAP26-P01")
    candidat(*refuse, autorise()).when(convoquer()).then(convocation(*TOUTES))


# Remplacement ------------------------------------------------------------------------------------------------------


def ajourne(*absences: str, decision: Decision | None = Decision.AJOURNE) -> SituationRemplacement:
    return SituationRemplacement(frozenset(absences), decision)


AUTORISE = RemplacementAutorise(candidat=NUMERO, epreuves=("EP2",), regle="DC-CAP17")


def test_cl_052_dc_cap16_absent_avec_motif_et_ajourne_il_passe_le_remplacement() -> None:
    candidat(inscrit(), situation=ajourne("EP2")).when(remplacer("EP2", "EP2")).then(AUTORISE)


def test_cl_052_dc_cap16_admis_malgre_le_zero_il_n_a_rien_a_remplacer() -> None:
    admis = ajourne("EP2", decision=Decision.ADMIS)
    candidat(inscrit(), situation=admis).when(remplacer("EP2")).then_refused("DC-CAP16")


def test_dc_cap16_une_absence_sans_motif_admis_ne_se_remplace_pas() -> None:
    candidat(inscrit(), situation=ajourne("EP1")).when(remplacer("EP2")).then_refused("DC-CAP16")
    candidat(inscrit()).when(remplacer("EP2")).then_refused("DC-CAP16")


@pytest.mark.parametrize("decision", [None, Decision.EN_ATTENTE])
def test_dc_cap16_le_remplacement_attend_la_decision_du_jury(decision: Decision | None) -> None:
    attente = ajourne("EP2", decision=decision)
    candidat(inscrit(), situation=attente).when(remplacer("EP2")).then_refused("DECISION_ATTENDUE")


def test_cl_053_dc_cap17_pas_de_remplacement_en_eps() -> None:
    candidat(inscrit(), situation=ajourne("UG3")).when(remplacer("UG3")).then_refused("DC-CAP17")


def test_dc_cap17_pas_de_remplacement_pour_une_facultative() -> None:
    facultative = inscrit(modes=modes(Mode.PONCTUEL, "UF1"), facultatives=("UF1",))
    candidat(facultative, situation=ajourne("UF1")).when(remplacer("UF1")).then_refused("DC-CAP17")


def test_cl_055_cap24_i06_une_demande_deposee_ailleurs_revient_au_recteur_de_l_academie_d_origine() -> None:
    renvoi = DemandeRemplacementRenvoyee(candidat=NUMERO, academie_origine="normandie", regle="CAP24-I06")
    candidat(inscrit(), situation=ajourne("EP2")).when(remplacer("EP2", academie="rennes")).then(renvoi)
    candidat(inscrit(), renvoi, situation=ajourne("EP2")).when(remplacer("EP2")).then(AUTORISE)


def test_une_epreuve_deja_autorisee_ne_l_est_qu_une_fois() -> None:
    autre = RemplacementAutorise(candidat=NUMERO, epreuves=("UG1",), regle="DC-CAP17")
    candidat(inscrit(), AUTORISE, situation=ajourne("EP2", "UG1")).when(remplacer("EP2", "UG1")).then(autre)


def test_on_ne_remplace_que_ses_epreuves() -> None:
    candidat(inscrit(), situation=ajourne("UF1")).when(remplacer("UF1")).then_refused("EPREUVE_NON_INSCRITE")
    candidat(inscrit(), situation=ajourne()).when(remplacer("EP9")).then_refused("EPREUVE_INCONNUE")
