"""Les modèles de lecture : rien ne se lit avant la publication, et une identité n'y est jamais en clair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from contracts.evenements.deliberation import NatureDecision
from contracts.evenements.publication import (
    EVENEMENTS,
    AttestationDelivree,
    DecisionPubliee,
    PublicationPreparee,
    ResultatsPublies,
    TypeAttestation,
)
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Identite
from services.publication.domain.resultat import SANS_NOTE
from services.publication.domain.resultats import LigneListe, liste_publique
from services.publication.projections.identites import Identites, Inscrit, identites
from services.publication.projections.identites import inscrit as lire_inscrit
from services.publication.projections.reclamations import ProjectionReclamations
from services.publication.projections.resultats import (
    Resultats,
    documents,
    lister,
    publie_le,
    resultat_publie,
)
from services.publication.tests.diplomes import bts, bts_non_valide
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
    assert set(EVENEMENTS) <= Resultats.handles | ProjectionReclamations.handles


# Après la clôture ---------------------------------------------------------------------------------------------------

PLUS_TARD = PUBLIE + timedelta(days=5)
EN_ATTENTE = {ALICE: Decision.EN_ATTENTE}
GELEE = bts_non_valide(EtatResultat.SUSPENDUE, Decision.EN_ATTENTE)
LEVEE = decidee(bts(publie_le=PUBLIE), nature=NatureDecision.COMPLEMENTAIRE)
COMPLEMENT = DecisionPubliee(jury="J1", candidat=ALICE, decision=Decision.ADMIS, le=PLUS_TARD, regle="AMB-44")
ATTENTE: list[Event] = [
    inscrit(ALICE),
    decidee(GELEE),
    clos(EN_ATTENTE),
    PublicationPreparee(jury="J1", decisions=EN_ATTENTE, embargo=EMBARGO),
    ResultatsPublies(jury="J1", decisions=EN_ATTENTE, le=PUBLIE),
]


def test_cl_083_amb_44_la_ligne_en_attente_ne_dit_que_cela(engine: Engine) -> None:
    projeter(engine, ATTENTE)
    with engine.connect() as connection:
        assert lister(connection, **LIEU) == [LigneListe(ALICE, "J1", Decision.EN_ATTENTE)]
        assert liste_publique(lister(connection, **LIEU)) == ()
        [vu] = documents(connection, **LIEU, candidat=ALICE)
    assert vu == {
        "candidat": ALICE,
        "jury": "J1",
        "decision": "en_attente",
        "publie_le": "2026-07-07T08:30:00+00:00",
        "documents": [],
    }


def test_cl_083_une_decision_complementaire_ne_se_lit_qu_une_fois_publiee(engine: Engine) -> None:
    projeter(engine, [*ATTENTE, LEVEE])
    with engine.connect() as connection:
        [vu] = documents(connection, **LIEU, candidat=ALICE)
        assert vu["decision"] == "en_attente"
    _ecrire(engine, [fait(COMPLEMENT, 7)])
    with engine.connect() as connection:
        publie = resultat_publie(connection, **LIEU, jury="J1", candidat=ALICE)
        assert publie == bts(publie_le=PLUS_TARD)
        assert lister(connection, **LIEU) == [LigneListe(ALICE, "J1", Decision.ADMIS)]


def test_amb_44_une_decision_prise_avant_la_publication_est_publiee_avec_les_autres(engine: Engine) -> None:
    projeter(engine, [*ATTENTE[:4], LEVEE, ATTENTE[4]])
    with engine.connect() as connection:
        assert [one.decision for one in lister(connection, **LIEU)] == [Decision.ADMIS]


@pytest.mark.parametrize("etat", sorted(SANS_NOTE))
def test_bts_c05_cl_083_cl_085_une_note_gelee_n_entre_pas_dans_la_base(engine: Engine, etat: EtatResultat) -> None:
    """The jury's event still holds 13.75; neither the tables nor what the service issues do."""
    refuse = bts_non_valide(etat)
    projeter(engine, [inscrit(ALICE), decidee(refuse), clos({ALICE: Decision.REFUSE})])
    with engine.connect() as connection:
        contenu = "".join(str([tuple(row) for row in connection.execute(select(table))]) for table in TABLES)
    assert etat.value in contenu
    for tu in ("13.75", "55/4", "229.25", "10.91"):
        assert tu not in contenu, tu


def test_cl_130_amb_54_le_releve_remplace_est_garde_et_dit_remplace(engine: Engine) -> None:
    rectifie = decidee(resultat(points="182"), nature=NatureDecision.RECTIFICATIVE)
    suite = DecisionPubliee(jury="J1", candidat=ALICE, decision=Decision.ADMIS, le=PLUS_TARD, regle="AMB-54")
    change = resultat(points="182", publie_le=PLUS_TARD)
    projeter(engine, [*DELIBERES, PUBLIES, releve(), diplome(), rectifie, suite, releve(change, 2)])
    with engine.connect() as connection:
        assert resultat_publie(connection, **LIEU, jury="J1", candidat=ALICE) == change
        [vu] = documents(connection, **LIEU, candidat=ALICE)
    assert [(one["nature"], one["version"]) for one in vu["documents"]] == [("releve", 2), ("diplome", 1)]
    [ancien] = vu["remplaces"]
    assert (ancien["nature"], ancien["version"], ancien["empreinte"]) == ("releve", 1, EMPREINTE)
    assert ancien["remplace_par"] == "NORMANDIE-2026-CAP-OSRCL-N2600001-R2"


def test_amb_54_un_diplome_que_le_jury_ne_maintient_pas_est_a_retirer(engine: Engine) -> None:
    perdu = decidee(ajourne(), nature=NatureDecision.RECTIFICATIVE)
    suite = DecisionPubliee(jury="J1", candidat=ALICE, decision=Decision.AJOURNE, le=PLUS_TARD, regle="AMB-54")
    projeter(engine, [*DELIBERES, PUBLIES, releve(), diplome(), perdu, suite])
    with engine.connect() as connection:
        [vu] = documents(connection, **LIEU, candidat=ALICE)
    assert [one.get("a_retirer") for one in vu["documents"]] == [None, "AMB-54"]


def test_dc_bts17_l_attestation_est_un_document_du_candidat(engine: Engine) -> None:
    delivree = AttestationDelivree(
        candidat=ALICE,
        jury="J1",
        numero="NORMANDIE-2026-CAP-OSRCL-N2600001-A1",
        version=1,
        modele="attestation.v1",
        publie_le=PUBLIE,
        type=TypeAttestation.BLOCS,
        unites=("E2",),
        empreinte=EMPREINTE,
        regle="DC-BTS17",
    )
    projeter(engine, [*DELIBERES, PUBLIES, releve(), delivree])
    with engine.connect() as connection:
        [vu] = documents(connection, **LIEU, candidat=ALICE)
    assert [one["nature"] for one in vu["documents"]] == ["releve", "attestation"]
