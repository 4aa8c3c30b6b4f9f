"""Who may pull from a durable is what `deploy/nats/droits.yaml` says: it must name every reaction, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from services.exploitation.courtier_droits import lire_droits
from tests.durables import SERVICES, durables, reactions

DEPLOIEMENT = Path(__file__).resolve().parents[1] / "deploy"
DITS: dict[str, list[str]] = yaml.safe_load((DEPLOIEMENT / "nats/droits.yaml").read_text("utf-8"))["durables"]


@pytest.mark.parametrize("service", SERVICES)
def test_les_durables_des_droits_sont_ceux_des_reactions(service: str) -> None:
    """Those that follow partners too: left out, any other service could take their messages."""
    assert sorted(DITS[service]) == sorted(durables(service, partage=True))


def test_les_droits_ne_nomment_que_des_services() -> None:
    assert set(DITS) == set(SERVICES)


def test_ce_qui_suit_les_partenaires_y_est() -> None:
    suivent = {
        f"{service}-{one.name}" for service in SERVICES for one in reactions(service, partage=True) if one.exchanged
    }
    seules = {
        f"{service}-{one.name}" for service in SERVICES for one in reactions(service, partage=True) if not one.own
    }
    nommes = {un for siens in DITS.values() for un in siens}
    assert seules < suivent <= nommes
    assert not seules & {un for service in SERVICES for un in durables(service, partage=False)}


@pytest.mark.parametrize("service", SERVICES)
def test_le_durable_d_un_service_est_interdit_aux_autres(service: str) -> None:
    droits = lire_droits(DEPLOIEMENT)
    for un in DITS[service]:
        acquitter = f"$JS.ACK.*.{un}.>"
        assert acquitter not in droits[service].interdits
        for autre in (*(one for one in SERVICES if one != service), "exploitation"):
            assert acquitter in droits[autre].interdits, (un, autre)
