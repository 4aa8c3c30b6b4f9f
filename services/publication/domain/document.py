"""Les documents d'un candidat : son relevé, puis son diplôme s'il est admis, sinon l'attestation de ses unités.

Une nouvelle version remplace la précédente sans l'effacer. L'ordre est obligé : publié, relevé édité, puis le reste.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias, assert_never

from contracts.commandes.publication import DelivrerAttestation, DelivrerDiplome, EditerReleve
from contracts.droits import Role
from contracts.evenements.publication import (
    AttestationDelivree,
    DiplomeDelivre,
    DocumentRemplace,
    ReleveEdite,
    TypeAttestation,
)
from contracts.messages import Refus
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Decision
from services.publication.domain.attestation import exiger_unites, unites_attestees
from services.publication.domain.edition import DocumentCommand, Edition, modele, numero
from services.publication.domain.resultat import ResultatPublie, a_une_note_tue, lignes_publiables

__all__ = [
    "DocumentCommand",
    "Edition",
    "a_editer",
    "decide",
    "empreinte_editee",
    "evolve",
    "initial",
    "numero",
    "tel_que_dit",
]

Delivre: TypeAlias = ReleveEdite | DiplomeDelivre | AttestationDelivree
DocumentEvent: TypeAlias = Delivre | DocumentRemplace

REGLE_REMPLACEMENT = "AMB-54"  # annulé et remplacé, jamais effacé
REGLE_NON_AUTORISE = "CAP26-P01"  # un candidat non autorisé n'est pas candidat : aucun document
SANS_RELEVE = frozenset({Decision.EN_ATTENTE, Decision.NON_AUTORISE})
DEFINITIVES = frozenset(Decision) - SANS_RELEVE


@dataclass(frozen=True)
class Vierge:
    """Rien n'est édité pour ce candidat."""


@dataclass(frozen=True)
class AvecReleve:
    """Le dernier relevé édité, et la dernière attestation d'unités. ``caducs`` : les numéros qui ne valent plus."""

    releve: ReleveEdite
    attestation: AttestationDelivree | None = None
    caducs: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AvecDiplome:
    """Le dernier relevé, le dernier diplôme, et l'attestation qui a pu le précéder ou le suivre."""

    releve: ReleveEdite
    diplome: DiplomeDelivre
    attestation: AttestationDelivree | None = None
    caducs: frozenset[str] = frozenset()


Document: TypeAlias = Vierge | AvecReleve | AvecDiplome
initial: Document = Vierge()


def evolve(document: Document, event: DocumentEvent) -> Document:
    """Se souvenir, sans juger ; ni diplôme ni attestation sans relevé."""
    match event, document:
        case ReleveEdite(), AvecReleve() | AvecDiplome():
            return replace(document, releve=event)
        case ReleveEdite(), _:
            return AvecReleve(event)
        case DiplomeDelivre(), AvecReleve() | AvecDiplome():
            return AvecDiplome(document.releve, event, document.attestation, document.caducs)
        case AttestationDelivree(), AvecReleve() | AvecDiplome():
            return replace(document, attestation=event)
        case DocumentRemplace(numero=numero), AvecReleve() | AvecDiplome():
            return replace(document, caducs=document.caducs | {numero})
        case _:
            return document


def a_editer(
    command: DocumentCommand, document: Document, session: SessionFigee, *, resultat: ResultatPublie | None
) -> Edition:
    """Le numéro, la version et le gabarit à imprimer, si ce document est dû ; à demander avant de le mettre en page.

    Un document déjà édité, et qui dit encore la même chose, garde les siens : il se refait octet pour octet.

    Raises:
        Refus: voir `decide`.
    """
    publie = _exiger_publie(command, document, session, resultat)
    _exiger_du(command, document, session, publie)
    neuf = modele(command, publie, session.reglement)
    dernier = _dernier(command, document)
    if dernier is None:
        return Edition(numero(command, session, 1), 1, neuf)
    if _dit_encore(command, document, publie, session):
        return _edition(dernier)
    version = dernier.version + 1
    return Edition(numero(command, session, version), version, neuf)


