"""La session de plusieurs années d'un règlement, le texte qui l'ouvre, ce que l'académie tranche, un centre fermé."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import AffecterCentre, FermerCentre, OuvrirCentre, OuvrirSession
from contracts.evenements.inscription import CentreAffecte, CentreFerme, CentreOuvert, SessionOuverte
from contracts.vocabulaire import Categorie, TypeCentre
from services.inscription.domain import session_examen
from services.inscription.tests.diplomes import BTS, LYCEE, MC, TP, Examen, parametres
from services.inscription.tests.donnees import NUMERO, REGLEMENTS
from services.socle.spec import Spec

given = Spec(partial(session_examen.decide, reglements=REGLEMENTS), session_examen.evolve, session_examen.initial).given
ARRETE = "arrêté du 3 mars 2023, session 2024"


def ouvrir(examen: Examen, **autres: Any) -> OuvrirSession:
    champs = {"reglement": examen.reglement.id, "parametres": examen.session.parametres, **examen.qui(), **autres}
    return OuvrirSession.model_validate(champs)


def ouverte(examen: Examen, **autres: Any) -> SessionOuverte:
    reglement = examen.reglement
    champs: dict[str, Any] = {
        "reglement": reglement.id,
        "version": reglement.version,
        "empreinte": reglement.empreinte,
        "parametres": examen.session.parametres,
        **autres,
    }
    return SessionOuverte(**champs)


# L'ouverture -------------------------------------------------------------------------------------------------------


def test_tp_i01_un_reglement_ouvre_chacune_de_ses_sessions() -> None:
    assert (TP.reglement.session, TP.session.annee) == ("2021", 2022)
    given().when(ouvrir(TP)).then(ouverte(TP))


def test_bts_i01_le_reglement_de_2022_n_ouvre_pas_2023() -> None:
    suivante = ouvrir(BTS, session="2023", parametres=parametres(2023))
    given().when(suivante).then_refused("BTS-I01")


def test_les_dates_sont_de_l_annee_de_la_session_non_de_celle_du_reglement() -> None:
    given().when(ouvrir(TP, parametres=parametres(2021))).then_refused("DATES_INCOHERENTES")


def test_amb_25_sans_reference_d_arrete_la_mention_n_ouvre_pas() -> None:
    given().when(ouvrir(MC)).then_refused("AMB-25")
    given().when(ouvrir(MC, arrete="   ")).then_refused("AMB-25")


@pytest.mark.parametrize("annee", [2022, 2024, 2025, 2026])
def test_amb_25_avec_sa_reference_elle_ouvre_et_la_garde(annee: int) -> None:
    dates = parametres(annee)
    commande = ouvrir(MC, session=str(annee), parametres=dates, arrete=ARRETE)
    given().when(commande).then(ouverte(MC, parametres=dates, arrete=ARRETE))


def test_amb_25_la_reference_ne_change_plus() -> None:
    deja = ouverte(MC, arrete=ARRETE)
    given(deja).when(ouvrir(MC, arrete=ARRETE)).then_nothing()
    given(deja).when(ouvrir(MC, arrete="un autre arrêté")).then_refused("SESSION_DEJA_OUVERTE")


# Ce que l'académie tranche -----------------------------------------------------------------------------------------


def test_amb_37_l_academie_choisit_une_option_que_le_reglement_decrit() -> None:
    dates = parametres(2022, choix={"AMB-37": "demi_point_superieur"})
    given().when(ouvrir(BTS, parametres=dates)).then(ouverte(BTS, parametres=dates))


@pytest.mark.parametrize(
    ("choix", "refus"),
    [
        ({"AMB-37": "au_pif"}, "AMB-37"),
        ({"AMB-48": "aucun"}, "AMB-48"),
        ({"AMB-99": "aucun"}, "CHOIX_INCONNU"),
        ({"arrondi": "aucun"}, "CHOIX_INCONNU"),
    ],
)
def test_amb_37_elle_n_invente_ni_option_ni_ambiguite(choix: dict[str, str], refus: str) -> None:
    given().when(ouvrir(BTS, parametres=parametres(2022, choix=choix))).then_refused(refus)


# Un centre fermé ---------------------------------------------------------------------------------------------------

OUVERT = CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL)
FERME = CentreFerme(centre=LYCEE, jour=date(2022, 5, 16), motif="inondation du site", regle="TR-N04")


def fermer(jour: date = FERME.jour, centre: str = LYCEE) -> FermerCentre:
    return FermerCentre(centre=centre, jour=jour, motif="inondation du site", **BTS.qui())


def test_cl_140_un_centre_qui_n_ouvre_pas_est_un_fait_du_centre() -> None:
    given(ouverte(BTS), OUVERT).when(fermer()).then(FERME)
    given(ouverte(BTS), OUVERT, FERME).when(fermer()).then_nothing()


def test_cl_140_un_centre_inconnu_ou_un_jour_sans_epreuve_est_refuse() -> None:
    given(ouverte(BTS), OUVERT).when(fermer(centre="0999999X")).then_refused("CENTRE_INCONNU")
    given(ouverte(BTS), OUVERT).when(fermer(date(2022, 5, 8))).then_refused("DATES_INCOHERENTES")
    premier_jour = FERME.model_copy(update={"jour": date(2022, 5, 9)})
    given(ouverte(BTS), OUVERT).when(fermer(premier_jour.jour)).then(premier_jour)
    given().when(fermer()).then_refused("SESSION_NON_OUVERTE")


def test_cl_140_la_session_se_souvient_des_jours_de_fermeture() -> None:
    etat = given(ouverte(BTS), OUVERT, FERME).state
    assert isinstance(etat, session_examen.Ouverte)
    assert etat.centres[LYCEE].ferme_le == {FERME.jour}


# Les centres de l'académie -----------------------------------------------------------------------------------------


def test_bts_g02_chaque_academie_ouvre_ses_centres_un_annexe_par_son_acte() -> None:
    def centre(code: str, type_: TypeCentre = TypeCentre.PRINCIPAL, acte: str = "") -> OuvrirCentre:
        return OuvrirCentre(centre=code, type=type_, acte=acte, **BTS.qui())

    deja = CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL, acte="")
    session = given(ouverte(BTS), deja)
    session.when(centre("0632222B")).then(CentreOuvert(centre="0632222B", type=TypeCentre.PRINCIPAL, acte=""))
    session.when(centre("0633333C", TypeCentre.ANNEXE)).then_refused("BTS-G02")
    session.when(centre("0633333C", TypeCentre.ANNEXE, "décision du recteur")).then_kinds(CentreOuvert)
    connue = given(ouverte(BTS), deja).state
    assert isinstance(connue, session_examen.Ouverte)
    assert set(connue.centres) == {LYCEE}


def test_bts_g05_le_candidat_passe_dans_un_centre_que_son_academie_a_designe() -> None:
    individuel = BTS.inscrit(Categorie.INDIVIDUEL)
    vers = partial(AffecterCentre, candidat=NUMERO, **BTS.qui())
    [affecte] = BTS.candidat(individuel).when(vers(centre=LYCEE)).then_kinds(CentreAffecte)
    assert (affecte.centre, affecte.regle) == (LYCEE, "BTS-G05")
    BTS.candidat(individuel).when(vers(centre="0639999Z")).then_refused("CENTRE_INCONNU")
