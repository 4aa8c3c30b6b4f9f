"""What a réclamation is decided on, read from the journal: the result, its notification, the majority of the day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from contracts.commandes.publication import CloreReclamation, InstruireReclamation
from contracts.droits import Role
from contracts.evenements.deliberation import CandidatRattache
from contracts.evenements.inscription import CandidatInscrit, InscriptionAnnulee, SessionOuverte
from contracts.evenements.publication import Notification, ReleveEdite
from contracts.messages import Data, Registry
from contracts.requetes import VoirConservation, VoirInstruction, VoirReclamations
from contracts.session import SessionFigee
from contracts.vocabulaire import Explication, Identite
from services.communs.shell import BaseShell, Situe
from services.publication.domain import reclamation
from services.publication.domain.conservation import Tenu, conservation, echeance
from services.publication.domain.delais import jour_legal, majeur_le
from services.publication.domain.edition import AVEC_VOIES
from services.publication.domain.histoire import FaitLu, HistoireCandidat
from services.publication.domain.instruction import trouver
from services.publication.domain.reclamation import Connu
from services.publication.domain.rectification import reprise_du_jury
from services.publication.projections import reclamations, resultats
from services.publication.shell.jury_partage import messages_du_jury, pilote_du_jury
from services.socle.enveloppe import context_of
from services.socle.handlers import Family, Lookups, Ref
from services.socle.subjects import subject

RECLAMATION = Family("reclamation", reclamation.initial, reclamation.evolve)


def jeton(command: Any) -> str:
    """All the réclamations of a candidate are one aggregate: what is still open is known when deciding."""
    return f"reclamation-{command.candidat}"


class ShellReclamations(BaseShell):
    """The lookups of the réclamations and the answers to the questions about them."""

    async def instruction(self, command: InstruireReclamation) -> Lookups:
        """What the journal shows of the candidate, as it stands now."""
        session = await self.session(command)
        trouve = trouver(await self._histoire(command, command.candidat), session)
        return {"session": session, "connu": Connu(trouve=trouve)}

    async def issue(self, command: CloreReclamation) -> Lookups:
        """What the jury did, if it was reconvened for this réclamation, and the documents that followed."""
        histoire = await self._histoire(command, command.candidat)
        documents = await self._faits(command, "publication", f"document-{command.candidat}")
        reprise = reprise_du_jury(command.numero, histoire, documents)
        return {"session": await self.session(command), "connu": Connu(reprise=reprise)}

    async def depot(self, command: Any) -> Lookups:
        """All that a filing or an erasure is decided on."""
        session = await self.session(command)
        le: datetime = getattr(command, "depose_le", command.le)
        await self._env.up_to_date(command.session)
        inscription, annulee = await self._inscription(command, command.candidat)
        connu = Connu(
            inscrit=inscription is not None,
            majeur=inscription is not None and self._majeur(inscription, jour_legal(le, session)),
            publie_le=self._publie_le(command, command.candidat, le),
            notification=await self._notification(command, command.candidat, le),
            suivante=await self._suivante(command, session),
            depart=self._depart(session, le) if annulee else None,
        )
        return {"session": session, "connu": connu}

    async def voir_reclamations(self, query: VoirReclamations) -> list[Data]:
        with self._env.engine.connect() as connection:
            return reclamations.du_candidat(
                connection,
                **self._lieu(query),
                candidat=query.candidat,
                instruction=query.par.role != Role.CANDIDAT,
            )

    async def voir_instruction(self, query: VoirInstruction) -> list[Data]:
        """What an instruction would find now."""
        trouve = trouver(await self._histoire(query, query.candidat), await self.session(query))
        return [one.model_dump(mode="json") for one in trouve]

    async def voir_conservation(self, query: VoirConservation) -> list[Data]:
        """What is kept until when; a member sees the candidates of his own jury alone."""
        lieu = self._lieu(query)
        with self._env.engine.connect() as connection:
            jurys = resultats.publications(connection, **lieu, candidat=query.candidat)
            efface = reclamations.efface_le(connection, **lieu, candidat=query.candidat)
        du_jury = query.par.role not in (Role.PRESIDENT_JURY, Role.MEMBRE_JURY) or query.jury in jurys
        if not du_jury:
            return []
        session, ref = await self.session(query), Ref(RECLAMATION, jeton(query))
        depart = max((one for dates in jurys.values() for one in dates), default=None)
        if depart is None:  # nothing published: the durations of who withdrew run all the same
            annulee = (await self._inscription(query, query.candidat))[1]
            depart = session.parametres.publication if annulee else None
        if depart is None:
            return []
        etat = (await self._env.runner.state(query.session, query.diplome, ref)).state
        suivante = await self._suivante(query, session)
        gardes = conservation(session, publie_le=depart, gel=etat.gel(), suivante=suivante)
        fin, dites = echeance(gardes), [_dire(one) for one in gardes]
        jusque = None if fin is None else fin.isoformat()
        return [{"candidat": query.candidat, "efface_le": efface, "jusqu_au": jusque, "gardes": dites}]

    @staticmethod
    def _depart(session: SessionFigee, le: datetime) -> datetime | None:
        """Once the results of the session are due: nothing will be published of a registration that was cancelled."""
        return session.parametres.publication if session.parametres.publication <= le else None

    async def _histoire(self, of: Situe, candidat: str) -> HistoireCandidat:
        """His marks, jury and dossier, by exact subject; the jury is told by his place, else by a result."""
        place = await self._faits(of, "deliberation", f"place-{candidat}")
        code = next((one.event.jury for one in place if isinstance(one.event, CandidatRattache)), None)
        if code is None:  # a jury named before the places were written, or that sits at the pilot
            await self._env.up_to_date(of.session)
            with self._env.engine.connect() as connection:
                code = resultats.jury_du_candidat(connection, **self._lieu(of), candidat=candidat)
        jury = [] if code is None else await self._du_jury(of, code)
        releve = await self._faits(of, "notation", f"releve-{candidat}")
        return HistoireCandidat(candidat, releve, jury, await self._faits(of, "conformite", f"dossier-{candidat}"))

    async def _du_jury(self, of: Situe, code: str) -> list[FaitLu]:
        """The facts of a jury, wherever it sits."""
        env, pilote = self._env, await pilote_du_jury(self._env, of, code)
        messages = await messages_du_jury(env, of, code, pilote)
        journal = "" if pilote is None else env.exchanges[of.session].stream
        return [_lu(one.seq, envelope, env.registry, journal) for one in messages for envelope in one.envelopes]

    async def _faits(self, of: Situe, service: str, agregat: str) -> list[FaitLu]:
        """Every fact of an aggregate with where it stands, in the order of the journal."""
        env = self._env
        path = subject(env.settings.academie, of.session, of.diplome, service, agregat)
        history = await env.runner.journal(of.session).load(path)
        return [_lu(message.seq, one, env.registry) for message in history.messages for one in message.envelopes]

    def _publie_le(self, of: Situe, candidat: str, le: datetime) -> datetime | None:
        """When the last of the candidate's decisions was made public, as things stood then."""
        with self._env.engine.connect() as connection:
            jurys = resultats.publications(connection, **self._lieu(of), candidat=candidat)
        return max((one for dates in jurys.values() for one in dates if one <= le), default=None)

    async def _inscription(self, of: Situe, candidat: str) -> tuple[CandidatInscrit | None, bool]:
        """The registration, and whether it was cancelled since."""
        events = await self._env.events(of.session, of.diplome, "inscription", f"candidature-{candidat}")
        annulee = any(isinstance(one, InscriptionAnnulee) for one in events)
        return next((one for one in events if isinstance(one, CandidatInscrit)), None), annulee

    def _majeur(self, event: CandidatInscrit, jour: date) -> bool:
        """The identity is opened for its birth date, and only yes or no leaves it; erased, the registration says."""
        scelle = event.identite.scelle
        clair = None if scelle is None else self._env.coffre.open(scelle.personne, scelle.chiffre)
        if clair is None:
            return event.majeur
        return majeur_le(Identite.model_validate_json(clair).naissance, jour)

    async def _notification(self, of: Situe, candidat: str, le: datetime) -> Notification | None:
        """The last relevé issued by then, and whether its template tells the ways and time limits of appeal."""
        found: Notification | None = None
        for one in await self._faits(of, "publication", f"document-{candidat}"):
            event = one.event
            if isinstance(event, ReleveEdite) and one.le <= le:
                voies = event.modele in AVEC_VOIES
                found = Notification(document=event.numero, modele=event.modele, le=one.le, voies_et_delais=voies)
        return found

    async def _suivante(self, of: Situe, session: SessionFigee) -> date | None:
        """The first épreuve of the next session of this diplôme that is open here."""
        debuts = [await self._debut(one, of.diplome) for one in self._env.journals if one != of.session]
        return min((one for one in debuts if one is not None and one.year > session.annee), default=None)

    async def _debut(self, session: str, diplome: str) -> date | None:
        events = await self._env.events(session, diplome, "inscription", "session")
        ouverte = next((one for one in events if isinstance(one, SessionOuverte)), None)
        return None if ouverte is None else ouverte.parametres.premiere_epreuve


def _lu(position: int, envelope: Data, registry: Registry, journal: str = "") -> FaitLu:
    event, context = registry.load(envelope["type"], envelope["data"]), context_of(envelope)
    return FaitLu(event, envelope["id"], position, context.le, context.acteur, context.role, journal)


def _dire(garde: Tenu) -> Data:
    explication: Explication = garde.explication
    jusque = None if garde.jusqu_au is None else garde.jusqu_au.isoformat()
    return {
        "objet": garde.objet,
        "jusqu_au": jusque,
        "regle": garde.regle,
        "explication": explication.model_dump(mode="json"),
    }
