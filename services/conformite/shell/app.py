"""The conformité service: what its deciders are given, what it projects, what it answers."""

from __future__ import annotations

from typing import Any

from contracts.commandes import conformite as commandes
from contracts.commandes.transfert import ReprendreDossier
from contracts.messages import Data
from contracts.requetes import ListerDossiers, VoirDossier
from services.communs.shell import BaseShell, service_spec
from services.communs.transfert import lire_histoire, transfert_accepte
from services.conformite.domain import transfert
from services.conformite.domain.doutes import relance
from services.conformite.projections import controles, dossiers
from services.conformite.shell.reactions import REACTIONS, des_partenaires
from services.socle.handlers import Family, Lookups, on
from services.socle.service import Environment, Parts

DOSSIER = Family("dossier", transfert.initial, transfert.evolve)
PROJECTIONS = (dossiers.Dossiers(), controles.Controles())


def _dossier(command: Any) -> str:
    return f"dossier-{command.candidat}"


class Shell(BaseShell):
    """The lookups of the commands and the answers to the questions, on one environment."""

    async def reprise(self, command: ReprendreDossier) -> Lookups:
        """The history of the dossier as it came, and whether somebody here accepted the candidate."""
        agregat = f"dossier-{command.candidat}"
        return {
            **await self.plain(command),
            "histoire": await lire_histoire(self._env, command, command.origine, "conformite", agregat),
            "accepte": await transfert_accepte(self._env, command, command.origine, command.candidat),
        }

    async def voir(self, query: VoirDossier) -> Data | None:
        """The dossier, its controls, and the verifications in course with the day when each is overdue (AMB-45)."""
        cle = {**self._lieu(query), "candidat": query.candidat}
        with self._env.engine.connect() as connection:
            found = dossiers.lire_dossier(connection, **cle)
            suivis = controles.lire_controles(connection, **cle)
        if found is None:
            return None
        return {**found, **suivis, "doutes": await self._relancer(query, suivis["doutes"])}

    async def lister(self, query: ListerDossiers) -> list[Data]:
        with self._env.engine.connect() as connection:
            found = dossiers.lister_dossiers(connection, **self._lieu(query))
            en_cours = controles.lister_doutes(connection, **self._lieu(query))
        suivis: dict[str, list[Data]] = {}
        for doute in await self._relancer(query, en_cours):
            suivis.setdefault(doute.pop("candidat"), []).append(doute)
        return [{**ligne, "doutes": suivis.get(ligne["candidat"], [])} for ligne in found]

    async def _relancer(self, query: VoirDossier | ListerDossiers, en_cours: list[Data]) -> list[Data]:
        """Each verification in course, with the day when it is overdue and whether that day is past."""
        if not en_cours:
            return []
        session, le = await self.session(query), self._env.clock()
        relances = [relance(doute["depuis"], session, le) for doute in en_cours]
        return [
            {**doute, "echeance": une.echeance, "en_retard": une.en_retard}
            for doute, une in zip(en_cours, relances, strict=True)
        ]


def build(env: Environment) -> Parts:
    """Everything the service runs."""
    shell = Shell(env)
    simples = [one for one in commandes.COMMANDES if one is not ReprendreDossier]
    return Parts(
        handlers=[
            *on(DOSSIER, simples, _dossier, transfert.decide, shell.plain),
            *on(DOSSIER, [ReprendreDossier], _dossier, transfert.decide, shell.reprise),
        ],
        projections=PROJECTIONS,
        reactions=[*REACTIONS, *des_partenaires(env.settings.academie)],
        queries={VoirDossier: shell.voir, ListerDossiers: shell.lister},
    )


SPEC = service_spec("conformite", build)
