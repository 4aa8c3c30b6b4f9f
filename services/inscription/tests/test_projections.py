"""Les modèles de lecture, depuis les faits : l'identité n'y est jamais en clair."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from contracts.evenements.inscription import (
    EVENEMENTS,
    AmenagementAccorde,
    BeneficeAbandonne,
    BeneficeAccorde,
    CentreOuvert,
    ConvocationEmise,
    DemandeRemplacementRenvoyee,
    DoublonFusionne,
    InscriptionAnnulee,
    InscriptionModifiee,
    PersonneLiberee,
    PersonneReservee,
    RemplacementAutorise,
    ValeursFournies,
)
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Identite, Mode, TypeCentre
from services.inscription.projections import candidats as lecture
from services.inscription.projections import sessions as lecture_sessions
from services.inscription.projections.candidats import Candidats, candidats, lire_candidat, lister
from services.inscription.projections.sessions import Sessions, lire_session
from services.inscription.tests.donnees import (
    AFFECTE,
    AUTRE,
    CFA,
    IDENTITE,
    LE,
    LYCEE,
    NUMERO,
    PARAMETRES,
    PERMIS,
    R2026,
    VALEURS,
    autorise,
    fait,
    inscrit,
    modes,
    ouverte,
    reservee,
)
from services.socle.coffre import KEYS, Coffre
from services.socle.rows import Batch, state_hash
from services.socle.sql import create_tables, engine_for, writing

LIEU = {"academie": "normandie", "session": "2026", "diplome": "cap_osrcl"}
PROJECTIONS = (Candidats(), Sessions())
TABLES = [table for projection in PROJECTIONS for table in projection.tables]
CONVOQUE = ConvocationEmise(candidat=NUMERO, centre=LYCEE, epreuves=("EP1", "EP2"), le=LE + timedelta(days=200))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    one = engine_for(f"sqlite:///{tmp_path}/lecture.db")
    create_tables(one, TABLES)
    yield one
    one.dispose()


@pytest.fixture
def coffre(tmp_path: Path) -> Coffre:
    return Coffre(engine_for(f"sqlite:///{tmp_path}/coffre.db"), os.urandom(32))


def projeter(engine: Engine, events: Iterable[Event], *, ensemble: bool = False) -> None:
    """Un fait par transaction, ou tous dans la même."""
    facts = [fait(event, f"candidature-{NUMERO}", seq) for seq, event in enumerate(events, 1)]
    for lot in [facts] if ensemble else [[one] for one in facts]:
        batch = Batch()
        for fact in lot:
            for projection in PROJECTIONS:
                for op in projection.project(fact) if type(fact.event) in projection.handles else ():
                    batch.add(op)
        with writing(engine) as connection:
            batch.write(connection)


def scelle(coffre: Coffre, numero: str = NUMERO) -> Event:
    """L'inscription telle que le journal la rend : identité scellée."""
    chiffre = coffre.seal(numero, IDENTITE.model_dump_json().encode())
    identite = Personnel[Identite](scelle=Scelle(personne=numero, chiffre=chiffre))
    return inscrit(candidat=numero, identite=identite)


def ligne(engine: Engine, *events: Event, numero: str = NUMERO) -> dict[str, Any]:
    projeter(engine, events)
    with engine.connect() as connection:
        return dict(connection.execute(select(candidats).where(candidats.c.candidat == numero)).mappings().one())


def test_un_inscrit_a_sa_ligne(engine: Engine) -> None:
    attendue = {
        "categorie": "individuel",
        "majeur": True,
        "reglement": R2026.id,
        "modes": {code: mode.value for code, mode in modes().items()},
        "facultatives": [],
        "inscrit_le": LE,
        "autorise": None,
        "convoque": False,
        "annule": False,
    }
    assert attendue.items() <= ligne(engine, inscrit()).items()


def test_une_identite_en_clair_n_entre_pas_dans_la_base(engine: Engine) -> None:
    assert ligne(engine, inscrit())["identite"] is None