def tel_que_dit(
    command: DocumentCommand, document: Document, session: SessionFigee, resultat: ResultatPublie
) -> ResultatPublie:
    """Le résultat à mettre en page : à la date du document en vigueur, s'il dit déjà la même chose (AMB-54).

    Une décision confirmée par un jury réuni de nouveau ne fait ainsi éditer aucun document.
    """
    dernier = _dernier(command, document)
    if dernier is None or not _dit_encore(command, document, resultat, session):
        return resultat
    return replace(resultat, publie_le=dernier.publie_le)


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
            diplôme DC-CAP25, ``NON_ADMIS``, ``RELEVE_ABSENT`` ; pour une attestation, sa règle (DC-BTS17, DC-MC11,
            DC-TP08) ; ``EDITION_PERIMEE``, ``EMPREINTE_DIFFERENTE``.
    """
    attendue = a_editer(command, document, session, resultat=resultat)
    if edition != attendue:
        detail = f"le fichier porte {edition.numero}, le document dû est {attendue.numero} ; relancez l'ordre"
        raise Refus("EDITION_PERIMEE", detail)
    dernier = _dernier(command, document)
    if dernier is None or dernier.version != edition.version:
        publie = _exiger_publie(command, document, session, resultat)
        delivre = _evenement(command, publie, session, edition, empreinte)
        return [delivre, *_remplaces(delivre, document, publie, session.reglement)]
    if dernier.empreinte == empreinte:
        return []
    detail = f"{dernier.numero} est édité sous une autre empreinte : refaites-le avec le logiciel et l'identité d'alors"
    raise Refus("EMPREINTE_DIFFERENTE", detail, empreinte=dernier.empreinte)


def regle_non_autorise(reglement: Reglement) -> str:
    """Ce qui ferme l'examen à un candidat : la règle de la convocation, sinon celle du contrôle de son dossier."""
    controles = (one.regle_effet for one in reglement.controles.values() if one.effet == "non_autorise")
    return reglement.inscription.regle_convocation or next(controles, REGLE_NON_AUTORISE)


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
        raise Refus(regle_non_autorise(session.reglement), f"{candidat} {detail}")
    if resultat.decision not in DEFINITIVES:
        raise Refus("RESULTAT_EN_ATTENTE", f"{candidat} : le jury n'a pas encore décidé ; attendez sa décision")
    dernier = _releve_de(document)
    if dernier is not None and resultat.publie_le < dernier.publie_le:
        detail = f"un résultat plus récent est déjà au relevé {dernier.numero} (jury {dernier.jury})"
        raise Refus("RESULTAT_REMPLACE", f"{candidat} : {detail}")
    return resultat


def _exiger_du(command: DocumentCommand, document: Document, session: SessionFigee, publie: ResultatPublie) -> None:
    """Le relevé est dû à chacun ; le diplôme à l'admis, l'attestation à qui a des unités sans le diplôme."""
    match command:
        case EditerReleve():
            return
        case DelivrerDiplome():
            _exiger_diplomable(command, session, publie)
        case DelivrerAttestation():
            _exiger_attestable(command, session.reglement, publie)
        case _:
            assert_never(command)
    releve = _releve_de(document)
    if releve is None or releve.jury != publie.jury:
        detail = f"son relevé du jury {publie.jury} n'est pas édité ; éditez-le d'abord (publication.editer_releve)"
        raise Refus("RELEVE_ABSENT", f"{command.candidat} : {detail}")


def _exiger_diplomable(command: DelivrerDiplome, session: SessionFigee, publie: ResultatPublie) -> None:
    """Délivré par l'autorité que nomme le règlement (DC-CAP25), au seul candidat admis."""
    documents = session.reglement.documents
    if command.par.role not in (Role.RECTEUR, Role.SYSTEME):
        raise Refus(documents.regle_diplome, f"le diplôme est délivré par le {documents.autorite} : demandez-le-lui")
    if publie.decision is not Decision.ADMIS:
        raise Refus("NON_ADMIS", f"{command.candidat} est « {publie.decision} » : pas de diplôme")


def _exiger_attestable(command: DelivrerAttestation, reglement: Reglement, publie: ResultatPublie) -> None:
    """Délivrée par l'autorité que nomme le règlement, pour au moins une unité."""
    if publie.decision is Decision.EPREUVES_CONTROLE:
        detail = "les épreuves de contrôle restent à passer ; attendez la décision du jury"
        raise Refus("RESULTAT_EN_ATTENTE", f"{command.candidat} : {detail}")
    attestation, _ = exiger_unites(publie, reglement)
    if command.par.role not in (Role.RECTEUR, Role.SYSTEME):
        raise Refus(attestation.regle, f"l'attestation est délivrée par le {attestation.autorite} : demandez-la-lui")


def _releve_de(document: Document) -> ReleveEdite | None:
    return None if isinstance(document, Vierge) else document.releve


def _edition(delivre: Delivre) -> Edition:
    return Edition(delivre.numero, delivre.version, delivre.modele)


