"""Besoin d'en connaître : une identité se confie à une académie du regroupement, tant qu'il dure, et à nulle autre."""

from __future__ import annotations

import uuid
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contracts.acces import HORS_REGROUPEMENT
from contracts.commandes.confidence import ConfierIdentite
from contracts.commandes.regroupement import CloreRegroupement, DefinirRegroupement
from contracts.droits import Role
from contracts.evenements import REGISTRE
from contracts.evenements.confidence import IdentiteConfiee
from contracts.evenements.exploitation import ConsultationRefusee
from contracts.evenements.inscription import CandidatInscrit, InscriptionAnnulee
from contracts.evenements.publication import EffacementAccorde
from contracts.evenements.regroupement import RegroupementClos
from contracts.messages import Acteur
from contracts.requetes import ListerCandidatures, VoirCandidature
from contracts.vocabulaire import Enveloppe
from services.communs.acces import PAR_COUPLE
from services.inscription.domain import candidature
from services.inscription.shell import partage
from services.inscription.tests.academies import AILLEURS, LYON, PARTAGE, PILOTE, qui
from services.inscription.tests.donnees import IDENTITE, LE, NUMERO, S2026, inscrit
from services.inscription.tests.federation import CODE, DIPLOME, SESSION, Academie, Federation
from services.socle.coffre import PAIRS
from services.socle.confidence import Confidence
from services.socle.facts import events_of
from services.socle.spec import Given, Spec
from services.socle.testing import Bench

DEUX = "2600000002"
OU = (SESSION, DIPLOME, "inscription", f"candidature-{NUMERO}")
VUE: dict[str, Any] = {"candidat": NUMERO, "session": SESSION, "diplome": DIPLOME}
ENVELOPPE = Enveloppe(pour=LYON, cle="cle", chiffre="chiffre")
CONFIEE = IdentiteConfiee(candidat=NUMERO, a=LYON, enveloppe=ENVELOPPE, regle="AMB-55")

# La décision --------------------------------------------------------------------------------------------------------


def candidat(*history: Any, **connu: Any) -> Given[Any]:
    decide = partial(candidature.decide, session=S2026, **{"partage": PARTAGE, "enveloppe": ENVELOPPE, **connu})
    return Spec(decide, candidature.evolve, candidature.initial).given(*history)


def confier(a: str = LYON) -> ConfierIdentite:
    return ConfierIdentite(candidat=NUMERO, a=a, **qui(PILOTE))


def test_amb_55_une_identite_se_confie_une_fois_a_une_academie_du_regroupement() -> None:
    candidat(inscrit()).when(confier()).then(CONFIEE)
    candidat(inscrit(), CONFIEE).when(confier()).then_nothing()


@pytest.mark.parametrize("a", [AILLEURS, PILOTE])
def test_tr_g01_une_identite_ne_se_confie_pas_hors_du_regroupement_ni_a_soi(a: str) -> None:
    candidat(inscrit()).when(confier(a)).then_refused("TR-G01")


def test_tr_g01_sans_regroupement_rien_ne_se_confie() -> None:
    candidat(inscrit(), partage=None).when(confier()).then_refused("REGROUPEMENT_INCONNU")


def test_une_academie_qui_n_a_pas_dit_sa_cle_attend() -> None:
    candidat(inscrit(), enveloppe=None).when(confier()).then_refused("PARTENAIRE_SANS_CLE")
    autre = ENVELOPPE.model_copy(update={"pour": "grenoble"})
    candidat(inscrit(), enveloppe=autre).when(confier()).then_refused("PARTENAIRE_SANS_CLE")


def test_seul_un_candidat_inscrit_se_confie() -> None:
    candidat().when(confier()).then_refused("CANDIDAT_INCONNU")
    annulee = InscriptionAnnulee(candidat=NUMERO, motif="désistement")
    candidat(inscrit(), annulee).when(confier()).then_refused("INSCRIPTION_ANNULEE")


# Les académies en service -------------------------------------------------------------------------------------------


@pytest.fixture
async def federation(journal: Bench, tmp_path: Path) -> AsyncIterator[Federation]:
    """Que chaque test ouvre aux académies qu'il lui faut : une pilote, des rattachées, une qui n'en est pas."""
    async with AsyncExitStack() as stack:
        yield Federation(journal, tmp_path, stack, uuid.uuid4().hex[:6])


