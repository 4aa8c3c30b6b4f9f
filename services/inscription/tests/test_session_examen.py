"""La session : règlement figé, valeurs une fois pour toutes, centres."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import FournirValeurs, OuvrirCentre, OuvrirSession
from contracts.evenements.inscription import CentreFerme, CentreOuvert, ValeursFournies
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.vocabulaire import Parametres, TypeCentre, Valeurs
from services.inscription.domain import session_examen
from services.inscription.domain.session_examen import session_figee
from services.inscription.tests.donnees import CFA, LYCEE, PARAMETRES, QUI, R2026, REGLEMENTS, VALEURS, ouverte, qui
from services.socle.spec import Spec

given = Spec(partial(session_examen.decide, reglements=REGLEMENTS), session_examen.evolve, session_examen.initial).given
EP1 = Valeurs(coefficients={"EP1": Decimal(6)}, reference="arrêté du 30 mai 2017, annexe II b")


def ouvrir(**autres: Any) -> OuvrirSession:
    return OuvrirSession(**{"reglement": R2026.id, "parametres": PARAMETRES, **QUI, **autres})


def parametres(**autres: Any) -> Parametres:
    return PARAMETRES.model_copy(update=autres)


def fournir(valeurs: Valeurs) -> FournirValeurs:
    return FournirValeurs(valeurs=valeurs, **QUI)


def centre(code: str = LYCEE, type: TypeCentre = TypeCentre.PRINCIPAL, acte: str = "") -> OuvrirCentre:
    return OuvrirCentre(centre=code, type=type, acte=acte, **QUI)


def test_cap24_i01_la_session_fige_son_reglement() -> None:
    given().when(ouvrir(valeurs=VALEURS)).then(ouverte(valeurs=VALEURS))


@pytest.mark.parametrize("autres", [qui(session="2025"), {**QUI, "diplome": "bts_ndrc"}])
def test_cap24_i01_le_reglement_d_une_autre_session_est_refuse(autres: dict[str, Any]) -> None:
    given().when(ouvrir(**autres)).then_refused("CAP24-I01")


def test_un_reglement_inconnu_est_refuse() -> None:
    given().when(ouvrir(reglement="CAP-OSRCL-1999")).then_refused("REGLEMENT_INCONNU")


def test_une_session_ne_s_ouvre_qu_une_fois() -> None:
    given(ouverte()).when(ouvrir()).then_nothing()
    autrement = ouvrir(parametres=parametres(conduite_individuels=True))
    given(ouverte()).when(autrement).then_refused("SESSION_DEJA_OUVERTE")


def test_cap24_i05_l_academie_dit_si_elle_organise_la_conduite_des_individuels() -> None:
    organisee = parametres(conduite_individuels=True)
    given().when(ouvrir(parametres=organisee)).then(ouverte(parametres=organisee))


def test_cap26_c02_sans_date_limite_d_attestation_pas_de_session_2026() -> None:
    given().when(ouvrir(parametres=parametres(limite_attestation=None))).then_refused("CAP26-C02")


def test_cap26_i01_avant_2026_aucune_attestation_donc_aucune_date_limite() -> None:
    session_2024 = parametres(
        premiere_epreuve=date(2024, 5, 20), cloture_inscriptions=date(2023, 11, 17), limite_attestation=None
    )
    commande = ouvrir(reglement="CAP-OSRCL-2024", parametres=session_2024, **qui(session="2024"))
    given().when(commande).then(ouverte(REGLEMENTS["CAP-OSRCL-2024"], parametres=session_2024))


@pytest.mark.parametrize(
    "dates", [{"premiere_epreuve": date(2027, 5, 18)}, {"cloture_inscriptions": date(2026, 5, 19)}]
)
def test_des_dates_incoherentes_sont_refusees(dates: dict[str, date]) -> None:
    given().when(ouvrir(parametres=parametres(**dates))).then_refused("DATES_INCOHERENTES")


def test_les_inscriptions_peuvent_clore_le_jour_de_la_premiere_epreuve() -> None:
    le_meme_jour = parametres(cloture_inscriptions=PARAMETRES.premiere_epreuve)
    given().when(ouvrir(parametres=le_meme_jour)).then(ouverte(parametres=le_meme_jour))


@pytest.mark.parametrize("fuseau", ["Europe/Rouen", "/etc/passwd", ""])
def test_un_fuseau_inconnu_est_refuse(fuseau: str) -> None:
    given().when(ouvrir(parametres=parametres(fuseau=fuseau))).then_refused("FUSEAU_INCONNU")


def test_amb_05_les_valeurs_se_fournissent_apres_l_ouverture() -> None:
    given(ouverte()).when(fournir(VALEURS)).then(ValeursFournies(valeurs=VALEURS))


@pytest.mark.parametrize(
    "inconnues",
    [{"coefficients": {"UG1": Decimal(3)}}, {"poids": {"EP2.S1": Decimal(1)}}, {"poids": {"EP1": Decimal(6)}}],
)
def test_amb_05_une_valeur_que_le_reglement_n_attend_pas_est_refusee(inconnues: dict[str, Any]) -> None:
    valeurs = Valeurs(reference="circulaire", **inconnues)
    given(ouverte()).when(fournir(valeurs)).then_refused("AMB-05")
    given().when(ouvrir(valeurs=valeurs)).then_refused("AMB-05")


def test_cl_139_amb_59_une_valeur_fournie_ne_change_plus() -> None:
    sept = EP1.model_copy(update={"coefficients": {"EP1": Decimal(7)}})
    given(ouverte(), ValeursFournies(valeurs=EP1)).when(fournir(sept)).then_refused("AMB-59")
    given(ouverte(valeurs=VALEURS)).when(fournir(sept)).then_refused("AMB-59")


def test_cl_139_amb_59_un_poids_fourni_ne_change_plus_non_plus() -> None:
    un_pour_un = VALEURS.model_copy(update={"poids": {"EP1.S1": Decimal(1)}})
    given(ouverte(valeurs=VALEURS)).when(fournir(un_pour_un)).then_refused("AMB-59")


def test_amb_05_les_coefficients_se_fournissent_sans_les_poids_et_l_inverse() -> None:
    poids = VALEURS.model_copy(update={"coefficients": {}})
    given(ouverte()).when(fournir(EP1)).then(ValeursFournies(valeurs=EP1))
    given(ouverte()).when(fournir(poids)).then(ValeursFournies(valeurs=poids))


def test_amb_05_seul_le_poids_qui_manque_s_ajoute() -> None:
    premier = VALEURS.model_copy(update={"poids": {"EP1.S1": Decimal(2)}})
    second = VALEURS.model_copy(update={"coefficients": {}, "poids": {"EP1.S2": Decimal(1)}})
    given(ouverte(), ValeursFournies(valeurs=premier)).when(fournir(VALEURS)).then(ValeursFournies(valeurs=second))


def test_amb_05_seul_ce_qui_manque_s_ajoute() -> None:
    reste = VALEURS.model_copy(update={"coefficients": {"EP2": Decimal(4), "EP3": Decimal(3)}})
    given(ouverte(), ValeursFournies(valeurs=EP1)).when(fournir(VALEURS)).then(ValeursFournies(valeurs=reste))
    given(ouverte(valeurs=VALEURS)).when(fournir(EP1)).then_nothing()


def test_rien_avant_l_ouverture() -> None:
    given().when(fournir(VALEURS)).then_refused("SESSION_NON_OUVERTE")
    given().when(centre()).then_refused("SESSION_NON_OUVERTE")


def test_cap24_g06_un_lycee_public_est_centre_principal() -> None:
    given(ouverte()).when(centre()).then(CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL))


def test_cap24_g07_un_centre_annexe_veut_son_acte_de_designation() -> None:
    given(ouverte()).when(centre(CFA, TypeCentre.ANNEXE, "  ")).then_refused("CAP24-G07")
    designe = CentreOuvert(centre=CFA, type=TypeCentre.ANNEXE, acte="arrêté 2025-41")
    given(ouverte()).when(centre(CFA, TypeCentre.ANNEXE, "arrêté 2025-41")).then(designe)


def test_un_centre_ouvert_deux_fois_ne_l_est_qu_une() -> None:
    given(ouverte(), CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL)).when(centre()).then_nothing()
    designe = CentreOuvert(centre=CFA, type=TypeCentre.ANNEXE, acte="arrêté 2025-41")
    given(ouverte(), designe).when(centre(CFA, TypeCentre.ANNEXE, " arrêté 2025-41 ")).then_nothing()
    given(ouverte(), designe).when(centre(CFA, TypeCentre.ANNEXE, "un autre acte")).then_refused("CENTRE_DEJA_OUVERT")


def test_un_centre_ouvert_ne_change_pas_de_nature() -> None:
    principal = CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL)
    annexe = centre(LYCEE, TypeCentre.ANNEXE, "arrêté 2025-41")
    given(ouverte(), principal).when(annexe).then_refused("CENTRE_DEJA_OUVERT")


def etat(*history: Any) -> Any:
    return given(*history).state


def test_la_session_figee_porte_ce_qui_est_venu_apres_l_ouverture() -> None:
    reste = VALEURS.model_copy(update={"coefficients": {"EP2": Decimal(4), "EP3": Decimal(3)}})
    session = etat(ouverte(), ValeursFournies(valeurs=EP1), ValeursFournies(valeurs=reste))
    figee = session_figee("normandie", session, REGLEMENTS)
    assert (figee.academie, figee.reglement, figee.parametres) == ("normandie", R2026, PARAMETRES)
    assert figee.valeurs_manquantes() == []


def test_un_reglement_change_apres_l_ouverture_n_est_pas_applique() -> None:
    change = {R2026.id: Reglement.model_validate({**R2026.model_dump(), "max_facultatives": 3})}
    with pytest.raises(Refus) as refus:
        session_figee("normandie", etat(ouverte()), change)
    assert refus.value.regle == "REGLEMENT_CHANGE"


@pytest.mark.parametrize(
    "fait",
    [
        ValeursFournies(valeurs=EP1),
        CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL),
        CentreFerme(centre=LYCEE, jour=date(2026, 5, 18), motif="inondation", regle="TR-N04"),
    ],
)
def test_une_session_qui_n_est_pas_ouverte_ne_retient_rien(fait: Any) -> None:
    assert etat(fait) == session_examen.initial


def test_un_centre_ferme_sans_etre_ouvert_ne_change_rien() -> None:
    ferme = CentreFerme(centre=CFA, jour=date(2026, 5, 18), motif="inondation", regle="TR-N04")
    assert etat(ouverte(), ferme) == etat(ouverte())
