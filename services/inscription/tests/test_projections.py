"""Les modèles de lecture, depuis les faits : l'identité n'y est jamais en clair."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from contracts.evenements.confidence import IdentiteConfiee
from contracts.evenements.inscription import (
    EVENEMENTS,
    AcquisReconnu,
    AmenagementAccorde,
    AutorisationEnregistree,
    BeneficeAbandonne,
    BeneficeAccorde,
    CentreAffecte,
    CentreFerme,
    CentreOuvert,
    ConvocationEmise,
    DemandeRemplacementRenvoyee,
    DoublonFusionne,
    InscriptionAnnulee,
    InscriptionModifiee,
    PassagePlanifie,
    PassageReporte,
    PersonneLiberee,
    PersonneReservee,
    RemplacementAutorise,
    ValeursFournies,
)
from contracts.messages import Event, Personnel, Scelle
from contracts.vocabulaire import Creneau, Forme, Identite, Mode, TypeCentre
from services.inscription.projections import candidats as lecture
from services.inscription.projections import sessions as lecture_sessions
from services.inscription.projections.accueils import Accueils
from services.inscription.projections.candidats import Candidats, candidats, creneaux_du_centre, lire_candidat, lister
from services.inscription.projections.regroupements import Regroupements
from services.inscription.projections.sessions import Sessions, lire_session
from services.inscription.projections.transferts import Transferts
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
PROJECTIONS = (Candidats(), Sessions(), Regroupements(), Accueils(), Transferts())
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


def test_dc_bts02_la_forme_et_les_unites_se_lisent(engine: Engine) -> None:
    progressif = inscrit(modes={"UG1": Mode.PONCTUEL}, forme=Forme.PROGRESSIVE, unites=("UG1",))
    vue = ligne(engine, progressif)
    assert (vue["forme"], vue["unites"]) == ("progressive", ["UG1"])


def test_tp_i05_bts_c03_les_acquis_et_les_epreuves_fermees_se_lisent(engine: Engine, coffre: Coffre) -> None:
    repris = AcquisReconnu(
        candidat=NUMERO,
        epreuve="CCP1",
        obtenu_le=date(2019, 6, 12),
        titre_origine="arrêté du 21/12/2015",
        regle="TP-I05",
    )
    ferme = AutorisationEnregistree(candidat=NUMERO, autorise=False, regle="BTS-C03", epreuves=("E4", "E6"))
    ouvre = ferme.model_copy(update={"autorise": True, "epreuves": ("E6",)})
    projeter(engine, [scelle(coffre), repris, ferme, ouvre])
    with engine.connect() as connection:
        vue = lire_candidat(connection, coffre, **LIEU, candidat=NUMERO)
    assert vue is not None
    assert vue["acquis"] == [
        {
            "epreuve": "CCP1",
            "obtenu_le": "2019-06-12",
            "titre_origine": "arrêté du 21/12/2015",
            "regle": "TP-I05",
        }
    ]
    assert (vue["fermetures"], vue["autorise"]) == ([{"epreuve": "E4", "regle": "BTS-C03"}], None)


CRENEAU = Creneau(modalite="ecrit", debut=LE, fin=LE + timedelta(hours=1), poste="P01", surveillant=True)
PLAN = PassagePlanifie(candidat=NUMERO, creneaux=(CRENEAU,), minutes_candidat="60", minutes_jury="0", regle="TR-N04")
REPORT = PassageReporte(candidat=NUMERO, centre=CFA, le=LE + timedelta(days=207), motif="centre fermé", regle="TR-N04")


def test_tr_n04_le_planning_se_lit_jusqu_a_ce_qui_le_defait(engine: Engine) -> None:
    planning = ligne(engine, inscrit(), AFFECTE, PLAN)["planning"]
    assert (planning["minutes_candidat"], planning["creneaux"][0]["poste"]) == ("60", "P01")
    tiers_temps = AmenagementAccorde(candidat=NUMERO, nature="tiers-temps", regle="DC-HAN01")
    for fait_suivant in (AFFECTE, tiers_temps, REPORT):
        assert ligne(engine, inscrit(), AFFECTE, PLAN)["planning"] is not None
        assert ligne(engine, fait_suivant)["planning"] is None


def test_cl_140_un_report_se_lit_sans_absence_ni_sanction(engine: Engine) -> None:
    vue = ligne(engine, inscrit(), AFFECTE, autorise(), CONVOQUE, REPORT)
    assert (vue["convoque"], vue["convoque_le"], vue["convoque_centre"]) == (True, REPORT.le, CFA)
    assert (vue["autorise"], vue["annule"]) == (True, False)


def test_cl_108_tp_c02_les_postes_tenus_dans_un_centre_par_les_autres(engine: Engine) -> None:
    ailleurs = CentreAffecte(candidat=AUTRE, centre=CFA, type=TypeCentre.PRINCIPAL, regle="CAP24-G06")
    autre = PLAN.model_copy(update={"candidat": AUTRE})
    projeter(engine, [inscrit(), AFFECTE, PLAN, inscrit(candidat=AUTRE), ailleurs, autre])

    def tenus(centre: str, sauf: str) -> list[Any]:
        lieu = {"academie": "normandie", "session": "2026", "centre": centre}
        with engine.connect() as connection:
            return creneaux_du_centre(connection, **lieu, sauf=("cap_osrcl", sauf))

    assert tenus(LYCEE, AUTRE) == [("P01", CRENEAU.debut, CRENEAU.fin)]
    assert (tenus(LYCEE, NUMERO), tenus("0769999Z", NUMERO)) == ([], [])
    assert tenus(CFA, NUMERO) == [("P01", CRENEAU.debut, CRENEAU.fin)]
    projeter(engine, [InscriptionAnnulee(candidat=AUTRE, motif="désistement")])
    assert tenus(CFA, NUMERO) == []


def test_cl_140_amb_25_la_session_dit_ses_fermetures_et_le_texte_qui_l_ouvre(engine: Engine) -> None:
    ferme = CentreFerme(centre=LYCEE, jour=date(2026, 5, 19), motif="inondation du site", regle="TR-N04")
    principal = CentreOuvert(centre=LYCEE, type=TypeCentre.PRINCIPAL)
    projeter(engine, [ouverte(arrete="arrêté du 3 mars 2025"), principal, ferme])
    with engine.connect() as connection:
        vue = lire_session(connection, **LIEU)
    assert vue is not None
    assert vue["arrete"] == "arrêté du 3 mars 2025"
    assert vue["fermetures"] == [
        {"centre": LYCEE, "jour": "2026-05-19", "motif": "inondation du site", "regle": "TR-N04"}
    ]


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
    assert all({"identite", "planning"}.isdisjoint(one) for one in lignes)


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
    PLAN,
    REPORT,
    autorise(False, "CAP26-I05"),
    AutorisationEnregistree(candidat=NUMERO, autorise=False, regle="BTS-C03", epreuves=("E4",)),
    AutorisationEnregistree(candidat=NUMERO, autorise=True, regle="BTS-C03", epreuves=("E4",)),
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


def test_tout_fait_de_l_inscription_se_lit_sauf_la_place_des_personnes_et_les_cles_confiees() -> None:
    lus = {event for projection in PROJECTIONS for event in projection.handles}
    assert set(EVENEMENTS) - lus == {PersonneReservee, PersonneLiberee, IdentiteConfiee}


def test_un_fait_sans_lecture_ne_passe_pas_en_silence() -> None:
    with pytest.raises(TypeError, match="non projeté"):
        list(Candidats().project(fait(reservee(), "personne-x")))
    assert (lecture.VERSION, lecture_sessions.VERSION) == (3, 2)
