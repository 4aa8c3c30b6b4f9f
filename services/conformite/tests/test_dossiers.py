"""The read model of the dossiers, from whole histories."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.evenements.inscription import InscriptionAnnulee
from contracts.messages import Event
from contracts.vocabulaire import Categorie, NaturePiece, Verdict
from services.communs.testing import base, projeter
from services.conformite.projections.dossiers import Dossiers, lire_dossier, lister_dossiers
from services.conformite.tests.donnees import (
    ALICE,
    DECEMBRE,
    LIMITE,
    arreter,
    attestation,
    conclure,
    controler,
    deposer,
    douter,
    entreprise,
    histoire,
    juger,
    ouvrir,
    semaines,
)
from services.conformite.tests.faits import LIEU, fait, faits
from services.conformite.tests.test_supports import COMPLETS, dispenser, retablir
from services.socle.rows import state_hash

MODELE = Dossiers()
INCOMPLETE = deposer("A1", contenu=attestation(cachet=False))
COMPLETE = deposer("A1", contenu=attestation(), depose_le=LIMITE)


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return base(tmp_path, MODELE)


def lire(engine: Engine, events: Iterable[Event]) -> dict[str, Any]:
    """The row of the dossier after these events."""
    projeter(engine, MODELE, faits(events))
    with engine.connect() as connection:
        found = lire_dossier(connection, **LIEU, candidat=ALICE)
    assert found is not None
    return found


def test_un_dossier_ouvert_dit_ce_qui_manque(engine: Engine):
    ligne = lire(engine, histoire(ouvrir()))
    assert (ligne["etat"], ligne["categorie"], ligne["majeur"]) == ("en_controle", "individuel", True)
    assert ligne["pieces_manquantes"] == ["attestation_experience", "EP1.S1", "EP1.S2", "EP2"]
    assert ligne["pieces"] == []


def test_une_piece_conforme_ne_manque_plus_et_donne_ses_heures(engine: Engine):
    ligne = lire(engine, histoire(ouvrir(), deposer("A1", semaines(8))))
    assert ligne["pieces_manquantes"] == ["EP1.S1", "EP1.S2", "EP2"]
    assert ligne["heures_retenues"] == Decimal(280)
    [piece] = ligne["pieces"]
    assert (piece["piece"], piece["verdict"], piece["heures_retenues"]) == ("A1", "conforme", Decimal(280))


def test_une_regularisation_se_lit_et_s_eteint(engine: Engine):
    ligne = lire(engine, histoire(ouvrir(), INCOMPLETE))
    assert (ligne["regularisation_piece"], ligne["regularisation_manques"]) == ("A1", ["cachet de l'entreprise"])
    assert ligne["pieces"][0]["manques"] == ["cachet de l'entreprise"]
    [piece] = lire(engine, histoire(ouvrir(), INCOMPLETE, COMPLETE))["pieces"]
    assert (piece["verdict"], piece["manques"], piece["avant"]) == ("conforme", [], None)


def test_une_decision_favorable(engine: Engine):
    ligne = lire(engine, histoire(ouvrir(), deposer("A1", semaines(14)), controler()))
    assert (ligne["etat"], ligne["regle"], ligne["motifs"]) == ("autorise", "CAP26-I03", [])
    assert ligne["heures_retenues"] == Decimal(490)
    assert ligne["explication"][1]["chiffres"]["heures_retenues"] == "490"


def test_cap26_r01_une_non_autorisation_garde_ses_motifs_et_l_orientation(engine: Engine):
    coiffure = attestation(entreprise=entreprise(activite="Coiffure"))
    ligne = lire(engine, histoire(ouvrir(), deposer("A1", contenu=coiffure), controler()))
    assert (ligne["etat"], ligne["motifs"]) == ("non_autorise", ["secteur"])
    assert "France Travail" in ligne["orientation"]
    assert ligne["heures_retenues"] == Decimal(0)


def test_une_decision_renversee_efface_les_motifs(engine: Engine):
    coiffure = attestation(entreprise=entreprise(activite="Coiffure"))
    corrige = juger("A1", Verdict.CONFORME, "livraison à domicile vérifiée")
    ligne = lire(engine, histoire(ouvrir(), deposer("A1", contenu=coiffure), controler(), corrige, controler()))
    assert (ligne["etat"], ligne["motifs"], ligne["orientation"]) == ("autorise", [], "")
    assert ligne["pieces"][0]["a_la_main"] is True


def test_l_etat_des_supports_s_arrete_puis_se_rouvre(engine: Engine):
    apprenti = ouvrir(Categorie.APPRENTI)
    ligne = lire(engine, histoire(apprenti, *COMPLETS[:2], arreter()))
    assert ligne["supports_manquants"] == ["EP2"]
    ligne = lire(engine, histoire(apprenti, *COMPLETS[:2], dispenser("EP2"), arreter(), retablir("EP2")))
    assert (ligne["supports_manquants"], ligne["supports_arretes_le"]) == (None, None)
    assert ligne["pieces_manquantes"] == ["attestation_pfmp", "EP2"]


def test_une_dispense_retire_ce_qui_manque(engine: Engine):
    ligne = lire(engine, histoire(ouvrir(Categorie.APPRENTI), dispenser("EP1")))
    assert ligne["pieces_manquantes"] == ["attestation_pfmp", "EP2"]


def test_tr_c02_un_doute_se_voit_puis_se_leve(engine: Engine):
    avant = (ouvrir(), deposer("A1", semaines(14)), controler(), douter())
    ligne = lire(engine, histoire(*avant))
    assert (ligne["etat"], ligne["en_doute"], ligne["doute_motif"]) == ("autorise", True, "cachet illisible")
    ligne = lire(engine, histoire(*avant, conclure(True)))
    assert (ligne["en_doute"], ligne["verification_conforme"]) == (False, True)


def test_une_inscription_annulee_se_signale(engine: Engine):
    annulation = InscriptionAnnulee(candidat=ALICE, motif="désistement")
    ligne = lire(engine, [*histoire(ouvrir()), annulation])
    assert ligne["inscription_annulee"] is True


def test_une_piece_avant_l_inscription_attend_sans_verdict(engine: Engine):
    ligne = lire(engine, histoire(deposer("A1", semaines(14))))
    assert ligne["etat"] is None
    assert [(piece["piece"], piece["verdict"]) for piece in ligne["pieces"]] == [("A1", None)]


def test_la_liste_reste_dans_sa_session(engine: Engine):
    projeter(engine, MODELE, faits(histoire(ouvrir())))
    projeter(engine, MODELE, [fait(histoire(ouvrir())[0], 2, academie="caen")])
    with engine.connect() as connection:
        [ligne] = lister_dossiers(connection, **LIEU)
        assert lister_dossiers(connection, **{**LIEU, "diplome": "bts_ndrc"}) == []
        assert lire_dossier(connection, **LIEU, candidat="N2699999") is None
    assert (ligne["academie"], ligne["candidat"]) == ("rouen", ALICE)
    assert "explication" not in ligne


def test_un_fait_relu_ou_groupe_donne_les_memes_lignes(tmp_path: Path):
    preuve = deposer("F1", nature=NaturePiece.PREUVE_FORMATION, depose_le=DECEMBRE)
    lus = faits(histoire(ouvrir(), INCOMPLETE, COMPLETE, preuve, controler(), douter(), conclure(False)))
    un_par_un, ensemble = base(tmp_path, MODELE), base_autre(tmp_path)
    projeter(un_par_un, MODELE, [*lus, *lus[-2:]])
    projeter(ensemble, MODELE, lus, ensemble=True)
    assert state_hash(un_par_un, MODELE.tables) == state_hash(ensemble, MODELE.tables)


def base_autre(folder: Path) -> Engine:
    autre = folder / "autre"
    autre.mkdir()
    return base(autre, MODELE)
