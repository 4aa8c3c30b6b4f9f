"""Keys confided for a purpose: opened by whom they are for, for whom they are of, as they were made, while it lasts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, Table, select

from contracts.messages import Refus
from services.socle.coffre import CONFIDED, PAIRS, Coffre, CoffreError
from services.socle.confidence import Confidence, Terms, Wrapped
from services.socle.sql import engine_for

pytest_plugins = ["services.socle.testing_postgres"]

LE = datetime(2026, 11, 20, tzinfo=UTC)
BUT, ICI, LA, AILLEURS = "2026/essai/R1", "reunion", "pilote", "mayotte"
TERMS = Terms(BUT, ICI, "A1", LA)
CLEAR = b"Camille"


class Place:
    """The coffre of one installation."""

    def __init__(self, url: str, master: bytes = bytes(32)) -> None:
        self.engine = engine_for(url)
        self.coffre = Coffre(self.engine, master)
        self.confidence = Confidence(self.coffre)


class Scene:
    """Three installations: the person's own, the addressee's, and another member's."""

    def __init__(self, where: Path) -> None:
        self.home, self.there, self.other = (
            Place(f"sqlite:///{where}/{name}.db", bytes([rang]) * 32) for rang, name in enumerate((ICI, LA, AILLEURS))
        )
        self.sealed = self.home.coffre.seal("A1", CLEAR)

    def wrapped(self, terms: Terms = TERMS, to: Place | None = None) -> Wrapped:
        made = self.home.confidence.wrap(terms, (to or self.there).confidence.public_key(terms.purpose))
        assert made is not None
        return made

    def opened(self, at: Place | None = None, terms: Terms = TERMS) -> bytes | None:
        return (at or self.there).confidence.open(terms.purpose, terms.origin, terms.person, self.sealed)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


@pytest.fixture(scope="module")
def kept() -> Iterator[Scene]:
    with TemporaryDirectory() as where:
        yield Scene(Path(where))


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(Refus) as refus:
        work()
    return refus.value.regle


def stored(engine: Engine, table: Table, column: str) -> list[bytes]:
    with engine.connect() as connection:
        return [bytes(one) for one in connection.execute(select(table.c[column])).scalars()]


def test_the_addressee_opens_what_was_sealed_elsewhere(scene: Scene) -> None:
    assert scene.opened() is None
    assert scene.there.confidence.receive(TERMS, scene.wrapped())
    assert scene.opened() == CLEAR
    assert scene.there.confidence.receive(TERMS, scene.wrapped()), "delivered again, in another envelope"
    assert scene.opened() == CLEAR
    assert not scene.there.coffre.has("A1"), "the coffre's own keys are others"


def test_every_process_and_every_start_says_the_same_public_half(scene: Scene) -> None:
    said = scene.there.confidence.public_key(BUT)
    again = Confidence(Coffre(scene.there.engine, bytes([1]) * 32))
    assert again.public_key(BUT) == said
    assert again.public_key("2026/essai/R2") != said
    assert again.purposes() == [BUT, "2026/essai/R2"]


def test_an_envelope_opens_for_its_addressee_alone(scene: Scene) -> None:
    wrapped = scene.wrapped()
    scene.other.confidence.public_key(BUT)
    for terms in (TERMS, replace(TERMS, addressee=AILLEURS)):
        assert refused(partial(scene.other.confidence.receive, terms, wrapped)) == "ENVELOPPE_ILLISIBLE"
    assert scene.opened(scene.other) is None


@given(
    terms=st.builds(
        Terms,
        purpose=st.just(BUT),
        origin=st.sampled_from([ICI, AILLEURS, LA, "", "reunion:A1"]),
        person=st.sampled_from(["A1", "A2", "", "A", "1"]),
        addressee=st.sampled_from([LA, AILLEURS, ICI, ""]),
    )
)
@settings(max_examples=60, deadline=None)
def test_an_envelope_opens_under_its_own_terms_alone(kept: Scene, terms: Terms) -> None:
    wrapped = kept.wrapped()
    if terms == TERMS:
        assert kept.there.confidence.receive(terms, wrapped)
    else:
        assert refused(lambda: kept.there.confidence.receive(terms, wrapped)) == "ENVELOPPE_ILLISIBLE"
        assert not kept.there.confidence.has(terms.purpose, terms.origin, terms.person) or (
            (terms.origin, terms.person) == (TERMS.origin, TERMS.person)
        )


def test_an_envelope_of_a_purpose_opens_nothing_under_another(scene: Scene) -> None:
    wrapped, autre = scene.wrapped(), replace(TERMS, purpose="2026/essai/R2")
    scene.there.confidence.public_key(autre.purpose)
    assert refused(lambda: scene.there.confidence.receive(autre, wrapped)) == "ENVELOPPE_ILLISIBLE"


@given(part=st.sampled_from(["ephemeral", "sealed"]), where=st.integers(0, 200), bit=st.integers(0, 7))
@settings(max_examples=80, deadline=None)
def test_an_envelope_with_a_changed_bit_opens_nothing(kept: Scene, part: str, where: int, bit: int) -> None:
    wrapped = kept.wrapped()
    raw = bytearray(base64.b64decode(getattr(wrapped, part)))
    raw[where % len(raw)] ^= 1 << bit
    # X25519 leaves out the highest bit of a public half: the salt of the derivation does not.
    altered = replace(wrapped, **{part: base64.b64encode(raw).decode()})
    assert refused(lambda: kept.there.confidence.receive(TERMS, altered)) == "ENVELOPPE_ILLISIBLE"


