"""The délibération service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from sqlalchemy import Connection

from contracts.commandes.deliberation import (
    AccorderAcquis,
    AccorderPoints,
    AttesterPresence,
    CloreJury,
    ConstituerJury,
    OuvrirJury,
    PrendreDecision,
    ReconvoquerJury,
    RecuserMembre,
    SignalerResultatTardif,
    SuivreTransfert,
    TransmettrePresidence,
    ViserLivret,
)
from contracts.evenements.deliberation import JuryClos
from contracts.evenements.notation import NoteControleSaisie, ResultatArrete
from contracts.messages import Command, Data, Event, Refus
from contracts.requetes import VoirDecision, VoirJury, VoirProposition
from contracts.session import SessionFigee, valeurs_contraires, valeurs_dites
from services.communs.shell import BaseShell, Situe, service_spec
from services.deliberation.domain import jury, rattachement
from services.deliberation.domain.composition import Composition
from services.deliberation.domain.proposition import proposer
from services.deliberation.domain.regroupement import Regroupement
from services.deliberation.domain.seance import candidats_perimes
from services.deliberation.projections import candidats_jury, dossiers_jury, jurys, regroupements
from services.deliberation.shell.tardifs import JURY, Tardifs, jeton
from services.deliberation.shell.transferts import SUIVIS, Departs
from services.socle.handlers import Family, Handler, Lookups, Ref, on
from services.socle.reactions import Reaction
from services.socle.service import Environment, Parts

SurDossier: TypeAlias = ViserLivret | AccorderPoints | AccorderAcquis | PrendreDecision | SignalerResultatTardif
PLACE = Family("place", rattachement.initial, rattachement.evolve)
PROJECTIONS = (dossiers_jury.DossiersJury(), jurys.Jurys(), regroupements.Regroupements())


def _token(command: Any) -> str:
    return jeton(command.jury)


def _place(candidat: str) -> str:
    return f"place-{candidat}"


def _agregats_constitues(command: ConstituerJury, _: Lookups) -> Sequence[Ref]:
    """The jury and the place of each of its candidates, decided together: no two juries take the same one."""
    return [Ref(JURY, _token(command)), *(Ref(PLACE, _place(one)) for one in dict.fromkeys(command.candidats))]


def _constituer(command: ConstituerJury, states: Mapping[str, Any], **looked: Any) -> Mapping[str, Sequence[Event]]:
    places = {one: states[_place(one)] for one in command.candidats}
    own, taken = rattachement.constituer(command, states[_token(command)], places, **looked)
    return {_token(command): own, **{_place(one): events for one, events in taken.items()}}


TARDIFS = partial(Reaction, "tardifs", frozenset({ResultatArrete, NoteControleSaisie, JuryClos}), exchanged=True)
TRANSFERTS = partial(Reaction, "transferts", SUIVIS, exchanged=True)


class Shell(BaseShell):
    """The lookups of the commands and the answers to the questions, on one environment."""

    def __init__(self, env: Environment) -> None:
        super().__init__(env)
        self._departs = Departs(env)

    async def nomination(self, command: ConstituerJury) -> Lookups:
        """Juries named before the places were written are known to the read model alone."""
        await self._env.up_to_date(command.session)
        ailleurs = await self._en_chemin(command) if self._partage(command) else {}
        with self._env.engine.connect() as connection:
            deja = jurys.jurys_des_candidats(connection, **self._lieu(command), candidats=command.candidats)
            regroupement = self._regroupement(connection, command, ailleurs) if self._partage(command) else None
        session = await self.session(command)
        if regroupement is not None:
            regroupement = replace(regroupement, contraires=await self._contraires(command, session, regroupement))
        return {"session": session, "deja": deja, "regroupement": regroupement}

    async def _contraires(self, of: Situe, session: SessionFigee, groupe: Regroupement) -> dict[str, list[str]]:
        """Académie → the values that it supplied otherwise (AMB-05), when neither knew of the other's."""
        found: dict[str, list[str]] = {}
        for academie in sorted(groupe.acceptes):
            told = await self._env.told(academie, of.session, of.diplome, "inscription", "session")
            found[academie] = valeurs_contraires(session.valeurs, valeurs_dites(told))
        return found

    async def _en_chemin(self, command: ConstituerJury) -> dict[str, frozenset[str]]:
        """Candidate → the académies to which he goes, for those whom one that left him has not yet told of."""
        of = {"session": command.session, "diplome": command.diplome}
        with self._env.engine.connect() as connection:
            finies = candidats_jury.finies(connection, **of, candidats=command.candidats)
        found: dict[str, frozenset[str]] = {}
        for candidat, quittees in finies.items():
            fins = [(await self._departs.chemin(command, candidat, one))[-1] for one in sorted(quittees)]
            found[candidat] = frozenset(fins)
        return found

    def _regroupement(
        self, connection: Connection, command: ConstituerJury, ailleurs: Mapping[str, frozenset[str]]
    ) -> Regroupement | None:
        """The regroupement of the exam, and where each number of the order is registered."""
        of = {"session": command.session, "diplome": command.diplome}
        inscrits = {**candidats_jury.academies(connection, **of, candidats=command.candidats), **ailleurs}
        return regroupements.vu_d_ici(connection, **self._lieu(command), inscrits=inscrits)

    def _partage(self, of: Situe) -> bool:
        """Whether this session is shared with other académies."""
        return of.session in self._env.exchanges

    async def ouverture(self, command: OuvrirJury) -> Lookups:
        journal, partage = self._env.journals[command.session].stream, self._partage(command)
        vues = await self._env.positions(command.session) if partage else {}
        position = vues[journal] if partage else await self._env.up_to_date(command.session)
        session, state = await self.session(command), await self._etat(command, command.jury)
        nomme = state.composition if isinstance(state, jury.Constitue) else None
        return {
            "session": session,
            "journal": journal,
            "position": position,
            "positions": vues,
            "unites": {} if nomme is None else self._unites(command, session, nomme),
        }

    async def dossier(self, command: SurDossier) -> Lookups:
        await self._env.up_to_date(command.session)
        session = await self.session(command)
        lieu = self._lieu(command)
        if self._partage(command):
            state = await self._etat(command, command.jury)
            suivi = not isinstance(command, SignalerResultatTardif)  # who has it says it of the candidate he was
            lieu |= {"academie": _tenu_par(state, command.candidat, lieu["academie"], suivi=suivi)}
        with self._env.engine.connect() as connection:
            found = dossiers_jury.charger_dossier(
                connection,
                **lieu,
                numero=command.candidat,
                reglement=session.reglement,
                fuseau=_fuseau(session),
            )
        return {"session": session, "dossier": found}

    async def cloture(self, command: CloreJury) -> Lookups:
        await self._env.up_to_date(command.session)
        session = await self.session(command)
        state = await self._etat(command, command.jury)
        if not isinstance(state, jury.Ouvert):
            return {"session": session}
        nomme, lieu = state.composition, self._lieu(command)
        eux = self._candidats(nomme)
        with self._env.engine.connect() as connection:
            positions = candidats_jury.positions(connection, **lieu, candidats=eux)
            annules = candidats_jury.annules(connection, **lieu, candidats=eux)
        partis = await self._departs.partis(command, {one: eux[one] for one in sorted(annules)})
        perimes, unites = candidats_perimes(state, positions), self._unites(command, session, nomme)
        finis = {"annules": annules - partis.keys(), "partis": partis}  # who left is not unregistered
        return {"session": session, "perimes": perimes, "unites": unites, **finis}

    async def suivi(self, command: SuivreTransfert) -> Lookups:
        """Where the candidate went from the académie where his jury knows him, if he went anywhere."""
        state = await self._etat(command, command.jury)
        connue = _tenu_par(state, command.candidat, self._env.settings.academie)
        vers = await self._departs.parti(command, command.candidat, connue)
        return {**await self.plain(command), "partis": {} if vers is None else {command.candidat: vers}}

    async def reconvocation(self, command: ReconvoquerJury) -> Lookups:
        """The réclamations of the candidate, when one of them is the reason."""
        plain = await self.plain(command)
        if command.reclamation is None:
            return {**plain, "reclamations": ()}
        where = (command.session, command.diplome, "publication", f"reclamation-{command.candidat}")
        nomme, ici = _composition(await self._etat(command, command.jury)), self._env.settings.academie
        academie = _academie(nomme, command.candidat, ici)
        told = await (self._env.events(*where) if academie == ici else self._env.told(academie, *where))
        return {**plain, "reclamations": told}

    def _candidats(self, nomme: Composition) -> dict[str, str]:
        """Candidate of the jury → his académie."""
        return {one: nomme.academie(one, self._env.settings.academie) for one in nomme.candidats}

    def _unites(self, of: Situe, session: SessionFigee, nomme: Composition) -> Lookups:
        """What each candidate presents, when the règlement asks something of the jury for it."""
        if not session.reglement.jury.competences:
            return {}
        with self._env.engine.connect() as connection:
            return candidats_jury.unites_presentees(
                connection,
                **self._lieu(of),
                candidats=self._candidats(nomme),
                reglement=session.reglement,
            )

    async def voir_decision(self, query: VoirDecision) -> Data | None:
        with self._env.engine.connect() as connection:
            found = jurys.lire_decision(connection, **self._lieu(query), candidat=query.candidat)
        return found if found and query.jury in (None, found["jury"]) else None

    async def voir_jury(self, query: VoirJury) -> Data | None:
        with self._env.engine.connect() as connection:
            return jurys.lire_jury(connection, **self._lieu(query), code=query.jury)

    async def voir_proposition(self, query: VoirProposition) -> Data | None:
        await self._env.up_to_date(query.session)
        session = await self.session(query)
        lieu = self._lieu(query)
        with self._env.engine.connect() as connection:
            juries = jurys.jurys_des_candidats(connection, **lieu, candidats=[query.candidat])
        code = juries.get(query.candidat)
        if query.jury not in (None, code):
            return None
        jure = None if code is None else await self._etat(query, code)
        with self._env.engine.connect() as connection:
            try:
                dossier = dossiers_jury.charger_dossier(
                    connection,
                    **{**lieu, "academie": _tenu_par(jure, query.candidat, lieu["academie"])},
                    numero=query.candidat,
                    reglement=session.reglement,
                    fuseau=_fuseau(session),
                )
            except Refus:
                return None
        state = jure.seance if isinstance(jure, jury.Clos) else jure if isinstance(jure, jury.Ouvert) else None
        told = proposer(
            dossier,
            session,
            accords=state.accords.get(query.candidat) if state else None,
            acquis=state.acquis.get(query.candidat, {}) if state else {},
            livret_vise=state is not None and query.candidat in state.livrets,
        )
        return {
            "decision": told.decision,
            "mention": told.mention,
            "points": told.points,
            "coefficients": told.coefficients,
            "moyenne": told.moyenne,
            "moyenne_professionnelle": told.moyenne_professionnelle,
            "permis": told.permis,
            "remplacement_possible": list(told.remplacement_possible),
            "lignes": [one.model_dump(mode="json") for one in told.lignes],
            "regles": list(told.regles),
            "explication": [one.model_dump(mode="json") for one in told.explication],
            "attendus": list(told.attendus),
            "unites": list(told.unites),
            "epreuves_controle": list(told.epreuves_controle),
            "choix": dict(told.choix),
            "position": dossier.position,
        }

    async def _etat(self, of: Situe, code: str) -> jury.Jury:
        found: jury.Jury = (await self._env.runner.state(of.session, of.diplome, Ref(JURY, jeton(code)))).state
        return found


