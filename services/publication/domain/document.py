"""Les documents d'un candidat : son relevé de notes, puis son diplôme s'il est admis.

Une nouvelle version remplace la précédente sans l'effacer. L'ordre est obligé : publié, relevé édité, diplôme délivré.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from contracts.commandes.publication import DelivrerDiplome, EditerReleve
from contracts.droits import Role
from contracts.evenements.publication import DiplomeDelivre, ReleveEdite
from contracts.messages import Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision
from services.publication.domain.resultat import ResultatPublie

DocumentCommand: TypeAlias = EditerReleve | DelivrerDiplome
DocumentEvent: TypeAlias = ReleveEdite | DiplomeDelivre

# Gabarits en vigueur : ceux des prochains documents. Un document déjà édité garde le sien.
MODELES = {EditerReleve: "releve.v1", DelivrerDiplome: "diplome.v1"}
SIGLES = {EditerReleve: "R", DelivrerDiplome: "D"}
REGLE_NON_AUTORISE = "CAP26-P01"  # un candidat non autorisé n'est pas candidat : aucun document
DEFINITIVES = frozenset({Decision.ADMIS, Decision.AJOURNE})


@dataclass(frozen=True)
class Vierge:
    """Rien n'est édité pour ce candidat."""


@dataclass(frozen=True)
class AvecReleve:
    """Le dernier relevé édité."""

    releve: ReleveEdite


@dataclass(frozen=True)
class AvecDiplome:
    """Le dernier relevé et le dernier diplôme."""

    releve: ReleveEdite
    diplome: DiplomeDelivre


Document: TypeAlias = Vierge | AvecReleve | AvecDiplome
initial: Document = Vierge()


@dataclass(frozen=True)
class Edition:
    """Ce qui s'imprime sur le document pour le désigner, et le gabarit qui le met en page."""

    numero: str
    version: int
    modele: str


def evolve(document: Document, event: DocumentEvent) -> Document:
    """Se souvenir, sans juger ; un diplôme sans relevé ne peut pas être."""
    match event, document:
        case ReleveEdite(), AvecDiplome():
            return replace(document, releve=event)
        case ReleveEdite(), _:
            return AvecReleve(event)
        case DiplomeDelivre(), AvecReleve(releve=releve) | AvecDiplome(releve=releve):
            return AvecDiplome(releve, event)
        case _:
            return document


def a_editer(
    command: DocumentCommand, document: Document, session: SessionFigee, *, resultat: ResultatPublie | None
) -> Edition:
    """Le numéro, la version et le gabarit à imprimer, si ce document est dû ; à demander avant de le mettre en page.

    Un document déjà édité pour ce résultat garde les siens : il se refait octet pour octet.

    Raises:
        Refus: voir `decide`.
    """
    publie = _exiger_publie(command, document, session, resultat)
    if isinstance(command, DelivrerDiplome):
        _exiger_diplomable(command, document, session, publie)
    dernier = _dernier(command, document)
    if dernier is None:
        return Edition(numero(command, session, 1), 1, MODELES[type(command)])
    edition = Edition(dernier.numero, dernier.version, dernier.modele)
    if _evenement(command, publie, session, edition, dernier.empreinte) == dernier:
        return edition
    version = dernier.version + 1
    return Edition(numero(command, session, version), version, MODELES[type(command)])


def empreinte_editee(command: DocumentCommand, document: Document, edition: Edition) -> str | None:
    """L'empreinte du fichier déjà délivré sous cette édition ; aucune s'il ne l'est pas encore."""
    deja = _dernier(command, document)
    return deja.empreinte if deja is not None and deja.numero == edition.numero else None


def decide(
    command: DocumentCommand,
    document: Document,
    session: SessionFigee,
    *,
    resultat: ResultatPublie | None,
    edition: Edition,
    empreinte: str,
) -> list[DocumentEvent]:
    """Le document édité, ou rien s'il l'est déjà.

    ``resultat`` : absent tant que la décision n'est pas publique. ``edition`` : ce que `a_editer` a donné et qui est
    imprimé. ``empreinte`` : sha256 du fichier mis en page.

    Raises:
        Refus: ``RESULTAT_NON_PUBLIE``, CAP24-P01, CAP26-P01, ``RESULTAT_EN_ATTENTE``, ``RESULTAT_REMPLACE`` ; pour un
            diplôme DC-CAP25, ``NON_ADMIS``, ``RELEVE_ABSENT`` ; ``EDITION_PERIMEE``, ``EMPREINTE_DIFFERENTE``.
    """
    attendue = a_editer(command, document, session, resultat=resultat)
    if edition != attendue:
        detail = f"le fichier porte {edition.numero}, le document dû est {attendue.numero} ; relancez l'ordre"
        raise Refus("EDITION_PERIMEE", detail)
    dernier = _dernier(command, document)
    if dernier is None or dernier.version != edition.version:
        publie = _exiger_publie(command, document, session, resultat)
        return [_evenement(command, publie, session, edition, empreinte)]
    if dernier.empreinte == empreinte:
        return []
    detail = f"{dernier.numero} est édité sous une autre empreinte : refaites-le avec le logiciel et l'identité d'alors"
    raise Refus("EMPREINTE_DIFFERENTE", detail, empreinte=dernier.empreinte)