async def confiee(federation: Federation, *membres: str, hors: str = "", avant: str = "") -> Academie:
    """La pilote, quand une rattachée lui a confié un candidat ; ``avant`` : un autre, inscrit avant d'accepter."""
    await federation.ouvrir("pilote", "reunion", *membres, *([hors] if hors else []))
    pilote, reunion = federation["pilote"], federation["reunion"]
    if avant:
        await reunion.inscrire(avant, IDENTITE.model_copy(update={"nom": "PAYET"}))
    await federation.regrouper("pilote", "reunion", *membres)
    await reunion.inscrire(NUMERO)
    await pilote.jusqu_a("", VoirCandidature, candidat=NUMERO, origine=reunion.nom)
    return pilote


async def test_tr_g01_la_pilote_lit_le_candidat_qu_une_rattachee_lui_confie(federation: Federation) -> None:
    """Inscrit avant l'acceptation, ou après : les deux sont confiés."""
    pilote = await confiee(federation, avant=DEUX)
    reunion = federation["reunion"]
    await pilote.jusqu_a("", VoirCandidature, candidat=DEUX, origine=reunion.nom)

    lu = await pilote.demander(VoirCandidature, candidat=NUMERO, origine=reunion.nom)
    autre = await pilote.demander(VoirCandidature, candidat=DEUX, origine=reunion.nom)

    assert lu["identite"] == IDENTITE.model_dump(mode="json")
    assert (lu["academie"], autre["identite"]["nom"]) == (reunion.nom, "PAYET")
    assert await pilote.demander(VoirCandidature, candidat=NUMERO) is None, "il n'est pas inscrit ici"
    assert await pilote.demander(ListerCandidatures) == []


async def test_tr_g01_ce_qui_est_confie_s_ouvre_pour_etre_repris(federation: Federation) -> None:
    """Comme le fait l'académie vers qui un candidat est transféré : elle ouvre, puis scelle sous une clé à elle."""
    pilote, reunion = await confiee(federation), federation["reunion"]
    env, lieu = pilote.service.environment, VoirCandidature(**VUE, par=pilote.qui()["par"])
    [dit] = [one for one in await env.told(reunion.nom, *OU) if isinstance(one, CandidatInscrit)]
    assert dit.identite.scelle is not None
    assert await partage.identite_confiee(env, lieu, reunion.nom, dit.identite.scelle) == IDENTITE
    assert await partage.identite_confiee(env, lieu, "mayotte", dit.identite.scelle) is None


async def test_tr_g01_qui_n_a_pas_besoin_du_candidat_n_a_pas_sa_cle(federation: Federation) -> None:
    """L'autre rattachée a pourtant reçu le même message, et la même enveloppe."""
    await confiee(federation, "mayotte")
    mayotte, reunion = federation["mayotte"], federation["reunion"]
    await mayotte.jusqu_a("IDENTITE_NON_CONFIEE", VoirCandidature, candidat=NUMERO, origine=reunion.nom)
    await reunion.ordonner(ConfierIdentite, Role.GESTIONNAIRE, candidat=NUMERO, a=mayotte.nom)
    await mayotte.jusqu_a("", VoirCandidature, candidat=NUMERO, origine=reunion.nom)


def rien_ne_dure(cles: Confidence) -> bool:
    return cles.purposes() == []


async def test_tr_g01_la_cloture_revoque_ce_qui_fut_confie_chez_toutes(federation: Federation) -> None:
    pilote, reunion = await confiee(federation, "mayotte"), federation["reunion"]
    mayotte = federation["mayotte"]
    await reunion.ordonner(ConfierIdentite, Role.GESTIONNAIRE, candidat=NUMERO, a=mayotte.nom)
    await mayotte.jusqu_a("", VoirCandidature, candidat=NUMERO, origine=reunion.nom)

    await pilote.ordonner(CloreRegroupement, regroupement=CODE, motif="session terminée")

    for academie in (pilote, mayotte):
        await academie.jusqu_a("ACCES_REVOQUE", VoirCandidature, candidat=NUMERO, origine=reunion.nom)
        cles = Confidence(academie.service.environment.coffre)
        await academie.jusque(partial(rien_ne_dure, cles))
        assert not cles.has(f"{SESSION}/{DIPLOME}/{CODE}", reunion.nom, NUMERO)
    await reunion.jusque(lambda: Confidence(reunion.service.environment.coffre).purposes() == [])
    assert await reunion.refus(ConfierIdentite, candidat=NUMERO, a=pilote.nom) == "REGROUPEMENT_INCONNU"
    dit: dict[str, Any] = {"regroupement": CODE, "membres": [reunion.nom], "arrete": "encore"}
    assert await pilote.refus(DefinirRegroupement, **dit) == "REGROUPEMENT_CLOS"
    assert await pilote.demander(VoirCandidature, candidat=NUMERO) is None