def _composition(state: jury.Jury | None) -> Composition | None:
    match state:
        case jury.Clos(seance=seance):
            return seance.composition
        case jury.Constitue() | jury.Ouvert():
            return state.composition
        case _:
            return None


def _academie(nomme: Composition | None, candidat: str, ici: str) -> str:
    """Where the candidate is registered, as his jury was told."""
    return ici if nomme is None else nomme.academie(candidat, ici)


def _tenu_par(state: jury.Jury | None, candidat: str, ici: str, *, suivi: bool = True) -> str:
    """Where the dossier of the candidate is; not ``suivi``: where it was when the jury closed."""
    if isinstance(state, jury.Clos) and suivi:
        return state.tenu_par(candidat, ici)
    return _academie(_composition(state), candidat, ici)


def _fuseau(session: SessionFigee) -> str:
    """The legal time of the académie, in which the days of a dossier are told."""
    return session.parametres.fuseau


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    lookups: list[tuple[list[type[Command]], Callable[[Any], Awaitable[Lookups]]]] = [
        ([AttesterPresence, RecuserMembre, TransmettrePresidence], shell.plain),
        ([ReconvoquerJury], shell.reconvocation),
        ([OuvrirJury], shell.ouverture),
        ([ViserLivret, AccorderPoints, AccorderAcquis, PrendreDecision, SignalerResultatTardif], shell.dossier),
        ([CloreJury], shell.cloture),
        ([SuivreTransfert], shell.suivi),
    ]
    handlers: list[Handler] = [
        Handler(ConstituerJury, _agregats_constitues, _constituer, shell.nomination, direct=True)
    ]
    handlers += [handler for commands, found in lookups for handler in on(JURY, commands, _token, jury.decide, found)]
    return Parts(
        handlers=handlers,
        projections=PROJECTIONS,
        reactions=[TARDIFS(Tardifs(env).dus), TRANSFERTS(Departs(env).dus)] if env.settings.echanges else [],
        queries={
            VoirDecision: shell.voir_decision,
            VoirJury: shell.voir_jury,
            VoirProposition: shell.voir_proposition,
        },
    )


SPEC = service_spec("deliberation", build)
