"""Outre-mer : les écrits nationaux au même instant partout, leur temps de loge, les échéances à l'heure de chacun."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.commandes.inscription import EmettreConvocation, OuvrirSession, PlanifierPassage, ReporterPassage
from contracts.commandes.regroupement import AccepterRegroupement
from contracts.evenements.inscription import (
    AmenagementAccorde,
    ConvocationEmise,
    PassagePlanifie,
    PassageReporte,
    SessionOuverte,
)
from contracts.evenements.regroupement import RegroupementAccepte
from contracts.messages import Refus
from contracts.vocabulaire import Calendrier, Categorie, Creneau, Ecrit, Parametres, TypeCentre
from services.inscription.domain import regroupement, session_examen
from services.inscription.domain.ecrits import ecrits_locaux, en_clair
from services.inscription.domain.regroupement import Propose
from services.inscription.domain.session_examen import Centre
from services.inscription.tests.diplomes import AFFECTE, AUTRE_LYCEE, BTS, LYCEE, Examen, parametres
from services.inscription.tests.donnees import NUMERO, REGLEMENTS, autorise
from services.socle.spec import Spec

PARIS, REUNION, MAYOTTE, CAYENNE = map(
    ZoneInfo, ("Europe/Paris", "Indian/Reunion", "Indian/Mayotte", "America/Cayenne")
)
PARTOUT = (PARIS, REUNION, MAYOTTE, CAYENNE)
LUNDI = date(2022, 5, 16)
DEBUT_E3 = datetime(2022, 5, 16, 14, 0, tzinfo=PARIS)  # 16 h à La Réunion, 15 h à Mayotte, 9 h à Cayenne
DEBUT_E5 = datetime(2022, 5, 17, 14, 0, tzinfo=PARIS)
ECRITS = (
    Ecrit(moment="E3-ecrit", debut=DEBUT_E3, loge=60, retenue=120),
    Ecrit(moment="E5-ecrit", debut=DEBUT_E5, loge=30),
)
NATIONAL = Calendrier(reference="circulaire 2022-46, annexe I", ecrits=ECRITS)
INDIVIDUEL = BTS.inscrit(Categorie.INDIVIDUEL)
ADMIS = autorise(True, "BTS-C03")
CENTRES = {code: Centre(code, TypeCentre.PRINCIPAL) for code in (LYCEE, AUTRE_LYCEE)}


def dans(zone: ZoneInfo, **autres: Any) -> Examen:
    """La session d'une académie de cette heure légale, avec le calendrier national."""
    return BTS.avec(fuseau=zone.key, premiere_epreuve=LUNDI, calendrier=NATIONAL, **autres)


def creneau(debut: datetime, minutes: int = 240, moment: str = "E3-ecrit") -> Creneau:
    return Creneau(modalite=moment, debut=debut, fin=debut + timedelta(minutes=minutes), surveillant=True)


def planifier(*creneaux: Creneau) -> PlanifierPassage:
    return PlanifierPassage(candidat=NUMERO, creneaux=creneaux, **BTS.qui())


def convoquer(instant: datetime) -> EmettreConvocation:
    return EmettreConvocation(candidat=NUMERO, date=instant, **BTS.qui())


# L'instant national -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("zone", "locale"), [(PARIS, 14), (REUNION, 16), (MAYOTTE, 15), (CAYENNE, 9)], ids=lambda one: str(one)
)
def test_bts_g03_un_ecrit_commence_au_meme_instant_dit_dans_chaque_heure_legale(zone: ZoneInfo, locale: int):
    [e3] = ecrits_locaux(["E3"], dans(zone).session.parametres)
    assert e3.debut == DEBUT_E3
    assert (e3.debut.hour, e3.en_loge.hour, e3.sortie.hour) == (locale, locale - 1, locale + 2)
    assert f"{locale:02}:00" in en_clair(e3)
    assert zone.key in en_clair(e3)


