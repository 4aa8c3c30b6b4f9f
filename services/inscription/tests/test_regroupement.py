"""Le regroupement : une pilote le définit, les rattachées l'acceptent, elle le clôt."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import FournirValeurs, OuvrirCentre
from contracts.commandes.regroupement import AccepterRegroupement, CloreRegroupement, DefinirRegroupement
from contracts.evenements.inscription import CentreFerme, CentreOuvert, ValeursFournies
from contracts.evenements.regroupement import RegroupementClos
from contracts.messages import Refus
from contracts.vocabulaire import TypeCentre
from services.inscription.domain import regroupement, session_examen
from services.inscription.domain.regroupement import Clos, Pilote, Rattachee, Seule, exiger_partage, partage
from services.inscription.tests.academies import (
    AILLEURS,
    ARRETE,
    CHEZ,
    CODE,
    GRENOBLE,
    LYON,
    PARTAGE,
    PILOTE,
    accepte,
    defini,
    propose,
    qui,
)
from services.inscription.tests.donnees import LYCEE, PARAMETRES, REGLEMENTS, VALEURS, ouverte
from services.socle.spec import Given, Spec

CLOS = RegroupementClos(regroupement=CODE, motif="session terminée", regle="BTS-G01")


def chez(academie: str, *history: Any, **connu: Any) -> Given[Any]:
    decide = partial(regroupement.decide, session=CHEZ[academie], **connu)
    return Spec(decide, regroupement.evolve, regroupement.initial).given(*history)


def definir(*membres: str, academie: str = PILOTE, code: str = CODE) -> DefinirRegroupement:
    return DefinirRegroupement(regroupement=code, membres=membres or (LYON, GRENOBLE), arrete=ARRETE, **qui(academie))


def accepter(academie: str = LYON, code: str = CODE, pilote: str = PILOTE) -> AccepterRegroupement:
    return AccepterRegroupement(regroupement=code, pilote=pilote, **qui(academie))


def clore(academie: str = PILOTE, code: str = CODE) -> CloreRegroupement:
    return CloreRegroupement(regroupement=code, motif="session terminée", **qui(academie))


# La pilote définit --------------------------------------------------------------------------------------------------


def test_bts_g01_la_pilote_definit_le_regroupement_sous_le_reglement_fige() -> None:
    chez(PILOTE, cle_publique="K1").when(definir()).then(defini(cle_publique="K1"))


def test_bts_g01_la_pilote_ne_se_compte_pas_parmi_les_rattachees() -> None:
    chez(PILOTE).when(definir(LYON, PILOTE, LYON)).then(defini(LYON))
    chez(PILOTE).when(definir(PILOTE)).then_refused("BTS-G01")


def test_bts_g01_une_quatrieme_academie_rejoint_le_regroupement() -> None:
    chez(PILOTE, defini(cle_publique="K1")).when(definir(GRENOBLE, LYON, AILLEURS)).then(
        defini(LYON, GRENOBLE, AILLEURS, cle_publique="K1")
    )
    chez(PILOTE, defini()).when(definir(GRENOBLE, LYON)).then_nothing()


def test_bts_g01_une_rattachee_ne_se_retire_pas() -> None:
    chez(PILOTE, defini()).when(definir(LYON)).then_refused("MEMBRE_RETIRE")


def test_dc_bts19_un_examen_n_a_qu_un_regroupement_et_qu_une_pilote() -> None:
    chez(PILOTE, defini()).when(definir(code="autre")).then_refused("REGROUPEMENT_DEJA_DEFINI")
    chez(LYON, accepte()).when(definir(GRENOBLE, academie=LYON)).then_refused("DC-BTS19")
    chez(PILOTE, defini()).when(accepter(PILOTE)).then_refused("DC-BTS19")
    chez(LYON, accepte()).when(accepter(pilote=GRENOBLE)).then_refused("DC-BTS19")


def test_clos_le_regroupement_ne_se_definit_ni_ne_s_accepte_plus() -> None:
    chez(PILOTE, defini()).when(clore()).then(CLOS)
    chez(PILOTE, defini(), CLOS).when(clore()).then_nothing()
    chez(PILOTE, defini(), CLOS).when(definir(LYON, GRENOBLE, AILLEURS)).then_refused("REGROUPEMENT_CLOS")
    chez(LYON, propose=propose(clos=True)).when(accepter()).then_refused("REGROUPEMENT_CLOS")


def test_seule_la_pilote_clot_son_regroupement() -> None:
    chez(LYON, accepte()).when(clore(LYON)).then_refused("REGROUPEMENT_INCONNU")
    chez(PILOTE, defini()).when(clore(code="autre")).then_refused("REGROUPEMENT_INCONNU")
    chez(PILOTE).when(clore()).then_refused("REGROUPEMENT_INCONNU")


# Les rattachées acceptent -------------------------------------------------------------------------------------------


def test_dc_bts19_une_rattachee_accepte_sous_le_meme_reglement() -> None:
    chez(LYON, propose=propose(), cle_publique="K2").when(accepter()).then(accepte(cle_publique="K2"))
    chez(LYON, accepte()).when(accepter()).then_nothing()


@pytest.mark.parametrize("connu", [None, propose(regroupement="autre"), propose(pilote=GRENOBLE)])
def test_regroupement_inconnu_tant_que_sa_definition_n_est_pas_arrivee(connu: Any) -> None:
    chez(LYON, propose=connu).when(accepter()).then_refused("REGROUPEMENT_INCONNU")


def test_regroupement_non_membre() -> None:
    chez(AILLEURS, propose=propose()).when(accepter(AILLEURS)).then_refused("REGROUPEMENT_NON_MEMBRE")


def test_reglement_different_rien_ne_se_partage() -> None:
    autre = propose(empreinte="une autre")
    chez(LYON, propose=autre).when(accepter()).then_refused("REGLEMENT_DIFFERENT")


AUTRES = VALEURS.model_copy(update={"coefficients": {**VALEURS.coefficients, "EP1": Decimal(5)}})


def test_amb_05_d_autres_coefficients_que_la_pilote_ne_s_acceptent_pas() -> None:
    refus = chez(LYON, propose=propose(valeurs=AUTRES)).when(accepter()).then_refused("AMB-05")
    assert refus.donnees["cles"] == ["EP1"]
    for compatibles in (VALEURS, None, VALEURS.model_copy(update={"coefficients": {}})):
        chez(LYON, propose=propose(valeurs=compatibles)).when(accepter()).then(accepte())


def test_amb_05_une_valeur_se_fournit_la_meme_dans_tout_le_regroupement() -> None:
    fournir = FournirValeurs(valeurs=VALEURS, **qui(LYON))

    def lyon(ailleurs: Any) -> Given[Any]:
        decide = partial(session_examen.decide, reglements=REGLEMENTS, ailleurs=ailleurs)
        return Spec(decide, session_examen.evolve, session_examen.initial).given(ouverte(valeurs=None))

    lyon({PILOTE: AUTRES}).when(fournir).then_refused("AMB-05")
    lyon({PILOTE: VALEURS, GRENOBLE: None}).when(fournir).then_kinds(ValeursFournies)


# Avec qui l'examen se partage ---------------------------------------------------------------------------------------


def test_tr_g01_l_examen_se_partage_avec_les_academies_du_regroupement_tant_qu_il_vit() -> None:
    assert partage(Pilote(defini()), None) == PARTAGE
    assert partage(Rattachee(accepte()), propose()) == PARTAGE
    assert partage(Rattachee(accepte()), propose(LYON, GRENOBLE, AILLEURS)) != PARTAGE
    for seule in (Seule(), Clos(defini())):
        assert partage(seule, propose()) is None
    for dit in (None, propose(clos=True)):
        assert partage(Rattachee(accepte()), dit) is None


@pytest.mark.parametrize("academie", [AILLEURS, LYON])
def test_tr_g01_hors_du_regroupement_rien_ne_se_demande(academie: str) -> None:
    with pytest.raises(Refus) as refus:
        exiger_partage(PARTAGE, academie, LYON)
    assert refus.value.regle == "TR-G01"
    assert exiger_partage(PARTAGE, PILOTE, LYON) == PARTAGE


# Les places offertes aux autres -------------------------------------------------------------------------------------


def ouvrir(places: int | None, type_: TypeCentre = TypeCentre.PRINCIPAL) -> OuvrirCentre:
    return OuvrirCentre(centre=LYCEE, type=type_, places_accueil=places, **qui(PILOTE))


def ouvert(places: int | None) -> CentreOuvert:
    return CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL, places_accueil=places)


def test_bts_g02_un_centre_dit_les_places_qu_il_offre_et_le_nombre_en_change() -> None:
    given = Spec(
        partial(session_examen.decide, reglements=REGLEMENTS), session_examen.evolve, session_examen.initial
    ).given
    given(ouverte()).when(ouvrir(5)).then(ouvert(5))
    given(ouverte(), ouvert(None)).when(ouvrir(5)).then(ouvert(5))
    given(ouverte(), ouvert(5)).when(ouvrir(None)).then(ouvert(None))
    given(ouverte(), ouvert(5)).when(ouvrir(5)).then_nothing()
    given(ouverte(), ouvert(5)).when(ouvrir(6, TypeCentre.ANNEXE)).then_refused("CENTRE_DEJA_OUVERT")


def test_cl_140_un_centre_redit_reste_ferme_les_jours_ou_il_l_etait() -> None:
    jour = PARAMETRES.premiere_epreuve
    ferme = CentreFerme(centre=LYCEE, jour=jour, motif="inondation", regle="CL-140")
    etat = session_examen.initial
    for event in (ouverte(), ouvert(None), ferme, ouvert(3)):
        etat = session_examen.evolve(etat, event)
    assert isinstance(etat, session_examen.Ouverte)
    assert etat.centres[LYCEE].ferme_le == {jour}
    assert etat.centres[LYCEE].places_accueil == 3
