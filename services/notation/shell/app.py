"""The notation service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from contracts.commandes import notation as commandes
from contracts.commandes.bordereau import CloreBordereau, DeposerBordereau
from contracts.commandes.notation import ConclureDiscipline, SaisirNoteControle
from contracts.commandes.releve import ChoisirControle
from contracts.commandes.resultats_accueil import RecevoirResultat, TransmettreResultat
from contracts.commandes.transfert import ReprendreReleve, TransfererReleve
from contracts.evenements.deliberation import CandidatRattache
from contracts.evenements.regroupement import AccueilDecline, AccueilDemande, CandidatAccueilli
from contracts.messages import Command, Data, Event
from contracts.requetes import VoirBordereau, VoirReleve
from services.communs.regroupement import pilotes_acceptees
from services.communs.shell import BaseShell, Situe, service_spec
from services.communs.transfert import lire_histoire, transfert_accepte
from services.notation.domain import accueil, bordereau, releve
from services.notation.domain.apprentissage import Apprendre
from services.notation.domain.jury import EtatJury, etat_du_jury
from services.notation.projections import bordereaux, decisions, jurys, notes, resultats_accueil
from services.notation.shell.reactions import REACTIONS
from services.notation.shell.reactions_accueil import des_partenaires
from services.socle.handlers import Family, Handler, Lookups, Ref, on
from services.socle.service import Environment, Parts

RELEVE = Family("releve", releve.initial, releve.evolve)
BORDEREAU = Family("bordereau", bordereau.initial, bordereau.evolve)
ACCUEIL = Family("accueil", accueil.initial, accueil.evolve)
PROJECTIONS = (
    notes.Notes(),
    bordereaux.Bordereaux(),
    decisions.Decisions(),
    jurys.Jurys(),
    resultats_accueil.ResultatsAccueil(),
)
SUR_LOT = (DeposerBordereau, CloreBordereau)
AU_CONTROLE = (ChoisirControle, SaisirNoteControle)
SANS_JURY = (*get_args(Apprendre), ConclureDiscipline)
"""What the closing of a jury does not hold back: what is learnt from others, and the commission that comes after."""

ENTRE_ACADEMIES = (TransmettreResultat, RecevoirResultat, TransfererReleve, ReprendreReleve)
LUS_ENSEMBLE = 128  # juries looked for at once, for one lot


def _releve(candidat: str) -> str:
    return f"releve-{candidat}"


def _accueil(command: TransmettreResultat) -> str:
    return f"accueil-{command.origine}-{command.candidat}"


def _bordereau(command: DeposerBordereau | CloreBordereau) -> str:
    return f"bordereau-{command.lot}"


def _du_lot(command: DeposerBordereau | CloreBordereau, candidats: Sequence[str]) -> list[Ref]:
    """The bordereau and the relevés it touches, decided together."""
    return [Ref(BORDEREAU, _bordereau(command)), *(Ref(RELEVE, _releve(one)) for one in dict.fromkeys(candidats))]


def _agregats_deposes(command: DeposerBordereau, _: Lookups) -> Sequence[Ref]:
    return _du_lot(command, [ligne.candidat for ligne in command.lignes])


def _agregats_clos(command: CloreBordereau, looked: Lookups) -> Sequence[Ref]:
    return _du_lot(command, looked["candidats"])


def _par_candidat(states: Mapping[str, Any]) -> dict[str, releve.Releve]:
    prefix = _releve("")
    return {token.removeprefix(prefix): state for token, state in states.items() if token.startswith(prefix)}


def _ranger(
    command: DeposerBordereau | CloreBordereau, decided: tuple[list[Event], dict[str, list[Event]]]
) -> Mapping[str, Sequence[Event]]:
    own, by_candidate = decided
    return {_bordereau(command): own, **{_releve(candidat): events for candidat, events in by_candidate.items()}}


def _deposer(command: DeposerBordereau, states: Mapping[str, Any], **looked: Any) -> Mapping[str, Sequence[Event]]:
    lot = states[_bordereau(command)]
    return _ranger(command, bordereau.deposer(command, lot, _par_candidat(states), looked["session"], looked["jurys"]))


def _clore(command: CloreBordereau, states: Mapping[str, Any], **looked: Any) -> Mapping[str, Sequence[Event]]:
    lot = states[_bordereau(command)]
    return _ranger(command, bordereau.clore(command, lot, _par_candidat(states), looked["session"], looked["jurys"]))


class Shell(BaseShell):
    """The lookups of the commands and the answers to the questions, on one environment."""

    async def releve(self, command: Command) -> Lookups:
        """The session, and where the jury of the candidate stands."""
        candidat: str = command.candidat  # type: ignore[attr-defined]
        return {**await self.plain(command), "jury": await self._jury(command, candidat)}

    async def transmission(self, command: TransmettreResultat) -> Lookups:
        """Whether the centre has taken the candidate, as the journal has it now."""
        where = (command.session, command.diplome, "inscription", f"accueil-{command.centre}")
        accueillis = [one for one in await self._env.events(*where) if isinstance(one, CandidatAccueilli)]
        accueilli = any((one.origine, one.candidat) == (command.origine, command.candidat) for one in accueillis)
        return {**await self.plain(command), "accueilli": accueilli}

    async def reception(self, command: RecevoirResultat) -> Lookups:
        """Where the jury stands, and whether the candidate was ever to sit there: once asked for and not declined.

        A place taken, given up, asked for again and refused does not undo the test that was sat in it.
        """
        where = (command.session, command.diplome, "inscription", f"candidature-{command.candidat}")
        la = (command.academie, command.centre)
        demandes = declins = 0
        for one in await self._env.events(*where):
            demandes += isinstance(one, AccueilDemande) and (one.academie, one.centre) == la
            declins += isinstance(one, AccueilDecline) and (one.academie, one.centre) == la
        return {**await self.releve(command), "accueil": demandes > declins}

    async def reprise(self, command: ReprendreReleve) -> Lookups:
        """The history of the relevé as it came, and whether somebody here accepted the candidate."""
        agregat = _releve(command.candidat)
        return {
            **await self.plain(command),
            "histoire": await lire_histoire(self._env, command, command.origine, "notation", agregat),
            "accepte": await transfert_accepte(self._env, command, command.origine, command.candidat),
        }

    async def depot(self, command: DeposerBordereau) -> Lookups:
        jurys = await self._jurys(command, [one.candidat for one in command.lignes])
        return {**await self.plain(command), "jurys": jurys}

    async def cloture(self, command: CloreBordereau) -> Lookups:
        loaded = await self._env.runner.state(command.session, command.diplome, Ref(BORDEREAU, _bordereau(command)))
        depot = loaded.state
        candidats = depot.candidats if isinstance(depot, bordereau.Depose) else ()
        jurys = await self._jurys(command, candidats)
        return {**await self.plain(command), "candidats": candidats, "jurys": jurys}

    async def controle(self, command: ChoisirControle | SaisirNoteControle) -> Lookups:
        """The jury's latest decision, which opens the oral épreuves de contrôle."""
        await self._env.up_to_date(command.session)
        pilotes = await self._pilotes(command)
        with self._env.engine.connect() as connection:
            of = {**self._lieu(command), "candidat": command.candidat}
            found = decisions.lire_decision(connection, **of, pilotes=pilotes)
        return {**await self.plain(command), "decision": found}

    async def _jurys(self, of: Situe, candidats: Iterable[str]) -> dict[str, EtatJury]:
        tous = list(dict.fromkeys(candidats))
        slots = asyncio.Semaphore(LUS_ENSEMBLE)

        async def un(candidat: str) -> EtatJury:
            async with slots:
                return await self._jury(of, candidat)

        return dict(zip(tous, await asyncio.gather(*map(un, tous)), strict=True))

    async def _jury(self, of: Situe, candidat: str) -> EtatJury:
        """As the journal has it now: the place of the candidate, then the jury that took it, by their exact subjects.

        A jury named before the places were written is known to the read model alone; one that sits at the pilot too.
        """
        where = (of.session, of.diplome, "deliberation")
        place = await self._env.events(*where, f"place-{candidat}")
        code = next((one.jury for one in place if isinstance(one, CandidatRattache)), None)
        if code is None:
            with self._env.engine.connect() as connection:
                code = jurys.jury_du_candidat(connection, **self._lieu(of), candidat=candidat)
        if code is None:
            return await self._jury_partage(of, candidat)
        return etat_du_jury(candidat, await self._env.events(*where, f"jury-{code}"))

    async def _jury_partage(self, of: Situe, candidat: str) -> EtatJury:
        """As far as what the pilot shares has come here (AMB-55)."""
        pilotes = await self._pilotes(of)
        if not pilotes:
            return EtatJury.A_VENIR
        with self._env.engine.connect() as connection:
            found = jurys.etat_partage(connection, **self._lieu(of), candidat=candidat, pilotes=pilotes)
        return found or EtatJury.A_VENIR

    async def _pilotes(self, of: Situe) -> frozenset[str]:
        """Whose juries decide on candidates of this académie; none where nothing is shared."""
        return await pilotes_acceptees(self._env, of) if of.session in self._env.exchanges else frozenset()

    async def voir_releve(self, query: VoirReleve) -> Data | None:
        cle = {**self._lieu(query), "candidat": query.candidat}
        with self._env.engine.connect() as connection:
            vu = notes.lire_releve(connection, **cle)
            return None if vu is None else {**vu, "ecartes": resultats_accueil.lire_ecartes(connection, **cle)}

    async def voir_bordereau(self, query: VoirBordereau) -> Data | None:
        with self._env.engine.connect() as connection:
            return bordereaux.lire_bordereau(connection, **self._lieu(query), lot=query.lot)


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    a_part = (*SUR_LOT, *AU_CONTROLE, *SANS_JURY, *ENTRE_ACADEMIES)
    sur_releve = [one for one in commandes.COMMANDES if one not in a_part]
    return Parts(
        handlers=[
            *on(RELEVE, sur_releve, lambda command: _releve(command.candidat), releve.decide, shell.releve),
            *on(RELEVE, SANS_JURY, lambda command: _releve(command.candidat), releve.decide, shell.plain),
            *on(RELEVE, AU_CONTROLE, lambda command: _releve(command.candidat), releve.decide, shell.controle),
            *on(ACCUEIL, [TransmettreResultat], _accueil, accueil.decide, shell.transmission),
            *on(RELEVE, [RecevoirResultat], lambda command: _releve(command.candidat), releve.decide, shell.reception),
            *on(RELEVE, [TransfererReleve], lambda command: _releve(command.candidat), releve.decide, shell.plain),
            *on(RELEVE, [ReprendreReleve], lambda command: _releve(command.candidat), releve.decide, shell.reprise),
            Handler(DeposerBordereau, _agregats_deposes, _deposer, shell.depot),
            Handler(CloreBordereau, _agregats_clos, _clore, shell.cloture),
        ],
        projections=PROJECTIONS,
        reactions=[*REACTIONS, *des_partenaires(env.settings.academie)],
        queries={VoirReleve: shell.voir_releve, VoirBordereau: shell.voir_bordereau},
    )


SPEC = service_spec("notation", build)