@pytest.mark.parametrize("zone", PARTOUT, ids=lambda one: one.key)
def test_bts_g03_un_ecrit_se_planifie_a_l_instant_national_et_a_nul_autre(zone: ZoneInfo):
    candidat = dans(zone).candidat(INDIVIDUEL, AFFECTE)
    prevu = creneau(DEBUT_E3.astimezone(zone))
    candidat.when(planifier(prevu)).then_kinds(PassagePlanifie)
    for ecart in (timedelta(minutes=-1), timedelta(seconds=1), timedelta(days=1)):
        candidat.when(planifier(creneau(DEBUT_E3 + ecart))).then_refused("BTS-G03")


@pytest.mark.parametrize("zone", [REUNION, MAYOTTE, CAYENNE], ids=lambda one: one.key)
def test_bts_g03_l_heure_de_l_horloge_locale_n_est_pas_l_instant_national(zone: ZoneInfo):
    """14 heures là-bas n'est pas 14 heures à Paris : le sujet y serait connu, ou pas encore."""
    a_l_horloge = DEBUT_E3.replace(tzinfo=zone)
    dans(zone).candidat(INDIVIDUEL, AFFECTE).when(planifier(creneau(a_l_horloge))).then_refused("BTS-G03")


def test_bts_g03_dc_han01_le_tiers_temps_finit_plus_tard_et_commence_avec_les_autres():
    tiers = AmenagementAccorde(candidat=NUMERO, nature="tiers-temps", regle="DC-HAN01")
    candidat = dans(REUNION).candidat(INDIVIDUEL, AFFECTE, tiers)
    candidat.when(planifier(creneau(DEBUT_E3, 320))).then_kinds(PassagePlanifie)
    candidat.when(planifier(creneau(DEBUT_E3 - timedelta(minutes=80), 320))).then_refused("BTS-G03")


def test_bts_g03_les_autres_moments_de_l_epreuve_sont_a_l_heure_du_centre():
    pratique = creneau(datetime(2022, 5, 24, 9, tzinfo=REUNION), 40, "E5-pratique")
    pratique = pratique.model_copy(update={"jury": True, "surveillant": False, "poste": "P01"})
    ecrit = creneau(DEBUT_E5, 180, "E5-ecrit")
    candidat = dans(REUNION).candidat(INDIVIDUEL, AFFECTE)
    candidat.when(planifier(ecrit, pratique)).then_kinds(PassagePlanifie)
    decale = creneau(DEBUT_E5 + timedelta(hours=1), 180, "E5-ecrit")
    candidat.when(planifier(decale, pratique)).then_refused("BTS-G03")


def test_bts_g03_sans_calendrier_national_le_planning_reste_celui_de_l_academie():
    ailleurs = creneau(datetime(2022, 5, 18, 8, tzinfo=REUNION))
    BTS.avec(fuseau=REUNION.key).candidat(INDIVIDUEL, AFFECTE).when(planifier(ailleurs)).then_kinds(PassagePlanifie)


# Le temps de loge ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", PARTOUT, ids=lambda one: one.key)
def test_bts_g03_le_candidat_est_convoque_avant_son_temps_de_loge(zone: ZoneInfo):
    candidat = dans(zone).candidat(INDIVIDUEL, AFFECTE, ADMIS)
    en_loge = (DEBUT_E3 - timedelta(minutes=60)).astimezone(zone)
    candidat.when(convoquer(en_loge)).then_kinds(ConvocationEmise)
    for retard in (timedelta(seconds=1), timedelta(minutes=60)):
        candidat.when(convoquer(en_loge + retard)).then_refused("BTS-G03")


def test_bts_g03_seuls_comptent_les_ecrits_que_le_candidat_passe():
    sans_e3 = BTS.inscrit(Categorie.INDIVIDUEL, "E5")
    candidat = dans(MAYOTTE).candidat(sans_e3, AFFECTE, ADMIS)
    candidat.when(convoquer(DEBUT_E5 - timedelta(minutes=30))).then_kinds(ConvocationEmise)
    candidat.when(convoquer(DEBUT_E5)).then_refused("BTS-G03")


