"""Le procès-verbal d'un jury : tiré de ses seuls faits, sans nom ni note gelée, les mêmes octets."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from contracts.evenements import REGISTRE
from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryClos,
    JuryConstitue,
    JuryOuvert,
    JuryReconvoque,
    LivretVise,
    MembreRecuse,
    NatureDecision,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.evenements.inscription import SessionOuverte
from contracts.messages import Event, Refus
from contracts.vocabulaire import Decision, Explication, Membre, Profil
from services.publication.documents.pv import PROFILS, Histoire, donnees_pv, versions_pv
from services.publication.documents.rendu import empreinte, rendre
from services.publication.shell.pv import editer_pv, ranger_pv
from services.publication.tests.diplomes import BTS, TP, bts, bts_non_valide, session, tp
from services.publication.tests.donnees import ALICE, BASILE, CELIA, PARIS, decidee, reglement
from services.publication.tests.test_rendu import texte, xmp
from services.socle.enveloppe import Context, digest, encode
from services.socle.memory import MemoryJournal
from services.socle.subjects import subject

SEANCE = datetime(2022, 6, 24, 9, 5, tzinfo=PARIS)
MEMBRES = (
    Membre(id="CHE1", profil=Profil.ENSEIGNANT_CHERCHEUR),
    Membre(id="ENS1", profil=Profil.ENSEIGNANT),
    Membre(id="PRO1", profil=Profil.PROFESSIONNEL, public=False),
    Membre(id="PRO2", profil=Profil.PROFESSIONNEL, public=False),
)
DECISIONS = {ALICE: Decision.ADMIS, BASILE: Decision.EN_ATTENTE, CELIA: Decision.REFUSE}
PREUVE = (
    Explication(
        regle="DC-BTS15", texte="Présidé par un enseignant_specialite ou enseignant_chercheur.", effet="régulier"
    ),
)
CLOS = JuryClos(
    jury="J1",
    decisions=DECISIONS,
    presents=("ENS1", "CHE1", "PRO1"),
    preside_par="ENS1",
    journal="JOURNAL_NORMANDIE_2022",
    position=420,
    regle="DC-BTS15",
    preuve=PREUVE,
)


def prise(candidat: str, decision: Decision, position: int = 400, **autres: Any) -> DecisionPrise:
    resultat = bts_non_valide() if decision is Decision.REFUSE else bts()
    return decidee(
        resultat, candidat=candidat, decision=decision, position=position, reglement=BTS, mention=None, **autres
    )


RECTIFIE = prise(ALICE, Decision.REFUSE, 510, nature=NatureDecision.RECTIFICATIVE)


def histoire(*suite: Event) -> Histoire:
    """A jury from its nomination to its closing, then a complement and a rectification."""
    faits: list[Event] = [
        JuryConstitue(
            jury="J1",
            arrete="arrêté rectoral du 2 mai 2022",
            membres=MEMBRES,
            president="CHE1",
            vice_president="ENS1",
            candidats=tuple(DECISIONS),
            regle="DC-BTS15",
        ),
        *(PresenceAttestee(jury="J1", membre=one) for one in CLOS.presents),
        PresidenceTransmise(jury="J1", de="CHE1", a="ENS1", motif="empêchement constaté", regle="DC-BTS15"),
        JuryOuvert(jury="J1", journal=CLOS.journal, position=390, preside_par="ENS1"),
        MembreRecuse(jury="J1", membre="PRO1", candidat=ALICE, motif="a formé le candidat"),
        LivretVise(jury="J1", candidat=ALICE, regle="BTS-D03"),
        _points(ALICE, "E1", "9", "9.5"),
        _points(CELIA, "E4", "13.25", "13.75"),
        prise(ALICE, Decision.ADMIS),
        prise(BASILE, Decision.EN_ATTENTE),
        prise(CELIA, Decision.REFUSE),
        CLOS,
        prise(BASILE, Decision.ADMIS, 500, nature=NatureDecision.COMPLEMENTAIRE),
        JuryReconvoque(jury="J1", candidat=ALICE, motif="erreur d'addition à E1", regle="AMB-54"),
        RECTIFIE,
        *suite,
    ]
    return [(event, SEANCE + timedelta(minutes=10 * rang)) for rang, event in enumerate(faits)]


def _points(candidat: str, epreuve: str, avant: str, apres: str) -> PointsDeJuryAccordes:
    motif = "ensemble du livret"
    return PointsDeJuryAccordes(
        jury="J1",
        candidat=candidat,
        epreuve=epreuve,
        avant=avant,
        apres=apres,
        motif=motif,
        regle="AMB-53",
    )


def rendu(lue: Histoire | None = None, diplome: str = BTS, version: int | None = None) -> bytes:
    donnees = donnees_pv("J1", histoire() if lue is None else lue, session(diplome), version)
    assert donnees is not None
    return rendre(donnees)


def test_tp_d03_le_pv_dit_ccp_obtenu_quand_les_unites_presentees_sont_acquises() -> None:
    entier = tp(Decision.REUSSITE_PARTIELLE)
    seul = replace(entier, lignes=entier.lignes[:1], unites=("CCP1",))
    prises = [
        decidee(seul, reglement=TP, mention=None),
        decidee(tp(Decision.REUSSITE_PARTIELLE, ccp2=False), candidat=BASILE, reglement=TP, mention=None),
    ]
    faits = [event for event, _ in histoire() if isinstance(event, JuryConstitue | JuryOuvert)]
    clos = CLOS.model_copy(update={"decisions": {one.candidat: one.decision for one in prises}})
    donnees = donnees_pv("J1", [(one, SEANCE) for one in (*faits, *prises, clos)], session(TP, 2024))
    assert donnees is not None
    assert [one.decision for one in donnees.decisions] == ["CCP obtenu", "Réussite partielle"]


def test_le_pv_dit_nomination_presence_recusations_et_signatures() -> None:
    lu = texte(rendu())
    for dit in (
        "Procès-verbal de délibération",
        "« arrêté rectoral du 2 mai 2022 » (DC-BTS15)",
        "CHE1 Enseignant-chercheur Président présent",
        "ENS1 Enseignant de la spécialité Vice-président, a présidé présent",
        "PRO1 Professionnel – présent PRO2 Professionnel – absent",
        "Présidence transmise de CHE1 à ENS1 (empêchement constaté ; DC-BTS15).",
        "Récusation : PRO1 ne délibère pas sur N2600001 (a formé le candidat).",
        "Livrets visés et signés du président : 1.",
        "Présence attestée : ENS1, CHE1 et PRO1.",
        "DC-BTS15 Présidé par un enseignant de la spécialité ou enseignant-chercheur. régulier",
        "Journal JOURNAL_NORMANDIE_2022, position 420.",
        "Le président de séance ENS1",
    ):
        assert dit in lu, dit


def test_le_pv_donne_chaque_decision_par_numero_avec_sa_position() -> None:
    lu = texte(rendu())
    assert "N2600001 Refusé(e) – 510 Admis(e)" in lu
    assert "N2600002 Admis(e) – 500 En attente" in lu
    assert "N2600003 Refusé(e) – 400 –" in lu
    assert "N2600001 E1 9 → 9,5 ensemble du livret" in lu


def test_cl_083_cl_085_le_pv_ne_porte_aucune_note_gelee() -> None:
    lu = texte(rendu())
    assert "N2600003 E4 – ensemble du livret" in lu
    for tu in ("13,25", "13,75", "13.75", "55/4"):
        assert tu not in lu


def test_amb_44_amb_54_cl_130_les_decisions_ulterieures_font_une_version_suivante() -> None:
    lu = texte(rendu())
    assert "Complémentaire (AMB-44)" in lu
    assert "Rectificative (AMB-54)" in lu
    assert "erreur d’addition à E1" in lu
    assert "NORMANDIE-2022-BTS-NDRC-J1-PV3, version 3" in lu
    assert "Annule et remplace le procès-verbal NORMANDIE-2022-BTS-NDRC-J1-PV2, qui est conservé." in lu


def test_amb_44_amb_54_chaque_version_est_entiere_et_dit_ce_qu_elle_remplace() -> None:
    versions = [donnees_pv("J1", histoire(), session(BTS), one) for one in (1, 2, 3)]
    assert versions_pv(histoire()) == 3
    dites = [{one.candidat: (one.decision, one.avant) for one in v.decisions} for v in versions if v is not None]
    assert dites == [
        {ALICE: ("Admis(e)", ""), BASILE: ("En attente", ""), CELIA: ("Refusé(e)", "")},
        {ALICE: ("Admis(e)", ""), BASILE: ("Admis(e)", "En attente"), CELIA: ("Refusé(e)", "")},
        {ALICE: ("Refusé(e)", "Admis(e)"), BASILE: ("Admis(e)", "En attente"), CELIA: ("Refusé(e)", "")},
    ]
    assert [v.remplace[-3:] for v in versions if v is not None] == ["", "PV1", "PV2"]


def test_la_premiere_version_reste_la_meme_quoi_qu_il_arrive_ensuite() -> None:
    alors = histoire()[: next(rang for rang, (one, _) in enumerate(histoire()) if isinstance(one, JuryClos)) + 1]
    assert rendu(version=1) == rendu(alors)
    lu = texte(rendu(version=1))
    assert "version 1" in lu
    assert "après la clôture" not in lu
    assert "réuni de nouveau" not in lu


def test_une_decision_rectifiee_deux_fois_dit_la_precedente() -> None:
    encore = prise(ALICE, Decision.ADMIS, 520, nature=NatureDecision.RECTIFICATIVE, confirmee=False)
    donnees = donnees_pv("J1", histoire(encore), session(BTS))
    assert donnees is not None
    [alice] = [one for one in donnees.decisions if one.candidat == ALICE]
    assert (alice.decision, alice.avant) == ("Admis(e)", "Refusé(e)")


def test_une_decision_confirmee_se_dit_au_pv() -> None:
    confirmee = prise(ALICE, Decision.REFUSE, 520, nature=NatureDecision.RECTIFICATIVE, confirmee=True)
    assert "(confirmée)" in texte(rendu(histoire(confirmee)))


def test_amb_44_qui_preside_la_decision_ulterieure_signe_sa_version() -> None:
    faits = list(histoire())
    transmise = PresidenceTransmise(jury="J1", de="ENS1", a="CHE1", motif="retour du président", regle="DC-BTS15")
    rang = next(rang for rang, (one, _) in enumerate(faits) if isinstance(one, JuryClos)) + 1
    faits.insert(rang, (transmise, SEANCE + timedelta(minutes=125)))
    signataires = [donnees_pv("J1", faits, session(BTS), one) for one in (1, 2)]
    assert [one.signataires[0][1] for one in signataires if one is not None] == ["ENS1", "CHE1"]


def test_une_version_qui_n_existe_pas_ne_se_fait_pas() -> None:
    assert [donnees_pv("J1", histoire(), session(BTS), one) for one in (0, 4)] == [None, None]


def test_un_jury_qui_n_est_pas_clos_n_a_pas_de_pv() -> None:
    avant = [(event, le) for event, le in histoire() if not isinstance(event, JuryClos)]
    assert donnees_pv("J1", avant, session(BTS)) is None
    assert donnees_pv("J1", [], session(BTS)) is None


def test_les_memes_faits_donnent_les_memes_octets() -> None:
    assert empreinte(rendu()) == empreinte(rendu())
    assert "<pdfaid:part>2</pdfaid:part>" in xmp(rendu())


def test_dc_tp08_le_pv_du_titre_est_valide_par_le_representant_territorial() -> None:
    dit = "Validé par le représentant territorial du ministère chargé de l’emploi, le :"
    assert dit in texte(rendu(diplome=TP))
    assert "Validé par" not in texte(rendu())


async def _journal() -> MemoryJournal:
    journal, precedent = MemoryJournal("JOURNAL_NORMANDIE_2022"), ""
    path = subject("normandie", "2022", "bts_ndrc", "deliberation", "jury-J1")
    for rang, (event, le) in enumerate(histoire(), 1):
        context = Context(f"commande-{rang:04d}", "PRO1", "president_jury", le, "fil")
        events = [(f"fait-{rang}", event.NAME, event.model_dump(mode="json"))]
        body, headers = encode(subject=path, context=context, rang=rang, precedent=precedent, events=events)
        await journal.append(path, body, headers, rang - 1, context.commandeid)
        precedent = digest(body)
    return journal


async def _edite(tmp_path: Path) -> tuple[str, bytes]:
    """The shell reads the journal, writes the file and its sum."""

    async def events(*_: str) -> list[Any]:
        du, parametres = reglement(BTS), session(BTS).parametres
        return [
            SessionOuverte(reglement=du.id, version=du.version, empreinte=du.empreinte, parametres=parametres),
        ]

    settings = SimpleNamespace(academie="normandie", documents_dir=tmp_path)
    journals = {"2022": await _journal()}
    env: Any = SimpleNamespace(journals=journals, registry=REGISTRE, settings=settings, events=events)
    of = SimpleNamespace(session="2022", diplome="bts_ndrc")
    await ranger_pv(env, of, "J1")
    with pytest.raises(Refus, match="PUBLICATION_NON_PREPAREE"):
        await editer_pv(env, of, "J2")
    with pytest.raises(Refus, match="PV_INCONNU"):
        await editer_pv(env, of, "J1", 4)
    return await editer_pv(env, of, "J1")


def test_tr_r02_le_pv_se_tire_du_journal_et_se_range_avec_sa_somme(tmp_path: Path) -> None:
    nom, fichier = asyncio.run(_edite(tmp_path))
    assert nom == "pv-J1-v3.pdf"
    assert fichier == rendu()
    dossier = tmp_path / "2022" / "bts_ndrc"
    assert (dossier / nom).read_bytes() == fichier
    assert (dossier / f"{nom}.sha256").read_text() == f"{hashlib.sha256(fichier).hexdigest()}  {nom}\n"
    for version in (1, 2, 3):  # none of them was written when its decision was taken: all are now
        assert (dossier / f"pv-J1-v{version}.pdf").read_bytes() == rendu(version=version)


def test_un_grand_jury_se_suit_de_page_en_page() -> None:
    decisions = {f"N27{n:05d}": Decision.ADMIS for n in range(120)}
    clos = CLOS.model_copy(update={"decisions": decisions})
    lue = [(clos if isinstance(event, JuryClos) else event, le) for event, le in histoire()]
    fichier = rendu(lue)
    lu = texte(fichier)
    assert all(one in lu for one in decisions)
    assert f"sur {lu.rpartition(' sur ')[2]}" in lu


@pytest.mark.parametrize("profil", Profil)
def test_chaque_profil_se_dit(profil: Profil) -> None:
    assert PROFILS[profil]
