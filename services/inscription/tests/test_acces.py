"""Qui consulte quoi : une académie ne voit que ses candidats, et une tentative laisse une trace (TR-G01)."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from contracts.droits import Role
from contracts.messages import Acteur, Refus
from contracts.requetes import VoirCandidature
from services.inscription.shell.app import SPEC
from services.inscription.tests.donnees import NUMERO


def question(academie: str, role: Role = Role.GESTIONNAIRE) -> VoirCandidature:
    par = Acteur(id="ges-riom-7", role=role, academie=academie, portee=(f"candidat:{NUMERO}",))
    return VoirCandidature(par=par, session="2022", diplome="bts_ndrc", candidat=NUMERO)


@pytest.mark.parametrize("role", [Role.GESTIONNAIRE, Role.RECTEUR, Role.CANDIDAT])
def test_cl_135_tr_g01_une_autre_academie_ne_consulte_pas_et_sa_tentative_est_journalisee(role: Role) -> None:
    with capture_logs() as traces, pytest.raises(Refus) as refus:
        SPEC.check_query(question("lyon", role), "clermont")
    assert refus.value.regle == "DROIT_ACADEMIE"
    assert "TR-G01" in refus.value.detail
    [trace] = traces
    assert (trace["event"], trace["demande"]) == ("acces_refuse", "inscription.voir_candidature")
    assert (trace["acteur"], trace["academie_acteur"], trace["academie"]) == ("ges-riom-7", "lyon", "clermont")
    assert NUMERO not in repr(trace)


def test_tr_g01_un_role_sans_droit_laisse_aussi_sa_trace() -> None:
    with capture_logs() as traces, pytest.raises(Refus) as refus:
        SPEC.check_query(question("clermont", Role.CORRECTEUR), "clermont")
    assert [trace["cause"] for trace in traces] == [refus.value.regle] == ["DROIT_ROLE"]


def test_tr_g01_l_academie_du_candidat_consulte_sans_trace() -> None:
    with capture_logs() as traces:
        SPEC.check_query(question("clermont"), "clermont")
    assert traces == []
