"""On what académies must agree once everything has come: each function says one thing, and fails on what breaks it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from sqlalchemy import select

from contracts.evenements.deliberation import DecisionPrise, JuryClos, JuryConstitue
from contracts.evenements.inscription import CandidatInscrit, CentreOuvert
from contracts.evenements.notation import NoteSaisie, NoteTardiveRecue, ResultatArrete
from contracts.evenements.publication import PublicationPreparee, ReleveEdite, ResultatsPublies
from contracts.evenements.regroupement import (
    AccueilDemande,
    AccueilRefuse,
    CandidatAccueilli,
    PlaceRendue,
)
from contracts.evenements.resultats_accueil import ResultatEcarte, ResultatTransmis
from contracts.requetes import ListerResultats, VoirJury
from services.communs.transfert import REPRISE
from services.inscription.domain.etats import Annulee, EnCours, Transferee
from services.inscription.shell.app import CANDIDATURE
from services.socle.enveloppe import Stored, context_of, header_rank
from services.socle.handlers import Ref
from services.socle.subjects import split
from tests.regroupement.academies import DIPLOME, SESSION, Academie, Service, question
from tests.regroupement.entieres import COMMUN, Entiere, Monde

LOCALES = {"seq", "position", "journal", "publie_seq"}
"""Columns that tell where a fact stands in the streams of one académie: it stands elsewhere in another's."""


class Messages(Protocol):
    @property
    def messages(self) -> Sequence[Stored]: ...


class Disante(Protocol):
    """An académie and what it said, wherever its journal is kept."""

    @property
    def nom(self) -> str: ...

    @property
    def journal(self) -> Messages: ...

    def faits(self, nature: type[Any]) -> list[Any]: ...


class Toutes(Protocol):
    def autres(self, nom: str) -> Sequence[Disante]: ...


async def verifier(monde: Monde) -> None:
    for un in monde.toutes:
        for autre in monde.autres(un.nom):
            memes_faits(un, autre)
        for service in un.services:
            rien_de_dit_ne_manque(un, service)
        une_reponse_par_demande(monde, un)
        les_places_suffisent(un)
        await les_accueils_s_accordent(monde, un)
        aucun_resultat_transmis_n_est_perdu(monde, un)
        await chacune_publie_pour_les_siens(monde, un)
    memes_lectures(monde)
    await chacun_est_chez_lui_une_fois(monde)
    await aucun_resultat_arrete_n_est_perdu(monde)
    await aucun_candidat_n_est_oublie(monde)


# Facts ---------------------------------------------------------------------------------------------------------------


def partages(academie: Academie) -> list[Stored]:
    return [one for one in academie.journal.messages if split(one.subject).diplome == DIPLOME]


def memes_faits(un: Academie, autre: Academie) -> None:
    """What one said of the exam, the other holds, at its rank, and nothing else in its name."""
    tenus = {
        (one.subject, header_rank(one)): one.body
        for one in autre.echanges.messages
        if split(one.subject).academie == un.nom
    }
    assert tenus == {(one.subject, header_rank(one)): one.body for one in partages(un)}


def rien_de_dit_ne_manque(un: Academie, service: Service) -> None:
    for seq, noms in service.actes:
        ecrits = [one["type"] for one in un.journal.messages[seq - 1].envelopes]
        assert not noms or set(ecrits) <= set(noms), (un.nom, seq, noms, ecrits)


def memes_lectures(monde: Monde) -> None:
    """The read models that are fed by partners show the same everywhere."""
    premiere, *suivantes = [dict(_lectures(one)) for one in monde.toutes]
    for suivante in suivantes:
        assert suivante == premiere


def _lectures(un: Entiere) -> Iterator[tuple[str, Any]]:
    for service in un.services:
        for projection in service.parts.projections:
            for table in projection.tables if projection.exchanged else ():
                colonnes = [one for one in table.c if one.name not in LOCALES]
                with service.engine.connect() as connection:
                    rows = [tuple(row) for row in connection.execute(select(*colonnes))]
                yield f"{service.spec.name}.{table.name}", sorted(rows, key=repr)


async def chacun_est_chez_lui_une_fois(monde: Monde) -> None:
    """A candidate lives in one académie, or in none once he is cancelled; nobody waits for an answer to a transfer."""
    etats: dict[str, list[Any]] = {}
    for un in monde.toutes:
        for candidat in {one.candidat for one in un.faits(CandidatInscrit)} - {COMMUN}:
            etats.setdefault(candidat, []).append(await etat(un, candidat))
    for candidat, les_siens in etats.items():
        vivants = [one for one in les_siens if isinstance(one, EnCours)]
        annules = [one for one in les_siens if isinstance(one, Annulee)]
        assert len(vivants) + len(annules) == 1, (candidat, les_siens)


async def etat(un: Entiere, candidat: str) -> Any:
    ref = Ref(CANDIDATURE, f"candidature-{candidat}")
    return (await un.inscription.env.runner.state(SESSION, DIPLOME, ref)).state


# Hosting -------------------------------------------------------------------------------------------------------------


def une_reponse_par_demande(monde: Toutes, un: Disante) -> None:
    """Each request has one answer at the host, and none has an answer that was not asked."""
    dites = [one for message in un.journal.messages if not _repris(message) for one in _de(message, AccueilDemande)]
    demandes = Counter((one.academie, one.centre, one.candidat, one.demande) for one in dites)
    reponses = Counter(
        (hote.nom, one.centre, one.candidat, one.demande)
        for hote in monde.autres(un.nom)
        for one in (*hote.faits(CandidatAccueilli), *hote.faits(AccueilRefuse))
        if one.origine == un.nom
    )
    assert reponses == demandes
    assert set(demandes.values()) <= {1}


