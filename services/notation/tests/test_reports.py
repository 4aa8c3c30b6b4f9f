"""Le centre n'a pas ouvert : l'absence portée ce jour-là ne vaut plus, dans quelque ordre que tout arrive (CL-140)."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from contracts.commandes.notation import RectifierNote
from contracts.commandes.releve import ReporterEpreuves
from contracts.evenements.inscription import PassageReporte
from contracts.evenements.notation import AbsenceConstatee, AbsenceLevee, ResultatArrete
from contracts.evenements.releve import EpreuvesReportees
from contracts.messages import Refus
from contracts.vocabulaire import EtatResultat
from services.notation.domain.etats import Releve
from services.notation.shell.reactions import REACTIONS, suivre_candidature
from services.notation.tests.diplomes import AU_BTS, absence, apres, arreter, bts, justifier, noter, resultat
from services.notation.tests.donnees import ALICE, LE, SYSTEME, fait
from services.notation.tests.faits import fait_lu

PASSAGE = LE + timedelta(days=7)
MOTIF = "centre fermé le 13 juin"
REPORTEES = EpreuvesReportees(candidat=ALICE, epreuves=("E4",), passage=PASSAGE, motif=MOTIF, regle="TR-N04")


def reporter(*epreuves: str, passage: datetime = PASSAGE) -> ReporterEpreuves:
    champs = {"epreuves": epreuves or ("E4",), "passage": passage, "motif": MOTIF, "regle": "TR-N04", "par": SYSTEME}
    return fait(ReporterEpreuves, **champs)


def levee(epreuve: str = "E4", situation: str | None = None) -> AbsenceLevee:
    return AbsenceLevee(candidat=ALICE, epreuve=epreuve, situation=situation, motif=MOTIF, regle="TR-N04")


def test_cl_140_le_report_leve_l_absence_deja_portee() -> None:
    apres(bts(AU_BTS), absence("E4")).when(reporter()).then(REPORTEES, levee())


def test_cl_140_meme_admise_l_absence_n_en_est_plus_une() -> None:
    apres(bts(AU_BTS), absence("E4"), justifier("E4")).when(reporter()).then(REPORTEES, levee())


def test_cl_140_les_autres_epreuves_gardent_la_leur() -> None:
    donne = apres(bts(AU_BTS), absence("E3"), absence("E4"), absence("E5", "S1"))
    donne.when(reporter("E4", "E5")).then(
        REPORTEES.model_copy(update={"epreuves": ("E4", "E5")}), levee(), levee("E5", "S1")
    )


def test_cl_140_sans_absence_le_report_se_retient_seul() -> None:
    bts(AU_BTS).when(reporter()).then(REPORTEES)
    bts().when(reporter()).then(REPORTEES)
    bts(AU_BTS).when(reporter("E9")).then_refused("EPREUVE_INCONNUE")


def test_cl_140_avant_la_nouvelle_date_nul_ne_se_porte_absent() -> None:
    donne = apres(bts(AU_BTS), reporter())
    donne.when(absence("E4")).then_refused("TR-N04")
    donne.when(absence("E3")).then_kinds(AbsenceConstatee)
    note = apres(donne, noter("E4", "12"))
    note.when(fait(RectifierNote, epreuve="E4", note="ABS", motif="erreur")).then_refused("TR-N04")


def test_cl_140_a_la_nouvelle_date_l_absence_en_est_une() -> None:
    donne = apres(bts(AU_BTS), reporter())
    donne.when(absence("E4", le=PASSAGE - timedelta(seconds=1))).then_refused("TR-N04")
    donne.when(absence("E4", le=PASSAGE)).then_kinds(AbsenceConstatee)


def test_cl_140_un_report_appris_apres_la_nouvelle_date_garde_l_absence_qui_la_suit() -> None:
    apres(bts(AU_BTS), absence("E4", le=PASSAGE)).when(reporter()).then(REPORTEES)


def test_cl_140_une_absence_dont_le_jour_n_est_pas_dit_est_levee() -> None:
    ancienne = AbsenceConstatee(candidat=ALICE, epreuve="E4", regle="DC-BTS12")
    bts(AU_BTS, ancienne).when(reporter()).then(REPORTEES, levee())


def test_cl_140_un_second_report_change_la_date() -> None:
    encore = PASSAGE + timedelta(days=7)
    donne = apres(bts(AU_BTS), reporter())
    donne.when(reporter()).then_nothing()
    plus_tard = apres(donne, reporter(passage=encore))
    plus_tard.when(absence("E4", le=PASSAGE)).then_refused("TR-N04")


def test_cl_140_le_resultat_deja_remonte_attend_la_nouvelle_epreuve() -> None:
    donne = apres(bts(AU_BTS), absence("E4"), arreter("E4"))
    [*_, redit] = donne.when(reporter()).then_kinds(EpreuvesReportees, AbsenceLevee, ResultatArrete)
    assert (redit.epreuve, redit.etat, redit.note) == ("E4", EtatResultat.SUSPENDUE, None)
    repasse = apres(donne, reporter(), noter("E4", "13", le=PASSAGE), arreter("E4", le=PASSAGE))
    dernier = resultat(repasse, "E4")
    assert dernier is not None
    assert (dernier.etat, str(dernier.note)) == (EtatResultat.NOTE, "13")


def test_cl_140_une_epreuve_deja_notee_garde_son_resultat() -> None:
    apres(bts(AU_BTS), noter("E4", "13"), arreter("E4")).when(reporter()).then(REPORTEES)


@pytest.mark.parametrize("jour", [LE, PASSAGE], ids=["avant", "après"])
def test_cl_140_l_ordre_d_arrivee_ne_change_pas_le_releve(jour: datetime) -> None:
    """Announced before or after the registration and the absence, the postponement leaves the same places."""
    issues = [_joues(ordre) for ordre in permutations([reporter(), absence("E4", le=jour), absence("E3", le=jour)])]
    assert all(one == issues[0] for one in issues)
    assert (("E4", None) in issues[0]) is (jour == PASSAGE)


def _joues(commandes: Any) -> dict[Any, str]:
    donne = bts(AU_BTS)
    for commande in commandes:
        try:
            donne = apres(donne, commande)
        except Refus as refus:
            if refus.regle != "TR-N04":
                raise
    releve: Releve = donne.state
    return {cle: type(place).__name__ for cle, place in releve.places.items() if type(place).__name__ != "ANoter"}


def test_cl_140_la_notation_apprend_le_report_de_l_inscription() -> None:
    event = PassageReporte(
        candidat=ALICE, centre="0761234A", le=PASSAGE, motif=MOTIF, regle="TR-N04", epreuves=("E4", "E5")
    )
    [commande] = suivre_candidature(fait_lu(event))
    assert isinstance(commande, ReporterEpreuves)
    assert (commande.epreuves, commande.passage, commande.motif, commande.regle) == (
        ("E4", "E5"),
        PASSAGE,
        MOTIF,
        "TR-N04",
    )
    assert suivre_candidature(fait_lu(event.model_copy(update={"epreuves": ()}))) == []
    assert any(PassageReporte in one.handles for one in REACTIONS)
