"""La session de remplacement : les épreuves manquées se passent après le jury, leur note rejoint les autres."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from contracts.commandes.notation import ArreterResultat, ConstaterAbsence, JustifierAbsence
from contracts.commandes.releve import OuvrirRemplacement
from contracts.evenements.notation import AbsenceConstatee, AbsenceJustifiee, NoteSaisie, ResultatArrete
from contracts.evenements.releve import RemplacementOuvert
from contracts.vocabulaire import EtatResultat
from services.notation.domain.jury import EtatJury
from services.notation.tests.donnees import ALICE, APRES_JURY, EN_CCF, OUVERT, etant_donne, fait, saisir

CLOS = EtatJury.CLOS
OUVRIR = fait(OuvrirRemplacement, epreuves=("EP2",), regle="DC-CAP17")
REMPLACEMENT = RemplacementOuvert(candidat=ALICE, epreuves=("EP2",), regle="DC-CAP17")
JUSTIFIE: tuple[Any, ...] = (
    AbsenceConstatee(candidat=ALICE, epreuve="EP2", regle="DC-CAP16"),
    AbsenceJustifiee(candidat=ALICE, epreuve="EP2", regle="DC-CAP16", motif="certificat"),
)
AVANT_JURY = APRES_JURY.replace(day=1)  # every CCF mark is in


def remplace(ouvert: Any = OUVERT) -> Any:
    """Absent with a reason, the result arrested before the jury, then the recteur's authorisation."""
    arrete = etant_donne(ouvert, *JUSTIFIE).when(fait(ArreterResultat, epreuve="EP2", le=AVANT_JURY))
    return etant_donne(ouvert, *JUSTIFIE, arrete.events(), REMPLACEMENT, jury=CLOS)


def test_dc_cap17_l_autorisation_ouvre_le_remplacement_connue_avant_ou_apres() -> None:
    etant_donne(OUVERT, *JUSTIFIE).when(OUVRIR).then(REMPLACEMENT)
    etant_donne().when(OUVRIR).then(REMPLACEMENT)
    etant_donne(OUVERT, REMPLACEMENT).when(OUVRIR).then_nothing()


def test_dc_cap17_la_note_du_remplacement_se_saisit_apres_le_jury_et_prend_la_place_du_zero() -> None:
    etant_donne(OUVERT, *JUSTIFIE, jury=CLOS).when(saisir("EP2", "13", le=APRES_JURY)).then_refused("AMB-54")
    [_, redit] = remplace().when(saisir("EP2", "13", le=APRES_JURY)).then_kinds(NoteSaisie, ResultatArrete)
    assert (redit.etat, redit.note) == (EtatResultat.NOTE, Decimal(13))


def test_dc_cap17_en_ccf_la_note_du_remplacement_n_est_pas_tardive() -> None:
    [_, redit] = remplace(EN_CCF).when(saisir("EP2", "13", le=APRES_JURY)).then_kinds(NoteSaisie, ResultatArrete)
    assert redit.note == Decimal(13)


def test_dc_cap17_seules_les_epreuves_autorisees_rouvrent() -> None:
    remplace().when(saisir("UG1", "13", le=APRES_JURY)).then_refused("AMB-54")


def test_dc_cap17_absent_encore_au_remplacement_injustifie_puis_justifie() -> None:
    absence = fait(ConstaterAbsence, epreuve="EP2", le=APRES_JURY)
    [absent, redit] = remplace().when(absence).then_kinds(AbsenceConstatee, ResultatArrete)
    assert redit.etat is EtatResultat.ABSENT_INJUSTIFIE
    justifier = fait(JustifierAbsence, epreuve="EP2", motif="hospitalisée", le=APRES_JURY)
    suite = remplace()
    for event in (absent, redit):
        suite = type(suite)(suite.decide, suite.evolve, suite.evolve(suite.state, event))
    [_, admis] = suite.when(justifier).then_kinds(AbsenceJustifiee, ResultatArrete)
    assert admis.etat is EtatResultat.ABSENT_JUSTIFIE
