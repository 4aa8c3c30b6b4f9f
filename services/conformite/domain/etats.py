"""Les états d'un dossier, et ce qu'il retient de son histoire."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, assert_never

from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DossierModifie,
    DossierOuvert,
    DouteSignale,
    DureeReduiteAutorisee,
    PieceDeposee,
    PieceJugee,
    PiecesDispensees,
    PiecesRetablies,
    RegularisationDemandee,
    SupportsArretes,
    VerificationConclue,
)
from contracts.vocabulaire import NaturePiece, Verdict
from services.conformite.domain.acces import REGLE_A_VENIR
from services.conformite.domain.inscrit import Inscrit

PieceEvent: TypeAlias = PieceDeposee | PieceJugee | RegularisationDemandee | PiecesDispensees | PiecesRetablies
DecisionEvent: TypeAlias = DossierDeclareConforme | DossierDeclareNonConforme
DossierEvent: TypeAlias = (
    DossierOuvert
    | DossierModifie
    | PieceEvent
    | DecisionEvent
    | SupportsArretes
    | DouteSignale
    | VerificationConclue
    | DureeReduiteAutorisee
)


@dataclass(frozen=True)
class Piece:
    """Une pièce reçue, son verdict s'il est rendu, la régularisation demandée s'il y en a une."""

    deposee: PieceDeposee
    jugee: PieceJugee | None = None
    demandee: RegularisationDemandee | None = None

    @property
    def verdict(self) -> Verdict | None:
        return self.jugee.verdict if self.jugee else None


@dataclass(frozen=True)
class Recu:
    """Ce qui est arrivé, dossier ouvert ou non. ``complement`` : la demande d'attestation complémentaire (AMB-34)."""

    pieces: Mapping[str, Piece] = field(default_factory=dict)
    dispenses: frozenset[str] = frozenset()
    complement: RegularisationDemandee | None = None

    def de_nature(self, *natures: NaturePiece) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces.values() if piece.deposee.nature in natures)


@dataclass(frozen=True)
class Suivi:
    """Ce qu'un contrôle a fait d'une épreuve : sa dernière décision, les doutes en cours, ce qu'on en a vérifié."""

    decision: DecisionEvent | None = None
    doutes: tuple[str, ...] = ()
    verification: VerificationConclue | None = None

    @property
    def verifie_faux(self) -> bool:
        return self.verification is not None and not self.verification.conforme


@dataclass(frozen=True)
class Dossier:
    """Un dossier ouvert, quelle que soit la décision. ``suivis`` : par épreuve contrôlée.

    ``modifie`` : l'inscription, si elle a changé depuis l'ouverture.
    """

    ouvert: DossierOuvert
    recu: Recu
    arretes: SupportsArretes | None = None
    verification: VerificationConclue | None = None
    suivis: Mapping[str, Suivi] = field(default_factory=dict)
    reductions: tuple[DureeReduiteAutorisee, ...] = ()
    modifie: DossierModifie | None = None

    def suivi(self, epreuve: str) -> Suivi:
        return self.suivis.get(epreuve, Suivi())

    @property
    def inscrit(self) -> Inscrit:
        """Le candidat, formation attestée aussi par une preuve jugée conforme, sauf vérification contraire."""
        preuves = self.recu.de_nature(NaturePiece.PREUVE_FORMATION)
        prouvee = not self.verifie_faux and any(piece.verdict is Verdict.CONFORME for piece in preuves)
        de_base = Inscrit.de(self.ouvert)
        if self.modifie:
            facultatives = tuple(sorted(self.modifie.facultatives))
            de_base = replace(de_base, modes=self.modifie.modes, facultatives=facultatives)
        return replace(de_base, formation_attestee=de_base.formation_attestee or prouvee)

    @property
    def verifie_faux(self) -> bool:
        """L'autorité a conclu contre le dossier."""
        return self.verification is not None and not self.verification.conforme


@dataclass(frozen=True)
class Inconnu:
    """Aucune inscription n'est connue ; des pièces ou des dispenses ont pu arriver avant elle."""

    recu: Recu = field(default_factory=Recu)


@dataclass(frozen=True)
class EnControle:
    """Le dossier est ouvert, rien n'est décidé."""

    dossier: Dossier


@dataclass(frozen=True)
class Autorise:
    """Déclaré conforme."""

    dossier: Dossier


@dataclass(frozen=True)
class NonAutorise:
    """Déclaré non conforme, en vertu de ``regle``."""

    dossier: Dossier
    regle: str


@dataclass(frozen=True)
class MisEnDoute:
    """Un doute est signalé : la décision d'avant tient, l'autorité vérifie (TR-C02)."""

    avant: Decide
    motifs: tuple[str, ...]

    @property
    def dossier(self) -> Dossier:
        return self.avant.dossier


Decide: TypeAlias = EnControle | Autorise | NonAutorise
Ouvert: TypeAlias = EnControle | Autorise | NonAutorise | MisEnDoute
Etat: TypeAlias = Inconnu | Ouvert
initial: Etat = Inconnu()


