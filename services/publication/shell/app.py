"""The publication service: what its deciders are given, the files it writes, what it projects and answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from contracts.commandes.publication import DelivrerDiplome, EditerReleve, PreparerPublication, PublierResultats
from contracts.droits import Role
from contracts.evenements.deliberation import JuryClos
from contracts.evenements.publication import ResultatsPublies
from contracts.messages import Command, Data, Refus
from contracts.requetes import ListerResultats, VoirDocuments
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Identite
from services.communs.shell import BaseShell, service_spec
from services.publication.documents import donnees, rendu
from services.publication.domain import document, publication
from services.publication.domain.document import DocumentCommand, Edition
from services.publication.domain.resultat import ResultatPublie
from services.publication.domain.resultats import en_csv, liste_publique
from services.publication.projections import identites, resultats
from services.publication.shell import reactions
from services.publication.shell.fichiers import Rayon
from services.socle.enveloppe import Fact
from services.socle.handlers import Family, Lookups, Ref, on
from services.socle.reactions import Reaction
from services.socle.service import Environment, Parts
from services.socle.subjects import split

PUBLICATION = Family("publication", publication.initial, publication.evolve)
DOCUMENT = Family("document", document.initial, document.evolve)
SANS_DOCUMENT = frozenset({"CAP24-P01", "CAP26-P01"})
PROJECTIONS = (identites.Identites(), resultats.Resultats())


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
        fichier = await asyncio.to_thread(self._rendre, command, edition, resultat, session)
        empreinte = rendu.empreinte(fichier)
        if document.empreinte_editee(command, state, edition) in (None, empreinte):
            self._rayon(command).ranger(_nom(command, edition), fichier)
        return {"session": session, "resultat": resultat, "edition": edition, "empreinte": empreinte}

    async def publie(self, fact: Fact) -> Iterable[Command]:
        """The public list of a jury as files, then what its candidates are owed."""
        event, where = fact.event, split(fact.subject)
        if isinstance(event, ResultatsPublies):
            await self._env.up_to_date(where.session)
            session = await self.session(where)
            with self._env.engine.connect() as connection:
                lignes = resultats.lister(
                    connection,
                    academie=where.academie,
                    session=where.session,
                    diplome=where.diplome,
                    jury=event.jury,
                )
            liste = donnees.donnees_liste(event.jury, event.le, lignes, session)
            rayon = Rayon(self._env.settings.documents_dir, where.session, where.diplome)
            rayon.ranger(f"resultats-{event.jury}.csv", en_csv(lignes).encode())
            rayon.ranger(f"resultats-{event.jury}.pdf", await asyncio.to_thread(rendu.rendre_liste, liste))
        return reactions.editer_documents(fact)

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
        with self._env.engine.connect() as connection:
            return resultats.documents(connection, **self._lieu(query), candidat=query.candidat)

    def _rayon(self, command: Command) -> Rayon:
        return Rayon(self._env.settings.documents_dir, command.session, command.diplome)

    def _resultat(self, command: DocumentCommand) -> ResultatPublie | None:
        with self._env.engine.connect() as connection:
            return resultats.resultat_publie(
                connection, **self._lieu(command), jury=command.jury, candidat=command.candidat
            )

    def _rendre(
        self, command: DocumentCommand, edition: Edition, resultat: ResultatPublie, session: SessionFigee
    ) -> bytes:
        """The only place where an identity is opened: it goes into the file, and nowhere else."""
        with self._env.engine.connect() as connection:
            inscrit = identites.inscrit(connection, **self._lieu(command), candidat=command.candidat)
        sealed = inscrit.identite if inscrit else None
        clear = self._env.coffre.open(sealed.personne, sealed.chiffre) if sealed else None
        if inscrit is None or clear is None:
            raise Refus(
                "IDENTITE_EFFACEE", f"{command.candidat} : l'identité n'existe plus, aucun document n'est possible"
            )
        identite = Identite.model_validate_json(clear)
        try:
            return self._mettre_en_page(command, edition, resultat, identite, inscrit.categorie, session)
        except rendu.RenduImpossible as error:
            raise Refus(error.code, str(error)) from None

    @staticmethod
    def _mettre_en_page(
        command: DocumentCommand,
        edition: Edition,
        resultat: ResultatPublie,
        identite: Identite,
        categorie: Categorie,
        session: SessionFigee,
    ) -> bytes:
        if isinstance(command, EditerReleve):
            return rendu.rendre_releve(donnees.donnees_releve(resultat, edition, identite, categorie, session))
        return rendu.rendre_diplome(donnees.donnees_diplome(resultat, edition, identite, session))


def _document(command: DocumentCommand) -> str:
    return f"document-{command.candidat}"


def _nom(command: DocumentCommand, edition: Edition) -> str:
    nature = "releve" if isinstance(command, EditerReleve) else "diplome"
    return f"{nature}-{command.candidat}-v{edition.version}.pdf"


def _publication(command: PreparerPublication | PublierResultats) -> str:
    return f"publication-{command.jury}"


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    owed: Callable[[Fact], Any] = shell.publie
    return Parts(
        handlers=[
            *on(PUBLICATION, [PreparerPublication, PublierResultats], _publication, publication.decide, shell.plain),
            *on(DOCUMENT, [EditerReleve, DelivrerDiplome], _document, document.decide, shell.document),
        ],
        projections=PROJECTIONS,
        reactions=[
            Reaction("preparer", frozenset({JuryClos}), reactions.preparer_publication),
            # Those of another académie, or not authorised, get no document here: that must not hold the others back.
            Reaction("documents", frozenset({ResultatsPublies}), owed, tolerated=SANS_DOCUMENT),
        ],
        queries={ListerResultats: shell.lister, VoirDocuments: shell.voir_documents},
    )


SPEC = service_spec("publication", build)