def les_places_suffisent(hote: Disante) -> None:
    """At each moment of its journal: what follows a place given up may take it."""
    places: dict[str, int] = {}
    tenus: dict[str, set[tuple[str, str]]] = {}
    for message in hote.journal.messages:
        for nature in (CentreOuvert, CandidatAccueilli, PlaceRendue):
            for event in _de(message, nature):
                la = tenus.setdefault(event.centre, set())
                if isinstance(event, CentreOuvert):
                    places[event.centre] = event.places_accueil or 0
                elif isinstance(event, CandidatAccueilli):
                    la.add((event.origine, event.candidat))
                    assert len(la) <= places[event.centre]
                else:
                    la.remove((event.origine, event.candidat))


async def les_accueils_s_accordent(monde: Monde, un: Entiere) -> None:
    """Where its candidates sit is where a place is held for them, and nowhere else."""
    chez: set[tuple[str, str, str]] = set()
    for candidat in {one.candidat for one in un.faits(CandidatInscrit)}:
        ici = await etat(un, candidat)
        if isinstance(ici, (Annulee, Transferee)):
            continue
        assert ici.fiche.accueil is None, "il attend encore une réponse"
        centre = ici.fiche.centre
        if centre is not None and centre.academie is not None:
            chez.add((centre.academie, centre.centre, candidat))
    assert {one for hote in monde.autres(un.nom) for one in _tenus(hote, un.nom)} == chez


def _tenus(hote: Entiere, origine: str) -> set[tuple[str, str, str]]:
    tenus: set[tuple[str, str, str]] = set()
    for message in hote.journal.messages:
        for one in _de(message, CandidatAccueilli):
            tenus |= {(hote.nom, one.centre, one.candidat)} if one.origine == origine else set()
        for one in _de(message, PlaceRendue):
            tenus -= {(hote.nom, one.centre, one.candidat)} if one.origine == origine else set()
    return tenus


# Results -------------------------------------------------------------------------------------------------------------


def aucun_resultat_transmis_n_est_perdu(monde: Toutes, un: Disante) -> None:
    """Written on the relevé, received late, or set aside: somebody sees it."""
    vus = {
        (one.candidat, one.epreuve, one.note)
        for nature in (NoteSaisie, NoteTardiveRecue, ResultatEcarte)
        for one in un.faits(nature)
    }
    for hote in monde.autres(un.nom):
        for one in hote.faits(ResultatTransmis):
            if one.origine == un.nom:
                assert (one.candidat, one.epreuve, one.note) in vus, (hote.nom, one)


async def aucun_resultat_arrete_n_est_perdu(monde: Monde) -> None:
    """Of each candidate that the closed jury decided on: in the dossier of a decision, or shown as late."""
    pilote = monde.pilote
    [clos] = pilote.faits(JuryClos)
    vu = await pilote.deliberation.demander(VoirJury(**question(pilote.nom), jury="J1"))
    tardifs = {one["fait"] for one in vu["tardifs"]}
    dernieres = {one.candidat: one.position for one in pilote.faits(DecisionPrise)}
    for candidat, academie in clos.origines.items():
        if candidat not in clos.decisions:
            continue
        for seq, fait, epreuve in _arretes(pilote, candidat, academie):
            assert seq <= dernieres[candidat] or fait in tardifs, (candidat, epreuve, seq, fait)


async def aucun_candidat_n_est_oublie(monde: Monde) -> None:
    """Of those named, the closed jury decided on all but the cancelled, wherever they went."""
    pilote = monde.pilote
    [nomme], [clos] = pilote.faits(JuryConstitue), pilote.faits(JuryClos)
    for candidat in set(nomme.candidats) - clos.decisions.keys() - {COMMUN}:
        etats = [await etat(un, candidat) for un in monde.toutes]
        assert not any(isinstance(one, EnCours) for one in etats), (candidat, etats)


def _arretes(pilote: Entiere, candidat: str, academie: str) -> Iterator[tuple[int, str, str]]:
    """Where each of his results first came to the pilot."""
    vus: set[str] = set()
    for message in pilote.echanges.messages:
        if split(message.subject).academie != academie:
            continue
        for one in message.envelopes:
            if one["type"] == ResultatArrete.NAME and one["data"]["candidat"] == candidat and one["id"] not in vus:
                vus.add(one["id"])
                yield message.seq, one["id"], one["data"]["epreuve"]


# Publication ---------------------------------------------------------------------------------------------------------


async def chacune_publie_pour_les_siens(monde: Monde, un: Entiere) -> None:
    [clos] = monde.pilote.faits(JuryClos)
    siens = {one for one in clos.decisions if clos.origines.get(one, monde.pilote.nom) == un.nom}
    prets = un.faits(PublicationPreparee)
    assert [set(one.decisions) for one in prets] == ([siens] if siens or un is monde.pilote else [])
    assert {candidat for one in un.faits(ResultatsPublies) for candidat in one.decisions} == siens
    assert {one.candidat for one in un.faits(ReleveEdite)} <= siens
    lus = await un.publication.demander(ListerResultats(**question(un.nom)))
    assert {one["candidat"] for one in lus} == siens


def _repris(message: Stored) -> bool:
    """Whether it tells again what another académie told, of a candidate who comes from there."""
    return any(context_of(one).acteur == REPRISE for one in message.envelopes)


def _de(message: Stored, nature: Any) -> Iterator[Any]:
    return (nature.model_validate(one["data"]) for one in message.envelopes if one["type"] == nature.NAME)
