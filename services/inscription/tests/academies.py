"""Trois académies d'un même examen : la pilote, deux rattachées, une quatrième qui n'en est pas."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from contracts.droits import Role
from contracts.evenements.regroupement import RegroupementAccepte, RegroupementDefini
from contracts.messages import Acteur, Event
from services.communs.testing import fait_du_journal
from services.inscription.domain.regroupement import Partage, Propose
from services.inscription.tests.donnees import LE, R2026, S2026
from services.socle.enveloppe import Fact

PILOTE, LYON, GRENOBLE, AILLEURS = "normandie", "lyon", "grenoble", "nantes"
CODE, ARRETE = "osrcl-ouest", "circulaire du 19 février 2024"

CHEZ = {nom: replace(S2026, academie=nom) for nom in (PILOTE, LYON, GRENOBLE, AILLEURS)}
"""La session telle que chacune l'a ouverte : le même règlement."""

PARTAGE = Partage(CODE, frozenset({PILOTE, LYON, GRENOBLE}))


def qui(academie: str, role: Role = Role.RECTEUR, le: datetime = LE) -> dict[str, Any]:
    """L'enveloppe d'une commande donnée dans cette académie."""
    par = Acteur(id="agent-1", role=role, academie=academie)
    return {"le": le, "par": par, "session": "2026", "diplome": "cap_osrcl"}


def defini(*membres: str, **autres: Any) -> RegroupementDefini:
    champs: dict[str, Any] = {
        "regroupement": CODE,
        "pilote": PILOTE,
        "membres": membres or (LYON, GRENOBLE),
        "arrete": ARRETE,
        "reglement": R2026.id,
        "version": R2026.version,
        "empreinte": R2026.empreinte,
        "regle": "BTS-G01",
        **autres,
    }
    return RegroupementDefini(**champs)


def accepte(**autres: Any) -> RegroupementAccepte:
    champs: dict[str, Any] = {
        "regroupement": CODE,
        "pilote": PILOTE,
        "reglement": R2026.id,
        "empreinte": R2026.empreinte,
        "regle": "DC-BTS19",
        **autres,
    }
    return RegroupementAccepte(**champs)


def propose(*membres: str, **autres: Any) -> Propose:
    dits = defini(*membres)
    return replace(Propose(CODE, PILOTE, dits.membres, dits.reglement, dits.empreinte), **autres)


def fait_de(academie: str, event: Event, agregat: str, seq: int = 1, le: datetime = LE) -> Fact:
    """Un fait tel que le journal de cette académie, ou ce qu'elle partage, le rend."""
    return fait_du_journal(event, seq, academie=academie, le=le, acteur="agent-1", agregat=agregat, rang=seq)