def test_la_suite_de_l_inscription(engine: Engine) -> None:
    modifie = InscriptionModifiee(
        candidat=NUMERO, modes={**modes(), "UF2": Mode.PONCTUEL}, facultatives=("UF2",), etablissement=LYCEE
    )
    renvoi = DemandeRemplacementRenvoyee(candidat=NUMERO, academie_origine="normandie", regle="CAP24-I06")
    vue = ligne(engine, inscrit(), modifie, AFFECTE, autorise(), CONVOQUE, renvoi)
    attendue = {
        "facultatives": ["UF2"],
        "etablissement": LYCEE,
        "centre": LYCEE,
        "centre_type": "principal",
        "autorise": True,
        "regle_autorisation": "CAP26-I03",
        "convoque": True,
        "convoque_le": CONVOQUE.le,
        "convoque_epreuves": ["EP1", "EP2"],
        "renvoye_vers": "normandie",
    }
    assert attendue.items() <= vue.items()
    assert vue["modes"]["UF2"] == "ponctuel"


def test_cap26_p01_la_convocation_d_un_non_autorise_tombe_et_son_dossier_se_lit(engine: Engine) -> None:
    vue = ligne(engine, inscrit(), AFFECTE, autorise(), CONVOQUE, autorise(False, "CAP26-I05"))
    assert (vue["autorise"], vue["regle_autorisation"], vue["convoque"]) == (False, "CAP26-I05", False)


def test_une_annulation_et_une_fusion_se_voient(engine: Engine) -> None:
    fusion = DoublonFusionne(candidat=NUMERO, remplace=AUTRE, motif="même personne")
    annulee = InscriptionAnnulee(candidat=AUTRE, motif=f"doublon de {NUMERO}")
    vue = ligne(engine, inscrit(), inscrit(candidat=AUTRE), fusion, annulee, numero=AUTRE)
    assert (vue["annule"], vue["motif_annulation"], vue["remplace_par"]) == (True, f"doublon de {NUMERO}", NUMERO)


def test_un_candidat_se_lit_avec_ses_droits_et_son_identite(engine: Engine, coffre: Coffre) -> None:
    garde = BeneficeAccorde(
        candidat=NUMERO, epreuve="UG1", note=Decimal("11.50"), session_origine="2024", regle="DC-CAP18"
    )
    abandon = BeneficeAbandonne(candidat=NUMERO, epreuve="UG1", regle="DC-CAP18")
    tiers_temps = AmenagementAccorde(candidat=NUMERO, nature="tiers-temps", epreuves=("UG2",), regle="DC-HAN01")
    remplace = RemplacementAutorise(candidat=NUMERO, epreuves=("EP2", "EP1"), regle="DC-CAP17")
    projeter(engine, [scelle(coffre), PERMIS, garde, abandon, tiers_temps, remplace])
    with engine.connect() as connection:
        vue = lire_candidat(connection, coffre, **LIEU, candidat=NUMERO)
    assert vue is not None
    assert Identite.model_validate(vue["identite"]) == IDENTITE
    assert vue["dispenses"] == [
        {
            "epreuve": "EP3",
            "situation": "S1",
            "regle": "CAP24-I04",
            "motif": PERMIS.motif,
            "fondement": "titre",
        },
    ]
    assert vue["benefices"] == [
        {
            "epreuve": "UG1",
            "note": Decimal("11.5"),
            "session_origine": "2024",
            "regle": "DC-CAP18",
            "abandonne": True,
        }
    ]
    assert vue["amenagements"] == [{"nature": "tiers-temps", "epreuves": ["UG2"], "regle": "DC-HAN01"}]
    assert [one["epreuve"] for one in vue["remplacements"]] == ["EP1", "EP2"]


