"""Une personne n'est qu'une fois dans la session : empreinte, place, doublons, fusion, annulation."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import AnnulerInscription, FusionnerDoublon
from contracts.droits import Role
from contracts.evenements.inscription import (
    DoublonFusionne,
    InscriptionAnnulee,
    PersonneLiberee,
    PersonneReservee,
)
from contracts.vocabulaire import Identite
from services.inscription.domain import personne
from services.inscription.domain.candidature import Inscrite
from services.inscription.domain.empreinte import cle_personne, empreinte_personne
from services.inscription.domain.personne import SansPlace
from services.inscription.tests.donnees import (
    AUTRE,
    EMPREINTE,
    IDENTITE,
    NUMERO,
    QUI,
    S2026,
    SECRET,
    Ensemble,
    evolve_ensemble,
    inscription,
    inscrit,
    qui,
    reservee,
)
from services.inscription.tests.test_admission import inscrire
from services.socle.spec import Spec

CAP_AUTRE = "cap_boulanger"


def identite(**autres: Any) -> Identite:
    return IDENTITE.model_copy(update=autres)


def permises(permission: str) -> dict[str, Any]:
    return {permission: True}


# Reconnaître -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "autres",
    [
        {"nom": "lemoine"},
        {"prenoms": "ZOE-MARIE"},
        {"prenoms": "Zoe\u0301  Marie"},
        {"lieu_naissance": "ROUEN"},
        {"nom_usage": "DURAND"},
        {"adresse": "1 rue du Port", "courriel": "z@exemple.fr"},
    ],
)
def test_amb_56_la_meme_personne_autrement_ecrite(autres: dict[str, Any]) -> None:
    assert empreinte_personne(identite(**autres), SECRET) == EMPREINTE


@pytest.mark.parametrize(
    "autres",
    [
        {"nom": "LEMOINES"},
        {"prenoms": "Zoé"},
        {"naissance": date(2004, 3, 13)},
        {"lieu_naissance": "Caen"},
        {"ine": "1234567890A"},
        {"nom": "LEMOINEZ", "prenoms": "oé Marie"},
    ],
)
def test_amb_56_une_autre_personne(autres: dict[str, Any]) -> None:
    assert empreinte_personne(identite(**autres), SECRET) != EMPREINTE


def test_amb_56_l_ine_suffit_a_reconnaitre() -> None:
    un, deux = identite(ine="1234567890a"), identite(ine="1234567890A", nom="DURAND", lieu_naissance="Caen")
    assert empreinte_personne(un, SECRET) == empreinte_personne(deux, SECRET)


def test_les_ligatures_et_les_autres_ecritures_se_distinguent_bien() -> None:
    assert cle_personne(identite(nom="LECŒUR")) == cle_personne(identite(nom="Lecoeur"))
    assert cle_personne(identite(nom="王")) != cle_personne(identite(nom="李"))


def test_l_empreinte_ne_se_devine_pas_sans_le_secret() -> None:
    assert empreinte_personne(IDENTITE, b"autre secret") != EMPREINTE
    assert len(EMPREINTE) == 64
    with pytest.raises(ValueError, match="secret"):
        empreinte_personne(IDENTITE, b"")


# Prendre sa place --------------------------------------------------------------------------------------------------


def test_cl_137_amb_56_la_meme_personne_saisie_deux_fois_est_un_doublon() -> None:
    nom_d_usage = identite(nom_usage="DURAND")
    deja = Spec(inscrire, evolve_ensemble, Ensemble()).given(inscrit(), reservee())
    refuse = deja.when(inscription(candidat=AUTRE, identite=nom_d_usage)).then_refused("AMB-56")
    assert NUMERO in refuse.detail
    assert not any(mot in refuse.detail for mot in ("LEMOINE", "DURAND", "Zoé"))


def test_cl_061_dc_cap07_deux_cap_la_meme_session_sans_derogation() -> None:
    deja = Spec(inscrire, evolve_ensemble, Ensemble()).given(reservee(AUTRE, CAP_AUTRE))
    deja.when(inscription()).then_refused("DC-CAP07")


@pytest.mark.parametrize("permission", ["derogation", "contrat_deux_specialites"])
def test_dc_cap07_deux_cap_par_derogation_ou_par_contrat(permission: str) -> None:
    deja = Spec(inscrire, evolve_ensemble, Ensemble()).given(reservee(AUTRE, CAP_AUTRE))
    deja.when(inscription(**permises(permission))).then(inscrit(), reservee(derogation=True))


def test_dc_cap07_le_contrat_prevoit_deux_specialites_pas_trois() -> None:
    deja = Spec(inscrire, evolve_ensemble, Ensemble()).given(
        reservee(AUTRE, CAP_AUTRE), reservee("2600000003", "cap_fleuriste")
    )
    deja.when(inscription(contrat_deux_specialites=True)).then_refused("DC-CAP07")


@pytest.mark.parametrize("permission", ["derogation", "contrat_deux_specialites"])
def test_dc_cap07_un_candidat_ne_s_accorde_pas_la_derogation(permission: str) -> None:
    deja = Spec(inscrire, evolve_ensemble, Ensemble()).given(reservee(AUTRE, CAP_AUTRE))
    deja.when(inscription(**permises(permission), **qui(Role.CANDIDAT))).then_refused("DC-CAP07")


def test_dc_cap07_un_diplome_d_une_autre_famille_n_y_fait_pas_obstacle() -> None:
    bts = reservee(AUTRE, "bts_ndrc", famille="brevet de technicien supérieur")
    Spec(inscrire, evolve_ensemble, Ensemble()).given(bts).when(inscription()).then(inscrit(), reservee())


# Annuler -----------------------------------------------------------------------------------------------------------


def annuler(command: AnnulerInscription, ensemble: Ensemble) -> list[Any]:
    candidature = ensemble[command.candidat]
    places = dict.fromkeys(getattr(getattr(candidature, "fiche", None), "personnes", ()), ensemble.personne)
    siens, rendues = personne.annuler(command, candidature, places, S2026)
    return [*siens, *(event for events in rendues.values() for event in events)]


a_annuler = Spec(annuler, evolve_ensemble, Ensemble()).given
ANNULER = AnnulerInscription(candidat=NUMERO, motif="désistement écrit", **QUI)
ANNULEE = InscriptionAnnulee(candidat=NUMERO, motif="désistement écrit")
LIBEREE = PersonneLiberee(candidat=NUMERO, diplome="cap_osrcl")


def test_dc_cap07_une_inscription_annulee_rend_sa_place() -> None:
    a_annuler(inscrit(), reservee()).when(ANNULER).then(ANNULEE, LIBEREE)
    rendue = Spec(inscrire, evolve_ensemble, Ensemble()).given(inscrit(), reservee(), ANNULEE, LIBEREE)
    assert isinstance(rendue.state.personne, SansPlace)
    rendue.when(inscription(candidat=AUTRE)).then(inscrit(candidat=AUTRE), reservee(AUTRE))


def test_seule_une_inscription_qui_existe_s_annule() -> None:
    a_annuler().when(ANNULER).then_refused("CANDIDAT_INCONNU")
    a_annuler(inscrit(), ANNULEE).when(ANNULER).then_nothing()


def test_amb_54_apres_le_jury_une_inscription_ne_s_annule_plus() -> None:
    apres = ANNULER.model_copy(update={"le": datetime(2026, 7, 2, 9, tzinfo=UTC)})
    a_annuler(inscrit(), reservee()).when(apres).then_refused("AMB-54")


# Fusionner ---------------------------------------------------------------------------------------------------------


def fusionner(command: FusionnerDoublon, ensemble: Ensemble) -> list[Any]:
    gardee, remplacee = ensemble[command.candidat], ensemble[command.remplace]
    places = dict.fromkeys(getattr(getattr(remplacee, "fiche", None), "personnes", ()), ensemble.personne)
    siens, autres, renommees = personne.fusionner(command, gardee, remplacee, places)
    return [*siens, *autres, *(event for events in renommees.values() for event in events)]


a_fusionner = Spec(fusionner, evolve_ensemble, Ensemble()).given
MAL_ORTHOGRAPHIEE = "b" * 64
FUSIONNER = FusionnerDoublon(candidat=NUMERO, remplace=AUTRE, motif="même personne, nom mal écrit", **QUI)
SECONDE = inscrit(candidat=AUTRE, personne=MAL_ORTHOGRAPHIEE)
FUSIONNE = DoublonFusionne(
    candidat=NUMERO, remplace=AUTRE, motif="même personne, nom mal écrit", personnes=(MAL_ORTHOGRAPHIEE,)
)


def test_cl_137_amb_56_une_fusion_a_la_main_annule_le_doublon_et_garde_le_premier_numero() -> None:
    a_fusionner(inscrit(), SECONDE, reservee(AUTRE)).when(FUSIONNER).then(
        FUSIONNE,
        InscriptionAnnulee(candidat=AUTRE, motif=f"doublon de {NUMERO} : même personne, nom mal écrit"),
        PersonneLiberee(candidat=AUTRE, diplome="cap_osrcl"),
        reservee(),
    )


def test_amb_56_la_personne_mal_ecrite_mene_ensuite_au_numero_garde() -> None:
    apres = Ensemble({}, personne.evolve(personne.initial, PersonneReservee(candidat=NUMERO, diplome="cap_osrcl")))
    refuse = Spec(inscrire, evolve_ensemble, apres).given().when(inscription(candidat="2600000003"))
    assert NUMERO in refuse.then_refused("AMB-56").detail


def test_amb_56_annuler_le_numero_garde_rend_aussi_la_place_fusionnee() -> None:
    fusionnee = Spec(annuler, evolve_ensemble, Ensemble()).given(inscrit(), FUSIONNE, reservee())
    gardee = fusionnee.state[NUMERO]
    assert isinstance(gardee, Inscrite)
    assert gardee.fiche.personnes == (EMPREINTE, MAL_ORTHOGRAPHIEE)
    _, rendues = personne.annuler(
        ANNULER, gardee, dict.fromkeys(gardee.fiche.personnes, fusionnee.state.personne), S2026
    )
    assert rendues == {EMPREINTE: [LIBEREE], MAL_ORTHOGRAPHIEE: [LIBEREE]}


def test_une_fusion_veut_deux_inscriptions_differentes() -> None:
    soi_meme = FUSIONNER.model_copy(update={"remplace": NUMERO})
    a_fusionner(inscrit()).when(soi_meme).then_refused("DOUBLON_IDENTIQUE")
    a_fusionner(inscrit()).when(FUSIONNER).then_refused("CANDIDAT_INCONNU")
    a_fusionner(inscrit(), ANNULEE, SECONDE).when(FUSIONNER).then_refused("INSCRIPTION_ANNULEE")


def test_un_tres_long_motif_de_fusion_tient_dans_le_motif_d_annulation() -> None:
    long = FUSIONNER.model_copy(update={"motif": "x" * 500})
    evenements = a_fusionner(inscrit(), SECONDE, reservee(AUTRE)).when(long).events()
    [annulee] = [event for event in evenements if isinstance(event, InscriptionAnnulee)]
    assert len(annulee.motif) == 500


def test_une_place_inconnue_n_a_rien_a_rendre() -> None:
    decide = partial(personne.annuler, ANNULER, session=S2026)
    candidature = evolve_ensemble(Ensemble(), inscrit())[NUMERO]
    assert decide(candidature, personnes={EMPREINTE: SansPlace()}) == ([ANNULEE], {EMPREINTE: []})


def test_rendre_une_place_que_l_on_n_a_pas_ne_change_rien() -> None:
    assert personne.evolve(personne.initial, LIBEREE) == personne.initial
