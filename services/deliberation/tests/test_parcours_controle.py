"""From what the services said to the decision: orals after a first average, a mark suspended beyond the closing."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.commandes.deliberation import (
    AttesterPresence,
    CloreJury,
    ConstituerJury,
    OuvrirJury,
    PrendreDecision,
)
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme
from contracts.evenements.deliberation import DecisionPrise, JuryClos, NatureDecision
from contracts.evenements.inscription import AcquisReconnu, DispenseAccordee
from contracts.evenements.notation import NoteControleSaisie, ResultatArrete
from contracts.evenements.releve import ControleChoisi
from contracts.messages import Command, Refus
from contracts.vocabulaire import Decision, EtatResultat, Fondement, Forme, Mode
from services.communs.testing import base, projeter
from services.deliberation.domain.dossier import DossierJury
from services.deliberation.domain.etats import Jury, Ouvert
from services.deliberation.domain.jury import JuryEvent, decide, evolve, initial
from services.deliberation.domain.proposition import proposer
from services.deliberation.domain.seance import candidats_perimes
from services.deliberation.projections.candidats_jury import positions
from services.deliberation.projections.dossiers_jury import DossiersJury, charger_dossier
from services.deliberation.tests.cadres import BTS, MEMBRES, RECTEUR, TP, constitue, president, qui, session_de
from services.deliberation.tests.donnees import ALICE, BASILE, LE, reglement
from services.deliberation.tests.faits import LIEU, fait, inscrit

N = EtatResultat
MODELE = DossiersJury()
CODES = ("E1", "E2", "E3", "E4", "E5", "E6")


class Banc:
    """The jury and its read model, as the shell holds them."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.seq = engine, 0
        self.jury: Jury = initial

    def apprendre(self, *events: Any) -> None:
        for event in events:
            self.seq += 1
            projeter(self.engine, MODELE, [fait(event, self.seq)])

    def dossier(self, numero: str, identifiant: str = BTS) -> DossierJury:
        with self.engine.connect() as connection:
            return charger_dossier(connection, **LIEU, numero=numero, reglement=reglement(identifiant))

    def ordonner(self, command: Any) -> list[JuryEvent]:
        events: list[JuryEvent] = decide(command, self.jury, session_de(BTS), **self.arguments(command))
        self.jury = reduce(evolve, events, self.jury)
        return events

    def arguments(self, command: Command) -> dict[str, Any]:
        if isinstance(command, PrendreDecision):
            return {"dossier": self.dossier(command.candidat)}
        if isinstance(command, CloreJury) and isinstance(self.jury, Ouvert):
            with self.engine.connect() as connection:
                connues = positions(connection, **LIEU, candidats=self.jury.composition.candidats)
            return {"perimes": candidats_perimes(self.jury, connues)}
        return {"journal": "JOURNAL_ROUEN", "position": self.seq} if isinstance(command, OuvrirJury) else {}

    def ouvrir(self) -> None:
        nomme = constitue(BTS).model_dump(exclude={"regle", "jury", "origines"})
        self.ordonner(ConstituerJury(**RECTEUR, **nomme))
        for membre in MEMBRES[BTS]:
            self.ordonner(AttesterPresence(membre=membre.id, **qui("ges1", "gestionnaire")))
        self.ordonner(OuvrirJury(**president(BTS)))

    def decider(self, candidat: str) -> DecisionPrise:
        (event,) = self.ordonner(PrendreDecision(candidat=candidat, **president(BTS)))
        assert isinstance(event, DecisionPrise)
        return event


@pytest.fixture
def banc(tmp_path: Path) -> Iterator[Banc]:
    engine = base(tmp_path, MODELE)
    yield Banc(engine)
    engine.dispose()


def arrete(candidat: str, epreuve: str, note: str | None, etat: EtatResultat = N.NOTE, **autres: Any) -> ResultatArrete:
    valeur = None if note is None else Decimal(note)
    return ResultatArrete(candidat=candidat, epreuve=epreuve, etat=etat, note=valeur, **{"regle": "TR-N01", **autres})


def test_cl_069_du_premier_total_aux_oraux_puis_a_la_cloture(banc: Banc) -> None:
    banc.apprendre(inscrit(reglement=BTS), inscrit(candidat=BASILE, reglement=BTS))
    banc.apprendre(*(arrete(ALICE, *un) for un in zip(CODES, ("6", "9", "9", "11", "10", "10"), strict=True)))
    banc.apprendre(*(arrete(BASILE, code, "12") for code in CODES))
    banc.ouvrir()
    assert banc.decider(ALICE).decision is Decision.EPREUVES_CONTROLE
    assert banc.decider(BASILE).decision is Decision.ADMIS
    with pytest.raises(Refus, match="DC-BTS11"):
        banc.ordonner(CloreJury(**president(BTS)))
    banc.apprendre(ControleChoisi(candidat=ALICE, epreuves=("E1", "E2"), regle="DC-BTS11"))
    banc.apprendre(arrete(ALICE, "E1", "6", controle=Decimal(12)))
    assert banc.decider(ALICE).decision is Decision.EPREUVES_CONTROLE
    banc.apprendre(NoteControleSaisie(candidat=ALICE, epreuve="E2", note=None, regle="DC-BTS11"))
    final = banc.decider(ALICE)
    assert (final.decision, final.points) == (Decision.ADMIS, "215")
    (clos,) = banc.ordonner(CloreJury(**president(BTS)))
    assert isinstance(clos, JuryClos)
    assert clos.decisions == {ALICE: Decision.ADMIS, BASILE: Decision.ADMIS}


