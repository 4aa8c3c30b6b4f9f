"""Le transfert : un candidat change d'académie. Une seule proposition à la fois, que seule sa destination conclut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from contracts.commandes.transfert import AccepterTransfert, EnregistrerTransfert, RefuserTransfert, TransfererCandidat
from contracts.evenements.transfert import (
    CandidatTransfere,
    TransfertAccepte,
    TransfertDecline,
    TransfertPropose,
    TransfertRefuse,
)
from contracts.messages import Event, Refus
from contracts.vocabulaire import Enveloppe
from services.inscription.domain.etats import Fiche
from services.inscription.domain.regroupement import Partage, exiger_partage

REGLE_TRANSFERT = "TR-G01"
"""Une académie tient les inscriptions de ses candidats, et d'eux seuls."""

REGLE_JURY = "AMB-55"
"""L'académie d'inscription, telle que le jury l'a connue à sa clôture, délivre : elle ne change plus ensuite."""

# L'académie de départ ----------------------------------------------------------------------------------------------


def exiger_sans_decision(candidat: str, jury: str | None) -> None:
    """Aucun jury clos n'a décidé du candidat. ``jury`` : celui qui l'a fait.

    Raises:
        Refus: ``CANDIDAT_DELIBERE``.
    """
    if jury is not None:
        detail = f"le jury {jury}, clos, a décidé de {candidat} : l'académie où il était alors publie et délivre"
        raise Refus("CANDIDAT_DELIBERE", f"{detail} (AMB-55) ; il n'en change plus", jury=jury)


def proposer(
    command: TransfererCandidat,
    fiche: Fiche,
    partage: Partage | None,
    ici: str,
    enveloppe: Enveloppe | None,
    jury: str | None = None,
) -> list[TransfertPropose]:
    """Proposer le candidat à une autre académie du regroupement. ``jury`` : celui, clos, qui a décidé de lui.

    Raises:
        Refus: ``TRANSFERT_EN_COURS``, ``ACCUEIL_EN_COURS``, ``CANDIDAT_DELIBERE`` ; ceux d'`exiger_partage`.
    """
    exiger_partage(partage, command.vers, ici)
    exiger_sans_decision(fiche.candidat, jury)
    if fiche.transfert is not None:
        if fiche.transfert.vers == command.vers:
            return []
        exiger_sans_transfert(fiche)
    accueilli = fiche.centre is not None and fiche.centre.academie is not None
    if fiche.accueil is not None or accueilli:
        detail = f"{fiche.candidat} compose, ou demande à composer, dans une autre académie"
        raise Refus("ACCUEIL_EN_COURS", f"{detail} : affectez-lui d'abord un centre d'ici")
    return [
        TransfertPropose(
            candidat=fiche.candidat,
            vers=command.vers,
            motif=command.motif,
            proposition=fiche.propositions + 1,
            enveloppe=enveloppe,
            regle=REGLE_TRANSFERT,
        )
    ]


def exiger_sans_transfert(fiche: Fiche) -> None:
    """Aucune proposition n'attend sa réponse.

    Raises:
        Refus: ``TRANSFERT_EN_COURS``.
    """
    if fiche.transfert is not None:
        vers = fiche.transfert.vers
        detail = f"{fiche.candidat} est proposé à {vers}, qui seule peut y répondre : attendez sa réponse"
        raise Refus("TRANSFERT_EN_COURS", detail)


def enregistrer(
    command: EnregistrerTransfert, fiche: Fiche, jury: str | None = None
) -> list[CandidatTransfere | TransfertDecline]:
    """Prendre acte de la réponse ; celle d'une proposition que rien n'attend plus ne change rien.

    ``jury`` : celui, clos, qui a décidé du candidat entre-temps. Il ne part plus, même accepté.
    """
    attend = fiche.transfert
    if attend is None or (attend.vers, attend.proposition) != (command.vers, command.proposition):
        return []
    if command.accepte and jury is not None:
        motif = f"le jury {jury} a décidé du candidat avant que la réponse n'arrive"
        return [TransfertDecline(candidat=fiche.candidat, vers=command.vers, motif=motif, regle=REGLE_JURY)]
    if command.accepte:
        return [CandidatTransfere(candidat=fiche.candidat, vers=command.vers, regle=REGLE_TRANSFERT)]
    motif, regle = command.motif or "refusé par l'autre académie", command.regle or REGLE_TRANSFERT
    return [TransfertDecline(candidat=fiche.candidat, vers=command.vers, motif=motif, regle=regle)]


# L'académie d'arrivée ----------------------------------------------------------------------------------------------

