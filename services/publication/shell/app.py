"""The publication service: what its deciders are given, the files it writes, what it projects and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import asdict
from datetime import datetime
from typing import Any, assert_never

import structlog

from contracts.commandes.publication import (
    CloreReclamation,
    DelivrerAttestation,
    DelivrerDiplome,
    DemanderEffacement,
    DeposerReclamation,
    EditerReleve,
    InstruireReclamation,
    PreparerPublication,
    PublierDecision,
    PublierResultats,
)
from contracts.droits import Role
from contracts.evenements.deliberation import DecisionPrise, JuryClos, NatureDecision
from contracts.evenements.publication import DecisionPubliee, EffacementAccorde, ResultatsPublies
from contracts.messages import Command, Data, Refus
from contracts.requetes import ListerResultats, VoirConservation, VoirDocuments, VoirInstruction, VoirReclamations
from contracts.session import SessionFigee, reglements
from contracts.vocabulaire import Categorie, Identite
from services.communs.regroupement import pilotes_acceptees
from services.communs.shell import BaseShell, service_spec
from services.publication.documents import attestation, donnees, releve, rendu
from services.publication.domain import document, publication, reclamation
from services.publication.domain.communication import communication
from services.publication.domain.document import DocumentCommand, Edition, regle_non_autorise
from services.publication.domain.edition import PREMIERS
from services.publication.domain.publication import Prise
from services.publication.domain.resultat import ResultatPublie
from services.publication.domain.resultats import en_csv, liste_publique
from services.publication.projections import identites, reclamations, resultats
from services.publication.shell import reactions
from services.publication.shell.effacement import Effacements
from services.publication.shell.fichiers import Rayon
from services.publication.shell.jury_partage import histoire_partagee, pilote_du_jury
from services.publication.shell.pv import ranger_pv
from services.publication.shell.reclamations import RECLAMATION, ShellReclamations, jeton
from services.socle.enveloppe import Fact
from services.socle.handlers import Family, Lookups, Ref, on
from services.socle.reactions import Reaction
from services.socle.service import Environment, Parts
from services.socle.subjects import split

log = structlog.get_logger("publication")

PUBLICATION = Family("publication", publication.initial, publication.evolve)
DOCUMENT = Family("document", document.initial, document.evolve)
NATURES: dict[type[DocumentCommand], str] = {
    EditerReleve: "releve",
    DelivrerDiplome: "diplome",
    DelivrerAttestation: "attestation",
}
EN_PAGE = 4  # documents made at once: one is rendered while another becomes durable
PROJECTIONS = (identites.Identites(), resultats.Resultats(), reclamations.ProjectionReclamations())


class Shell(BaseShell):
    """The lookups of the commands and the answers to the questions, on one environment."""

    async def document(self, command: DocumentCommand) -> Lookups:
        """The published result, and the file: made and put away before it is recorded as issued."""
        session, resultat = await self.session(command), self._resultat(command)
        if resultat is None:  # it may be published since this read model last moved
            await self._env.up_to_date(command.session)
            resultat = self._resultat(command)
        ref = Ref(DOCUMENT, _document(command))
        state = (await self._env.runner.state(command.session, command.diplome, ref)).state
        edition = document.a_editer(command, state, session, resultat=resultat)
        if resultat is None:
            raise Refus("RESULTAT_NON_PUBLIE", f"{command.candidat} : aucun résultat publié")
        dit = document.tel_que_dit(command, state, session, resultat)
        fichier = await asyncio.to_thread(self._rendre, command, edition, dit, session)
        empreinte = rendu.empreinte(fichier)
        if document.empreinte_editee(command, state, edition) in (None, empreinte):
            await asyncio.to_thread(self._rayon(command).ranger, _nom(command, edition), fichier)
            self._exiger_identite(command)
        return {"session": session, "resultat": resultat, "edition": edition, "empreinte": empreinte}

    async def prises(self, command: PublierDecision) -> Lookups:
        """What the jury decided of the candidate once it was closed."""
        prises = tuple(
            Prise(event.decision, event.nature, le, event.confirmee)
            for event, le in await histoire_partagee(self._env, command, command.jury)
            if isinstance(event, DecisionPrise)
            and (event.candidat, event.nature is NatureDecision.INITIALE) == (command.candidat, False)
        )
        return {"session": await self.session(command), "prises": prises}

    async def publication(self, command: PublierResultats) -> Lookups:
        """How far what partners say is known here: a jury that sits elsewhere is published up to there."""
        plain, exchanged = await self.plain(command), self._env.exchanges.get(command.session)
        if exchanged is None:
            return plain
        return {**plain, "vu": (await self._env.positions(command.session))[exchanged.stream]}

    async def preparer(self, fact: Fact) -> Iterable[Command]:
        """What a jury decided of the candidates of this académie; another's jury only if it is the pilot's."""
        ici, where = self._env.settings.academie, split(fact.subject)
        owed = reactions.preparer_publication(fact, ici)
        if owed and where.academie != ici and where.academie not in await pilotes_acceptees(self._env, where):
            log.warning("jury_hors_regroupement", academie=where.academie, session=where.session)
            return []
        return owed

    async def publie(self, fact: Fact) -> Iterable[Command]:
        """The public list of a jury and its minutes as files, then what its candidates are owed.

        A decision confirmed makes new minutes, and nothing else: list and documents say what they said.
        """
        event, where = fact.event, split(fact.subject)
        if not isinstance(event, (ResultatsPublies, DecisionPubliee)):
            return []
        await self._env.up_to_date(where.session)
        session = await self.session(where)
        inchangee = isinstance(event, DecisionPubliee) and event.confirmee
        if not inchangee:
            await self._afficher(fact, event.jury, event.le, session)
        await self._ranger_pv(fact, event.jury)
        if inchangee:
            return []
        return reactions.editer_documents(fact, attestation=session.reglement.documents.attestation is not None)

    async def _ranger_pv(self, fact: Fact, jury: str) -> None:
        """The minutes are those of the académie where the jury sits."""
        where = split(fact.subject)
        if await pilote_du_jury(self._env, where, jury) is not None:
            return
        try:
            await ranger_pv(self._env, where, jury)
        except Refus as refus:  # a motive that no font can draw must not hold back the documents of the candidates
            log.warning("pv_non_edite", jury=jury, code=refus.regle)

    async def _afficher(self, fact: Fact, jury: str, le: datetime, session: SessionFigee) -> None:
        """The list as it now stands: a decision published later makes a new version of it."""
        where = split(fact.subject)
        lieu = {"academie": where.academie, "session": where.session, "diplome": where.diplome}
        with self._env.engine.connect() as connection:
            lignes = resultats.lister(connection, **lieu, jury=jury)
        suivies = await self._env.events(where.session, where.diplome, "publication", f"publication-{jury}")
        version = 1 + sum(isinstance(one, DecisionPubliee) and not one.confirmee for one in suivies)
        liste = donnees.donnees_liste(jury, le, lignes, session, version)
        rayon = Rayon(self._env.settings.documents_dir, where.session, where.diplome)
        fichier = await asyncio.to_thread(rendu.rendre_liste, liste)
        await asyncio.to_thread(rayon.ranger, f"resultats-{jury}.csv", en_csv(lignes).encode())
        await asyncio.to_thread(rayon.ranger, f"resultats-{jury}.pdf", fichier)

    async def lister(self, query: ListerResultats) -> list[Data]:
        with self._env.engine.connect() as connection:
            lignes = resultats.lister(connection, **self._lieu(query))
        if query.par.role not in (Role.GESTIONNAIRE, Role.RECTEUR):
            lignes = list(liste_publique(lignes))  # what is posted: the admis and ajournés, nobody else
        return [
            {"candidat": one.candidat, "jury": one.jury, "decision": one.decision, "mention": one.mention}
            for one in lignes
        ]

    async def voir_documents(self, query: VoirDocuments) -> list[Data]:
        """What is issued, what it replaced, and what the règlement allows to communicate once it is published."""
        with self._env.engine.connect() as connection:
            vus = resultats.documents(connection, **self._lieu(query), candidat=query.candidat)
        if not any("decision" in one for one in vus):
            return vus
        etiquettes = [asdict(one) for one in communication((await self.session(query)).reglement)]
        return [{**one, "communication": etiquettes} if "decision" in one else one for one in vus]

    def _rayon(self, command: Command) -> Rayon:
        return Rayon(self._env.settings.documents_dir, command.session, command.diplome)

    def _resultat(self, command: DocumentCommand) -> ResultatPublie | None:
        of = {**self._lieu(command), "jury": command.jury, "candidat": command.candidat}
        with self._env.engine.connect() as connection:
            return resultats.resultat_publie(connection, **of) or resultats.decide_ailleurs(connection, **of)

    def _rendre(
        self, command: DocumentCommand, edition: Edition, resultat: ResultatPublie, session: SessionFigee
    ) -> bytes:
        """The only place where an identity is opened: it goes into the file, and nowhere else."""
        categorie, identite = self._exiger_identite(command)
        try:
            return self._mettre_en_page(command, edition, resultat, identite, categorie, session)
        except rendu.RenduImpossible as error:
            raise Refus(error.code, str(error)) from None

    def _exiger_identite(self, command: DocumentCommand) -> tuple[Categorie, Identite]:
        """Who the candidate is. Asked again once the file is written: an erasure meanwhile takes it back.

        Raises:
            Refus: ``IDENTITE_EFFACEE``, and no file names the person any more.
        """
        with self._env.engine.connect() as connection:
            inscrit = identites.inscrit(connection, **self._lieu(command), candidat=command.candidat)
        sealed = inscrit.identite if inscrit else None
        clear = self._env.coffre.open(sealed.personne, sealed.chiffre) if sealed else None
        if inscrit is None or clear is None:
            self._rayon(command).retirer(command.candidat)
            detail = f"{command.candidat} : l'identité n'existe plus, aucun document n'est possible"
            raise Refus("IDENTITE_EFFACEE", detail)
        return inscrit.categorie, Identite.model_validate_json(clear)

    @staticmethod
    def _mettre_en_page(
        command: DocumentCommand,
        edition: Edition,
        resultat: ResultatPublie,
        identite: Identite,
        categorie: Categorie,
        session: SessionFigee,
    ) -> bytes:
        match command:
            case EditerReleve():
                premier = edition.modele == PREMIERS[EditerReleve]
                faire = donnees.donnees_releve if premier else releve.donnees_releve_v2
                return rendu.rendre(faire(resultat, edition, identite, categorie, session))
            case DelivrerDiplome():
                return rendu.rendre(donnees.donnees_diplome(resultat, edition, identite, session))
            case DelivrerAttestation():
                return rendu.rendre(attestation.donnees_attestation(resultat, edition, identite, session))
            case _:
                assert_never(command)


def _candidat(command: Any) -> str:
    return str(command.candidat)


def _document(command: DocumentCommand) -> str:
    return f"document-{command.candidat}"


def _nom(command: DocumentCommand, edition: Edition) -> str:
    return f"{NATURES[type(command)]}-{command.candidat}-v{edition.version}.pdf"


def _publication(command: PreparerPublication | PublierResultats | PublierDecision) -> str:
    return f"publication-{command.jury}"


def _sans_document() -> frozenset[str]:
    """Of another académie, not authorised, erased, or with nothing to attest: that must not hold the others back."""
    tous = list(reglements().values())
    attestations = {one.documents.attestation.regle for one in tous if one.documents.attestation is not None}
    convoques = {regle_non_autorise(one) for one in tous}
    return frozenset({"IDENTITE_EFFACEE", *attestations, *convoques, *(one.documents.regle_releve for one in tous)})


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell, suites = Shell(env), ShellReclamations(env)
    owed: Callable[[Fact], Any] = shell.publie
    return Parts(
        handlers=[
            *on(PUBLICATION, [PreparerPublication], _publication, publication.decide, shell.plain),
            *on(PUBLICATION, [PublierResultats], _publication, publication.decide, shell.publication),
            *on(PUBLICATION, [PublierDecision], _publication, publication.decide, shell.prises),
            *on(DOCUMENT, list(NATURES), _document, document.decide, shell.document),
            *on(RECLAMATION, [DeposerReclamation, DemanderEffacement], jeton, reclamation.decide, suites.depot),
            *on(RECLAMATION, [InstruireReclamation], jeton, reclamation.decide, suites.instruction),
            *on(RECLAMATION, [CloreReclamation], jeton, reclamation.decide, suites.issue),
        ],
        projections=PROJECTIONS,
        reactions=[
            Reaction("preparer", frozenset({JuryClos, DecisionPrise}), shell.preparer, exchanged=True),
            Reaction(
                "documents",
                frozenset({ResultatsPublies, DecisionPubliee}),
                owed,
                tolerated=_sans_document(),
                together=EN_PAGE,
                about=_candidat,
            ),
            Reaction("effacement", frozenset({EffacementAccorde}), Effacements(env).effacer),
        ],
        queries={
            ListerResultats: shell.lister,
            VoirDocuments: shell.voir_documents,
            VoirReclamations: suites.voir_reclamations,
            VoirConservation: suites.voir_conservation,
            VoirInstruction: suites.voir_instruction,
        },
    )


SPEC = service_spec("publication", build)
