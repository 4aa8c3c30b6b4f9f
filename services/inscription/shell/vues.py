"""What the inscription service answers, from its read models and from what partners share."""

from __future__ import annotations

from dataclasses import asdict

from contracts.messages import Data
from contracts.requetes import ListerCandidatures, VoirCandidature, VoirRegroupement, VoirSession
from services.communs.shell import BaseShell
from services.inscription.domain.ecrits import ecrits_locaux
from services.inscription.projections import accueils, candidats, regroupements, sessions, transferts
from services.inscription.shell import partage
from services.inscription.shell.confidence import Confidences

SANS_CENTRE = "TRANSFERE"  # why he has none: that of before was of the académie that he left


class Vues(BaseShell):
    """The answers to the questions, on one environment."""

    async def voir_regroupement(self, query: VoirRegroupement) -> Data | None:
        with self._env.engine.connect() as connection:
            vu = regroupements.lire_regroupement(connection, **self._lieu(query))
            if vu is None:
                return None
            ici, ailleurs = (
                lire(connection, **self._lieu(query)) for lire in (accueils.lire_accueils, transferts.lire_transferts)
            )
            return {**vu, **ici, **ailleurs, "a_traiter": [*ici["a_traiter"], *ailleurs["a_traiter"]]}

    async def voir_session(self, query: VoirSession) -> Data | None:
        """The session as opened; the calendar that applies beside it, which may be the pilot's (BTS-G03)."""
        with self._env.engine.connect() as connection:
            lue = sessions.lire_session(connection, **self._lieu(query))
        if lue is None or lue["parametres"].get("calendrier") is not None:
            return lue
        suivi = (await partage.calendrier(self._env, query, await self.session(query))).parametres.calendrier
        return lue if suivi is None else {**lue, "calendrier_de_la_pilote": suivi.model_dump(mode="json")}

    async def voir_candidature(self, query: VoirCandidature) -> Data | None:
        lieu = self._lieu(query)
        coffre: candidats.Coffret = self._env.coffre
        if query.origine is not None and query.origine != self._env.settings.academie:
            coffre = await Confidences(self._env).lire(query, query.origine)
            lieu = {**lieu, "academie": query.origine}
        with self._env.engine.connect() as connection:
            lu = candidats.lire_candidat(connection, coffre, **lieu, candidat=query.candidat)
            cle = {**lieu, "candidat": query.candidat}
            accueil = {**accueils.lire_candidat(connection, **cle), **transferts.lire_candidat(connection, **cle)}
        if lu is None:
            return None
        change = accueil["venu_de"] is not None or (accueil["transfert"] or {}).get("etat") == transferts.TRANSFERE
        sans = SANS_CENTRE if lu["centre"] is None and change else None
        vu = {**lu, **accueil, "sans_centre": sans}
        return {**vu, "ecrits": await self._ecrits(query, vu)}

    async def _ecrits(self, query: VoirCandidature, vu: Data) -> list[Data]:
        """The national written tests that he is called to, in the legal time of the place where he sits them."""
        ici = self._env.settings.academie
        ailleurs = await partage.parametres(self._env, query, vu["academie"]) if vu["academie"] != ici else None
        session = await partage.calendrier(self._env, query, await self.session(query))
        parametres, accueil = ailleurs or session.parametres, vu["accueil"] or {}
        if ailleurs is not None and ailleurs.calendrier is None:
            commun = {"calendrier": session.parametres.calendrier}
            parametres = ailleurs.model_copy(update=commun)
        dits = ecrits_locaux(vu["convoque_epreuves"] or (), parametres, accueil.get("fuseau") or "")
        return [asdict(one) for one in dits]

    async def lister(self, query: ListerCandidatures) -> list[Data]:
        with self._env.engine.connect() as connection:
            return candidats.lister(connection, **self._lieu(query))
