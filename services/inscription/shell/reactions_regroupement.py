"""Ce que l'on se commande à soi-même de ce que les partenaires font savoir."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from contracts.commandes.regroupement import AccueillirCandidat, EnregistrerAccueil, LibererPlace
from contracts.commandes.transfert import AbandonnerTransfert, EnregistrerTransfert, ReprendreCandidature
from contracts.evenements.inscription import CentreAffecte, InscriptionAnnulee
from contracts.evenements.regroupement import AccueilDemande, AccueilRefuse, CandidatAccueilli
from contracts.evenements.transfert import CandidatTransfere, TransfertAccepte, TransfertDecline, TransfertRefuse
from contracts.messages import Command
from services.communs.reactions import command_base
from services.communs.transfert import par_la_reprise, reprise
from services.socle.enveloppe import Fact
from services.socle.reactions import Reaction
from services.socle.subjects import split

Tenues = Callable[[Fact, str], Awaitable[Sequence[str]]]
"""Les centres d'ici où est accueilli un candidat de l'académie du fait."""


@dataclass(frozen=True)
class Voisinage:
    """Les réactions d'une académie aux faits des autres. ``tenues`` : voir `Tenues`."""

    academie: str
    tenues: Tenues

    async def recevoir(self, fact: Fact) -> list[Command]:
        """Un partenaire demande une place pour son candidat, ou ce candidat ne vient plus."""
        if reprise(fact):
            return []
        match fact.event:
            case AccueilDemande(academie=hote) as demande if hote == self.academie:
                return [self._accueillir(fact, demande)]
            case InscriptionAnnulee(candidat=candidat):
                return await self._liberer(fact, candidat, "")
            case CentreAffecte(candidat=candidat) as affecte:
                garde = affecte.centre if affecte.academie == self.academie else ""
                return await self._liberer(fact, candidat, garde)
            case _:
                return []

    def apprendre(self, fact: Fact) -> list[Command]:
        """Un partenaire répond à une demande d'ici."""
        match fact.event:
            case CandidatAccueilli(origine=origine) | AccueilRefuse(origine=origine) if origine == self.academie:
                return [self._enregistrer(fact, fact.event)]
            case _:
                return []

    def conclure(self, fact: Fact) -> list[Command]:
        """Un partenaire répond à une proposition de transfert d'ici, ou a clos l'histoire de qui vient ici."""
        autre, event = split(fact.subject).academie, fact.event
        match event:
            case TransfertAccepte(origine=origine) | TransfertRefuse(origine=origine) if origine == self.academie:
                accepte = isinstance(event, TransfertAccepte)
                dit = {"vers": autre, "accepte": accepte, "proposition": event.proposition}
                base = command_base(fact, "inscription", "enregistrer_transfert", self.academie)
                motif, regle = getattr(event, "motif", ""), event.regle
                return [EnregistrerTransfert(**base, **dit, candidat=event.candidat, motif=motif, regle=regle)]
            case TransfertDecline(vers=vers) if vers == self.academie:
                base = command_base(fact, "inscription", "abandonner_transfert", self.academie)
                return [AbandonnerTransfert(**base, candidat=event.candidat, origine=autre)]
            case CandidatTransfere(vers=vers) if vers == self.academie:
                base = par_la_reprise(fact, "inscription", "reprendre_candidature", self.academie)
                return [ReprendreCandidature(**base, candidat=event.candidat, origine=autre)]
            case _:
                return []

    def _accueillir(self, fact: Fact, demande: AccueilDemande) -> Command:
        return AccueillirCandidat(
            **command_base(fact, "inscription", "accueillir", self.academie),
            candidat=demande.candidat,
            origine=split(fact.subject).academie,
            centre=demande.centre,
            demande=demande.demande,
        )

    async def _liberer(self, fact: Fact, candidat: str, garde: str) -> list[Command]:
        base, origine = command_base(fact, "inscription", "liberer", self.academie), split(fact.subject).academie
        quittes = [centre for centre in await self.tenues(fact, candidat) if centre != garde]
        return [
            LibererPlace(**{**base, "id": f"{base['id']}:{centre}"}, candidat=candidat, origine=origine, centre=centre)
            for centre in quittes
        ]

    def _enregistrer(self, fact: Fact, reponse: CandidatAccueilli | AccueilRefuse) -> Command:
        base = command_base(fact, "inscription", "enregistrer_accueil", self.academie)
        dite = {"candidat": reponse.candidat, "centre": reponse.centre, "demande": reponse.demande}
        hote = split(fact.subject).academie
        if isinstance(reponse, AccueilRefuse):
            return EnregistrerAccueil(**base, **dite, academie=hote, accueilli=False, cause=reponse.cause)
        lieu = {"type": reponse.type, "fuseau": reponse.fuseau}
        return EnregistrerAccueil(**base, **dite, **lieu, academie=hote, accueilli=True)


def reactions(voisinage: Voisinage) -> list[Reaction]:
    """Celles qui ne suivent que les partenaires."""
    return [
        Reaction(
            "accueil",
            frozenset({AccueilDemande, CentreAffecte, InscriptionAnnulee}),
            voisinage.recevoir,
            exchanged=True,
            own=False,
        ),
        Reaction(
            "reponse_accueil",
            frozenset({CandidatAccueilli, AccueilRefuse}),
            voisinage.apprendre,
            tolerated=frozenset({"CANDIDAT_INCONNU"}),
            exchanged=True,
            own=False,
        ),
        Reaction(
            "transfert",
            frozenset({TransfertAccepte, TransfertRefuse, CandidatTransfere, TransfertDecline}),
            voisinage.conclure,
            tolerated=frozenset({"CANDIDAT_INCONNU", "TRANSFERT_NON_ACCEPTE"}),
            exchanged=True,
            own=False,
        ),
    ]