@given(
    ephemeral=st.one_of(st.text(max_size=60), st.binary(max_size=40).map(lambda one: base64.b64encode(one).decode()))
)
@settings(max_examples=60, deadline=None)
def test_what_is_no_envelope_is_refused(kept: Scene, ephemeral: str) -> None:
    made = kept.wrapped()
    for one in (replace(made, ephemeral=ephemeral), replace(made, sealed=ephemeral)):
        assert refused(partial(kept.there.confidence.receive, TERMS, one)) == "ENVELOPPE_ILLISIBLE"
    assert refused(lambda: kept.home.confidence.wrap(TERMS, ephemeral[:43])) == "ENVELOPPE_ILLISIBLE"


@pytest.mark.parametrize("point", [bytes(32), (1).to_bytes(32, "little")])
def test_a_public_half_that_gives_a_secret_known_to_all_is_refused(scene: Scene, point: bytes) -> None:
    public = base64.b64encode(point).decode()
    assert refused(lambda: scene.home.confidence.wrap(TERMS, public)) == "ENVELOPPE_ILLISIBLE"
    weak = replace(scene.wrapped(), ephemeral=public)
    assert refused(lambda: scene.there.confidence.receive(TERMS, weak)) == "ENVELOPPE_ILLISIBLE"


def test_the_data_of_another_person_is_not_taken_for_hers(scene: Scene) -> None:
    scene.there.confidence.receive(TERMS, scene.wrapped())
    scene.sealed = scene.home.coffre.seal("A2", b"Dominique")
    with pytest.raises(CoffreError):
        scene.opened()


def test_after_the_end_nothing_opens_nor_comes_back(scene: Scene) -> None:
    kept = scene.wrapped()
    scene.there.confidence.receive(TERMS, kept)
    assert [scene.there.confidence.end(BUT, LE), scene.there.confidence.end(BUT, LE)] == [1, 0]
    assert scene.opened() is None
    assert scene.there.confidence.receive(TERMS, kept) is False
    assert scene.opened() is None
    assert refused(lambda: scene.there.confidence.public_key(BUT)) == "CLES_DETRUITES"
    assert scene.there.confidence.purposes() == []


def test_the_end_of_one_purpose_leaves_the_others(scene: Scene) -> None:
    other = replace(TERMS, purpose="2026/essai/R2")
    for terms in (TERMS, other):
        scene.there.confidence.receive(terms, scene.wrapped(terms))
    scene.there.confidence.end(BUT, LE)
    assert (scene.opened(), scene.opened(terms=other)) == (None, CLEAR)


def test_a_purpose_ended_before_it_began_here_never_begins(scene: Scene) -> None:
    assert scene.there.confidence.end(BUT, LE) == 0
    assert refused(lambda: scene.there.confidence.public_key(BUT)) == "CLES_DETRUITES"


def test_a_person_forgotten_is_not_confided_again(scene: Scene) -> None:
    kept = scene.wrapped()
    scene.there.confidence.receive(TERMS, kept)
    other = replace(TERMS, person="A2")
    scene.home.coffre.seal("A2", b"Dominique")
    scene.there.confidence.receive(other, scene.wrapped(other))
    assert [scene.there.confidence.forget(ICI, ["A1"], LE) for _ in range(2)] == [1, 0]
    assert scene.opened() is None
    assert scene.there.confidence.receive(TERMS, kept) is False
    assert not scene.there.confidence.has(BUT, ICI, "A1")
    assert scene.there.confidence.has(BUT, ICI, "A2")


def test_the_same_number_elsewhere_is_another_person(scene: Scene) -> None:
    scene.there.confidence.receive(TERMS, scene.wrapped())
    scene.there.confidence.forget(AILLEURS, ["A1"], LE)
    assert scene.opened() == CLEAR


def test_who_was_erased_at_home_is_confided_to_nobody(scene: Scene) -> None:
    public = scene.there.confidence.public_key(BUT)
    scene.home.coffre.destroy(["A1"], LE)
    assert scene.home.confidence.wrap(TERMS, public) is None


def test_a_private_half_and_a_received_key_are_stored_wrapped_and_leave_nothing(scene: Scene, tmp_path: Path) -> None:
    scene.there.confidence.receive(TERMS, scene.wrapped())
    clear = scene.home.coffre.key_of("A1")
    assert clear is not None
    [private], [received] = stored(scene.there.engine, PAIRS, "privee"), stored(scene.there.engine, CONFIDED, "cle")

    def left() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.glob(f"{LA}.db*"))

    assert clear not in left()
    assert private in left()
    assert received in left(), "the search finds what it looks for"
    with pytest.raises(CoffreError):
        Confidence(Coffre(scene.there.engine, bytes([9]) * 32)).open(BUT, ICI, "A1", scene.sealed)
    scene.there.confidence.end(BUT, LE)
    assert private[12:36] not in left()
    assert received[12:36] not in left()


def test_keys_are_destroyed_in_postgresql_too(postgres_base: str, scene: Scene) -> None:
    scene.there = Place(postgres_base)
    kept = scene.wrapped()
    assert scene.there.confidence.receive(TERMS, kept)
    assert scene.opened() == CLEAR
    assert scene.there.confidence.forget(ICI, ["A1"], LE) == 1
    assert scene.there.confidence.receive(TERMS, kept) is False
    other = replace(TERMS, origin=AILLEURS)
    assert scene.there.confidence.receive(other, scene.wrapped(other))
    assert scene.there.confidence.end(BUT, LE) == 1
    assert stored(scene.there.engine, CONFIDED, "cle") == []
    scene.there.engine.dispose()
