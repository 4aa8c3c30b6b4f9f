"""Le remplacement là où les textes en ont un, et là où ils n'en ont pas."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.commandes.inscription import DemanderRemplacement
from contracts.droits import Role
from contracts.evenements.inscription import RemplacementAutorise
from contracts.vocabulaire import Categorie, Decision
from services.inscription.domain.candidature import SituationRemplacement
from services.inscription.tests.diplomes import BTS, MC, TP, Examen
from services.inscription.tests.donnees import NUMERO

ABSENT = frozenset({"E2"})


def demander(examen: Examen, epreuve: str, academie: str = "clermont") -> DemanderRemplacement:
    return DemanderRemplacement(
        candidat=NUMERO, epreuves=(epreuve,), academie_depot=academie, **examen.qui(Role.RECTEUR)
    )


def candidat(examen: Examen, decision: Decision | None, absences: frozenset[str] = ABSENT) -> Any:
    statut = Categorie.VAE if examen is TP else Categorie.INDIVIDUEL
    return examen.candidat(examen.inscrit(statut), situation=SituationRemplacement(absences, decision))


def test_cl_129_dc_mc08_ajourne_absent_avec_motif_a_e2_il_passe_l_epreuve_de_remplacement() -> None:
    autorise = RemplacementAutorise(candidat=NUMERO, epreuves=("E2",), regle="DC-MC08")
    candidat(MC, Decision.AJOURNE).when(demander(MC, "E2")).then(autorise)


def test_cl_129_dc_mc08_ni_sans_motif_admis_ni_admis_malgre_le_zero() -> None:
    candidat(MC, Decision.AJOURNE, frozenset()).when(demander(MC, "E2")).then_refused("DC-MC08")
    candidat(MC, Decision.ADMIS).when(demander(MC, "E2")).then_refused("DC-MC08")
    candidat(MC, None).when(demander(MC, "E2")).then_refused("DECISION_ATTENDUE")


@pytest.mark.parametrize("academie", ["clermont", "lyon"])
def test_amb_48_le_bts_n_a_pas_de_session_de_remplacement(academie: str) -> None:
    candidat(BTS, Decision.REFUSE).when(demander(BTS, "E2", academie)).then_refused("AMB-48")


def test_dc_tp07_le_titre_non_plus_une_autre_session_y_suffit() -> None:
    candidat(TP, Decision.ECHEC, frozenset({"CCP1"})).when(demander(TP, "CCP1")).then_refused("DC-TP07")