def _dit_encore(command: DocumentCommand, document: Document, publie: ResultatPublie, session: SessionFigee) -> bool:
    """Le dernier document de cette nature vaut encore, et dit ce que dit ce résultat, à sa date près."""
    dernier = _dernier(command, document)
    if dernier is None or dernier.numero in _caducs(document):
        return False
    alors = replace(publie, publie_le=dernier.publie_le)
    return _evenement(command, alors, session, _edition(dernier), dernier.empreinte) == dernier


def _remplaces(
    delivre: Delivre, document: Document, publie: ResultatPublie, reglement: Reglement
) -> list[DocumentRemplace]:
    """Ce que le nouveau document annule : la version d'avant, et l'attestation qu'il rend sans objet."""
    if isinstance(document, Vierge):
        return []
    regles: dict[str, str] = {}
    meme = _de_nature(type(delivre), document)
    if meme is not None:
        regles[meme.numero] = REGLE_REMPLACEMENT
    attestation = document.attestation
    if attestation is not None and isinstance(delivre, DiplomeDelivre):
        regles[attestation.numero] = attestation.regle  # le diplôme contient toutes les unités (DC-BTS17)
    elif attestation is not None and isinstance(delivre, ReleveEdite) and _sans_unites(publie, reglement):
        regles[attestation.numero] = REGLE_REMPLACEMENT
    return [
        DocumentRemplace(
            candidat=delivre.candidat,
            jury=delivre.jury,
            numero=caduc,
            par=delivre.numero,
            le=publie.publie_le,
            regle=regle,
        )
        for caduc, regle in regles.items()
        if caduc not in document.caducs
    ]


def _sans_unites(publie: ResultatPublie, reglement: Reglement) -> bool:
    """Ni diplôme, ni unité à attester : une attestation antérieure ne vaut plus."""
    return publie.decision is not Decision.ADMIS and not unites_attestees(publie, reglement)


def _caducs(document: Document) -> frozenset[str]:
    return frozenset() if isinstance(document, Vierge) else document.caducs


def _de_nature(genre: type[Delivre], document: Document) -> Delivre | None:
    """Le dernier document de ce genre."""
    if isinstance(document, Vierge):
        return None
    diplome = document.diplome if isinstance(document, AvecDiplome) else None
    return next((one for one in (document.releve, diplome, document.attestation) if isinstance(one, genre)), None)


def _dernier(command: DocumentCommand, document: Document) -> Delivre | None:
    """Le dernier document de cette nature."""
    match command:
        case EditerReleve():
            return _de_nature(ReleveEdite, document)
        case DelivrerDiplome():
            return _de_nature(DiplomeDelivre, document)
        case DelivrerAttestation():
            return _de_nature(AttestationDelivree, document)
        case _:
            assert_never(command)


def _evenement(
    command: DocumentCommand, publie: ResultatPublie, session: SessionFigee, edition: Edition, empreinte: str
) -> Delivre:
    """Ce que le document dit du résultat, et sous quelle empreinte."""
    match command:
        case EditerReleve():
            return _releve(publie, edition, empreinte, session.reglement.documents.regle_releve)
        case DelivrerDiplome():
            return _diplome(publie, edition, empreinte, session.reglement.documents.regle_diplome)
        case DelivrerAttestation():
            return _attestation(publie, edition, empreinte, session.reglement)
        case _:
            assert_never(command)


def _releve(publie: ResultatPublie, edition: Edition, empreinte: str, regle: str) -> ReleveEdite:
    """Le journal non plus ne porte ni note gelée, ni total d'où la tirer (AMB-46)."""
    tue = a_une_note_tue(publie.lignes)
    return ReleveEdite(
        candidat=publie.candidat,
        jury=publie.jury,
        numero=edition.numero,
        version=edition.version,
        modele=edition.modele,
        publie_le=publie.publie_le,
        decision=publie.decision,
        mention=publie.mention,
        points="0" if tue else publie.points,
        coefficients="0" if tue else publie.coefficients,
        moyenne=None if tue else publie.moyenne,
        moyenne_professionnelle=None if tue else publie.moyenne_professionnelle,
        lignes=lignes_publiables(publie.lignes),
        permis=publie.permis,
        remplacement_possible=publie.remplacement_possible,
        empreinte=empreinte,
        regle=regle,
        unites=publie.unites,
        epreuves_controle=publie.epreuves_controle,
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


def _attestation(publie: ResultatPublie, edition: Edition, empreinte: str, reglement: Reglement) -> AttestationDelivree:
    attestation, unites = exiger_unites(publie, reglement)
    return AttestationDelivree(
        candidat=publie.candidat,
        jury=publie.jury,
        numero=edition.numero,
        version=edition.version,
        modele=edition.modele,
        publie_le=publie.publie_le,
        type=TypeAttestation(attestation.type),
        unites=unites,
        empreinte=empreinte,
        regle=attestation.regle,
    )
