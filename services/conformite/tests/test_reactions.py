"""What the service owes to the registrations it learns of, whatever the order."""

from __future__ import annotations

from datetime import date
from itertools import permutations
from typing import Any

import pytest

from contracts.commandes.conformite import DispenserPieces, OuvrirDossier, RetablirPieces
from contracts.droits import check_rights
from contracts.evenements.inscription import (
    AcquisReconnu,
    BeneficeAbandonne,
    BeneficeAccorde,
    DispenseAccordee,
    InscriptionAnnulee,
    InscriptionModifiee,
)
from contracts.evenements.transfert import CandidatTransfere
from contracts.messages import Event
from contracts.vocabulaire import Categorie, Fondement, Mode
from services.conformite.domain.dossier import decide, evolve, initial
from services.conformite.domain.etats import EnControle, Etat
from services.conformite.shell.reactions import REACTIONS, suivre_candidature
from services.conformite.tests.donnees import ALICE, NOVEMBRE, deposer, semaines, session
from services.conformite.tests.faits import fait, inscrit

DISPENSE = DispenseAccordee(candidat=ALICE, epreuve="EP1", regle="DC-CAP20", motif="diplôme de même niveau")
CONDUITE = DispenseAccordee(candidat=ALICE, epreuve="EP3", situation="S1", regle="CAP24-I04", motif="permis B")
BENEFICE = BeneficeAccorde(candidat=ALICE, epreuve="EP2", note="12", session_origine="2024", regle="DC-CAP18")
ABANDON = BeneficeAbandonne(candidat=ALICE, epreuve="EP2", regle="DC-CAP18")


def due(event: Event) -> Any:
    [command] = suivre_candidature(fait(event))
    check_rights(command, "rouen")
    return command


def test_une_inscription_ouvre_un_dossier():
    command = due(inscrit(Categorie.DISTANCE, majeur=False))
    assert isinstance(command, OuvrirDossier)
    assert (command.candidat, command.categorie, command.majeur) == (ALICE, Categorie.DISTANCE, False)
    assert (command.session, command.diplome, command.le) == ("2026", "cap_osrcl", NOVEMBRE)
    assert command.par.id == "systeme:conformite"


def test_dc_cap20_une_dispense_d_epreuve_dispense_de_ses_supports():
    command = due(DISPENSE)
    assert isinstance(command, DispenserPieces)
    assert (command.epreuve, command.regle) == ("EP1", "DC-CAP20")


def test_cap24_i04_la_conduite_n_a_pas_de_support():
    assert suivre_candidature(fait(CONDUITE)) == []


def test_dc_cap18_une_note_conservee_puis_abandonnee():
    assert isinstance(due(BENEFICE), DispenserPieces)
    assert isinstance(due(ABANDON), RetablirPieces)


def test_mc_c12_une_inscription_dit_les_unites_les_facultatives_et_les_modes():
    choix = {"unites": ("E1", "E4"), "facultatives": ("EF2",), "modes": {"E1": Mode.PONCTUEL, "E4": Mode.CCF}}
    command = due(inscrit().model_copy(update=choix))
    assert {nom: getattr(command, nom) for nom in choix} == choix


@pytest.mark.parametrize("fondement", list(Fondement))
def test_bts_i03_une_dispense_vaut_quel_que_soit_son_fondement(fondement: Fondement):
    dispense = DISPENSE.model_copy(update={"epreuve": "E4", "fondement": fondement})
    assert (type(due(dispense)), due(dispense).epreuve) == (DispenserPieces, "E4")


def test_tp_i05_une_unite_acquise_n_est_plus_a_controler():
    acquis = AcquisReconnu(
        candidat=ALICE, epreuve="CCP1", obtenu_le=date(2021, 6, 1), titre_origine="TP-00483", regle="TP-I05"
    )
    assert (type(due(acquis)), due(acquis).epreuve) == (DispenserPieces, "CCP1")


def test_une_inscription_modifiee_se_suit():
    modifiee = InscriptionModifiee(candidat=ALICE, modes={"E1": Mode.CCF}, facultatives=("EF2",))
    assert (due(modifiee).modes, due(modifiee).facultatives) == ({"E1": Mode.CCF}, ("EF2",))


def test_le_reste_ne_le_concerne_pas():
    assert suivre_candidature(fait(InscriptionAnnulee(candidat=ALICE, motif="désistement"))) == []


def test_le_meme_fait_donne_toujours_la_meme_commande():
    assert suivre_candidature(fait(DISPENSE, 7)) == suivre_candidature(fait(DISPENSE, 7))
    assert suivre_candidature(fait(DISPENSE, 7)) != suivre_candidature(fait(DISPENSE, 8))


@pytest.mark.parametrize("ordre", list(permutations(range(4))))
def test_quel_que_soit_l_ordre_d_arrivee_le_dossier_est_le_meme(ordre: tuple[int, ...]):
    arrivees: list[Any] = [inscrit(), DISPENSE, BENEFICE, deposer("A1", semaines(14))]
    etat: Etat = initial
    for rang in ordre:
        arrivee = arrivees[rang]
        for command in suivre_candidature(fait(arrivee, rang)) if isinstance(arrivee, Event) else [arrivee]:
            for event in decide(command, etat, session()):  # type: ignore[arg-type]
                etat = evolve(etat, event)
    assert isinstance(etat, EnControle)
    assert etat.dossier.recu.dispenses == {"EP1", "EP2"}
    assert etat.dossier.recu.pieces["A1"].verdict == "conforme"


def test_toutes_les_reactions_suivent_la_candidature_dans_l_ordre():
    [reaction] = REACTIONS
    suivis = {InscriptionModifiee, DispenseAccordee, BeneficeAccorde, BeneficeAbandonne, AcquisReconnu}
    assert reaction.handles == {type(inscrit()), CandidatTransfere, *suivis}
    assert reaction.filters == ["ev.*.*.*.inscription.>"]