def test_une_fois_la_cle_detruite_l_identite_ne_se_lit_plus(engine: Engine, coffre: Coffre, tmp_path: Path) -> None:
    projeter(engine, [scelle(coffre)])
    base = engine_for(f"sqlite:///{tmp_path}/coffre.db")
    with base.begin() as connection:
        connection.execute(delete(KEYS))
    apres = Coffre(base, os.urandom(32))
    with engine.connect() as connection:
        vue = lire_candidat(connection, apres, **LIEU, candidat=NUMERO)
    assert vue is not None
    assert (vue["candidat"], vue["identite"]) == (NUMERO, None)


def test_la_liste_est_par_numero_dans_sa_session_et_sans_identite(engine: Engine, coffre: Coffre) -> None:
    projeter(engine, [scelle(coffre, AUTRE), scelle(coffre)])
    with engine.connect() as connection:
        lignes = lister(connection, **LIEU)
        ailleurs = lister(connection, **{**LIEU, "session": "2027"})
        inconnu = lire_candidat(connection, coffre, **LIEU, candidat="2699999999")
    assert [one["candidat"] for one in lignes] == [NUMERO, AUTRE]
    assert (ailleurs, inconnu) == ([], None)
    assert all("identite" not in one for one in lignes)


def test_amb_05_la_session_se_lit_avec_ses_valeurs_et_ses_centres(engine: Engine) -> None:
    au_debut = VALEURS.model_copy(update={"coefficients": {}})
    ensuite = VALEURS.model_copy(update={"poids": {}})
    annexe = CentreOuvert(centre=CFA, type=TypeCentre.ANNEXE, acte="arrêté 2025-41")
    principal = CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL)
    projeter(engine, [ouverte(valeurs=au_debut), ValeursFournies(valeurs=ensuite), annexe, principal])
    with engine.connect() as connection:
        vue = lire_session(connection, **LIEU)
        absente = lire_session(connection, **{**LIEU, "session": "2027"})
    assert absente is None
    assert vue is not None
    assert (vue["reglement"], vue["version"], vue["empreinte"]) == (R2026.id, R2026.version, R2026.empreinte)
    assert vue["parametres"] == PARAMETRES.model_dump(mode="json")
    assert {one["cle"]: (one["nature"], one["valeur"]) for one in vue["valeurs"]} == {
        "EP1": ("coefficient", 6),
        "EP1.S1": ("poids", 2),
        "EP1.S2": ("poids", 1),
        "EP2": ("coefficient", 4),
        "EP3": ("coefficient", 3),
    }
    assert [(one["centre"], one["type"], one["acte"]) for one in vue["centres"]] == [
        (LYCEE, "principal", ""),
        (CFA, "annexe", "arrêté 2025-41"),
    ]


HISTOIRE: Sequence[Event] = [
    ouverte(valeurs=VALEURS),
    inscrit(),
    PERMIS,
    AFFECTE,
    autorise(),
    CONVOQUE,
    autorise(False, "CAP26-I05"),
    inscrit(candidat=AUTRE),
    InscriptionAnnulee(candidat=AUTRE, motif="désistement"),
]


def test_rejouer_donne_les_memes_lignes(engine: Engine, tmp_path: Path) -> None:
    autre = engine_for(f"sqlite:///{tmp_path}/rejeu.db")
    create_tables(autre, TABLES)
    projeter(engine, HISTOIRE)
    projeter(autre, HISTOIRE, ensemble=True)
    projeter(autre, HISTOIRE)
    assert state_hash(engine, TABLES) == state_hash(autre, TABLES)


def test_tout_fait_de_l_inscription_se_lit_sauf_la_place_des_personnes() -> None:
    lus = {event for projection in PROJECTIONS for event in projection.handles}
    assert set(EVENEMENTS) - lus == {PersonneReservee, PersonneLiberee}


def test_un_fait_sans_lecture_ne_passe_pas_en_silence() -> None:
    with pytest.raises(TypeError, match="non projeté"):
        list(Candidats().project(fait(reservee(), "personne-x")))
    assert lecture.VERSION == lecture_sessions.VERSION == 2