def numero(command: DocumentCommand, session: SessionFigee, version: int) -> str:
    """``NORMANDIE-2026-CAP-OSRCL-N2600001-R1`` : académie, session, diplôme, candidat, nature et version."""
    reglement = session.reglement
    parties = (session.academie, reglement.session, reglement.diplome, command.candidat)
    return "-".join((*parties, f"{SIGLES[type(command)]}{version}")).replace("_", "-").upper()


def _exiger_publie(
    command: DocumentCommand, document: Document, session: SessionFigee, resultat: ResultatPublie | None
) -> ResultatPublie:
    """Le résultat public, de cette académie, d'un candidat autorisé, et le dernier en date."""
    candidat, regle = command.candidat, session.reglement.documents.regle_releve
    if command.par.academie != session.academie:
        raise Refus(regle, f"« {command.par.academie} » n'édite pas les documents de « {session.academie} »")
    if resultat is None or (resultat.candidat, resultat.jury) != (candidat, command.jury):
        detail = f"aucun résultat publié au jury {command.jury} ; publiez d'abord (publication.publier_resultats)"
        raise Refus("RESULTAT_NON_PUBLIE", f"{candidat} : {detail}")
    if resultat.academie != session.academie:
        raise Refus(regle, f"{candidat} n'est pas inscrit ici : ses documents sont édités par son académie")
    if resultat.decision is Decision.NON_AUTORISE:
        detail = "n'était pas autorisé à se présenter : aucun document ; son dossier reste consultable"
        raise Refus(REGLE_NON_AUTORISE, f"{candidat} {detail}")
    if resultat.decision not in DEFINITIVES:
        raise Refus("RESULTAT_EN_ATTENTE", f"{candidat} : le jury n'a pas encore décidé ; attendez sa décision")
    dernier = _releve_de(document)
    if dernier is not None and resultat.publie_le < dernier.publie_le:
        detail = f"un résultat plus récent est déjà au relevé {dernier.numero} (jury {dernier.jury})"
        raise Refus("RESULTAT_REMPLACE", f"{candidat} : {detail}")
    return resultat


def _exiger_diplomable(
    command: DelivrerDiplome, document: Document, session: SessionFigee, publie: ResultatPublie
) -> None:
    """Le diplôme : délivré par le recteur (DC-CAP25), au seul candidat admis, dont le relevé est édité."""
    candidat = command.candidat
    if command.par.role not in (Role.RECTEUR, Role.SYSTEME):
        regle = session.reglement.documents.regle_diplome
        raise Refus(regle, f"le diplôme est délivré par le {session.reglement.documents.autorite} : demandez-le-lui")
    if publie.decision is not Decision.ADMIS:
        raise Refus("NON_ADMIS", f"{candidat} est « {publie.decision} » : pas de diplôme")
    releve = _releve_de(document)
    if releve is None or releve.jury != publie.jury:
        detail = f"son relevé du jury {publie.jury} n'est pas édité ; éditez-le d'abord (publication.editer_releve)"
        raise Refus("RELEVE_ABSENT", f"{candidat} : {detail}")


def _releve_de(document: Document) -> ReleveEdite | None:
    return None if isinstance(document, Vierge) else document.releve


def _dernier(command: DocumentCommand, document: Document) -> DocumentEvent | None:
    """Le dernier document de cette nature."""
    match command:
        case EditerReleve():
            return _releve_de(document)
        case DelivrerDiplome():
            return document.diplome if isinstance(document, AvecDiplome) else None
        case _:
            assert_never(command)


def _evenement(
    command: DocumentCommand, publie: ResultatPublie, session: SessionFigee, edition: Edition, empreinte: str
) -> DocumentEvent:
    """Ce que le document dit du résultat, et sous quelle empreinte."""
    match command:
        case EditerReleve():
            return _releve(publie, edition, empreinte, session.reglement.documents.regle_releve)
        case DelivrerDiplome():
            return _diplome(publie, edition, empreinte, session.reglement.documents.regle_diplome)
        case _:
            assert_never(command)


def _releve(publie: ResultatPublie, edition: Edition, empreinte: str, regle: str) -> ReleveEdite:
    return ReleveEdite(
        candidat=publie.candidat,
        jury=publie.jury,
        numero=edition.numero,
        version=edition.version,
        modele=edition.modele,
        publie_le=publie.publie_le,
        decision=publie.decision,
        mention=publie.mention,
        points=publie.points,
        coefficients=publie.coefficients,
        moyenne=publie.moyenne,
        moyenne_professionnelle=publie.moyenne_professionnelle,
        lignes=publie.lignes,
        permis=publie.permis,
        remplacement_possible=publie.remplacement_possible,
        empreinte=empreinte,
        regle=regle,
    )


def _diplome(publie: ResultatPublie, edition: Edition, empreinte: str, regle: str) -> DiplomeDelivre:
    return DiplomeDelivre(
        candidat=publie.candidat,
        jury=publie.jury,
        numero=edition.numero,
        version=edition.version,
        modele=edition.modele,
        publie_le=publie.publie_le,
        mention=publie.mention,
        empreinte=empreinte,
        regle=regle,
    )
