"""Les modèles de lecture : rien ne se lit avant la publication, et une identité n'y est jamais en clair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from contracts.evenements.publication import EVENEMENTS, PublicationPreparee, ResultatsPublies
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, Decision, Identite
from services.publication.domain.resultats import LigneListe
from services.publication.projections.identites import Identites, Inscrit, identites
from services.publication.projections.identites import inscrit as lire_inscrit
from services.publication.projections.resultats import (
    Resultats,
    documents,
    lister,
    publie_le,
    resultat_publie,
)
from services.publication.tests.donnees import (
    ALICE,
    BASILE,
    CELIA,
    EMBARGO,
    EMPREINTE,
    IDENTITE,
    LIEU,
    PUBLIE,
    ajourne,
    clos,
    decidee,
    fait,
    inscrit,
    resultat,
)
from services.publication.tests.test_document import diplome, releve
from services.socle.enveloppe import Fact
from services.socle.rows import Batch, state_hash
from services.socle.sql import create_tables, engine_for, writing

DECISIONS = {ALICE: Decision.ADMIS, BASILE: Decision.AJOURNE, CELIA: Decision.NON_AUTORISE}
PREPAREE = PublicationPreparee(jury="J1", decisions=DECISIONS, embargo=EMBARGO)
PUBLIES = ResultatsPublies(jury="J1", decisions=DECISIONS, le=PUBLIE)
BASILE_AJOURNE = ajourne(candidat=BASILE, permis=None)
DELIBERES: list[Event] = [
    inscrit(ALICE),
    inscrit(BASILE),
    decidee(),
    decidee(BASILE_AJOURNE),
    decidee(resultat(candidat=CELIA, decision=Decision.NON_AUTORISE, mention=None, lignes=(), permis=None)),
    clos(DECISIONS),
    PREPAREE,
]
PROJECTIONS = (Resultats(), Identites())
TABLES = (*Resultats.tables, *Identites.tables)


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    one = engine_for(f"sqlite:///{tmp_path}/lecture.db")
    create_tables(one, TABLES)
    yield one
    one.dispose()


def projeter(engine: Engine, events: Iterable[Event], *, ensemble: bool = False) -> None:
    facts = [fait(event, seq) for seq, event in enumerate(events, 1)]
    for lot in [facts] if ensemble else [[one] for one in facts]:
        _ecrire(engine, lot)


def _ecrire(engine: Engine, facts: list[Fact]) -> None:
    batch = Batch()
    for fact in facts:
        for projection in PROJECTIONS:
            for op in projection.project(fact) if type(fact.event) in projection.handles else ():
                batch.add(op)
    with writing(engine) as connection:
        batch.write(connection)


def test_avant_la_publication_rien_ne_se_lit_que_la_date_prevue(engine: Engine) -> None:
    projeter(engine, DELIBERES)
    with engine.connect() as connection:
        assert lister(connection, **LIEU) == []
        assert publie_le(connection, **LIEU, jury="J1") is None
        assert resultat_publie(connection, **LIEU, jury="J1", candidat=ALICE) is None
        assert documents(connection, **LIEU, candidat=ALICE) == [
            {"candidat": ALICE, "jury": "J1", "publication_prevue": "2026-07-07T08:00:00+00:00"}
        ]


def test_un_jury_qui_delibere_ne_laisse_rien_lire(engine: Engine) -> None:
    projeter(engine, DELIBERES[:3])
    with engine.connect() as connection:
        assert documents(connection, **LIEU, candidat=ALICE) == []


def test_apres_la_publication_le_resultat_est_celui_du_jury(engine: Engine) -> None:
    projeter(engine, [*DELIBERES, PUBLIES])
    with engine.connect() as connection:
        assert resultat_publie(connection, **LIEU, jury="J1", candidat=ALICE) == resultat()
        assert resultat_publie(connection, **LIEU, jury="J1", candidat=BASILE) == BASILE_AJOURNE
        assert resultat_publie(connection, **LIEU, jury="J2", candidat=ALICE) is None
        assert publie_le(connection, **LIEU, jury="J1") == PUBLIE


def test_cap24_p01_un_candidat_qui_n_est_pas_inscrit_ici_n_a_pas_d_academie_connue(engine: Engine) -> None:
    projeter(engine, [*DELIBERES[2:], PUBLIES])
    with engine.connect() as connection:
        publie = resultat_publie(connection, **LIEU, jury="J1", candidat=ALICE)
    assert publie is not None
    assert publie.academie == ""


def test_la_liste_publiee_par_numero(engine: Engine) -> None:
    projeter(engine, [*DELIBERES, PUBLIES])
    attendue = [
        LigneListe(ALICE, "J1", Decision.ADMIS, "AB"),
        LigneListe(BASILE, "J1", Decision.AJOURNE),
        LigneListe(CELIA, "J1", Decision.NON_AUTORISE),
    ]
    with engine.connect() as connection:
        assert lister(connection, **LIEU) == attendue
        assert lister(connection, **LIEU, jury="J1") == attendue
        assert lister(connection, **LIEU, jury="J2") == []
        assert lister(connection, **{**LIEU, "session": "2024"}) == []


def test_les_documents_avec_leur_version_et_leur_empreinte(engine: Engine) -> None:
    projeter(engine, [*DELIBERES, PUBLIES, releve(), diplome(), releve(version=2)])
    with engine.connect() as connection:
        [vu] = documents(connection, **LIEU, candidat=ALICE)
    assert (vu["decision"], vu["mention"], vu["moyenne"], vu["permis"]) == ("admis", "AB", "12.03", "favorable")
    assert vu["documents"] == [
        {"nature": "releve", "numero": "NORMANDIE-2026-CAP-OSRCL-N2600001-R2", "version": 2, "modele": "releve.v1",
         "empreinte": EMPREINTE},
        {"nature": "diplome", "numero": "NORMANDIE-2026-CAP-OSRCL-N2600001-D1", "version": 1, "modele": "diplome.v1",
         "empreinte": EMPREINTE},
    ]  # fmt: skip


def test_une_decision_d_un_autre_jury_reste_sous_embargo(engine: Engine) -> None:
    """A candidate decided again elsewhere: the published result stays, the new one is not shown."""
    projeter(engine, [*DELIBERES, PUBLIES, decidee(resultat(jury="J2", decision=Decision.AJOURNE, mention=None))])
    with engine.connect() as connection:
        assert [one["jury"] for one in documents(connection, **LIEU, candidat=ALICE)] == ["J1"]
        assert resultat_publie(connection, **LIEU, jury="J1", candidat=ALICE) == resultat()


def test_les_memes_faits_donnent_les_memes_lignes(tmp_path: Path, engine: Engine) -> None:
    """One by one, all together, or delivered twice."""
    events = [*DELIBERES, PUBLIES, releve(), diplome()]
    projeter(engine, events)
    attendu = state_hash(engine, TABLES)
    projeter(engine, events)
    assert state_hash(engine, TABLES) == attendu
    autre = engine_for(f"sqlite:///{tmp_path}/autre.db")
    create_tables(autre, TABLES)
    projeter(autre, events, ensemble=True)
    assert state_hash(autre, TABLES) == attendu
    autre.dispose()


def test_l_identite_reste_scellee(engine: Engine) -> None:
    projeter(engine, [inscrit()])
    with engine.connect() as connection:
        lu = lire_inscrit(connection, **LIEU, candidat=ALICE)
        assert lire_inscrit(connection, **LIEU, candidat=BASILE) is None
    assert lu == Inscrit("normandie", Categorie.APPRENTI, "CAP-OSRCL-2026", Scelle(personne=ALICE, chiffre="c2VjcmV0"))


def test_une_identite_en_clair_n_entre_pas_dans_la_base(engine: Engine) -> None:
    projeter(engine, [inscrit(identite=Personnel[Identite](clair=IDENTITE))])
    with engine.connect() as connection:
        contenu = repr(connection.execute(select(identites)).all())
    assert ALICE in contenu
    assert "Gu" not in contenu
    assert "Ma" not in contenu


def test_chaque_fait_du_service_a_sa_ligne() -> None:
    assert set(EVENEMENTS) <= Resultats.handles
