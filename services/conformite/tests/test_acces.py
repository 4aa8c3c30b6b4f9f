"""Qui doit justifier de quoi : la condition d'expérience, la formation du mineur, les PFMP, les supports."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from contracts.commandes.conformite import OuvrirDossier
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DossierOuvert,
    PieceDeposee,
    PieceJugee,
    RegularisationDemandee,
)
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, NaturePiece, Verdict
from services.conformite.tests.donnees import (
    ALICE,
    AVRIL,
    DECEMBRE,
    LIMITE,
    NOVEMBRE,
    PARIS,
    apres,
    arreter,
    attestation,
    clause,
    conclure,
    controler,
    deposer,
    douter,
    histoire,
    juger,
    ouvrir,
    refus_de,
    reglement,
    semaines,
    session,
    spec,
)

SUPPORTS = ("EP1.S1", "EP1.S2", "EP2")
EXPERIENCE, PREUVE, PFMP = (
    NaturePiece.ATTESTATION_EXPERIENCE,
    NaturePiece.PREUVE_FORMATION,
    NaturePiece.ATTESTATION_PFMP,
)


def ouverture(command: OuvrirDossier, une: SessionFigee | None = None) -> DossierOuvert:
    [event] = spec(une).given().when(command).then_kinds(DossierOuvert)
    assert isinstance(event, DossierOuvert)
    return event


def test_cl_008_majeur_au_31_decembre_2026_la_condition_est_due():
    # Né le 31/12/2008 : l'inscription le dit majeur au 31/12/2026 (CAP26-I02).
    event = ouverture(ouvrir(majeur=True))
    assert event.experience_due
    assert event.pieces_dues[0] == EXPERIENCE


def test_cl_009_mineur_individuel_sans_condition_de_duree_mais_une_formation_a_prouver():
    # Né le 01/01/2009 : mineur au 31/12/2026 (DC-CAP03).
    event = ouverture(ouvrir(majeur=False))
    assert not event.experience_due
    assert event.attendus == ("preuve_formation", *SUPPORTS)


def test_cl_009_sans_preuve_de_formation_le_mineur_n_est_pas_autorise():
    refuse = refus_de(ouvrir(majeur=False))
    assert (refuse.regle, refuse.motifs) == ("DC-CAP03", ("piece",))


def test_cl_009_une_preuve_de_formation_s_examine_puis_ouvre_l_acces():
    depot = deposer("F1", nature=PREUVE)
    avant = apres(ouvrir(majeur=False), depot)
    avant.when(controler()).then_refused("DC-CAP03")
    [event] = (
        apres(ouvrir(majeur=False), depot, juger("F1", Verdict.CONFORME))
        .when(controler())
        .then_kinds(DossierDeclareConforme)
    )
    assert event.heures_retenues is None


def test_cl_009_une_formation_deja_attestee_n_est_pas_redemandee():
    event = ouverture(ouvrir(majeur=False, formation_attestee=True))
    assert "preuve_formation" not in event.attendus


def test_dc_cap03_une_preuve_de_formation_tardive_est_hors_delai():
    tardive = deposer("F1", nature=PREUVE, depose_le=DECEMBRE)
    refuse = refus_de(ouvrir(majeur=False), tardive)
    assert refuse.motifs == ("delai",)


def test_cl_010_eleve_de_lycee_majeur_pas_d_attestation_001_mais_des_pfmp():
    event = ouverture(ouvrir(Categorie.SCOLAIRE_PUBLIC))
    assert not event.experience_due
    assert event.attendus == ("attestation_pfmp", *SUPPORTS)


def test_cl_010_option_strict_001_l_attestation_est_exigee():
    event = ouverture(ouvrir(Categorie.SCOLAIRE_PUBLIC), session(strict_001=True))
    assert event.experience_due
    assert event.attendus == ("attestation_experience", *SUPPORTS)


def test_cl_010_option_strict_001_sans_attestation_non_autorise():
    refuse = refus_de(ouvrir(Categorie.SCOLAIRE_PUBLIC), une=session(strict_001=True))
    assert refuse.motifs == ("piece",)


def test_amb_04_des_pfmp_absentes_se_signalent_sans_fermer_l_examen():
    [event] = apres(ouvrir(Categorie.SCOLAIRE_PUBLIC)).when(controler(NOVEMBRE)).then_kinds(DossierDeclareConforme)
    assert event.regle == "AMB-04"
    pfmp = [une for une in event.explication if "PFMP du candidat" in une.texte]
    assert [une.effet for une in pfmp] == ["à contrôler auprès de l'établissement, sans effet ici"]


def test_amb_04_des_pfmp_qu_une_personne_refuse_ferment_l_examen():
    depot = deposer("P1", nature=PFMP, depose_le=AVRIL)
    refus = juger("P1", Verdict.NON_CONFORME, "périodes non effectuées", le=AVRIL)
    [event] = (
        apres(ouvrir(Categorie.SCOLAIRE_PUBLIC), controler(NOVEMBRE), depot, refus)
        .when(controler(AVRIL))
        .then_kinds(DossierDeclareNonConforme)
    )
    assert (event.regle, event.motifs) == ("AMB-04", ("piece",))
    assert "périodes non effectuées" in clause(event.explication[1].details, "TR-C02").faits
    apres(ouvrir(Categorie.SCOLAIRE_PUBLIC), depot, refus, controler(AVRIL)).when(arreter()).then_refused("AMB-04")


def test_amb_04_a_distance_il_faut_une_preuve_de_preparation():
    assert ouverture(ouvrir(Categorie.DISTANCE)).experience_due
    assert not ouverture(ouvrir(Categorie.DISTANCE, formation_attestee=True)).experience_due


def test_amb_04_la_preuve_jugee_conforme_dispense_de_la_duree():
    event = (
        apres(ouvrir(Categorie.DISTANCE), deposer("F1", nature=PREUVE), juger("F1", Verdict.CONFORME))
        .when(controler())
        .then_kinds(DossierDeclareConforme)[0]
    )
    assert event.regle == "AMB-04"


@pytest.mark.parametrize(
    ("categorie", "due"),
    [
        (Categorie.SCOLAIRE_PUBLIC, False),
        (Categorie.SCOLAIRE_PRIVE, False),
        (Categorie.APPRENTI, False),
        (Categorie.FORMATION_CONTINUE, False),
        (Categorie.HORS_CONTRAT, False),
        (Categorie.INDIVIDUEL, True),
    ],
)
def test_amb_04_l_attestation_ne_vise_que_le_majeur_hors_formation(categorie: Categorie, due: bool):
    assert ouverture(ouvrir(categorie)).experience_due is due


def session_2025() -> SessionFigee:
    """The session before the condition: the rules of 2024."""
    ancien = reglement("CAP-OSRCL-2024").model_copy(update={"id": "CAP-OSRCL-2025", "session": "2025"})
    une = session(limite_attestation=None, premiere_epreuve=date(2025, 5, 19), remise_supports=date(2025, 4, 30))
    return SessionFigee("rouen", ancien, une.parametres)


def test_cl_011_session_2025_la_condition_est_inapplicable():
    event = ouverture(ouvrir(Categorie.INDIVIDUEL, reglement_id="CAP-OSRCL-2025"), session_2025())
    assert not event.experience_due
    assert event.attendus == SUPPORTS


def test_cap26_i01_avant_2026_le_dossier_est_conforme_sans_attestation():
    une = session_2025()
    dossier = apres(ouvrir(reglement_id="CAP-OSRCL-2025"), une=une)
    [event] = dossier.when(controler(NOVEMBRE)).then_kinds(DossierDeclareConforme)
    assert event.regle == "CAP26-I01"
    assert "4 juillet 2025" in event.explication[0].source


def test_cap26_i02_le_mineur_forme_est_autorise_sans_duree():
    dossier = apres(ouvrir(majeur=False, formation_attestee=True))
    [event] = dossier.when(controler(NOVEMBRE)).then_kinds(DossierDeclareConforme)
    assert event.regle == "CAP26-I02"


# L'ouverture ------------------------------------------------------------------------------------------------------


def test_ouvrir_dit_les_pieces_dues_selon_le_statut():
    individuel, scolaire = ouverture(ouvrir()), ouverture(ouvrir(Categorie.SCOLAIRE_PRIVE))
    assert NaturePiece.RECAPITULATIF_EXPERIENCE in individuel.pieces_dues
    assert NaturePiece.RECAPITULATIF_PFMP in scolaire.pieces_dues


def test_amb_59_une_inscription_sous_un_autre_reglement_est_refusee():
    spec().given().when(ouvrir(reglement_id="CAP-OSRCL-2024")).then_refused("AMB-59")


def test_ouvrir_deux_fois_sur_une_autre_inscription_est_refuse():
    apres(ouvrir()).when(ouvrir(Categorie.APPRENTI)).then_refused("DOSSIER_DEJA_OUVERT")
    apres(ouvrir()).when(ouvrir(le=DECEMBRE)).then_nothing()


def test_une_piece_arrivee_avant_l_inscription_est_gardee_puis_jugee():
    depot = deposer("A1", semaines(14))
    spec().given().when(depot).then_kinds(PieceDeposee)
    ouvert, jugee = apres(depot).when(ouvrir()).then_kinds(DossierOuvert, PieceJugee)
    assert jugee.verdict is Verdict.CONFORME
    assert ouvert.attendus == ("attestation_experience", *SUPPORTS)
    assert jugee.manquants == SUPPORTS


def test_une_piece_incomplete_arrivee_avant_l_inscription_est_redemandee():
    depot = deposer("A1", contenu=attestation(cachet=False))
    kinds = (DossierOuvert, PieceJugee, RegularisationDemandee)
    *_, demande = apres(depot).when(ouvrir()).then_kinds(*kinds)
    assert demande.avant == LIMITE.replace(microsecond=999999)


def test_l_ordre_d_arrivee_de_l_inscription_et_de_la_piece_mene_au_meme_dossier():
    premier, second = semaines(8), semaines(6, debut=date(2025, 6, 2))
    commandes: list[Any] = [deposer("A1", premier), deposer("A2", second)]
    tot = spec().given(histoire(ouvrir(), *commandes))
    tard = spec().given(histoire(*commandes, ouvrir()))
    assert tot.state == tard.state
    [decision] = tard.when(controler()).then_kinds(DossierDeclareConforme)
    assert decision.heures_retenues == 490


def test_les_dates_de_depot_sont_celles_du_lieu_de_l_academie():
    assert datetime(2025, 11, 28, 23, 59, 59, 999999, PARIS) == session().fin_du_jour(date(2025, 11, 28))


@pytest.mark.parametrize(
    "command",
    [controler(), juger("A1", Verdict.CONFORME), arreter(), douter(), conclure(True)],
    ids=lambda one: one.NAME,
)
def test_rien_ne_se_decide_sur_un_candidat_inconnu(command: Any):
    refus = spec().given().when(command).then_refused("DOSSIER_INCONNU")
    assert ALICE not in str(refus)
