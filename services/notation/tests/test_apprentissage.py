"""Ce que le relevé apprend des autres services, dans n'importe quel ordre."""

from __future__ import annotations

import itertools
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest

from contracts.commandes.notation import ArreterResultat, ConstaterSupportAbsent
from contracts.commandes.releve import (
    DispenserEpreuve,
    FermerAcces,
    ModifierReleve,
    OuvrirReleve,
    ReporterBenefice,
    RetirerBenefice,
    RouvrirAcces,
)
from contracts.evenements.conduite import PermisNonValide
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.releve import (
    AccesFerme,
    AccesRouvert,
    BeneficeReporte,
    BeneficeRetire,
    EpreuveDispensee,
    ReleveModifie,
)
from contracts.vocabulaire import Categorie, EtatResultat, Mode
from services.notation.domain.releve import ReleveCommand, decide, evolve, initial
from services.notation.tests.donnees import (
    ALICE,
    OUVERT,
    REGLEMENT,
    SYSTEME,
    etant_donne,
    fait,
    note_arretee,
    ouvert,
    saisie,
    saisir,
    session,
)

FERMER = fait(FermerAcces, regle="CAP26-I05", par=SYSTEME)
ROUVRIR = fait(RouvrirAcces, regle="CAP26-I03", par=SYSTEME)
FERME = AccesFerme(candidat=ALICE, regle="CAP26-I05")


def ouvrir(categorie: Categorie = Categorie.SCOLAIRE_PUBLIC, **autres: Any) -> OuvrirReleve:
    valeurs = {"reglement": REGLEMENT, "modes": {}, "par": SYSTEME}
    return fait(OuvrirReleve, categorie=categorie, **valeurs | autres)


def dispenser(epreuve: str, situation: str | None = None, regle: str = "DC-CAP20") -> DispenserEpreuve:
    return fait(DispenserEpreuve, epreuve=epreuve, situation=situation, regle=regle, par=SYSTEME)


def dispensee(epreuve: str, situation: str | None = None, regle: str = "DC-CAP20") -> EpreuveDispensee:
    return EpreuveDispensee(candidat=ALICE, epreuve=epreuve, situation=situation, regle=regle)


def reporter(note: str = "11", epreuve: str = "EP2") -> ReporterBenefice:
    champs = {"note": Decimal(note), "session_origine": "2024", "regle": "DC-CAP18", "par": SYSTEME}
    return fait(ReporterBenefice, epreuve=epreuve, **champs)


# L'ouverture -------------------------------------------------------------------------------------------------------


def test_cap24_i03_l_inscription_ouvre_le_releve_avec_ses_modes() -> None:
    etant_donne().when(ouvrir(modes={"EP1": Mode.CCF})).then(ouvert(modes={"EP1": Mode.CCF}))


def test_une_epreuve_que_l_inscription_ne_nomme_pas_est_ponctuelle() -> None:
    etant_donne(ouvert(modes={"EP1": Mode.CCF}), saisie("EP2", "12")).when(fait(ArreterResultat, epreuve="EP2")).then(
        note_arretee("EP2", "12")
    )


def test_un_releve_ne_s_ouvre_qu_une_fois() -> None:
    etant_donne(OUVERT).when(ouvrir()).then_nothing()
    etant_donne(OUVERT).when(ouvrir(modes={"EP1": Mode.CCF})).then_refused("RELEVE_DEJA_OUVERT")


def test_le_reglement_de_l_inscription_est_celui_de_la_session() -> None:
    etant_donne().when(ouvrir(reglement="CAP-OSRCL-2024")).then_refused("REGLEMENT_DIFFERENT")


def test_cl_043_un_individuel_apprend_des_l_ouverture_que_la_conduite_n_est_pas_organisee() -> None:
    etant_donne().when(ouvrir(Categorie.INDIVIDUEL)).then(
        ouvert(Categorie.INDIVIDUEL),
        PermisNonValide(
            candidat=ALICE,
            epreuve="EP3",
            situation="S1",
            mention=EtatResultat.NON_ORGANISEE,
            tentative=0,
            regle="CAP24-I05",
        ),
    )
    organise = session(conduite_individuels=True)
    etant_donne(dans=organise).when(ouvrir(Categorie.INDIVIDUEL)).then(ouvert(Categorie.INDIVIDUEL))


def test_cap24_i04_un_individuel_titulaire_du_permis_est_dispense_et_non_sans_conduite() -> None:
    permis = dispensee("EP3", "S1", "CAP24-I04")
    etant_donne(permis).when(ouvrir(Categorie.INDIVIDUEL)).then(ouvert(Categorie.INDIVIDUEL))
    faits = etant_donne().when(ouvrir(Categorie.INDIVIDUEL)).events()
    etant_donne(faits).when(dispenser("EP3", "S1", "CAP24-I04")).then(permis)


def test_une_inscription_modifiee_change_les_modes_et_les_facultatives() -> None:
    modifier = fait(ModifierReleve, modes={"EP2": Mode.CCF}, facultatives=("UF1",), par=SYSTEME)
    modifie = ReleveModifie(candidat=ALICE, modes={"EP2": Mode.CCF}, facultatives=("UF1",))
    etant_donne(OUVERT).when(modifier).then(modifie)
    etant_donne(OUVERT, modifie).when(saisir("UF1", "12")).then(saisie("UF1", "12"))
    [resultat] = etant_donne(OUVERT, modifie, saisie("EP2", "12")).when(fait(ArreterResultat, epreuve="EP2")).events()
    assert resultat.mode is Mode.CCF
    etant_donne().when(modifier).then_refused("RELEVE_NON_OUVERT")


# L'accès -----------------------------------------------------------------------------------------------------------


