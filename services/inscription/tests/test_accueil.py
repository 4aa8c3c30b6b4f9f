"""L'accueil dans une autre académie : demandé, accordé s'il y a de la place, rendu quand on ne vient plus."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import AffecterCentre, EmettreConvocation, ReporterPassage
from contracts.commandes.regroupement import AccueillirCandidat, DemanderAccueil, EnregistrerAccueil, LibererPlace
from contracts.droits import Role
from contracts.evenements.inscription import CentreAffecte, ConvocationEmise, InscriptionAnnulee, PassageReporte
from contracts.evenements.regroupement import (
    AccueilDecline,
    AccueilDemande,
    AccueilRefuse,
    CandidatAccueilli,
    PlaceRendue,
)
from contracts.vocabulaire import Enveloppe, TypeCentre
from services.inscription.domain import accueil, candidature
from services.inscription.domain.session_examen import Centre
from services.inscription.tests.academies import AILLEURS, CHEZ, GRENOBLE, LYON, PARTAGE, PILOTE, qui
from services.inscription.tests.donnees import AUTRE, LYCEE, NUMERO, PRINCIPAL, autorise, inscrit
from services.inscription.tests.test_passage import JOUR, TOUTES
from services.socle.spec import Given, Spec

LA = "0690001A"
CENTRE = Centre(LA, TypeCentre.PRINCIPAL, places_accueil=1)
ENVELOPPE = Enveloppe(pour=LYON, cle="c", chiffre="x")


def chez_lui(*history: Any, **connu: Any) -> Given[Any]:
    """La candidature, dans l'académie du candidat."""
    connu = {"partage": PARTAGE, "centres": {LYCEE: PRINCIPAL}, **connu}
    return Spec(
        partial(candidature.decide, session=CHEZ[PILOTE], **connu), candidature.evolve, candidature.initial
    ).given(*history)


def au_centre(*history: Any, **connu: Any) -> Given[Any]:
    """Le centre, dans l'académie d'accueil."""
    connu = {"partage": PARTAGE, "centre": CENTRE, "fuseau": "Indian/Reunion", **connu}
    return Spec(partial(accueil.decide, **connu), accueil.evolve, accueil.initial).given(*history)


def demander(academie: str = LYON, centre: str = LA) -> DemanderAccueil:
    return DemanderAccueil(candidat=NUMERO, academie=academie, centre=centre, **qui(PILOTE, Role.GESTIONNAIRE))


def demande(n: int = 1, **autres: Any) -> AccueilDemande:
    champs = {"candidat": NUMERO, "academie": LYON, "centre": LA, "demande": n, "regle": "BTS-G05", **autres}
    return AccueilDemande(**champs)


def enregistrer(accueilli: bool = True, n: int = 1, **autres: Any) -> EnregistrerAccueil:
    dit: dict[str, Any] = {"fuseau": "Indian/Reunion"} if accueilli else {"cause": "CENTRE_PLEIN"}
    champs = {"candidat": NUMERO, "academie": LYON, "centre": LA, "demande": n, "accueilli": accueilli, **dit, **autres}
    return EnregistrerAccueil(**champs, **qui(PILOTE, Role.SYSTEME))


AFFECTE_LA = CentreAffecte(
    candidat=NUMERO, centre=LA, type=TypeCentre.PRINCIPAL, regle="BTS-G05", academie=LYON, fuseau="Indian/Reunion"
)
AFFECTE_ICI = CentreAffecte(candidat=NUMERO, centre=LYCEE, type=TypeCentre.PRINCIPAL, regle="CAP24-G06")
DECLINE = AccueilDecline(candidat=NUMERO, academie=LYON, centre=LA, cause="CENTRE_PLEIN", regle="BTS-G05")
ANNULEE = InscriptionAnnulee(candidat=NUMERO, motif="désistement")


# L'académie du candidat --------------------------------------------------------------------------------------------