def evolve(etat: Etat, event: DossierEvent) -> Etat:
    """Se souvenir, sans juger ; un fait qui ne vaut pas dans cet état ne change rien."""
    match event:
        case DossierOuvert():
            return ouvrir(etat.recu, event) if isinstance(etat, Inconnu) else etat
        case PieceDeposee() | PieceJugee() | RegularisationDemandee() | PiecesDispensees() | PiecesRetablies():
            return _recevoir(etat, event)
        case DossierDeclareConforme() | DossierDeclareNonConforme():
            return _decider(etat, event)
        case SupportsArretes():
            return _changer(etat, lambda dossier: replace(dossier, arretes=event))
        case DossierModifie():  # l'état des supports est à arrêter de nouveau
            return _changer(etat, lambda dossier: replace(dossier, arretes=None, modifie=event))
        case DureeReduiteAutorisee():
            return _changer(etat, lambda dossier: replace(dossier, reductions=(*dossier.reductions, event)))
        case DouteSignale() | VerificationConclue():
            return _verifier(etat, event)
        case _:
            assert_never(event)


def suivre(etat: Ouvert, event: DossierEvent) -> Ouvert:
    """`evolve` d'un dossier ouvert, qui le reste."""
    apres = evolve(etat, event)
    return etat if isinstance(apres, Inconnu) else apres


def recu_de(etat: Etat) -> Recu:
    """Ce qui est arrivé, dossier ouvert ou non."""
    return etat.recu if isinstance(etat, Inconnu) else etat.dossier.recu


def ouvrir(recu: Recu, event: DossierOuvert) -> EnControle:
    """Le dossier que l'ouverture fait de ce qui est arrivé."""
    return EnControle(Dossier(event, replace(recu, dispenses=recu.dispenses | set(event.dispenses))))


def _recevoir(etat: Etat, event: PieceEvent) -> Etat:
    if isinstance(etat, Inconnu):
        return Inconnu(_noter(etat.recu, event))
    if isinstance(event, PiecesRetablies):  # l'état des supports est à arrêter de nouveau
        repassee = event.epreuve
        etat = _changer(etat, lambda dossier: replace(dossier, arretes=None, suivis=_sans(dossier.suivis, repassee)))
    return _changer(etat, lambda dossier: replace(dossier, recu=_noter(dossier.recu, event)))


def _noter(recu: Recu, event: PieceEvent) -> Recu:
    match event:
        case PieceDeposee(piece=code):
            return replace(recu, pieces={**recu.pieces, code: Piece(event)})
        case PieceJugee(piece=code):
            return _sur_piece(recu, code, lambda piece: replace(piece, jugee=event))
        case RegularisationDemandee(piece=code, regle=regle):
            recu = replace(recu, complement=event) if regle == REGLE_A_VENIR else recu
            return _sur_piece(recu, code, lambda piece: replace(piece, demandee=event))
        case PiecesDispensees(epreuve=epreuve):
            return replace(recu, dispenses=recu.dispenses | {epreuve})
        case PiecesRetablies(epreuve=epreuve):
            return replace(recu, dispenses=recu.dispenses - {epreuve})
        case _:
            assert_never(event)


def _sur_piece(recu: Recu, code: str, change: Callable[[Piece], Piece]) -> Recu:
    if code not in recu.pieces:
        return recu
    return replace(recu, pieces={**recu.pieces, code: change(recu.pieces[code])})


def _decider(etat: Etat, event: DecisionEvent) -> Etat:
    if isinstance(etat, Inconnu):
        return etat
    if event.epreuves:
        return _suivre_epreuves(etat, event.epreuves, lambda suivi: replace(suivi, decision=event))
    if isinstance(event, DossierDeclareConforme):
        return Autorise(etat.dossier)
    return NonAutorise(etat.dossier, event.regle)


def _verifier(etat: Etat, event: DouteSignale | VerificationConclue) -> Etat:
    """Celui d'une épreuve ne touche qu'elle ; celui du dossier, tout entier."""
    if event.epreuve is not None:
        return _suivre_epreuves(etat, (event.epreuve,), lambda suivi: _verifier_epreuve(suivi, event))
    match etat, event:
        case MisEnDoute(avant=avant, motifs=motifs), DouteSignale(motif=motif):
            return MisEnDoute(avant, (*motifs, motif))
        case (EnControle() | Autorise() | NonAutorise()) as avant, DouteSignale(motif=motif):
            return MisEnDoute(avant, (motif,))
        case MisEnDoute(avant=avant), VerificationConclue():
            return _changer(avant, lambda dossier: replace(dossier, verification=event))
        case _:
            return etat


def _verifier_epreuve(suivi: Suivi, event: DouteSignale | VerificationConclue) -> Suivi:
    if isinstance(event, DouteSignale):
        return replace(suivi, doutes=(*suivi.doutes, event.motif))
    return replace(suivi, doutes=(), verification=event) if suivi.doutes else suivi


def _suivre_epreuves(etat: Etat, epreuves: tuple[str, ...], change: Callable[[Suivi], Suivi]) -> Etat:
    return _changer(
        etat,
        lambda dossier: replace(
            dossier, suivis={**dossier.suivis, **{une: change(dossier.suivi(une)) for une in epreuves}}
        ),
    )


def _sans(suivis: Mapping[str, Suivi], epreuve: str) -> Mapping[str, Suivi]:
    return {code: suivi for code, suivi in suivis.items() if code != epreuve}


def _changer(etat: Etat, change: Callable[[Dossier], Dossier]) -> Etat:
    match etat:
        case Inconnu():
            return etat
        case MisEnDoute(avant=avant):
            return replace(etat, avant=replace(avant, dossier=change(avant.dossier)))
        case EnControle() | Autorise() | NonAutorise():
            return replace(etat, dossier=change(etat.dossier))
        case _:
            assert_never(etat)
