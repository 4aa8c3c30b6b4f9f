"""Contrôler la conformité d'un dossier : les motifs, un à un, puis l'issue (BTS-C01 à C18, MC-C03 à C13, TP-C01).

L'issue ne dépend que des pièces, jamais de leur ordre d'arrivée ; une pièce de plus ne l'aggrave pas.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from contracts.evenements.conformite import DureeReduiteAutorisee, MotifNonConformite
from contracts.reglement import Duree, PieceExigee, Reduction
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication, Periode, Verdict
from services.conformite.domain.contenu import Defaut
from services.conformite.domain.durees import Mesure, dire, mesurer
from services.conformite.domain.etats import Dossier, Piece
from services.conformite.domain.examen import EnSuspens
from services.conformite.domain.exigee import defauts_de, juger_exigee, regle_signature
from services.conformite.domain.exigences import ControleDu, date_remise
from services.conformite.domain.periodes import distinctes, en_nombre

Motif = MotifNonConformite
# L'ordre de BTS-C02, puis ce que d'autres règlements ajoutent.
ORDRE = (Motif.DEPOT, Motif.DELAI, Motif.DUREE, Motif.ATTESTATION, Motif.SIGNATURE, Motif.SECTEUR, Motif.PIECE)
ABSENCES = {
    Motif.DEPOT: "aucun dépôt",
    Motif.ATTESTATION: "aucune attestation de stage ni certificat de travail admis",
    Motif.PIECE: "pièce absente",
}
REJETS = {
    Motif.DELAI: "déposée après la date de remise",
    Motif.SIGNATURE: "non visée ou non signée par une personne habilitée",
    Motif.SECTEUR: "activité étrangère au secteur du diplôme",
    Motif.ATTESTATION: "attestation incomplète",
    Motif.PIECE: "pièce incomplète",
}


@dataclass(frozen=True)
class Constat:
    """Un motif de non-conformité : sa règle, ce qu'on constate, sur quelles pièces, avec quels chiffres."""

    motif: Motif
    regle: str
    texte: str
    faits: tuple[str, ...] = ()
    chiffres: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Vue:
    """Une pièce du contrôle, et ce qu'elle vaut : la règle relue aujourd'hui, ou le verdict d'une personne."""

    piece: Piece
    verdict: Verdict
    regle: str
    motifs: tuple[Motif, ...]

    @property
    def code(self) -> str:
        return self.piece.deposee.piece

    @property
    def admise(self) -> bool:
        return self.verdict is Verdict.CONFORME


@dataclass(frozen=True)
class Reduite:
    """La réduction qui vaut pour le candidat, et l'acte de l'autorité qui l'autorise."""

    prevue: Reduction
    acte: DureeReduiteAutorisee


@dataclass(frozen=True)
class Examen:
    """Tout ce que le contrôle a vu : de quoi décider, et de quoi l'expliquer.

    ``dispenses`` : les unités que le contrôle nomme et dont le candidat est dispensé, toutes ou non.
    """

    du: ControleDu
    vues: tuple[Vue, ...]
    mesure: Mesure | None
    constats: tuple[Constat, ...]
    a_examiner: tuple[Vue, ...]
    reserves: tuple[tuple[str, Defaut], ...] = ()
    reduite: Reduite | None = None
    dispenses: tuple[str, ...] = ()

    @property
    def motifs(self) -> tuple[Motif, ...]:
        presents = {constat.motif for constat in self.constats}
        return tuple(motif for motif in ORDRE if motif in presents)


@dataclass(frozen=True)
class Conforme:
    examen: Examen


@dataclass(frozen=True)
class NonConforme:
    examen: Examen


Issue: TypeAlias = Conforme | NonConforme | EnSuspens
Explications: TypeAlias = tuple[Explication, ...]


