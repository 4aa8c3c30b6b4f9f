"""Ce que l'on se commande à soi-même de ce que transmettent les académies qui accueillent nos candidats."""

from __future__ import annotations

from functools import partial

from contracts.commandes.resultats_accueil import RecevoirResultat
from contracts.commandes.transfert import ReprendreReleve
from contracts.evenements.resultats_accueil import ResultatTransmis
from contracts.evenements.transfert import ReleveTransfere
from contracts.messages import Command
from services.communs.reactions import command_base
from services.communs.transfert import par_la_reprise
from services.socle.enveloppe import Fact
from services.socle.reactions import Reaction
from services.socle.subjects import split


def recevoir_resultat(fact: Fact, academie: str) -> list[Command]:
    """Un résultat d'un candidat de cette ``academie`` est à porter à son relevé, ou à garder à part."""
    event = fact.event
    if not isinstance(event, ResultatTransmis) or event.origine != academie:
        return []
    return [
        RecevoirResultat(
            **command_base(fact, "notation", "recevoir_resultat", academie),
            candidat=event.candidat,
            academie=split(fact.subject).academie,
            centre=event.centre,
            epreuve=event.epreuve,
            situation=event.situation,
            note=event.note,
            absent=event.absent,
            auteur=event.auteur,
        )
    ]


def reprendre_releve(fact: Fact, academie: str) -> list[Command]:
    """Un partenaire a clos le relevé d'un candidat qui vient ici : il est repris, si le candidat est accepté."""
    event = fact.event
    if not isinstance(event, ReleveTransfere) or event.vers != academie:
        return []
    base = par_la_reprise(fact, "notation", "reprendre_releve", academie)
    return [ReprendreReleve(**base, candidat=event.candidat, origine=split(fact.subject).academie)]


def des_partenaires(academie: str) -> list[Reaction]:
    """Les réactions qui ne suivent que les partenaires. Ce qui vient sans avoir été demandé n'est pas reçu."""
    return [
        Reaction(
            "recevoir_resultat",
            frozenset({ResultatTransmis}),
            partial(recevoir_resultat, academie=academie),
            tolerated=frozenset({"CANDIDAT_NON_ACCUEILLI"}),
            exchanged=True,
            own=False,
        ),
        Reaction(
            "reprendre_releve",
            frozenset({ReleveTransfere}),
            partial(reprendre_releve, academie=academie),
            tolerated=frozenset({"TRANSFERT_NON_ACCEPTE"}),
            exchanged=True,
            own=False,
        ),
    ]