def test_bts_g05_une_place_se_demande_a_une_autre_academie_du_regroupement() -> None:
    chez_lui(inscrit(), enveloppe=ENVELOPPE).when(demander()).then(demande(enveloppe=ENVELOPPE))
    chez_lui(inscrit(), demande()).when(demander()).then_nothing()
    chez_lui(inscrit(), demande(), AFFECTE_LA).when(demander()).then_nothing()


@pytest.mark.parametrize("academie", [AILLEURS, PILOTE])
def test_tr_g01_hors_du_regroupement_aucune_place_ne_se_demande(academie: str) -> None:
    chez_lui(inscrit()).when(demander(academie)).then_refused("TR-G01")
    chez_lui(inscrit(), partage=None).when(demander()).then_refused("REGROUPEMENT_INCONNU")


def test_accueil_en_cours_une_seule_demande_a_la_fois() -> None:
    chez_lui(inscrit(), demande()).when(demander(GRENOBLE)).then_refused("ACCUEIL_EN_COURS")
    chez_lui(inscrit(), demande(), DECLINE).when(demander(GRENOBLE)).then(demande(2, academie=GRENOBLE))
    chez_lui().when(demander()).then_refused("CANDIDAT_INCONNU")


def test_bts_g05_la_reponse_affecte_le_centre_ou_se_voit() -> None:
    chez_lui(inscrit(), demande()).when(enregistrer()).then(AFFECTE_LA)
    chez_lui(inscrit(), demande()).when(enregistrer(False)).then(DECLINE)


def test_une_reponse_que_rien_n_attend_ne_change_rien() -> None:
    chez_lui(inscrit()).when(enregistrer()).then_nothing()
    chez_lui(inscrit(), demande()).when(enregistrer(academie=GRENOBLE)).then_nothing()
    chez_lui(inscrit(), demande(), AFFECTE_ICI, demande(2)).when(enregistrer()).then_nothing()
    chez_lui(inscrit(), demande(), AFFECTE_ICI, demande(2)).when(enregistrer(n=2)).then(AFFECTE_LA)
    chez_lui(inscrit(), demande(), ANNULEE).when(enregistrer()).then_nothing()


def test_un_centre_d_ici_met_fin_a_la_demande() -> None:
    affecter = AffecterCentre(candidat=NUMERO, centre=LYCEE, **qui(PILOTE))
    chez_lui(inscrit(), demande()).when(affecter).then(AFFECTE_ICI)
    chez_lui(inscrit(), AFFECTE_ICI, demande()).when(affecter).then(AFFECTE_ICI)
    chez_lui(inscrit(), demande(), AFFECTE_ICI).when(enregistrer()).then_nothing()


def test_bts_g05_la_convocation_nomme_l_academie_d_accueil_et_son_heure_legale() -> None:
    convoquer = EmettreConvocation(candidat=NUMERO, date=JOUR, **qui(PILOTE))
    emise = ConvocationEmise(
        candidat=NUMERO, centre=LA, epreuves=TOUTES, le=JOUR, academie=LYON, fuseau="Indian/Reunion"
    )
    chez_lui(inscrit(), autorise(), AFFECTE_LA).when(convoquer).then(emise)
    ferme = replace(CENTRE, ferme_le=frozenset({JOUR.date()}))
    chez_lui(inscrit(), autorise(), AFFECTE_LA, centres={LA: ferme}).when(convoquer).then_refused("CENTRE_FERME")


def test_cl_140_un_candidat_accueilli_est_reporte_sur_place() -> None:
    emise = ConvocationEmise(candidat=NUMERO, centre=LA, epreuves=TOUTES, le=JOUR, academie=LYON)
    plus_tard = JOUR.replace(day=JOUR.day + 2)
    reporter = ReporterPassage(candidat=NUMERO, centre=LA, date=plus_tard, motif="inondation", **qui(PILOTE))
    [reporte] = chez_lui(inscrit(), autorise(), AFFECTE_LA, emise).when(reporter).then_kinds(PassageReporte)
    assert (reporte.centre, reporte.le) == (LA, plus_tard)