Reponse: TypeAlias = TransfertAccepte | TransfertRefuse


@dataclass(frozen=True)
class Reponses:
    """Ce qui a été répondu aux propositions d'une académie pour un candidat : la dernière réponse."""

    derniere: Reponse | None = None


@dataclass(frozen=True)
class Doublon:
    """La personne est déjà inscrite ici, sous ce numéro, et la règle qui lui interdit de l'être deux fois."""

    numero: str
    regle: str

    def refus(self, accepte: TransfertAccepte) -> TransfertRefuse:
        """La réponse qu'il impose."""
        motif = f"cette personne est déjà inscrite à cet examen dans l'académie d'arrivée, sous le numéro {self.numero}"
        dit = accepte.model_dump(include={"candidat", "origine", "proposition"})
        return TransfertRefuse(**dit, motif=motif, regle=self.regle)


initial = Reponses()


def evolve(reponses: Reponses, event: Reponse) -> Reponses:
    """Se souvenir, sans juger."""
    return Reponses(event)


def decide(
    command: AccepterTransfert | RefuserTransfert,
    reponses: Reponses,
    *,
    proposition: TransfertPropose | None = None,
    partage: Partage | None = None,
    ici: str = "",
    inscrit: bool = False,
    jury: str | None = None,
    doublon: Doublon | None = None,
    empreinte: str = "",
) -> list[Reponse]:
    """Répondre à la proposition qui attend. ``inscrit`` : le numéro est-il déjà porté ici ?

    ``jury`` : celui, clos, qui a décidé du candidat. ``doublon`` : la personne est déjà inscrite ici à cet examen, ce
    qui refuse le transfert ; l'autre académie doit le savoir, c'est une réponse. ``empreinte`` : celle de la personne.

    Raises:
        Refus: ``TRANSFERT_INCONNU``, ``TRANSFERT_DEJA_REPONDU``, ``DEJA_INSCRIT``, ``CANDIDAT_DELIBERE`` ; ceux
            d'`exiger_partage`.
    """
    derniere = reponses.derniere
    if proposition is None and derniere is not None:
        return _redite(command, derniere)
    if proposition is None:
        detail = f"{command.candidat} de {command.origine} n'est pas proposé ici, ou ce n'est pas encore arrivé"
        raise Refus("TRANSFERT_INCONNU", f"{detail} : vérifiez le numéro et l'académie")
    reponse = _reponse(command, proposition)
    if derniere is not None and derniere.proposition == proposition.proposition:
        return _redite(command, derniere)
    exiger_partage(partage, command.origine, ici)
    if isinstance(reponse, TransfertAccepte):
        exiger_sans_decision(command.candidat, jury)
    if inscrit and isinstance(reponse, TransfertAccepte):
        raise Refus("DEJA_INSCRIT", f"{command.candidat} est un numéro déjà porté ici : refusez le transfert")
    if isinstance(reponse, TransfertAccepte):
        return [reponse.model_copy(update={"personne": empreinte}) if doublon is None else doublon.refus(reponse)]
    return [reponse]


def _redite(command: AccepterTransfert | RefuserTransfert, derniere: Reponse) -> list[Reponse]:
    """Ce qui a été répondu ne change plus."""
    if isinstance(command, AccepterTransfert) == isinstance(derniere, TransfertAccepte):
        return []
    if isinstance(derniere, TransfertRefuse) and derniere.regle != REGLE_TRANSFERT:
        return []  # le doublon que l'on voulait accepter
    detail = f"{command.candidat} : il a déjà été répondu à cette proposition, dans l'autre sens"
    raise Refus("TRANSFERT_DEJA_REPONDU", detail)


def _reponse(command: AccepterTransfert | RefuserTransfert, proposition: TransfertPropose) -> Reponse:
    qui = {"candidat": command.candidat, "origine": command.origine, "regle": REGLE_TRANSFERT}
    if isinstance(command, RefuserTransfert):
        return TransfertRefuse(**qui, proposition=proposition.proposition, motif=command.motif)
    return TransfertAccepte(**qui, proposition=proposition.proposition)


def en_attente(events: tuple[Event, ...], ici: str) -> TransfertPropose | None:
    """La proposition faite à cette académie, dans l'histoire d'une candidature, si elle attend encore."""
    attend: TransfertPropose | None = None
    for event in events:
        if isinstance(event, TransfertPropose):
            attend = event
        elif isinstance(event, (CandidatTransfere, TransfertDecline)):
            attend = None
    return attend if attend is not None and attend.vers == ici else None