def test_cl_083_cl_084_la_suspension_traverse_la_cloture(banc: Banc) -> None:
    banc.apprendre(inscrit(reglement=BTS), inscrit(candidat=BASILE, reglement=BTS))
    banc.apprendre(*(arrete(candidat, code, "12") for candidat in (ALICE, BASILE) for code in CODES))
    banc.apprendre(arrete(ALICE, "E4", None, N.SUSPENDUE, regle="BTS-C05"))
    banc.ouvrir()
    assert (banc.decider(ALICE).decision, banc.decider(BASILE).decision) == (Decision.EN_ATTENTE, Decision.ADMIS)
    banc.ordonner(CloreJury(**president(BTS)))
    banc.apprendre(arrete(ALICE, "E4", "13"))
    complement = banc.decider(ALICE)
    assert (complement.decision, complement.nature) == (Decision.ADMIS, NatureDecision.COMPLEMENTAIRE)


def test_dc_bts02_les_unites_choisies_et_leur_forme_sont_connues(banc: Banc) -> None:
    banc.apprendre(inscrit(reglement=BTS, forme=Forme.PROGRESSIVE, unites=("E1", "E3")))
    banc.apprendre(arrete(ALICE, "E1", "8"), arrete(ALICE, "E3", "13"))
    lu = banc.dossier(ALICE)
    assert (lu.forme, lu.unites) == (Forme.PROGRESSIVE, ("E1", "E3"))
    assert proposer(lu, session_de(BTS)).decision is Decision.POURSUITE


def test_cl_115_la_fraction_exacte_est_gardee(banc: Banc) -> None:
    banc.apprendre(inscrit(reglement=BTS), arrete(ALICE, "E5", "10.66", note_brute="32/3"))
    assert banc.dossier(ALICE).resultats["E5"].note_brute == "32/3"


def test_le_controle_d_une_epreuve_ne_ferme_ni_ne_rouvre_tout_l_examen(banc: Banc) -> None:
    banc.apprendre(inscrit(reglement=BTS))
    partiel = {"candidat": ALICE, "epreuves": ("E4",)}
    non_valide = DossierDeclareNonConforme(regle="BTS-C03", motifs=("depot",), effet="non_valide", **partiel)
    banc.apprendre(non_valide)
    assert banc.dossier(ALICE).non_autorise is None
    banc.apprendre(DossierDeclareNonConforme(candidat=ALICE, regle="CAP26-I05", motifs=("duree",)))
    banc.apprendre(DossierDeclareConforme(regle="BTS-C06", **partiel))
    assert banc.dossier(ALICE).non_autorise is not None


@pytest.mark.parametrize(("fondement", "etat"), [(Fondement.VAE, N.VAE), (Fondement.TITRE, N.DISPENSE)])
def test_amb_39_une_unite_acquise_par_vae_est_connue(banc: Banc, fondement: Fondement, etat: EtatResultat) -> None:
    dispense = DispenseAccordee(candidat=ALICE, epreuve="E1", regle="AMB-39", motif="décision", fondement=fondement)
    banc.apprendre(inscrit(reglement=BTS), dispense)
    assert banc.dossier(ALICE).resultats["E1"].etat is etat


def test_cl_101_un_ccp_repris_est_tenu_qu_il_soit_arrete_ou_non(banc: Banc) -> None:
    reconnu = AcquisReconnu(
        candidat=ALICE, epreuve="CCP1", obtenu_le=LE.date(), titre_origine="TP-00483", regle="DC-TP03"
    )
    banc.apprendre(inscrit(reglement=TP, unites=("EF",)), reconnu)
    assert banc.dossier(ALICE, TP).resultats["CCP1"].repris
    banc.apprendre(arrete(ALICE, "CCP1", None, N.ACQUISE, regle="DC-TP03"))
    assert banc.dossier(ALICE, TP).resultats["CCP1"].repris
    banc.apprendre(arrete(ALICE, "CCP1", None, N.ACQUISE, mode=Mode.PONCTUEL))
    assert not banc.dossier(ALICE, TP).resultats["CCP1"].repris