def controler(du: ControleDu, dossier: Dossier, session: SessionFigee, le: datetime, *, verifie_faux: bool) -> Issue:
    """L'issue d'un contrôle à cet instant. Favorable, elle n'attend pas ; contraire, elle attend la date de remise.

    ``verifie_faux`` : l'autorité a conclu contre ce dossier ; la date n'y change plus rien.
    """
    examen = examiner(du, dossier, session, verifie_faux=verifie_faux)
    if verifie_faux:
        return NonConforme(examen)
    if not examen.constats and not examen.a_examiner:
        return Conforme(examen)
    jour = date_remise(session)
    if examen.a_examiner:
        une = examen.a_examiner[0]
        return EnSuspens(une.regle, f"la pièce {une.code} est à examiner : jugez-la à la main, avec son motif")
    if session.dans_les_delais(le, jour):
        detail = f"le candidat peut compléter son dossier jusqu'au {jour:%d/%m/%Y} inclus : attendez"
        return EnSuspens(du.controle.regle_delai, detail)
    return NonConforme(examen)


def examiner(du: ControleDu, dossier: Dossier, session: SessionFigee, *, verifie_faux: bool = False) -> Examen:
    """Les pièces, la durée, et chaque motif qui s'oppose."""
    vues = _vues(du, dossier, session)
    mesure = mesurer_duree(du, dossier, session, [une for une in vues if une.admise])
    potentielle = mesurer_duree(du, dossier, session, vues)
    reduite = reduction_de(mesure.duree, dossier, session) if mesure else None
    constats: list[Constat] = []
    for exigee in du.pieces:
        constats += _exigee(exigee, [une for une in vues if une.piece.deposee.nature in exigee.natures], du)
    constats += _duree(du, vues, mesure, potentielle, reduite)
    constats += _periodes(du, dossier, session, vues)
    if verifie_faux:
        constats.append(_faux(du))
    return Examen(
        du=du,
        vues=vues,
        mesure=mesure,
        constats=tuple(dict.fromkeys(constats)),
        a_examiner=_a_examiner(du, dossier, session, vues, mesure),
        reserves=tuple(_reserves(du, vues)),
        reduite=reduite,
        dispenses=tuple(une for une in du.controle.dispense_avec if une in dossier.recu.dispenses),
    )


def _vues(du: ControleDu, dossier: Dossier, session: SessionFigee) -> tuple[Vue, ...]:
    """Les pièces reçues pour ce contrôle, par code : l'ordre d'arrivée n'y paraît pas."""
    return tuple(
        _vue(piece, exigee, du, dossier, session)
        for _, piece in sorted(dossier.recu.pieces.items())
        if (exigee := _exigee_de(piece, du)) is not None
    )


def _exigee_de(piece: Piece, du: ControleDu) -> PieceExigee | None:
    return next((une for une in du.pieces if piece.deposee.nature in une.natures), None)


def _vue(piece: Piece, exigee: PieceExigee, du: ControleDu, dossier: Dossier, session: SessionFigee) -> Vue:
    jugee = piece.jugee
    if jugee and jugee.a_la_main:
        refusee = () if jugee.verdict is Verdict.CONFORME else (Motif(exigee.motif),)
        return Vue(piece, jugee.verdict, jugee.regle, refusee)
    jugement = juger_exigee(piece.deposee, du, exigee, dossier.ouvert.categorie, session)
    regle = regle_signature(exigee) if Motif.SIGNATURE in jugement.motifs else jugement.regle
    return Vue(piece, jugement.verdict, regle, jugement.motifs)


# Les motifs -------------------------------------------------------------------------------------------------------


def _exigee(exigee: PieceExigee, vues: Sequence[Vue], du: ControleDu) -> Iterator[Constat]:
    """Une pièce admise suffit ; sinon, pourquoi aucune ne l'est."""
    if any(une.admise for une in vues):
        return
    if not vues:
        motif = Motif(exigee.motif)
        natures = " ou ".join(exigee.natures)
        yield Constat(motif, exigee.regle, f"{ABSENCES[motif]} : {natures}")
    yield from _rejets([une for une in vues if une.verdict is not Verdict.A_EXAMINER], du)


def _rejets(vues: Iterable[Vue], du: ControleDu) -> Iterator[Constat]:
    for vue in vues:
        for motif in vue.motifs:
            regle = du.controle.regle_delai if motif is Motif.DELAI else vue.regle
            texte = REJETS.get(motif, "pièce écartée par une personne")
            yield Constat(motif, regle, f"pièce {vue.code} : {texte}", faits=(vue.code,))