def test_bts_g03_cl_140_un_ecrit_ne_se_reporte_pas_apres_son_instant_mais_change_de_centre():
    lieu: dict[str, Any] = {"candidat": NUMERO, "centre": LYCEE}
    convoque = ConvocationEmise(**lieu, epreuves=("E3", "E4"), le=DEBUT_E3 - timedelta(hours=2))
    candidat = dans(REUNION).candidat(INDIVIDUEL, AFFECTE, ADMIS, convoque, centres=CENTRES)

    def reporter(instant: datetime, centre: str = AUTRE_LYCEE, *epreuves: str) -> ReporterPassage:
        dit: dict[str, Any] = {
            "candidat": NUMERO,
            "centre": centre,
            "date": instant,
            "motif": "centre fermé",
            "epreuves": epreuves,
        }
        return ReporterPassage(**dit, **BTS.qui())

    candidat.when(reporter(DEBUT_E3 + timedelta(days=1))).then_refused("BTS-G03")
    _, reporte = candidat.when(reporter(DEBUT_E3 - timedelta(minutes=90))).then_kinds(type(AFFECTE), PassageReporte)
    assert reporte.centre == AUTRE_LYCEE
    candidat.when(reporter(DEBUT_E3 + timedelta(days=1), LYCEE, "E4")).then_kinds(PassageReporte)


# Le calendrier à l'ouverture de la session ---------------------------------------------------------------------------


def ouvrir(*ecrits: Ecrit, zone: ZoneInfo = REUNION) -> OuvrirSession:
    calendrier = Calendrier(reference="circulaire 2022-46, annexe I", ecrits=ecrits)
    dits = parametres(2022, fuseau=zone.key, premiere_epreuve=LUNDI, calendrier=calendrier)
    return OuvrirSession(reglement="BTS-NDRC-2022", parametres=dits, **BTS.qui())


def ouverture() -> Any:
    decide = partial(session_examen.decide, reglements=REGLEMENTS)
    return Spec(decide, session_examen.evolve, session_examen.initial).given()


def test_bts_g03_la_session_garde_le_calendrier_national_et_sa_reference():
    [ouverte] = ouverture().when(ouvrir(*ECRITS)).then_kinds(SessionOuverte)
    assert ouverte.parametres.calendrier == NATIONAL


@pytest.mark.parametrize("moment", ["E4-preparation", "E5-pratique", "E3", "E9", "EP1"])
def test_bts_g03_le_calendrier_ne_dit_que_des_ecrits_du_reglement(moment: str):
    ouverture().when(ouvrir(Ecrit(moment=moment, debut=DEBUT_E3))).then_refused("BTS-G03")


def test_bts_g03_un_ecrit_dont_le_reglement_ne_dit_pas_les_moments_porte_son_code():
    ouverture().when(ouvrir(Ecrit(moment="E1", debut=DEBUT_E3))).then_kinds(SessionOuverte)


def test_bts_g03_aucun_ecrit_avant_la_premiere_epreuve_a_l_heure_de_l_academie():
    """Le 16 à 0 h 30 à Paris, c'est encore le 15 à Cayenne."""
    tot = Ecrit(moment="E1", debut=datetime(2022, 5, 16, 0, 30, tzinfo=PARIS))
    ouverture().when(ouvrir(tot, zone=CAYENNE)).then_refused("DATES_INCOHERENTES")
    ouverture().when(ouvrir(tot, zone=REUNION)).then_kinds(SessionOuverte)


def test_bts_g03_un_ecrit_se_dit_une_fois():
    with pytest.raises(ValueError, match="deux fois"):
        Calendrier(reference="annexe I", ecrits=(ECRITS[0], ECRITS[0]))


def test_amb_59_le_calendrier_ne_change_plus_une_fois_la_session_ouverte():
    [ouverte] = ouverture().when(ouvrir(*ECRITS)).then_kinds(SessionOuverte)
    decale = ECRITS[0].model_copy(update={"debut": DEBUT_E3 + timedelta(hours=1)})
    decide = partial(session_examen.decide, reglements=REGLEMENTS)
    Spec(decide, session_examen.evolve, session_examen.initial).given(ouverte).when(ouvrir(decale)).then_refused(
        "SESSION_DEJA_OUVERTE"
    )


