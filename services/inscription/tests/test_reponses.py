"""Ce que le service donne à ses décisions : les centres de la session, les postes que d'autres tiennent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Engine

from contracts.commandes.inscription import COMMANDES, EmettreConvocation, PlanifierPassage
from contracts.evenements.inscription import (
    CentreFerme,
    CentreOuvert,
    ConvocationEmise,
    InscriptionAnnulee,
    PassagePlanifie,
)
from contracts.messages import Event
from contracts.requetes import VoirCandidature
from contracts.vocabulaire import Calendrier, Categorie, Ecrit, TypeCentre
from services.communs.testing import fait_du_journal
from services.inscription.domain.candidature import Occupation
from services.inscription.projections.accueils import Accueils
from services.inscription.projections.candidats import Candidats
from services.inscription.projections.transferts import Transferts
from services.inscription.shell.app import Shell, build
from services.inscription.tests.diplomes import AFFECTE, LYCEE, TP, a
from services.inscription.tests.donnees import AUTRE, NUMERO
from services.inscription.tests.test_planning import SESSION_TITRE, TITRE, planifie, planifier
from services.inscription.tests.test_sessions_diplomes import ouverte
from services.socle.handlers import Ref
from services.socle.rows import Batch
from services.socle.sql import create_tables, engine_for, writing

OUVERT = CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL)
FERME = CentreFerme(centre=LYCEE, jour=date(2022, 6, 14), motif="inondation du site", regle="TR-N04")
PLAN = planifie(SESSION_TITRE, "225", "95")


class Journal:
    """L'environnement d'un service, sans courtier : l'histoire de chaque agrégat, et la base qui en suit."""

    def __init__(self, engine: Engine, histoires: dict[str, list[Event]]) -> None:
        self.engine, self._histoires = engine, histoires
        self.settings = SimpleNamespace(academie="clermont", echanges=())
        self.exchanges: dict[str, object] = {}
        self.coffre = SimpleNamespace(secret=lambda nom: nom.encode(), open=lambda personne, chiffre: None)
        self.runner = self
        self.attendu: list[str] = []

    async def state(self, session: str, diplome: str, ref: Ref) -> Any:
        state = ref.family.initial
        for event in self._histoires.get(ref.token, []):
            state = ref.family.evolve(state, event)
        return SimpleNamespace(state=state)

    async def events(self, session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        return self._histoires.get(aggregate, [])

    async def up_to_date(self, session: str) -> int:
        """Ce n'est qu'alors que la base montre le journal entier."""
        self.attendu.append(session)
        projection, batch, seq = Candidats(), Batch(), 0
        for agregat, events in self._histoires.items():
            for event in events:
                seq += 1
                if type(event) in projection.handles:
                    for op in projection.project(_fait(event, seq, agregat)):
                        batch.add(op)
        with writing(self.engine) as connection:
            batch.write(connection)
        return seq


def _fait(event: Event, seq: int, agregat: str) -> Any:
    fait = fait_du_journal(event, seq, academie="clermont", le=a(8), agregat=agregat)
    ici = fait.subject.replace("2026", "2022").replace("cap_osrcl", "tp_crcd")
    return replace(fait, subject=ici)


def de(candidat: str, *events: Any) -> tuple[str, list[Event]]:
    return f"candidature-{candidat}", [one.model_copy(update={"candidat": candidat}) for one in events]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    one = engine_for(f"sqlite:///{tmp_path}/lecture.db")
    create_tables(one, [*Candidats.tables, *Accueils.tables, *Transferts.tables])
    yield one
    one.dispose()


def env(engine: Engine, *histoires: tuple[str, Iterable[Event]]) -> Any:
    session: list[Event] = [ouverte(TP), OUVERT, FERME]
    return Journal(engine, {"session": session, **{nom: list(events) for nom, events in histoires}})


async def test_cl_108_tp_c02_le_planning_connait_les_postes_des_autres_du_centre(engine: Engine) -> None:
    journal = env(engine, de(NUMERO, TITRE, AFFECTE, PLAN), de(AUTRE, TITRE, AFFECTE, PLAN))
    connu = await Shell(journal).planning(planifier(SESSION_TITRE))
    attendues = [Occupation("P01", one.debut, one.fin) for one in SESSION_TITRE if one.poste]
    assert connu["occupations"] == attendues
    assert (journal.attendu, connu["session"].reglement) == (["2022"], TP.reglement)
    TP.candidat(TITRE, AFFECTE, **_sans_session(connu)).when(planifier(SESSION_TITRE)).then_refused("TP-C02")


async def test_tp_c02_seul_dans_son_centre_ou_sans_centre_il_ne_dispute_aucun_poste(engine: Engine) -> None:
    parti = InscriptionAnnulee(candidat=AUTRE, motif="désistement")
    journal = env(engine, de(NUMERO, TITRE, AFFECTE), de(AUTRE, TITRE, AFFECTE, PLAN, parti))
    connu = await Shell(journal).planning(planifier(SESSION_TITRE))
    assert connu["occupations"] == []
    TP.candidat(TITRE, AFFECTE, **_sans_session(connu)).when(planifier(SESSION_TITRE)).then_kinds(PassagePlanifie)
    inconnu = await Shell(env(engine)).planning(planifier(SESSION_TITRE))
    assert inconnu["occupations"] == []


async def test_cl_140_qui_convoque_connait_les_jours_de_fermeture(engine: Engine) -> None:
    entretien = TP.inscrit(Categorie.CAPITALISATION, "CCP2")
    convoquer = EmettreConvocation(candidat=NUMERO, date=a(6, jour=FERME.jour), **TP.qui())
    connu = await Shell(env(engine, de(NUMERO, entretien, AFFECTE))).centres(convoquer)
    assert connu["centres"][LYCEE].ferme_le == {FERME.jour}


async def test_bts_g03_le_candidat_convoque_lit_ses_ecrits_dans_son_heure_legale(engine: Engine) -> None:
    calendrier = Calendrier(reference="annexe I", ecrits=(Ecrit(moment="EP-ecrit", debut=a(8), loge=30),))
    ailleurs = ouverte(TP)
    parametres = ailleurs.parametres.model_copy(update={"fuseau": "Indian/Mayotte", "calendrier": calendrier})
    convoque = ConvocationEmise(candidat=NUMERO, centre=LYCEE, epreuves=("EP",), le=a(6))
    journal = env(engine, de(NUMERO, TITRE, AFFECTE, convoque))
    journal._histoires["session"][0] = ailleurs.model_copy(update={"parametres": parametres})
    await journal.up_to_date("2022")
    par = TP.qui()["par"]
    lieu: dict[str, Any] = {"session": "2022", "diplome": "tp_crcd"}
    lu = await Shell(journal).voir_candidature(VoirCandidature(**lieu, par=par, candidat=NUMERO))
    assert lu is not None
    [ecrit] = lu["ecrits"]
    assert (ecrit["en_loge"].isoformat(), ecrit["debut"]) == ("2022-06-13T10:30:00+03:00", a(8))


def _sans_session(connu: Any) -> dict[str, Any]:
    return {nom: valeur for nom, valeur in connu.items() if nom != "session"}


def test_chaque_ordre_a_sa_porte_et_une_seule(engine: Engine) -> None:
    portes = [handler.command for handler in build(env(engine)).handlers]
    assert sorted(one.NAME for one in portes) == sorted(one.NAME for one in COMMANDES)
    assert PlanifierPassage in portes
