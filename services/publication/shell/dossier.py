"""The dossier of a réclamation as a file, for operations; the documents that it holds, made again when one is gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from contracts.commandes.publication import EditerReleve
from contracts.evenements.publication import AttestationDelivree, DiplomeDelivre, ReleveEdite
from contracts.messages import Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, Identite
from services.publication.documents import attestation, donnees, dossier, releve, rendu
from services.publication.documents.donnees import EnTete, faire_entete
from services.publication.documents.pv import Histoire, donnees_pv, versions_pv
from services.publication.domain.edition import PREMIERS, Edition, annee
from services.publication.domain.resultat import ResultatPublie
from services.publication.shell.pv import nom_du_pv

DocumentEdite = ReleveEdite | DiplomeDelivre | AttestationDelivree


def entete_du_dossier(candidat: str, le: datetime, session: SessionFigee) -> EnTete:
    """What the dossier of a candidate bears on every page, at that moment."""
    parties = (session.academie, annee(session), session.reglement.diplome, candidat, "DOSSIER")
    numero = "-".join(parties).replace("_", "-").upper()
    return faire_entete(Edition(numero, 1, dossier.MODELE), le, session)


def rendre_dossier(donnees_: dossier.DonneesDossier) -> bytes:
    """The PDF: the same bytes for the same data.

    Raises:
        Refus: ``RENDU_IMPOSSIBLE``.
    """
    try:
        return rendu.rendre(dossier.imprimable(donnees_))
    except rendu.RenduImpossible as error:
        raise Refus(error.code, str(error)) from None


def refaire(
    event: DocumentEdite, edites: Sequence[Event], identite: Identite, categorie: Categorie, session: SessionFigee
) -> bytes | None:
    """The file that an event recorded, made again from the journal; nothing when it does not come out the same."""
    resultat = _resultat(event, edites, session)
    edition = Edition(event.numero, event.version, event.modele)
    try:
        fichier = rendu.rendre(_donnees(event, resultat, edition, identite, categorie, session))
    except (rendu.RenduImpossible, Refus, KeyError):
        return None
    return fichier if rendu.empreinte(fichier) == event.empreinte else None


def _donnees(
    event: DocumentEdite,
    resultat: ResultatPublie,
    edition: Edition,
    identite: Identite,
    categorie: Categorie,
    session: SessionFigee,
) -> rendu.Donnees:
    match event:
        case ReleveEdite():
            faire = donnees.donnees_releve if event.modele == PREMIERS[EditerReleve] else releve.donnees_releve_v2
            return faire(resultat, edition, identite, categorie, session)
        case DiplomeDelivre():
            return donnees.donnees_diplome(resultat, edition, identite, session)
        case AttestationDelivree():
            return attestation.donnees_attestation(resultat, edition, identite, session)


def _resultat(event: DocumentEdite, edites: Iterable[Event], session: SessionFigee) -> ResultatPublie:
    """What was published then: the relevé of that jury tells it all, but for what the document itself says."""
    releves = [one for one in edites if isinstance(one, ReleveEdite) and one.jury == event.jury]
    source = event if isinstance(event, ReleveEdite) else _au_moment(releves, event)
    return ResultatPublie(
        candidat=event.candidat,
        academie=session.academie,
        jury=event.jury,
        publie_le=event.publie_le,
        decision=source.decision if source else Decision.ADMIS,
        lignes=source.lignes if source else (),
        mention=event.mention if not isinstance(event, AttestationDelivree) else None,
        points=source.points if source else "0",
        coefficients=source.coefficients if source else "0",
        moyenne=source.moyenne if source else None,
        moyenne_professionnelle=source.moyenne_professionnelle if source else None,
        permis=source.permis if source else None,
        remplacement_possible=source.remplacement_possible if source else (),
        unites=source.unites if source else (),
        epreuves_controle=source.epreuves_controle if source else (),
    )


def _au_moment(releves: Sequence[ReleveEdite], event: DocumentEdite) -> ReleveEdite | None:
    """The relevé of the same publication."""
    memes = [one for one in releves if one.publie_le == event.publie_le]
    return (memes or [None])[-1]  # type: ignore[list-item]


def tous_les_pv(jury: str, histoire: Histoire, session: SessionFigee) -> Iterator[tuple[str, int, bytes]]:
    """The minutes of a jury in each of their versions, as (file name, version, PDF).

    Raises:
        Refus: ``RENDU_IMPOSSIBLE``.
    """
    for version in range(1, versions_pv(histoire) + 1):
        dites = donnees_pv(jury, histoire, session, version)
        if dites is None:
            continue
        try:
            fichier = rendu.rendre(dites)
        except rendu.RenduImpossible as error:
            raise Refus(error.code, str(error)) from None
        yield nom_du_pv(jury, version), version, fichier
