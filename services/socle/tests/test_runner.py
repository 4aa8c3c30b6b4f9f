"""The command runner: once, in order, whatever repeats or rivals. On the real broker and on the journal in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import pytest

from contracts.messages import (
    Acteur,
    Command,
    Event,
    MalformedMessage,
    Message,
    Personnel,
    Refus,
    Registry,
    UnknownType,
    UnknownVersion,
)
from services.socle.coffre import Coffre, master_key
from services.socle.decided import Outcome
from services.socle.enveloppe import Context, encode
from services.socle.errors import Conflict
from services.socle.handlers import Family, Handler, Ref, on
from services.socle.journal import Appended, Entry, Store
from services.socle.memory import MemoryJournal
from services.socle.reader import StreamIdentity
from services.socle.runner import Runner
from services.socle.sql import engine_for
from services.socle.testing import Bench
from services.socle.tests.caisse import LE

QUI = Acteur(id="a-1", role="essai", academie="normandie")


class Porteur(Message):
    nom: str


class Ajoute(Event):
    NAME: ClassVar[str] = "publication.ajoute.v1"
    compte: str
    montant: int


class Nomme(Event):
    NAME: ClassVar[str] = "publication.nomme.v1"
    PERSONAL: ClassVar[tuple[str, ...]] = ("porteur",)
    PERSON: ClassVar[str] = "compte"
    compte: str
    porteur: Personnel[Porteur]


class Ajouter(Command):
    NAME: ClassVar[str] = "publication.ajouter"
    compte: str
    montant: int


class Nommer(Command):
    NAME: ClassVar[str] = "publication.nommer"
    compte: str
    porteur: Porteur


class Virer(Command):
    NAME: ClassVar[str] = "publication.virer"
    de: str
    a: str
    montant: int


@dataclass(frozen=True)
class Solde:
    total: int = 0


REGISTRE = Registry([Ajoute, Nomme])
PLAFOND = 1_000


def evolve(solde: Solde, event: Event) -> Solde:
    return replace(solde, total=solde.total + event.montant) if isinstance(event, Ajoute) else solde


def decide(command: Ajouter | Nommer, solde: Solde) -> Sequence[Event]:
    if isinstance(command, Nommer):
        return [Nomme(compte=command.compte, porteur=Personnel(clair=command.porteur))]
    if command.montant == 0:
        return []
    if solde.total + command.montant > PLAFOND:
        raise Refus("PLAFOND")
    return [Ajoute(compte=command.compte, montant=command.montant)]


def virer(command: Virer, states: dict[str, Solde]) -> dict[str, list[Event]]:
    if states[command.de].total < command.montant:
        raise Refus("PROVISION")
    return {
        command.de: [Ajoute(compte=command.de, montant=-command.montant)],
        command.a: [Ajoute(compte=command.a, montant=command.montant)],
    }


COMPTE = Family("compte", Solde(), evolve)
HANDLERS = [
    *on(COMPTE, [Ajouter, Nommer], lambda command: command.compte, decide),
    Handler(Virer, lambda command, _: [Ref(COMPTE, command.de), Ref(COMPTE, command.a)], virer),
]


def ajouter(compte: str, montant: int, session: str, **champs: str) -> Ajouter:
    return Ajouter(compte=compte, montant=montant, le=LE, par=QUI, session=session, diplome="essai", **champs)


@pytest.fixture
def coffre(tmp_path: Path) -> Iterator[Coffre]:
    engine = engine_for(f"sqlite:///{tmp_path / 'coffre.db'}")
    yield Coffre(engine, master_key(tmp_path / "maitre.cle"))
    engine.dispose()


def runner_on(store: Store, session: str, coffre: Coffre) -> Runner:
    return Runner(
        academie="normandie",
        service="publication",
        journals={session: store},
        registry=REGISTRE,
        coffre=coffre,
        handlers=HANDLERS,
        check=lambda command, academie: None,
    )


@dataclass
class Scene:
    """A journal, and as many runners on it as wanted (each as in a process of its own)."""

    store: Store
    session: str
    coffre: Coffre
    subject_of: str

    def runner(self, store: Store | None = None) -> Runner:
        return runner_on(store or self.store, self.session, self.coffre)

    def subject(self, compte: str) -> str:
        return f"{self.subject_of}.{compte}"

    async def total(self, compte: str) -> int:
        history = await self.store.load(self.subject(compte))
        return sum(one["data"].get("montant", 0) for m in history.messages for one in m.envelopes)


@pytest.fixture(params=["memoire", "courtier"])
async def scene(request: pytest.FixtureRequest, journal: Bench, coffre: Coffre) -> AsyncIterator[Scene]:
    if request.param == "memoire":
        yield Scene(MemoryJournal("MEMOIRE"), "m1", coffre, "ev.normandie.m1.essai.publication")
    else:
        store = await journal()
        yield Scene(store, journal.session, coffre, journal.subject("x").rpartition(".")[0])


class LostAck:
    """A journal whose next answer is lost after the message was stored, as when a connection breaks."""

    def __init__(self, inner: Store) -> None:
        self._inner, self.stream, self.lose = inner, inner.stream, True
        self.load, self.read = inner.load, inner.read

    async def identity(self) -> StreamIdentity:
        return await self._inner.identity()

    async def append(
        self, subject: str, body: bytes, headers: dict[str, str], expected: int, commandeid: str
    ) -> Appended:
        done = await self._inner.append(subject, body, headers, expected, commandeid)
        if self.lose:
            self.lose = False
            raise Conflict("réponse perdue")
        return done

    async def append_batch(self, entries: Sequence[Entry], commandeid: str) -> list[Appended]:
        done = await self._inner.append_batch(entries, commandeid)
        if self.lose:
            self.lose = False
            raise Conflict("réponse perdue")
        return done


async def test_une_commande_repetee_rend_sa_premiere_issue_et_n_ajoute_rien(scene: Scene) -> None:
    command = ajouter("c1", 5, scene.session)
    first = await scene.runner().execute(command)
    await scene.runner().execute(ajouter("c1", 7, scene.session))
    again = await scene.runner().execute(command)
    assert (again.events, again.again) == (first.events, True)
    assert await scene.total("c1") == 12


async def test_une_commande_repetee_dans_le_meme_processus(scene: Scene) -> None:
    runner, command = scene.runner(), ajouter("c1", 5, scene.session)
    first = await runner.execute(command)
    again = await runner.execute(command)
    assert not first.again
    assert (again.events, again.again) == (first.events, True)
    assert await scene.total("c1") == 5


async def test_une_reponse_perdue_ne_double_rien(scene: Scene) -> None:
    outcome = await scene.runner(LostAck(scene.store)).execute(ajouter("c1", 5, scene.session))  # type: ignore[arg-type]
    assert outcome.again
    assert await scene.total("c1") == 5


async def test_une_reponse_perdue_sur_deux_agregats(scene: Scene) -> None:
    await scene.runner().execute(ajouter("c1", 50, scene.session))
    command = Virer(de="c1", a="c2", montant=20, le=LE, par=QUI, session=scene.session, diplome="essai")
    await scene.runner(LostAck(scene.store)).execute(command)  # type: ignore[arg-type]
    assert (await scene.total("c1"), await scene.total("c2")) == (30, 20)


async def test_deux_cents_rivaux_laissent_une_histoire_d_un_seul(scene: Scene) -> None:
    runners = [scene.runner() for _ in range(4)]
    work = [runners[n % 4].execute(ajouter("c1", 7, scene.session)) for n in range(200)]
    outcomes = await asyncio.gather(*work, return_exceptions=True)
    done = [one for one in outcomes if isinstance(one, Outcome)]
    refused = [one for one in outcomes if isinstance(one, Refus)]
    assert len(done) == PLAFOND // 7
    assert len(refused) == 200 - len(done)
    history = await scene.store.load(scene.subject("c1"))
    assert history.rank == len(done)
    assert await scene.total("c1") == 7 * len(done) <= PLAFOND


async def test_un_refus_ne_se_fie_pas_a_la_memoire(scene: Scene) -> None:
    one, other = scene.runner(), scene.runner()
    await one.execute(ajouter("c1", PLAFOND, scene.session))
    await other.execute(ajouter("c1", -500, scene.session))
    await one.execute(ajouter("c1", 400, scene.session))  # refused on what `one` remembers, not on what is
    assert await scene.total("c1") == 900


async def test_un_ordre_sur_deux_agregats_est_tout_ou_rien(scene: Scene) -> None:
    runner = scene.runner()
    await runner.execute(ajouter("c1", 10, scene.session))
    trop = Virer(de="c1", a="c2", montant=20, le=LE, par=QUI, session=scene.session, diplome="essai")
    with pytest.raises(Refus):
        await runner.execute(trop)
    await runner.execute(trop.model_copy(update={"montant": 10}))
    assert (await scene.total("c1"), await scene.total("c2")) == (0, 10)


async def test_un_lot_fait_les_bonnes_et_dit_les_autres(scene: Scene) -> None:
    commands = [ajouter(f"c{n}", PLAFOND + 1 if n == 3 else n, scene.session) for n in range(1, 8)]
    outcomes = await scene.runner().execute_many(commands)
    assert [isinstance(one, Refus) for one in outcomes] == [n == 3 for n in range(1, 8)]
    assert [await scene.total(f"c{n}") for n in range(1, 8)] == [1, 2, 0, 4, 5, 6, 7]


async def test_un_lot_rejoue_ne_change_rien(scene: Scene) -> None:
    commands = [ajouter(f"c{n}", n, scene.session) for n in range(1, 8)]
    await scene.runner().execute_many(commands)
    again = await scene.runner().execute_many(commands)
    assert all(isinstance(one, Outcome) and one.again for one in again)
    assert (await scene.store.identity()).last_seq == 7


async def test_un_lot_a_l_essai_n_ecrit_rien(scene: Scene) -> None:
    outcomes = await scene.runner().execute_many(
        [ajouter("c1", 1, scene.session), ajouter("c1", 2, scene.session)], dry_run=True
    )
    assert all(isinstance(one, Outcome) for one in outcomes)
    assert (await scene.store.identity()).last_seq == 0


async def test_deux_commandes_du_lot_sur_le_meme_agregat(scene: Scene) -> None:
    await scene.runner().execute_many([ajouter("c1", 600, scene.session), ajouter("c1", 600, scene.session)])
    assert await scene.total("c1") == 600


async def test_l_identite_n_est_jamais_en_clair_dans_le_journal(scene: Scene) -> None:
    command = Nommer(
        compte="c1", porteur=Porteur(nom="Zéphirin"), le=LE, par=QUI, session=scene.session, diplome="essai"
    )
    outcome = await scene.runner().execute(command)
    [stored] = (await scene.store.load(scene.subject("c1"))).messages
    assert "Zéphirin" not in stored.body.decode()
    sealed = stored.envelopes[0]["data"]["porteur"]["scelle"]
    assert outcome.events[0][1]["porteur"] == {"scelle": sealed}
    opened = scene.coffre.open(sealed["personne"], sealed["chiffre"])
    assert opened is not None
    assert Porteur.model_validate_json(opened).nom == "Zéphirin"


@pytest.mark.parametrize(
    ("name", "data", "error"),
    [
        ("publication.ajoute.v9", {}, UnknownVersion),
        ("publication.disparu.v1", {}, UnknownType),
        ("publication.ajoute.v1", {"compte": "c1", "montant": "beaucoup"}, MalformedMessage),
    ],
)
async def test_une_histoire_illisible_arrete_et_le_dit(
    scene: Scene, name: str, data: dict[str, object], error: type[Exception]
) -> None:
    context = Context("commande-1", "a-1", "essai", LE, "commande-1")
    body, headers = encode(
        subject=scene.subject("c1"), context=context, rang=1, precedent="", events=[("e1", name, data)]
    )
    await scene.store.append(scene.subject("c1"), body, headers, 0, "commande-1")
    with pytest.raises(error, match=name):
        await scene.runner().execute(ajouter("c1", 1, scene.session))


async def test_un_id_deja_pris_par_un_autre_ordre_est_refuse(scene: Scene) -> None:
    runner, command = scene.runner(), ajouter("c1", 5, scene.session)
    await runner.execute(command)
    autre_auteur = command.model_copy(update={"par": QUI.model_copy(update={"id": "a-2"})})
    for autre in (command.model_copy(update={"montant": 6}), autre_auteur):
        for one in (runner, scene.runner()):
            with pytest.raises(Refus) as refus:
                await one.execute(autre)
            assert refus.value.regle == "IDENTIFIANT_REUTILISE"
    assert await scene.total("c1") == 5


async def test_une_repetition_rivale_ne_rompt_pas_la_chaine(scene: Scene) -> None:
    """Sealed values differ from one attempt to the next: what was stored counts, not what was about to be."""
    nommer = Nommer(compte="c1", porteur=Porteur(nom="Zoé"), le=LE, par=QUI, session=scene.session, diplome="essai")
    one, other = scene.runner(), scene.runner(LostAck(scene.store))  # type: ignore[arg-type]
    await asyncio.gather(one.execute(nommer), other.execute(nommer))
    for runner in (other, one, scene.runner()):
        await runner.execute(ajouter("c1", 1, scene.session))
    history = await scene.store.load(scene.subject("c1"))  # checks the chain
    assert (history.rank, await scene.total("c1")) == (4, 3)


async def test_une_personne_effacee_est_refusee_sans_retenir_le_reste_du_lot(scene: Scene) -> None:
    def nommer(compte: str) -> Nommer:
        porteur = Porteur(nom="Zoé")
        return Nommer(compte=compte, porteur=porteur, le=LE, par=QUI, session=scene.session, diplome="essai")

    scene.coffre.destroy(["c2"], LE)
    with pytest.raises(Refus) as refus:
        await scene.runner().execute(nommer("c2"))
    assert refus.value.regle == "PERSONNE_EFFACEE"
    told = await scene.runner().execute_many([nommer(one) for one in ("c1", "c2", "c3")])
    assert [one.regle if isinstance(one, Refus) else len(one.events) for one in told] == [1, "PERSONNE_EFFACEE", 1]
    assert [(await scene.store.load(scene.subject(one))).rank for one in ("c1", "c2", "c3")] == [1, 0, 1]
