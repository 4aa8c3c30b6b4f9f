"""L'arrivée d'un candidat proposé : la réponse qui lui est faite, et la place que la personne prend ici aussitôt."""

from __future__ import annotations

from typing import Any

from contracts.commandes.transfert import AbandonnerTransfert, AccepterTransfert, RefuserTransfert
from contracts.evenements.inscription import CandidatInscrit
from contracts.evenements.transfert import TransfertAccepte
from contracts.session import SessionFigee
from services.inscription.domain import personne as places
from services.inscription.domain import transfert
from services.inscription.domain.personne import Personne, PersonneEvent
from services.inscription.domain.transfert import Doublon, Reponse, Reponses


def repondre(
    command: AccepterTransfert | RefuserTransfert,
    reponses: Reponses,
    personne: Personne,
    session: SessionFigee,
    *,
    candidat: CandidatInscrit | None,
    empreinte: str,
    **connu: Any,
) -> tuple[list[Reponse], list[PersonneEvent]]:
    """La réponse, et la place gardée pour qui est accepté : nul ne l'inscrit ici une seconde fois en l'attendant.

    ``candidat``, ``empreinte`` : son inscription là-bas et l'empreinte de la personne, quand son identité est confiée ;
    sans elle, un doublon ne se voit pas. ``connu`` : voir `transfert.decide`.

    Raises:
        Refus: ceux de `transfert.decide`.
    """
    reglement = session.reglement
    if candidat is None or not empreinte:
        return transfert.decide(command, reponses, **connu), []
    numero = places.doublon(candidat, personne, reglement)
    double = None if numero is None else Doublon(numero, reglement.inscription.regle_doublon)
    events = transfert.decide(command, reponses, **connu, doublon=double, empreinte=empreinte)
    if not any(isinstance(one, TransfertAccepte) for one in events):
        return events, []
    return events, [*places.reprendre(candidat, personne, reglement)]


def abandonner(command: AbandonnerTransfert, personne: Personne, *, attendu: bool) -> list[PersonneEvent]:
    """Rendre la place ; rien si le candidat est ici, ou y est proposé de nouveau (``attendu``)."""
    return [] if attendu else places.rendre(command.candidat, personne)