# L'académie du centre ----------------------------------------------------------------------------------------------


def accueillir(candidat: str = NUMERO, origine: str = PILOTE, n: int = 1) -> AccueillirCandidat:
    envoi = qui(LYON, Role.SYSTEME)
    return AccueillirCandidat(candidat=candidat, origine=origine, centre=LA, demande=n, **envoi)


def liberer(candidat: str = NUMERO) -> LibererPlace:
    return LibererPlace(candidat=candidat, origine=PILOTE, centre=LA, **qui(LYON, Role.SYSTEME))


def accueilli(candidat: str = NUMERO, n: int = 1, origine: str = PILOTE) -> CandidatAccueilli:
    ou = {"centre": LA, "type": TypeCentre.PRINCIPAL, "fuseau": "Indian/Reunion", "regle": "BTS-G05"}
    return CandidatAccueilli(candidat=candidat, origine=origine, demande=n, **ou)


def refuse(cause: str, candidat: str = NUMERO, n: int = 1, origine: str = PILOTE) -> AccueilRefuse:
    return AccueilRefuse(candidat=candidat, origine=origine, centre=LA, demande=n, cause=cause, regle="BTS-G05")


RENDUE = PlaceRendue(candidat=NUMERO, origine=PILOTE, centre=LA, regle="BTS-G05")


def test_bts_g05_le_centre_accueille_tant_qu_il_a_de_la_place_dans_l_ordre_du_journal() -> None:
    au_centre().when(accueillir()).then(accueilli())
    au_centre(accueilli()).when(accueillir(AUTRE)).then(refuse("CENTRE_PLEIN", AUTRE))
    deux = replace(CENTRE, places_accueil=2)
    au_centre(accueilli(), centre=deux).when(accueillir(AUTRE)).then(accueilli(AUTRE))
    au_centre(accueilli(), centre=deux).when(accueillir(origine=GRENOBLE)).then(accueilli(origine=GRENOBLE))


def test_centre_plein_quand_aucune_place_n_est_offerte() -> None:
    au_centre(centre=PRINCIPAL).when(accueillir()).then(refuse("CENTRE_PLEIN"))


@pytest.mark.parametrize(
    ("connu", "cause"),
    [
        ({"centre": None}, "CENTRE_INCONNU"),
        ({"centre": Centre(LA, TypeCentre.ANNEXE, "acte", places_accueil=9)}, "CENTRE_ANNEXE"),
        ({"partage": None}, "HORS_REGROUPEMENT"),
    ],
)
def test_un_refus_est_un_fait_que_l_academie_du_candidat_apprend(connu: Any, cause: str) -> None:
    au_centre(**connu).when(accueillir()).then(refuse(cause))
    au_centre(refuse(cause), **connu).when(accueillir()).then_nothing()


def test_tr_g01_hors_regroupement_nul_n_est_accueilli() -> None:
    au_centre().when(accueillir(origine=AILLEURS)).then(refuse("HORS_REGROUPEMENT", origine=AILLEURS))


def test_une_place_rendue_sert_a_un_autre() -> None:
    au_centre(accueilli()).when(liberer()).then(RENDUE)
    au_centre().when(liberer()).then_nothing()
    au_centre(accueilli(), RENDUE).when(accueillir(AUTRE)).then(accueilli(AUTRE))


def test_redemander_appelle_une_nouvelle_reponse() -> None:
    au_centre(accueilli()).when(accueillir()).then_nothing()
    au_centre(accueilli()).when(accueillir(n=2)).then(accueilli(n=2))
    au_centre(refuse("CENTRE_PLEIN")).when(accueillir(n=2)).then(accueilli(n=2))