async def test_dc_rgp02_l_effacement_chez_elle_detruit_la_cle_confiee(federation: Federation) -> None:
    pilote, reunion = await confiee(federation), federation["reunion"]
    accorde = EffacementAccorde(candidat=NUMERO, le=LE, accord_archives="visa 12", regles=("DC-RGP02",), explication=())
    await reunion.ecrire(accorde, f"reclamation-{NUMERO}", "publication")
    await pilote.jusqu_a("IDENTITE_NON_CONFIEE", VoirCandidature, candidat=NUMERO, origine=reunion.nom)


# L'isolement --------------------------------------------------------------------------------------------------------


async def derniere(academie: Academie, origine: str, candidat: str = NUMERO) -> IdentiteConfiee:
    """L'enveloppe telle qu'elle est arrivée dans une académie."""
    where = (origine, SESSION, DIPLOME, "inscription", f"candidature-{candidat}")
    trouvees = [one for one in await academie.service.environment.told(*where) if isinstance(one, IdentiteConfiee)]
    return trouvees[-1]


async def test_tr_g01_une_enveloppe_rejouee_par_une_rattachee_hostile_n_ouvre_rien(federation: Federation) -> None:
    """Elle la dit sienne, ou s'en dit destinataire : le sujet dit qui parle, l'enveloppe dit de qui et pour qui."""
    await confiee(federation, "mayotte")
    pilote, reunion, mayotte = (federation[nom] for nom in ("pilote", "reunion", "mayotte"))
    copie = await derniere(mayotte, reunion.nom)
    assert copie.enveloppe.pour == pilote.nom

    await mayotte.ecrire(copie, f"candidature-{NUMERO}")
    detournee = copie.model_copy(update={"enveloppe": copie.enveloppe.model_copy(update={"pour": reunion.nom})})
    await mayotte.ecrire(detournee, f"candidature-{DEUX}")
    for academie in (pilote, reunion):
        for candidat in (NUMERO, DEUX):
            await academie.appris(mayotte, f"candidature-{candidat}")

    for academie in (pilote, reunion):
        code = await academie.refusee(VoirCandidature, candidat=NUMERO, origine=mayotte.nom)
        assert code == "IDENTITE_NON_CONFIEE"
    assert await mayotte.refusee(VoirCandidature, candidat=NUMERO, origine=reunion.nom) == "IDENTITE_NON_CONFIEE"
    assert await pilote.refusee(VoirCandidature, candidat=NUMERO, origine=reunion.nom) == ""


async def test_bts_g01_seule_la_pilote_clot_ce_qu_elle_a_defini(federation: Federation) -> None:
    pilote, reunion = await confiee(federation, "mayotte"), federation["reunion"]
    clos = RegroupementClos(regroupement=CODE, motif="au nom d'une autre", regle="BTS-G01")
    await federation["mayotte"].ecrire(clos, "regroupement-autre")
    await pilote.appris(federation["mayotte"], "regroupement-autre")
    assert await pilote.refusee(VoirCandidature, candidat=NUMERO, origine=reunion.nom) == ""


async def test_tr_g01_rien_des_moities_privees_ni_d_une_identite_ne_part(
    federation: Federation, tmp_path: Path
) -> None:
    pilote, reunion = await confiee(federation), federation["reunion"]
    cle = reunion.service.environment.coffre.key_of(NUMERO)
    assert cle is not None
    lus = [academie.service.environment for academie in (pilote, reunion)]
    corps = b""
    for env in lus:
        for source in (env.journals[SESSION], env.exchanges[SESSION]):
            end = await source.identity()
            async for lot in source.read(0, stop_at=end.last_seq):
                corps += b"".join(one.subject.encode() + repr(dict(one.headers)).encode() + one.body for one in lot)
    assert b"identite_confiee" in corps
    privees = [moitie_privee(academie) for academie in (pilote, reunion)]
    for interdit in (cle, b64encode(cle), *privees, *map(b64encode, privees)):
        assert interdit not in corps
    for nomme in (IDENTITE.nom, IDENTITE.lieu_naissance):
        assert nomme.encode() not in corps


