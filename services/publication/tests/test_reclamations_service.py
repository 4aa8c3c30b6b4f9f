"""La réclamation par son service : ce qui est lu du journal, de l'identité et de la session suivante."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from nats.aio.client import Client

from contracts.evenements import REGISTRE
from contracts.evenements.inscription import SessionOuverte
from contracts.evenements.publication import DecisionPubliee, PublicationPreparee, ResultatsPublies
from contracts.messages import Acteur, Event, Personnel, Refus, Scelle
from contracts.requetes import VoirConservation, VoirReclamations, check_query_rights
from contracts.vocabulaire import Decision, Identite
from services.publication.shell.app import SPEC
from services.publication.tests.diplomes import BTS, MC, bts
from services.publication.tests.diplomes import session as session_de
from services.publication.tests.donnees import (
    ALICE,
    BASILE,
    EMBARGO,
    IDENTITE,
    PUBLIE,
    decidee,
    inscrit,
    reglement,
)
from services.publication.tests.donnees_reclamations import (
    LENDEMAIN,
    RELEVE,
    C,
    I,
    N,
    clore,
    deposer,
    effacer,
    instruire,
    le_jour,
)
from services.publication.tests.test_document import releve
from services.socle.coffre import Coffre
from services.socle.decided import Outcome
from services.socle.enveloppe import Context, digest, encode
from services.socle.memory import MemoryJournal
from services.socle.projections import Projector
from services.socle.runner import Runner
from services.socle.service import Environment, Parts
from services.socle.settings import Settings
from services.socle.sql import engine_for
from services.socle.subjects import stream_name, subject

DECISIONS = {ALICE: Decision.ADMIS}


class _Env(Environment):
    async def up_to_date(self, session: str) -> int:
        await self.projector.catch_up()
        return len(cast(MemoryJournal, self.journals[session]).messages)


class Service:
    """The publication service on journals in memory."""

    def __init__(self, env: _Env, parts: Parts) -> None:
        self.env, self.parts = env, parts
        self._rangs: dict[str, tuple[int, str, int]] = {}

    async def dire(self, service: str, agregat: str, event: Event, le: datetime, session: str = "2026") -> None:
        """Another service, or this one before, said this."""
        journal = cast(MemoryJournal, self.env.journals[session])
        path = subject("normandie", session, "cap_osrcl", service, agregat)
        rang, precedent, seq = self._rangs.get(path, (0, "", 0))
        context = Context(f"commande-{service}-{rang}", "ges1", "gestionnaire", le, "fil")
        donnees = json.loads(event.model_dump_json())
        events = [(f"{path}-{rang}", event.NAME, donnees)]
        body, headers = encode(subject=path, context=context, rang=rang + 1, precedent=precedent, events=events)
        ack = await journal.append(path, body, headers, seq, context.commandeid)
        self._rangs[path] = (rang + 1, digest(body), ack.seq)

    async def ouvrir(self, identifiant: str, session: str = "2026", annee: int = 2026) -> None:
        du, parametres = reglement(identifiant), session_de(identifiant, annee).parametres
        ouverte = SessionOuverte(reglement=du.id, version=du.version, empreinte=du.empreinte, parametres=parametres)
        await self.dire("inscription", "session", ouverte, EMBARGO, session)

    async def inscrire(self, naissance: date, *, majeur: bool = True) -> None:
        clair = IDENTITE.model_copy(update={"naissance": naissance}).model_dump_json().encode()
        scelle = Scelle(personne=ALICE, chiffre=self.env.coffre.seal(ALICE, clair))
        event = inscrit(identite=Personnel[Identite](scelle=scelle), majeur=majeur)
        await self.dire("inscription", f"candidature-{ALICE}", event, EMBARGO)

    async def publier(self, *, avec_releve: bool = True) -> None:
        await self.dire("deliberation", "jury-J1", decidee(bts()), EMBARGO)
        prete = PublicationPreparee(jury="J1", decisions=DECISIONS, embargo=EMBARGO)
        await self.dire("publication", "publication-J1", prete, EMBARGO)
        publies = ResultatsPublies(jury="J1", decisions=DECISIONS, le=PUBLIE)
        await self.dire("publication", "publication-J1", publies, PUBLIE)
        if avec_releve:
            await self.dire("publication", f"document-{ALICE}", releve(), PUBLIE)

    async def commander(self, command: Any) -> Outcome:
        return await self.env.runner.execute(command)

    async def demander(self, query: Any) -> list[dict[str, Any]]:
        check_query_rights(query, "normandie")
        await self.env.projector.catch_up()
        found: list[dict[str, Any]] = await self.parts.queries[type(query)](query)
        return found


@asynccontextmanager
async def monte(
    tmp_path: Path, identifiant: str = BTS, *, naissance: date = date(2007, 3, 1), majeur: bool = True
) -> AsyncIterator[Service]:
    """The service, a session open, Alice registered."""
    settings = Settings(donnees=tmp_path, sessions=("2026", "2027"), academie="normandie", nats_url="")
    journals = {one: MemoryJournal(stream_name("normandie", one)) for one in settings.sessions}
    safe, engine = engine_for(f"sqlite:///{tmp_path}/coffre.db"), engine_for(f"sqlite:///{tmp_path}/lecture.db")
    env = _Env(settings, "publication", cast(Client, None), journals, Coffre(safe, b"c" * 32), engine, REGISTRE)
    parts = SPEC.build(env)
    env.runner = Runner(
        academie="normandie",
        service="publication",
        journals=journals,
        registry=REGISTRE,
        coffre=env.coffre,
        handlers=parts.handlers,
        check=SPEC.check,
    )
    env.projector = Projector("publication", REGISTRE, engine, list(journals.values()), list(parts.projections))
    service = Service(env, parts)
    await service.ouvrir(identifiant)
    await service.inscrire(naissance, majeur=majeur)
    try:
        yield service
    finally:
        engine.dispose()
        safe.dispose()


def acteur(role: str, *portee: str) -> Acteur:
    return Acteur(id=f"{role}1", role=role, academie="normandie", portee=portee)


def ou(**autres: Any) -> dict[str, Any]:
    return {"session": "2026", "diplome": "cap_osrcl", "candidat": ALICE, **autres}


CANDIDAT = acteur("candidat", f"candidat:{ALICE}")


async def test_dc_rec05_deposee_instruite_close_et_lue_par_le_candidat(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        await service.publier()
        await service.commander(deposer(N.DECISION_JURY, epreuve="E3", par=CANDIDAT))
        await service.commander(instruire(C.APPRECIATION))
        voir = VoirReclamations(**ou(par=CANDIDAT))
        [vue] = await service.demander(voir)
        assert (vue["etat"], vue["constat"], vue["reponse_due"]) == ("deposee", None, "2026-09-08")
        [du_service] = await service.demander(VoirReclamations(**ou(par=acteur("recteur"))))
        assert (du_service["etat"], du_service["constat"]) == ("instruite", "appreciation")
        await service.commander(clore(I.REJETEE))
        [vue] = await service.demander(voir)
        assert (vue["etat"], vue["issue"], vue["constat"]) == ("close", "rejetee", "appreciation")
        assert vue["contestable_jusqu_au"] == "2026-09-09"
        assert vue["explication"][0]["regle"] == "DC-REC06"
        json.dumps(vue)  # rien que du JSON


async def test_cl_134_la_notification_vient_du_releve_edite(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        await service.publier()
        outcome = await service.commander(deposer(N.DECISION_JURY))
        notification = outcome.events[0][1]["notification"]
        assert (notification["document"], notification["modele"]) == (RELEVE, "releve.v1")
        assert notification["voies_et_delais"] is True


async def test_cl_134_sans_releve_edite_aucun_delai_n_est_opposable(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        await service.publier(avec_releve=False)
        outcome = await service.commander(deposer(N.DECISION_JURY, le_jour(date(2027, 3, 1))))
        [(nom, donnees)] = outcome.events
        assert nom == "publication.reclamation_deposee.v1"
        assert (donnees["tardive"], donnees["recours_jusqu_au"], donnees["notification"]) == (False, None, None)


@pytest.mark.parametrize(
    ("naissance", "majeur", "refuse"),
    [
        (date(2008, 7, 9), True, True),  # majeur en décembre, mineur le jour de la demande
        (date(2008, 7, 8), True, False),
        (date(2008, 7, 8), False, False),
    ],
)
async def test_cl_133_dc_rec02_la_majorite_est_celle_du_jour(
    tmp_path: Path, naissance: date, majeur: bool, refuse: bool
) -> None:
    async with monte(tmp_path, naissance=naissance, majeur=majeur) as service:
        await service.publier()
        if not refuse:
            await service.commander(deposer(N.COMMUNICATION_COPIE))
            return
        with pytest.raises(Refus) as refus:
            await service.commander(deposer(N.COMMUNICATION_COPIE))
        assert refus.value.regle == "DC-REC02"
        assert str(naissance) not in refus.value.detail
        await service.commander(deposer(N.COMMUNICATION_COPIE, par_representant=True))


async def test_cl_133_une_identite_effacee_laisse_ce_que_dit_l_inscription(tmp_path: Path) -> None:
    async with monte(tmp_path, majeur=False) as service:
        await service.publier()
        service.env.coffre = Coffre(engine_for(f"sqlite:///{tmp_path}/autre.db"), b"c" * 32)  # la clé n'y est plus
        with pytest.raises(Refus, match="DC-REC02"):
            await service.commander(deposer(N.COMMUNICATION_COPIE))


async def test_aucune_donnee_personnelle_dans_les_faits(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        await service.publier()
        await service.commander(deposer(N.SECONDE_CORRECTION))
        corps = b"".join(one.body for one in cast(MemoryJournal, service.env.journals["2026"]).messages)
        for mot in (IDENTITE.nom, IDENTITE.prenoms, "2007-03-01", IDENTITE.courriel):
            assert mot.encode() not in corps


async def test_une_reception_passee_se_juge_sur_ce_qui_etait_public_alors(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        await service.publier()
        tard = PUBLIE + timedelta(days=10)
        reprise = decidee(bts(), nature="rectificative")
        await service.dire("deliberation", "jury-J1", reprise, tard)
        suite = DecisionPubliee(jury="J1", candidat=ALICE, decision=Decision.ADMIS, le=tard, regle="AMB-54")
        await service.dire("publication", "publication-J1", suite, tard)
        ordre = deposer(N.DECISION_JURY, tard + timedelta(days=1), depose_le=LENDEMAIN)
        [(_, donnees)] = (await service.commander(ordre)).events
        assert datetime.fromisoformat(donnees["publie_le"]) == PUBLIE


async def test_un_candidat_inconnu_ne_reclame_rien(tmp_path: Path) -> None:
    async with monte(tmp_path) as service:
        with pytest.raises(Refus, match="CANDIDAT_INCONNU"):
            await service.commander(deposer(N.DECISION_JURY, candidat=BASILE))
        with pytest.raises(Refus, match="RESULTAT_NON_PUBLIE"):
            await service.commander(deposer(N.DECISION_JURY))
        with pytest.raises(Refus, match="DROIT_PORTEE"):
            await service.commander(deposer(N.DECISION_JURY, candidat=BASILE, par=CANDIDAT))


# Ce qui est gardé ---------------------------------------------------------------------------------------------------


async def test_cl_125_mc_r01_le_jury_voit_que_le_dossier_est_garde_jusqu_a_la_session_suivante(tmp_path: Path) -> None:
    async with monte(tmp_path, MC) as service:
        await service.publier()
        membre = acteur("membre_jury", "jury:J1")
        voir = VoirConservation(**ou(par=membre, jury="J1"))
        [vu] = await service.demander(voir)
        pieces = next(one for one in vu["gardes"] if one["objet"] == "pieces")
        assert (pieces["jusqu_au"], pieces["regle"]) == (None, "MC-R01")
        await service.ouvrir(MC, "2027", 2027)
        [vu] = await service.demander(voir)
        pieces = next(one for one in vu["gardes"] if one["objet"] == "pieces")
        assert (pieces["jusqu_au"], pieces["regle"]) == ("2027-05-16", "MC-R01")
        for role in ("recteur", "gestionnaire"):
            assert await service.demander(VoirConservation(**ou(par=acteur(role)))) == [vu]


async def test_un_membre_ne_demande_que_pour_son_jury(tmp_path: Path) -> None:
    async with monte(tmp_path, MC) as service:
        assert await service.demander(VoirConservation(**ou(par=acteur("recteur")))) == []
        await service.publier()
        ailleurs = acteur("president_jury", "jury:J2")
        assert await service.demander(VoirConservation(**ou(par=ailleurs, jury="J2"))) == []
        with pytest.raises(Refus, match="DROIT_PORTEE"):
            await service.demander(VoirConservation(**ou(par=ailleurs, jury="J1")))


async def test_cl_138_dc_rgp02_l_effacement_attend_l_issue_puis_se_voit(tmp_path: Path) -> None:
    apres = le_jour(date(2027, 7, 8))
    async with monte(tmp_path) as service:
        await service.publier()
        await service.commander(deposer(N.DECISION_JURY))
        with pytest.raises(Refus) as gele:
            await service.commander(effacer(apres, par=CANDIDAT))
        assert gele.value.regle == "DC-RGP02"
        [vu] = await service.demander(VoirConservation(**ou(par=CANDIDAT)))
        assert [one["regle"] for one in vu["gardes"]] == ["DC-RGP02", "DC-RGP02", "AMB-58"]
        await service.commander(clore(I.SANS_SUITE))
        await service.commander(effacer(apres))
        [vu] = await service.demander(VoirConservation(**ou(par=CANDIDAT)))
        assert datetime.fromisoformat(vu["efface_le"]) == apres
