"""The anonymous dossier: what the services said, in whatever order, put together."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, PieceDeposee
from contracts.evenements.inscription import (
    BeneficeAbandonne,
    BeneficeAccorde,
    DispenseAccordee,
    InscriptionAnnulee,
    InscriptionModifiee,
)
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Event, Refus
from contracts.vocabulaire import Decision, EtatResultat, Mode, NaturePiece
from services.communs.mots import jour_dit
from services.communs.testing import base, projeter
from services.deliberation.domain.calcul import Compte
from services.deliberation.domain.dossier import DossierJury, Fermeture, ResultatJury
from services.deliberation.domain.explication_base import fait_dit
from services.deliberation.domain.proposition import proposer
from services.deliberation.projections import dossiers_jury
from services.deliberation.projections.candidats_jury import annules, positions
from services.deliberation.projections.dossiers_jury import DossiersJury, charger_dossier
from services.deliberation.tests.cadres import toutes
from services.deliberation.tests.donnees import ALICE, BASILE, LE, OBLIGATOIRES, reglement, session
from services.deliberation.tests.faits import LIEU, fait, inscrit
from services.socle.rows import state_hash

MODELE = DossiersJury()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = base(tmp_path, MODELE)
    yield engine
    engine.dispose()


def arrete(epreuve: str, note: str | None = "12", etat: EtatResultat = EtatResultat.NOTE, **autres: Any) -> Event:
    valeur = None if note is None else Decimal(note)
    return ResultatArrete(candidat=ALICE, epreuve=epreuve, etat=etat, note=valeur, regle="TR-N01", **autres)


def dispense(epreuve: str = "UG1", situation: str | None = None) -> Event:
    return DispenseAccordee(candidat=ALICE, epreuve=epreuve, situation=situation, regle="DC-CAP20", motif="titulaire")


def benefice(note: str = "11") -> Event:
    return BeneficeAccorde(candidat=ALICE, epreuve="UG2", note=Decimal(note), session_origine="2024", regle="DC-CAP18")


ABANDON = BeneficeAbandonne(candidat=ALICE, epreuve="UG2", regle="DC-CAP18")
NON_CONFORME = DossierDeclareNonConforme(candidat=ALICE, regle="CAP26-I05", motifs=("duree",))
CONFORME = DossierDeclareConforme(candidat=ALICE, regle="CAP26-I03")


def charger(engine: Engine, *events: Event, numero: str = ALICE) -> DossierJury:
    projeter(engine, MODELE, [fait(one, seq) for seq, one in enumerate(events, 1)])
    with engine.connect() as connection:
        return charger_dossier(connection, **LIEU, numero=numero, reglement=reglement())


def test_un_dossier_reunit_inscription_et_resultats(engine: Engine) -> None:
    ep3 = arrete("EP3", "14", mode=Mode.CCF, situations={"S1": "favorable", "S2": "14"})
    obtenu = charger(engine, inscrit(facultatives=("UF1",), livret=True), arrete("UG4"), ep3)
    assert obtenu.resultats == {
        "EP3": ResultatJury(EtatResultat.NOTE, "fait-3", Decimal(14), Mode.CCF, {"S1": "favorable", "S2": "14"}),
        "UG4": ResultatJury(EtatResultat.NOTE, "fait-2", Decimal(12)),
    }
    assert list(obtenu.resultats) == ["EP3", "UG4"]
    assert (obtenu.journal, obtenu.position, obtenu.inscription) == ("JOURNAL_ROUEN_2026", 3, "fait-1")
    assert (obtenu.facultatives, obtenu.livret, obtenu.categorie) == (("UF1",), True, "scolaire_public")
    assert (obtenu.non_autorise, obtenu.annulation) == (None, None)


def test_bts_d03_le_dossier_est_anonyme(engine: Engine) -> None:
    colonnes = {column.name for table in MODELE.tables for column in table.c}
    assert not colonnes & {"identite", "nom", "prenoms", "naissance", "personne", "etablissement", "courriel"}
    charger(engine, inscrit())
    with engine.connect() as connection:
        lus = connection.exec_driver_sql(f"SELECT * FROM dossier_jury_v{dossiers_jury.VERSION}").all()
        assert "c2VjcmV0" not in str(lus)


def test_une_epreuve_dispensee_jamais_arretee_est_connue(engine: Engine) -> None:
    assert charger(engine, inscrit(), dispense()).resultats == {"UG1": ResultatJury(EtatResultat.DISPENSE, "fait-2")}


def test_cap24_i04_la_dispense_de_la_conduite_n_est_pas_celle_de_l_epreuve(engine: Engine) -> None:
    assert charger(engine, inscrit(), dispense("EP3", "S1")).resultats == {}


def test_dc_cap18_une_note_conservee_jamais_arretee_est_connue(engine: Engine) -> None:
    obtenu = charger(engine, inscrit(), benefice())
    assert obtenu.resultats == {"UG2": ResultatJury(EtatResultat.BENEFICE, "fait-2", Decimal(11))}


def test_dc_cap18_une_note_conservee_puis_abandonnee_ne_compte_plus(engine: Engine) -> None:
    arretee = arrete("UG2", "11", EtatResultat.BENEFICE)
    assert charger(engine, inscrit(), benefice(), arretee, ABANDON).resultats == {}


def test_cl_059_l_epreuve_repassee_remplace_la_note_conservee(engine: Engine) -> None:
    arretee = arrete("UG2", "11", EtatResultat.BENEFICE)
    obtenu = charger(engine, inscrit(), benefice(), arretee, ABANDON, arrete("UG2", "8"))
    assert obtenu.resultats["UG2"].note == Decimal(8)


def test_dc_cap18_une_note_conservee_a_nouveau_compte_a_nouveau(engine: Engine) -> None:
    obtenu = charger(engine, inscrit(), benefice("11"), ABANDON, benefice("13"))
    assert obtenu.resultats["UG2"].note == Decimal(13)


def test_le_dernier_resultat_arrete_est_le_bon(engine: Engine) -> None:
    obtenu = charger(engine, inscrit(), arrete("EP1", "9"), arrete("EP1", "10"))
    assert (obtenu.resultats["EP1"].note, obtenu.resultats["EP1"].fait) == (Decimal(10), "fait-3")


def test_cap26_i05_le_dossier_non_conforme_ferme_l_examen(engine: Engine) -> None:
    obtenu = charger(engine, inscrit(), NON_CONFORME)
    assert obtenu.non_autorise == Fermeture(fait="fait-2", regle="CAP26-I05")
    assert proposer(obtenu, session()).decision is Decision.NON_AUTORISE


def test_un_dossier_redevenu_conforme_rouvre_l_examen(engine: Engine) -> None:
    assert charger(engine, inscrit(), NON_CONFORME, CONFORME).non_autorise is None


def test_une_inscription_annulee_est_connue(engine: Engine) -> None:
    annulee = InscriptionAnnulee(candidat=ALICE, motif="désistement écrit")
    assert charger(engine, inscrit(), annulee).annulation == "fait-2"
    with engine.connect() as connection:
        assert annules(connection, **LIEU, candidats=[ALICE, BASILE]) == {ALICE}


def test_un_candidat_reinscrit_apres_annulation_se_delibere(engine: Engine) -> None:
    annulee = InscriptionAnnulee(candidat=ALICE, motif="désistement écrit")
    assert charger(engine, inscrit(), annulee, inscrit()).annulation is None


def test_les_facultatives_modifiees_remplacent_les_precedentes(engine: Engine) -> None:
    change = InscriptionModifiee(candidat=ALICE, facultatives=("UF2",))
    assert charger(engine, inscrit(facultatives=("UF1",)), change).facultatives == ("UF2",)
    sans = InscriptionModifiee(candidat=BASILE, modes={"EP1": Mode.CCF})
    assert charger(engine, inscrit(candidat=BASILE, facultatives=("UF1",)), sans, numero=BASILE).facultatives == ()


@pytest.mark.parametrize(
    ("nature", "produit"), [(NaturePiece.LIVRET_SCOLAIRE, True), (NaturePiece.FICHE_PRODUIT, False)]
)
def test_dc_cap15_un_livret_depose_est_un_livret_produit(engine: Engine, nature: NaturePiece, produit: bool) -> None:
    piece = PieceDeposee(candidat=ALICE, piece="P1", nature=nature, depose_le=LE)
    assert charger(engine, inscrit(), piece).livret is produit


def test_un_candidat_inconnu_ou_pas_encore_inscrit_est_refuse(engine: Engine) -> None:
    with pytest.raises(Refus, match="DOSSIER_ABSENT"):
        charger(engine, arrete("EP1"))
    with pytest.raises(Refus, match="DOSSIER_ABSENT"):
        charger(engine, inscrit(), numero=BASILE)


def test_les_positions_disent_ce_qui_a_bouge(engine: Engine) -> None:
    charger(engine, inscrit(), inscrit(candidat=BASILE), arrete("EP1"))
    with engine.connect() as connection:
        assert positions(connection, **LIEU, candidats=[ALICE, BASILE, "N2699999"]) == {ALICE: 3, BASILE: 2}
        assert positions(connection, **LIEU | {"session": "2024"}, candidats=[ALICE]) == {}


def test_un_evenement_relu_deux_fois_ne_change_rien(engine: Engine) -> None:
    events = [inscrit(), arrete("EP1"), dispense(), benefice()]
    avant = charger(engine, *events)
    empreinte = state_hash(engine, MODELE.tables)
    assert charger(engine, *events) == avant
    assert state_hash(engine, MODELE.tables) == empreinte


def test_en_un_lot_ou_un_par_un_le_modele_est_le_meme(tmp_path: Path, engine: Engine) -> None:
    events = [inscrit(), NON_CONFORME, arrete("EP1"), CONFORME, benefice(), ABANDON, dispense(), arrete("EP1", "13")]
    charger(engine, *events)
    (tmp_path / "lot").mkdir()
    autre = base(tmp_path / "lot", MODELE)
    projeter(autre, MODELE, [fait(one, seq) for seq, one in enumerate(events, 1)], ensemble=True)
    assert state_hash(autre, MODELE.tables) == state_hash(engine, MODELE.tables)


# Each service writes in order on its own subjects; between services any interleaving may reach the jury.
INSCRIPTION = (inscrit(facultatives=("UF1",)), dispense("UG1"), benefice(), ABANDON)
LIVRET = PieceDeposee(candidat=ALICE, piece="P1", nature=NaturePiece.LIVRET_SCOLAIRE, depose_le=LE)
CONFORMITE = (NON_CONFORME, CONFORME, LIVRET)
NOTATION = (
    arrete("UG2", "11", EtatResultat.BENEFICE),
    *(arrete(code, "9") for code in OBLIGATOIRES if code != "UG1"),
    arrete("EP1", "14"),
    arrete("UF1", "16"),
)


def entrelacer(choix: Sequence[int]) -> list[Event]:
    suites = [list(INSCRIPTION), list(CONFORMITE), list(NOTATION)]
    ordre = [suites[one].pop(0) for one in choix if suites[one]]
    return [*ordre, *itertools.chain(*suites)]


@given(choix=st.lists(st.integers(0, 2), max_size=20))
def test_l_ordre_d_arrivee_entre_services_est_indifferent(choix: list[int]) -> None:
    with TemporaryDirectory() as folder:
        engine = base(Path(folder), MODELE)
        try:
            obtenu = charger(engine, *entrelacer(choix))
        finally:
            engine.dispose()
    assert sans_position(obtenu) == ATTENDU
    assert {code: (one.etat, one.note) for code, one in obtenu.resultats.items()} == {
        **{code: (EtatResultat.NOTE, Decimal(9)) for code in OBLIGATOIRES},
        "EP1": (EtatResultat.NOTE, Decimal(14)),
        "UG1": (EtatResultat.DISPENSE, None),
        "UF1": (EtatResultat.NOTE, Decimal(16)),
    }


def sans_position(dossier: DossierJury) -> DossierJury:
    """Fact ids follow the position in these tests: put both aside."""
    return replace(dossier, position=0, inscription="", resultats={})


ATTENDU = DossierJury(ALICE, inscrit().categorie, {}, "JOURNAL_ROUEN_2026", 0, "", ("UF1",), livret=True)


def test_la_version_est_dans_le_nom_des_tables() -> None:
    assert {table.name for table in MODELE.tables} == {
        f"dossier_jury_v{dossiers_jury.VERSION}",
        f"resultat_jury_v{dossiers_jury.VERSION}",
    }


def test_les_faits_d_une_explication_se_disent_en_mots_leurs_identifiants_a_part(engine: Engine) -> None:
    """What, when, by whom in his role; a reader meets no identifier, the proof keeps them."""
    suite = [inscrit(), *(arrete(code) for code in OBLIGATOIRES)]
    projeter(engine, MODELE, [fait(event, seq) for seq, event in enumerate(suite, 1)])
    with engine.connect() as connection:
        lu = charger_dossier(connection, **LIEU, numero=ALICE, reglement=reglement())
    dites = [one for one in toutes(proposer(lu, session()).explication) if one.preuves]
    assert all(one.preuves and not {*one.faits} & {*one.preuves} for one in dites)
    ug1 = next(dit for one in dites for dit in one.faits if dit.startswith("UG1"))
    assert ug1 == f"UG1 : note arrêtée à 12, le {jour_dit(LE, 'Europe/Paris')}, par le service des examens"


def test_bts_c05_un_fait_ne_dit_jamais_une_note_qui_se_tait() -> None:
    for etat in (EtatResultat.SUSPENDUE, EtatResultat.NON_VALIDE, EtatResultat.FRAUDE_ANNULEE):
        compte = Compte("UG1", reglement().epreuves["UG1"], ResultatJury(etat, "fait-UG1", Decimal("13.75")))
        assert "13" not in fait_dit(compte)


@pytest.mark.parametrize("etat", EtatResultat)
def test_chaque_etat_se_dit_en_mots(etat: EtatResultat) -> None:
    assert fait_dit(Compte("UG1", reglement().epreuves["UG1"], ResultatJury(etat, "fait-UG1"))).startswith("UG1 : ")