def moitie_privee(academie: Academie) -> bytes:
    """Celle qui ouvre ce qu'on lui confie, telle que son coffre la range puis la rend."""
    env = academie.service.environment
    with env.coffre.engine.connect() as connection:
        rangee = connection.execute(select(PAIRS.c.objet, PAIRS.c.privee)).one()
    return env.coffre.unwrap(f"paire:{rangee.objet}", rangee.privee)


# Les consultations refusées -----------------------------------------------------------------------------------------


async def notees(academie: Academie) -> list[ConsultationRefusee]:
    journal = academie.service.environment.journals[SESSION]
    end = await journal.identity()
    filtre = f"ev.{academie.nom}.{SESSION}.exploitation.inscription.>"
    lots = [lot async for lot in journal.read(0, filters=(filtre,), stop_at=end.last_seq)]
    return [one for lot in lots for one in events_of(lot, REGISTRE) if isinstance(one, ConsultationRefusee)]


async def test_cl_135_tr_g01_hors_du_regroupement_la_consultation_est_refusee_et_notee(federation: Federation) -> None:
    pilote = await confiee(federation, hors="lyon")
    lyon = federation["lyon"]

    assert await pilote.refusee(VoirCandidature, candidat=NUMERO, origine=lyon.nom) == HORS_REGROUPEMENT
    assert await lyon.refusee(VoirCandidature, candidat=NUMERO, origine=pilote.nom) == HORS_REGROUPEMENT

    [chez_la_pilote], [a_lyon] = await notees(pilote), await notees(lyon)
    assert (chez_la_pilote.academie_acteur, chez_la_pilote.academie_demandee) == (pilote.nom, lyon.nom)
    assert (a_lyon.role, a_lyon.diplome, a_lyon.regle) == ("gestionnaire", DIPLOME, "TR-G01")
    assert NUMERO not in chez_la_pilote.model_dump_json()


async def test_cl_135_qui_vient_d_une_autre_academie_est_note_aussi_et_pas_sans_fin(federation: Federation) -> None:
    await federation.ouvrir("pilote")
    pilote = federation["pilote"]
    venu = Acteur(id="agent-9", role=Role.GESTIONNAIRE, academie="lyon")
    for _ in range(PAR_COUPLE + 3):
        assert await pilote.refusee(VoirCandidature, venu, candidat=NUMERO) == "DROIT_ACADEMIE"
    vues = await notees(pilote)
    assert [one.bornee for one in vues] == [False] * (PAR_COUPLE - 1) + [True]


async def test_cl_135_ce_qui_n_est_ni_un_code_ni_un_role_ne_s_ecrit_pas(federation: Federation) -> None:
    await federation.ouvrir("pilote")
    pilote = federation["pilote"]
    venu = Acteur(id="agent-9", role="Zoé Lemoine", academie="Zoé Lemoine, Rouen")
    assert await pilote.refusee(VoirCandidature, venu, candidat=NUMERO) == "DROIT_ACADEMIE"
    [vue] = await notees(pilote)
    assert (vue.role, vue.academie_acteur) == ("inconnue", "inconnue")


async def test_cl_135_un_refus_d_une_autre_sorte_n_est_pas_note(federation: Federation) -> None:
    await federation.ouvrir("pilote")
    pilote = federation["pilote"]
    correcteur = Acteur(id="agent-9", role=Role.CORRECTEUR, academie=pilote.nom)
    assert await pilote.refusee(VoirCandidature, correcteur, candidat=NUMERO) == "DROIT_ROLE"
    assert await notees(pilote) == []


async def test_tr_g01_un_candidat_ne_lit_pas_son_homonyme_de_numero_d_une_autre_academie(
    federation: Federation,
) -> None:
    pilote, reunion = await confiee(federation), federation["reunion"]
    lui = Acteur(id="cand-1", role=Role.CANDIDAT, academie=pilote.nom, portee=(f"candidat:{NUMERO}",))
    assert await pilote.refusee(VoirCandidature, lui, candidat=NUMERO, origine=reunion.nom) == "DROIT_PORTEE"
