"""What if: another règlement, other results, from the read models of a whole session; nothing is written."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from contracts.evenements.deliberation import AcquisAccorde, PointsDeJuryAccordes
from contracts.evenements.inscription import InscriptionAnnulee
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Refus
from contracts.vocabulaire import Decision, EtatResultat
from services.communs.testing import base, projeter
from services.deliberation.domain.dossier import PointsAccordes
from services.deliberation.domain.hypothese import redecider
from services.deliberation.domain.proposition import proposer
from services.deliberation.projections.candidats_jury import unites_presentees
from services.deliberation.projections.dossiers_jury import DossiersJury, charger_dossiers
from services.deliberation.projections.jurys import Jurys, lire_accords, lire_acquis
from services.deliberation.tests.cadres import BTS, MC, TP, bts, mc, resultat, session_de, tp
from services.deliberation.tests.donnees import ALICE, BASILE, dossier, reglement, session
from services.deliberation.tests.faits import LIEU, fait, inscrit
from services.socle.rows import state_hash

N = EtatResultat


def test_redecider_sans_rien_changer_donne_la_meme_decision() -> None:
    for identifiant, d in (
        (BTS, bts("9")),
        (MC, mc("9", "12", "10")),
        (TP, tp(CCP1=N.ACQUISE, CCP2=N.NON_ACQUISE, EF=N.ACQUISE)),
    ):
        laquelle = session_de(identifiant)
        assert redecider(d, laquelle) == proposer(d, laquelle)


def test_redecider_avec_une_autre_note() -> None:
    d = bts("9.5", "10", "10", "10", "10", "10")
    avant = redecider(d, session_de(BTS))
    apres = redecider(d, session_de(BTS), changements={"E1": resultat("E1", "10")})
    assert (avant.decision, apres.decision) == (Decision.EPREUVES_CONTROLE, Decision.ADMIS)
    assert d.resultats["E1"].note == Decimal("9.5")


def test_redecider_sans_un_resultat_fait_attendre() -> None:
    assert redecider(bts("12"), session_de(BTS), changements={"E1": None}).attendus == ("E1",)


def test_redecider_sous_un_autre_reglement() -> None:
    sans = reglement(BTS).deliberation.model_copy(update={"seconde_chance": None})
    ancien = reglement(BTS).model_copy(update={"deliberation": sans})
    obtenu = redecider(bts("6", "9", "9", "11", "10", "10"), session_de(BTS), reglement=ancien)
    assert (obtenu.decision, obtenu.epreuves_controle) == (Decision.REFUSE, ())


def test_cl_056_redecider_sous_le_reglement_d_une_autre_session() -> None:
    d = dossier("12")
    assert redecider(d, session(), reglement=reglement("CAP-OSRCL-2024")).mention == "AB"
    assert redecider(mc("12", "12", "12"), session_de(MC, 2023)).mention is None


def test_amb_05_l_autre_reglement_veut_ses_propres_valeurs() -> None:
    with pytest.raises(Refus, match="AMB-05"):
        redecider(bts("12"), session_de(BTS), reglement=reglement("CAP-OSRCL-2026"))


def test_redecider_garde_ce_que_le_jury_a_accorde() -> None:
    accord = PointsAccordes(Decimal("9.5"), Decimal(10), "copie revue")
    d = bts("9.5", "10", "10", "10", "10", "10")
    assert redecider(d, session_de(BTS), accords={"E1": accord}).decision is Decision.ADMIS
    titre = tp(CCP1=N.NON_ACQUISE, CCP2=N.ACQUISE, EF=N.ACQUISE)
    assert redecider(titre, session_de(TP), acquis={"CCP1": "montrée"}).decision is Decision.ADMIS


# From the read models -----------------------------------------------------------------------------------------------

DOSSIERS, JURYS = DossiersJury(), Jurys()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = base(tmp_path, DOSSIERS)
    yield engine
    engine.dispose()


def arrete(candidat: str, epreuve: str, note: str) -> ResultatArrete:
    return ResultatArrete(candidat=candidat, epreuve=epreuve, etat=N.NOTE, note=Decimal(note), regle="TR-N01")


def test_tous_les_dossiers_de_la_session_se_lisent_et_se_redecident(engine: Engine) -> None:
    codes = ("E1", "E2", "E3", "E4", "E5", "E6")
    events = [
        inscrit(candidat=BASILE, reglement=BTS),
        inscrit(reglement=BTS),
        arrete("N2600009", "E1", "12"),  # son inscription n'est pas encore connue
        *(arrete(ALICE, code, "12") for code in codes),
        *(arrete(BASILE, code, "9") for code in codes),
    ]
    projeter(engine, DOSSIERS, [fait(one, seq) for seq, one in enumerate(events, 1)])
    empreinte = state_hash(engine, DOSSIERS.tables)
    with engine.connect() as connection:
        lus = charger_dossiers(connection, **LIEU, reglement=reglement(BTS))
    assert [one.numero for one in lus] == [ALICE, BASILE]
    decisions = [redecider(one, session_de(BTS)).decision for one in lus]
    assert decisions == [Decision.ADMIS, Decision.REFUSE]
    assert state_hash(engine, DOSSIERS.tables) == empreinte


def test_tp_n17_le_modele_dit_ce_que_chacun_presente(engine: Engine) -> None:
    annulee = InscriptionAnnulee(candidat=BASILE, motif="désistement écrit")
    events = [inscrit(reglement=TP, unites=("CCP2",)), inscrit(candidat=BASILE, reglement=TP), annulee]
    projeter(engine, DOSSIERS, [fait(one, seq) for seq, one in enumerate(events, 1)])
    with engine.connect() as connection:
        unites = unites_presentees(connection, **LIEU, candidats=[ALICE, BASILE], reglement=reglement(TP))
    assert unites == {ALICE: ("CCP2",)}


def test_amb_53_amb_28_ce_que_le_jury_a_accorde_se_lit(tmp_path: Path) -> None:
    engine = base(tmp_path, JURYS)
    points = [
        PointsDeJuryAccordes(
            jury="J1",
            candidat=ALICE,
            epreuve="E1",
            avant=Decimal(avant),
            apres=Decimal(apres),
            motif="copie revue",
            regle="AMB-53",
            arretee=Decimal("9.5"),
        )
        for avant, apres in (("9.5", "10"), ("10", "11"))
    ]
    acquis = AcquisAccorde(jury="J1", candidat=BASILE, epreuve="CCP1", motif="montrée à l'oral", regle="AMB-28")
    projeter(engine, JURYS, [fait(one, seq) for seq, one in enumerate([*points, acquis], 1)])
    with engine.connect() as connection:
        accords, tenues = lire_accords(connection, **LIEU), lire_acquis(connection, **LIEU)
    engine.dispose()
    assert accords == {ALICE: {"E1": PointsAccordes(Decimal("9.5"), Decimal(11), "copie revue")}}
    assert tenues == {BASILE: {"CCP1": "montrée à l'oral"}}