def test_cap26_i05_fermer_l_acces_avant_ou_apres_l_ouverture() -> None:
    etant_donne(OUVERT).when(FERMER).then(FERME)
    etant_donne().when(FERMER).then(FERME)
    etant_donne(FERME).when(ouvrir()).then(OUVERT)
    etant_donne(FERME, OUVERT).when(FERMER).then_nothing()


def test_cap26_i05_la_fermeture_redit_les_resultats_deja_arretes() -> None:
    non_autorise = ResultatArrete(candidat=ALICE, epreuve="UG1", etat=EtatResultat.NON_AUTORISE, regle="CAP26-I05")
    etant_donne(OUVERT, saisie("UG1", "12"), note_arretee("UG1", "12")).when(FERMER).then(FERME, non_autorise)


def test_tr_c02_un_dossier_finalement_conforme_rouvre_l_acces_et_rend_les_resultats() -> None:
    rouvert = AccesRouvert(candidat=ALICE, regle="CAP26-I03")
    etant_donne(OUVERT, FERME).when(ROUVRIR).then(rouvert)
    etant_donne(FERME).when(ROUVRIR).then(rouvert)
    etant_donne(FERME, rouvert).when(ouvrir()).then(OUVERT)
    etant_donne(OUVERT, FERME, rouvert).when(saisir("UG1", "12")).then(saisie("UG1", "12"))
    etant_donne(OUVERT).when(ROUVRIR).then_nothing()
    histoire = (OUVERT, saisie("UG1", "12"), note_arretee("UG1", "12"))
    ferme = etant_donne(*histoire).when(FERMER).events()
    etant_donne(*histoire, ferme).when(ROUVRIR).then(rouvert, note_arretee("UG1", "12"))


# Dispense, bénéfice ------------------------------------------------------------------------------------------------


def test_dc_cap20_une_epreuve_dispensee_a_son_resultat_des_qu_elle_est_connue() -> None:
    arrete = ResultatArrete(candidat=ALICE, epreuve="UG1", etat=EtatResultat.DISPENSE, regle="DC-CAP20")
    etant_donne(OUVERT).when(dispenser("UG1")).then(dispensee("UG1"), arrete)
    etant_donne().when(dispenser("UG1")).then(dispensee("UG1"))
    etant_donne(dispensee("UG1")).when(ouvrir()).then(OUVERT, arrete)


def test_cap24_i04_une_situation_dispensee_n_arrete_pas_l_epreuve() -> None:
    etant_donne(OUVERT).when(dispenser("EP3", "S1", "CAP24-I04")).then(dispensee("EP3", "S1", "CAP24-I04"))
    etant_donne(OUVERT).when(dispenser("EP3", "S9")).then_refused("SITUATION_INCONNUE")


def test_une_dispense_connue_apres_la_note_l_emporte() -> None:
    faits = etant_donne(OUVERT, saisie("UG1", "12"), note_arretee("UG1", "12")).when(dispenser("UG1")).events()
    assert faits[1].etat is EtatResultat.DISPENSE


def test_dc_cap18_reporter_puis_abandonner_une_note_conservee() -> None:
    reporte = BeneficeReporte(candidat=ALICE, epreuve="EP2", note=Decimal(11), session_origine="2024", regle="DC-CAP18")
    retirer = fait(RetirerBenefice, epreuve="EP2", regle="DC-CAP18", par=SYSTEME)
    retire = BeneficeRetire(candidat=ALICE, epreuve="EP2", regle="DC-CAP18")
    etant_donne().when(reporter()).then(reporte)
    etant_donne(OUVERT, reporte).when(retirer).then(retire)
    etant_donne(OUVERT).when(retirer).then_nothing()
    etant_donne(OUVERT, reporte, retire).when(fait(ArreterResultat, epreuve="EP2")).then_refused("TR-N01")
    etant_donne(OUVERT, reporte, retire).when(reporter()).then(reporte)
    etant_donne().when(reporter(epreuve="EP9")).then_refused("EPREUVE_INCONNUE")


# L'ordre d'arrivée -------------------------------------------------------------------------------------------------

APPRIS: tuple[ReleveCommand, ...] = (
    ouvrir(Categorie.INDIVIDUEL),
    dispenser("UG3"),
    dispenser("EP3", "S1", "CAP24-I04"),
    reporter(),
    fait(ConstaterSupportAbsent, epreuve="EP1", situation="S1", regle="CAP24-C03", par=SYSTEME),
    FERMER,
)


def resultats(commandes: tuple[ReleveCommand, ...]) -> dict[str, object]:
    """What every épreuve gives once these commands are done, in this order."""
    releve = initial
    for commande in commandes:
        releve = reduce(evolve, decide(commande, releve, session()), releve)
    for note in (saisir("EP1", "12", "S2"), saisir("EP3", "9", "S2"), saisir("UG1", "12")):
        if not any(isinstance(one, FermerAcces) for one in commandes):
            releve = reduce(evolve, decide(note, releve, session()), releve)
    for epreuve in ("EP1", "EP2", "EP3", "UG1", "UG3"):
        releve = reduce(evolve, decide(fait(ArreterResultat, epreuve=epreuve), releve, session()), releve)
    return dict(releve.resultats)


@pytest.mark.parametrize("appris", [APPRIS, APPRIS[:-1]], ids=["ferme", "ouvert"])
def test_les_resultats_sont_les_memes_dans_tous_les_ordres_d_arrivee(appris: tuple[ReleveCommand, ...]) -> None:
    attendu = resultats(appris)
    assert len(attendu) == 5
    for ordre in itertools.permutations(appris):
        assert resultats(ordre) == attendu