def _duree(
    du: ControleDu,
    vues: Sequence[Vue],
    mesure: Mesure | None,
    potentielle: Mesure | None,
    reduite: Reduite | None,
) -> Iterator[Constat]:
    """La durée admise ne suffit pas : les pièces écartées disent pourquoi ; la durée, si même elles ne suffiraient."""
    attestent = [une for une in vues if une.piece.deposee.nature in du.natures_durees]
    if mesure is None or potentielle is None or mesure.suffit or not attestent:
        return
    yield from _rejets([une for une in attestent if not une.admise and une.verdict is not Verdict.A_EXAMINER], du)
    if not potentielle.suffit:
        par = f", durée réduite en vertu de {reduite.prevue.regle}" if reduite else ""
        texte = f"{mesure.texte} attestées ; il en faut {dire(mesure.minimum, mesure.unite)}{par}"
        chiffres = (("retenue", str(mesure.retenue)), ("minimum", str(mesure.minimum)))
        codes = tuple(une.code for une in attestent)
        yield Constat(Motif.DUREE, mesure.duree.regle, texte, faits=codes, chiffres=chiffres)


def _periodes(du: ControleDu, dossier: Dossier, session: SessionFigee, vues: Sequence[Vue]) -> Iterator[Constat]:
    """Autant d'attestations que de périodes distinctes : celles du dossier, et celles qu'elles portent (BTS-C10)."""
    regle = du.controle.attestation_par_periode
    attestations = [une for une in vues if une.piece.deposee.nature in du.natures_attestations]
    declarees = max((une.piece.deposee.contenu.periodes or 0 for une in vues if une.piece.deposee.contenu), default=0)
    admises = [une for une in attestations if une.admise]
    if regle is None or du.dispense or not attestations or _une_par_periode(du, dossier, session, admises, declarees):
        return
    yield from _rejets([une for une in attestations if not une.admise and une.verdict is not Verdict.A_EXAMINER], du)
    if not _une_par_periode(du, dossier, session, attestations, declarees):
        nombre, periodes = len({_document(une) for une in admises}), max(declarees, len(_dites(du, admises)))
        texte = f"{nombre} attestations pour {periodes} périodes distinctes : il en faut une par période"
        chiffres = (("attestations", str(nombre)), ("periodes", str(periodes)))
        codes = tuple(une.code for une in attestations)
        yield Constat(Motif.ATTESTATION, regle, texte, faits=codes, chiffres=chiffres)


def _une_par_periode(
    du: ControleDu, dossier: Dossier, session: SessionFigee, attestations: Sequence[Vue], declarees: int
) -> bool:
    """Elles sont assez, et celles qui ont chacune leur période suffisent à la durée."""
    documents = list({_document(une): une for une in attestations}.values())
    if len(documents) < declarees:
        return False
    gardees = en_nombre({une.code: _periodes_de(du, une) for une in documents})
    if len(gardees) == len(documents):
        return True
    mesure = mesurer_duree(du, dossier, session, [une for une in documents if une.code in gardees])
    return mesure is not None and mesure.suffit


def _dites(du: ControleDu, vues: Iterable[Vue]) -> tuple[frozenset[Periode], ...]:
    return distinctes(periode for une in vues for periode in _periodes_de(du, une))


def _periodes_de(du: ControleDu, vue: Vue) -> tuple[Periode, ...]:
    """Les périodes dont la durée se compte."""
    attestation = vue.piece.deposee.attestation
    return attestation.periodes if attestation and vue.piece.deposee.nature in du.natures_durees else ()


def _document(vue: Vue) -> tuple[object, ...]:
    """Le même document, déposé deux fois sous deux codes, est une attestation."""
    attestation = vue.piece.deposee.attestation
    if attestation is None:
        return (vue.piece.deposee.empreinte or vue.code,)
    entreprise = attestation.entreprise
    nom = "".join((entreprise.siret or entreprise.denomination).split()).casefold()
    return (nom, frozenset((periode.debut, periode.fin) for periode in attestation.periodes))