@pytest.mark.parametrize(
    ("calendrier", "accepte"),
    [
        (NATIONAL, True),
        (None, True),
        (Calendrier(reference="annexe I", ecrits=(Ecrit(moment="E1", debut=DEBUT_E3),)), True),
        (Calendrier(reference="annexe I", ecrits=(ECRITS[0].model_copy(update={"debut": DEBUT_E5}),)), False),
    ],
    ids=["le meme", "aucun", "un autre ecrit", "une autre heure"],
)
def test_bts_g03_une_rattachee_n_accepte_pas_un_regroupement_dont_les_ecrits_sont_a_d_autres_heures(
    calendrier: Calendrier | None, accepte: bool
):
    session = dans(MAYOTTE).session
    dit: dict[str, Any] = {
        "reglement": session.reglement.id,
        "empreinte": session.reglement.empreinte,
        "calendrier": calendrier,
    }
    propose = Propose("ndrc", "pilote", (session.academie,), **dit)
    decide = partial(regroupement.decide, session=session, propose=propose)
    accepter = AccepterRegroupement(regroupement="ndrc", pilote="pilote", **BTS.qui())
    donne = Spec(decide, regroupement.evolve, regroupement.initial).given().when(accepter)
    if accepte:
        donne.then_kinds(RegroupementAccepte)
    else:
        donne.then_refused("BTS-G03")


def test_une_session_ouverte_avant_se_relit_sans_calendrier():
    ancien = parametres(2022).model_dump(mode="json", exclude={"calendrier"})
    assert Parametres.model_validate(ancien).calendrier is None


# Les échéances ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("zone", PARTOUT, ids=lambda one: one.key)
def test_amb_36_cl_014_les_inscriptions_closent_a_minuit_heure_legale_de_l_academie(zone: ZoneInfo):
    cloture = date(2022, 1, 14)
    candidat = BTS.candidate(fuseau=zone.key, cloture_inscriptions=cloture)
    derniere = datetime(2022, 1, 14, 23, 59, 59, tzinfo=zone)
    a_temps = BTS.inscription(Categorie.INDIVIDUEL, **BTS.qui(le=derniere))
    assert candidat.when(a_temps).events()
    trop_tard = BTS.inscription(Categorie.INDIVIDUEL, **BTS.qui(le=derniere + timedelta(seconds=1)))
    candidat.when(trop_tard).then_refused("INSCRIPTIONS_CLOSES")


def test_amb_36_le_meme_instant_est_a_temps_a_cayenne_et_trop_tard_a_la_reunion():
    minuit_a_paris = datetime(2022, 1, 15, 0, 30, tzinfo=PARIS)
    inscription = BTS.inscription(Categorie.INDIVIDUEL, **BTS.qui(le=minuit_a_paris))
    assert BTS.candidate(fuseau=CAYENNE.key).when(inscription).events()
    for zone in (PARIS, REUNION, MAYOTTE):
        BTS.candidate(fuseau=zone.key).when(inscription).then_refused("INSCRIPTIONS_CLOSES")


@pytest.mark.parametrize("zone", PARTOUT, ids=lambda one: one.key)
def test_amb_36_la_premiere_epreuve_est_un_jour_de_l_heure_legale(zone: ZoneInfo):
    academie = BTS.avec(fuseau=zone.key, premiere_epreuve=LUNDI)
    candidat = academie.candidat(INDIVIDUEL, AFFECTE, ADMIS)
    minuit = datetime(2022, 5, 16, tzinfo=zone)
    candidat.when(convoquer(minuit)).then_kinds(ConvocationEmise)
    candidat.when(convoquer(minuit - timedelta(seconds=1))).then_refused("CONVOCATION_PREMATUREE")
    with pytest.raises(Refus):
        session_examen.decide(
            OuvrirSession(
                reglement="BTS-NDRC-2022", parametres=parametres(2022, fuseau="Indian/Nulle_part"), **BTS.qui()
            ),
            session_examen.initial,
            reglements=REGLEMENTS,
        )
