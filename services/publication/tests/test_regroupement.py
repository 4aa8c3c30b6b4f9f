"""Un jury à l'académie pilote, la publication chez chacun (CAP24-P01, TR-P01) : ce qu'on prépare, ce qui se lit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from contracts.commandes.publication import PreparerPublication, PublierDecision, PublierResultats
from contracts.droits import check_rights
from contracts.evenements.deliberation import NatureDecision
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.publication import DecisionPubliee, PublicationPreparee, ResultatsPublies
from contracts.messages import Event, Refus
from contracts.vocabulaire import Decision, EtatResultat, Explication
from services.communs.testing import base
from services.communs.testing import projeter as projeter_un
from services.publication.domain.histoire import FaitLu, HistoireCandidat
from services.publication.domain.publication import decide, evolve, exiger_jury_d_ici, initial
from services.publication.projections.identites import Identites
from services.publication.projections.resultats import (
    Resultats,
    decide_ailleurs,
    jury_du_candidat,
    lister,
    resultat_publie,
)
from services.publication.shell.reactions import preparer_publication
from services.publication.tests.donnees import (
    ALICE,
    BASILE,
    CELIA,
    EMBARGO,
    PUBLIE,
    clos,
    decidee,
    fait,
    inscrit,
    qui,
    resultat,
    session,
)
from services.socle.enveloppe import Fact
from services.socle.spec import Spec
from services.socle.sql import create_tables

ICI, PILOTE, AUTRE = "normandie", "rouen", "caen"
LIEU = {"academie": ICI, "session": "2026", "diplome": "cap_osrcl"}
DECISIONS = {ALICE: Decision.ADMIS, BASILE: Decision.AJOURNE, CELIA: Decision.ADMIS}
CLOS = clos(DECISIONS).model_copy(update={"origines": {ALICE: ICI, BASILE: AUTRE}})
SIENNES = {ALICE: Decision.ADMIS}
PREPAREE = PublicationPreparee(jury="J1", decisions=SIENNES, embargo=EMBARGO, pilote=PILOTE)
PUBLIES = ResultatsPublies(jury="J1", decisions=SIENNES, le=PUBLIE, vu=500)
ENSUITE = PUBLIE + timedelta(days=1)

given = Spec(lambda command, state, **autres: decide(command, state, session(), **autres), evolve, initial).given


# Préparer ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("academie", "siennes", "pilote"),
    [(ICI, SIENNES, PILOTE), (AUTRE, {BASILE: Decision.AJOURNE}, PILOTE), (PILOTE, {CELIA: Decision.ADMIS}, None)],
)
def test_cap24_p01_chaque_academie_prepare_les_siens(
    academie: str, siennes: dict[str, Decision], pilote: str | None
) -> None:
    [command] = preparer_publication(fait(CLOS, academie=PILOTE), academie)
    assert isinstance(command, PreparerPublication)
    assert (command.decisions, command.pilote, command.par.academie) == (siennes, pilote, academie)
    check_rights(command, academie)


def test_une_academie_sans_candidat_au_jury_ne_prepare_rien_la_pilote_si() -> None:
    sans = clos(DECISIONS).model_copy(update={"origines": dict.fromkeys(DECISIONS, ICI)})
    assert preparer_publication(fait(sans, academie=PILOTE), AUTRE) == []
    [command] = preparer_publication(fait(sans, academie=PILOTE), PILOTE)
    assert isinstance(command, PreparerPublication)
    assert command.decisions == {}  # its minutes are its own to publish


def test_tr_p01_une_decision_prise_ensuite_est_publiee_par_l_academie_du_candidat() -> None:
    prise = decidee(nature=NatureDecision.COMPLEMENTAIRE, origine=ICI)
    [command] = preparer_publication(fait(prise, academie=PILOTE), ICI)
    assert isinstance(command, PublierDecision)
    assert (command.candidat, command.par.academie) == (ALICE, ICI)
    assert preparer_publication(fait(prise, academie=PILOTE), PILOTE) == []
    assert preparer_publication(fait(prise, academie=PILOTE), AUTRE) == []


def test_la_preparation_dit_ou_siege_le_jury_et_la_publication_ce_qui_en_est_vu() -> None:
    ordre = PreparerPublication(**qui("systeme"), jury="J1", decisions=SIENNES, pilote=PILOTE)
    given().when(ordre).then(PREPAREE)
    publier = PublierResultats(**qui(), jury="J1")
    publies = given(PREPAREE).when(publier)
    vue = replace(publies, decide=lambda command, state: decide(command, state, session(), vu=500))
    vue.then(PUBLIES)
    ici = given(PREPAREE.model_copy(update={"pilote": None})).when(publier)
    replace(ici, decide=lambda command, state: decide(command, state, session(), vu=500)).then(
        PUBLIES.model_copy(update={"vu": None})
    )


def test_amb_55_le_proces_verbal_est_a_l_academie_ou_siege_le_jury() -> None:
    with pytest.raises(Refus) as refus:
        exiger_jury_d_ici("J1", [PREPAREE, PUBLIES])
    assert refus.value.regle == "AMB-55"
    exiger_jury_d_ici("J1", [PREPAREE.model_copy(update={"pilote": None}), PUBLIES])


# Lire ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def engine(tmp_path: Path) -> Iterable[Engine]:
    engine = base(tmp_path, Resultats())
    create_tables(engine, Identites.tables)
    yield engine
    engine.dispose()


def projeter(engine: Engine, lus: Iterable[Fact]) -> None:
    for modele in (Resultats(), Identites()):
        projeter_un(engine, modele, [one for one in lus if type(one.event) in modele.handles])


def des_deux(*dits: tuple[str, int, Event]) -> list[Fact]:
    """Facts of several académies, each at its position in the stream that brings it."""
    return [fait(event, seq, academie) for academie, seq, event in dits]


def decidee_a(moyenne: str, **autres: object) -> Event:
    return decidee(resultat(moyenne=moyenne), origine=ICI, **autres)


def test_les_positions_de_deux_flux_ne_disent_pas_ce_qui_est_public(engine: Engine) -> None:
    """The decision comes at 600 of the exchanges, after the 500 that the publication saw at 30 of its own journal."""
    rectifiee = decidee_a("13.00", nature=NatureDecision.RECTIFICATIVE)
    faits = des_deux((PILOTE, 400, decidee_a("12.03")), (PILOTE, 401, CLOS), (ICI, 29, PREPAREE), (ICI, 30, PUBLIES))
    projeter(engine, faits)
    tardive = replace(fait(rectifiee, 600, PILOTE), context=replace(faits[0].context, le=ENSUITE))
    projeter(engine, [tardive])
    assert lue(engine) == "12.03"
    publiee = DecisionPubliee(
        jury="J1", candidat=ALICE, decision=Decision.ADMIS, le=ENSUITE, regle="AMB-54", confirmee=False
    )
    projeter(engine, [fait(publiee, 31)])
    assert lue(engine) == "13.00"


def test_amb_55_ce_que_dit_du_meme_jury_une_autre_academie_ne_se_lit_pas(engine: Engine) -> None:
    forgee = decidee_a("19.00")
    du_jury = des_deux((PILOTE, 400, decidee_a("12.03")), (AUTRE, 401, forgee), (AUTRE, 402, CLOS))
    projeter(engine, [*du_jury, *des_deux((ICI, 29, PREPAREE), (ICI, 30, PUBLIES))])
    assert lue(engine) == "12.03"
    with engine.connect() as connection:
        assert [one.candidat for one in lister(connection, **LIEU)] == [ALICE]


def test_le_jury_d_ailleurs_se_connait_une_fois_ses_resultats_prepares_ici(engine: Engine) -> None:
    projeter(engine, des_deux((PILOTE, 400, decidee_a("12.03"))))
    with engine.connect() as connection:
        assert jury_du_candidat(connection, **LIEU, candidat=ALICE) is None
    projeter(engine, des_deux((ICI, 29, PREPAREE)))
    with engine.connect() as connection:
        assert jury_du_candidat(connection, **LIEU, candidat=ALICE) == "J1"


def test_tr_p01_la_pilote_sait_que_le_candidat_n_est_pas_des_siens(engine: Engine) -> None:
    projeter(engine, des_deux((PILOTE, 12, decidee_a("12.03"))))
    ici = {"session": "2026", "diplome": "cap_osrcl", "jury": "J1", "candidat": ALICE}
    with engine.connect() as connection:
        found = decide_ailleurs(connection, academie=PILOTE, **ici)
        assert decide_ailleurs(connection, academie=ICI, **ici) is None
    assert found is not None
    assert found.academie == ICI


def lue(engine: Engine) -> str | None:
    projeter(engine, [fait(inscrit(), 1)])
    with engine.connect() as connection:
        found = resultat_publie(connection, **LIEU, jury="J1", candidat=ALICE)
    return None if found is None else found.moyenne


# Instruire -----------------------------------------------------------------------------------------------------------


def test_d_un_jury_d_ailleurs_la_decision_dit_elle_meme_ce_qu_elle_a_vu() -> None:
    """Its positions are of another stream, far beyond ours: they say nothing of our facts."""

    def arrete(rang: int) -> FaitLu:
        event = ResultatArrete(candidat=ALICE, epreuve="EP1", etat=EtatResultat.NOTE, note=rang, regle="CAP26-N01")
        return FaitLu(event, f"f{rang}", rang, PUBLIE, "ges1", "gestionnaire")

    explication = (Explication(regle="DC-CAP13", texte="Moyenne.", preuves=("f2",)),)
    dite = decidee(position=9_000, explication=explication)
    decision = FaitLu(dite, "d1", 9_001, PUBLIE, "pro1", "president_jury", "ECHANGES_NORMANDIE_2026")
    vu, pas_vu = arrete(2), arrete(3)
    histoire = HistoireCandidat(ALICE, (arrete(1), vu, pas_vu), (decision,))
    assert [histoire.vu_par(one, decision, dite) for one in histoire.releve] == [True, True, False]
    chez_nous = replace(decision, journal="")
    assert all(histoire.vu_par(one, chez_nous, dite) for one in histoire.releve)


def test_d_un_flux_a_l_autre_les_dates_disent_ce_qui_suit() -> None:
    jury = FaitLu(decidee(), "d1", 9_001, PUBLIE, "pro1", "president_jury", "ECHANGES_NORMANDIE_2026")
    avant = FaitLu(PREPAREE, "p1", 3, PUBLIE - timedelta(days=1), "ges1", "gestionnaire")
    apres = replace(avant, le=ENSUITE)
    assert (avant.suit(jury), apres.suit(jury)) == (False, True)
    assert replace(avant, position=4).suit(avant)