def _faux(du: ControleDu) -> Constat:
    """L'autorité a vérifié : une pièce que le dossier produit n'est pas ce qu'elle dit être (BTS-C06)."""
    attestee = any(une.motif == "attestation" for une in du.pieces)
    regle = du.controle.regle_verification or du.controle.regle_effet
    return Constat(
        Motif.ATTESTATION if attestee else Motif.PIECE, regle, "vérification contraire de l'autorité académique"
    )


def _a_examiner(
    du: ControleDu, dossier: Dossier, session: SessionFigee, vues: Sequence[Vue], mesure: Mesure | None
) -> tuple[Vue, ...]:
    """Les pièces qu'une personne doit juger, là où elles changeraient l'issue."""
    attendues = [
        une
        for exigee in du.pieces
        if not any(vue.admise for vue in vues if vue.piece.deposee.nature in exigee.natures)
        for une in vues
        if une.piece.deposee.nature in exigee.natures
    ]
    if mesure is not None and not mesure.suffit:
        attendues += [une for une in vues if une.piece.deposee.nature in du.natures_durees]
    if any(_periodes(du, dossier, session, vues)):
        attendues += [une for une in vues if une.piece.deposee.nature in du.natures_attestations]
    return tuple(dict.fromkeys(une for une in attendues if une.verdict is Verdict.A_EXAMINER))


def _reserves(du: ControleDu, vues: Sequence[Vue]) -> Iterator[tuple[str, Defaut]]:
    """Les défauts du dossier admis qui en a le moins : laissés à qui évalue, jamais un motif (BTS-C11, BTS-C18)."""
    for exigee in du.pieces:
        admises = [une for une in vues if une.admise and une.piece.deposee.nature in exigee.natures]
        if exigee.contenu_bloque or not admises:
            continue
        choisie = min(admises, key=lambda une: (len(defauts_de(une.piece.deposee, exigee)), une.code))
        yield from ((choisie.code, defaut) for defaut in defauts_de(choisie.piece.deposee, exigee))


# La durée ---------------------------------------------------------------------------------------------------------


def mesurer_duree(du: ControleDu, dossier: Dossier, session: SessionFigee, vues: Sequence[Vue]) -> Mesure | None:
    """La durée que ces pièces établissent, dans celle des durées qui l'avance le plus ; aucune n'est due : aucune."""
    premiere = session.parametres.premiere_epreuve
    mesures = [_mesure(duree, dossier, session, premiere, vues) for duree in du.durees]
    return max(mesures, key=lambda une: (une.suffit, une.part), default=None)


def _mesure(duree: Duree, dossier: Dossier, session: SessionFigee, premiere: date, vues: Sequence[Vue]) -> Mesure:
    attestations = [une.piece.deposee.attestation for une in vues if une.piece.deposee.nature in duree.natures]
    periodes: list[Periode] = [periode for une in attestations if une for periode in une.periodes]
    return mesurer(duree, periodes, premiere, minimum_de(duree, dossier, session))


def minimum_de(duree: Duree, dossier: Dossier, session: SessionFigee) -> int:
    """Le minimum du candidat : celui du règlement, ou celui de la plus forte réduction autorisée (BTS-C08, C09)."""
    reduite = reduction_de(duree, dossier, session)
    return int(reduite.prevue.minimum if reduite else duree.minimum)


def reduction_de(duree: Duree, dossier: Dossier, session: SessionFigee) -> Reduite | None:
    """La plus forte des réductions autorisées, avec son acte ; aucune, si rien n'est réduit."""
    actes = {une.cause: une for une in dossier.reductions}
    valables = [
        une for une in duree.reductions if une.cause in actes and une.minimum < duree.minimum and _vaut(une, session)
    ]
    prevue = min(valables, key=lambda une: une.minimum, default=None)
    return Reduite(prevue, actes[prevue.cause]) if prevue else None


def _vaut(reduction: Reduction, session: SessionFigee) -> bool:
    return not reduction.sessions or str(session.annee) in reduction.sessions
