"""Les résultats d'un candidat qui compose dans une autre académie : transmis là-bas, portés ici, jamais perdus."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from pydantic import ValidationError

from contracts.commandes.resultats_accueil import RecevoirResultat, TransmettreResultat
from contracts.droits import Role, check_rights
from contracts.evenements.notation import AbsenceConstatee, NoteSaisie, NoteTardiveRecue
from contracts.evenements.regroupement import AccueilDecline, AccueilDemande, CandidatAccueilli
from contracts.evenements.resultats_accueil import ResultatEcarte, ResultatTransmis
from contracts.messages import Acteur, Event, Refus
from contracts.vocabulaire import TypeCentre
from services.communs.testing import base, fait_du_journal, projeter
from services.notation.domain import accueil, releve
from services.notation.domain.jury import EtatJury
from services.notation.projections.resultats_accueil import ResultatsAccueil, lire_ecartes, lire_transmis
from services.notation.shell.app import Shell
from services.notation.shell.reactions_accueil import des_partenaires, recevoir_resultat
from services.notation.tests.donnees import ALICE, BASILE, GESTIONNAIRE, LE, OUVERT, SYSTEME, fait, saisie, session
from services.notation.tests.test_shell import OUVERTE
from services.socle.enveloppe import Fact
from services.socle.service import Environment
from services.socle.spec import Given, Spec

LYON, LA = "lyon", "0690001A"
COMMISSION = Acteur(id="com1", role="commission", academie=LYON, portee=("lot:L1",))
AUTRE = Acteur(id="com2", role="commission", academie=LYON, portee=("lot:L1",))
CHEF = Acteur(id="chef1", role="chef_centre", academie=LYON)


# Là où il compose --------------------------------------------------------------------------------------------------


def au_centre(*history: Any, accueilli: bool = True) -> Given[Any]:
    decide = partial(accueil.decide, session=session(), accueilli=accueilli)
    return Spec(decide, accueil.evolve, accueil.initial).given(*history)


def transmettre(note: str | None = "12", par: Acteur = COMMISSION, **autres: Any) -> TransmettreResultat:
    dit = {"absent": True} if note is None else {"note": Decimal(note)}
    champs = {"origine": "normandie", "centre": LA, "epreuve": "UG1", "lot": "L1", **dit, **autres}
    return fait(TransmettreResultat, par=par, **champs)


def transmis(note: str | None = "12", auteur: str = "com1", **autres: Any) -> ResultatTransmis:
    dit = {"absent": True} if note is None else {"note": Decimal(note)}
    champs = {"origine": "normandie", "centre": LA, "epreuve": "UG1", "lot": "L1", "auteur": auteur, **dit, **autres}
    return ResultatTransmis(candidat=ALICE, regle="BTS-G05", **champs)


def test_bts_g05_le_resultat_se_transmet_la_ou_le_candidat_compose() -> None:
    au_centre().when(transmettre()).then(transmis())
    au_centre().when(transmettre(None)).then(transmis(None))
    au_centre(transmis()).when(transmettre()).then_nothing()


def test_candidat_non_accueilli_rien_ne_se_transmet() -> None:
    au_centre(accueilli=False).when(transmettre()).then_refused("CANDIDAT_NON_ACCUEILLI")


def test_un_resultat_transmis_se_reprend_par_son_auteur_ou_par_le_service() -> None:
    au_centre(transmis()).when(transmettre("13")).then(transmis("13"))
    au_centre(transmis()).when(transmettre("13", AUTRE)).then_refused("NOTE_DEJA_SAISIE")
    service = GESTIONNAIRE.model_copy(update={"academie": LYON})
    au_centre(transmis()).when(transmettre("13", service)).then(transmis("13", "ges1"))


@pytest.mark.parametrize(
    ("autres", "code"),
    [
        ({"epreuve": "UG9"}, "EPREUVE_INCONNUE"),
        ({"epreuve": "EP1"}, "SITUATION_REQUISE"),
        ({"situation": "S1"}, "SITUATION_SANS_OBJET"),
        ({"note": "21"}, "DC-CAP11"),
    ],
)
def test_ce_qui_ne_se_note_pas_ne_se_transmet_pas(autres: Any, code: str) -> None:
    au_centre().when(transmettre(**autres)).then_refused(code)


def test_une_note_ou_une_absence() -> None:
    for faux in ({"note": None, "absent": False}, {"note": Decimal(12), "absent": True}):
        with pytest.raises(ValidationError):
            fait(TransmettreResultat, par=COMMISSION, origine="normandie", centre=LA, epreuve="UG1", **faux)


def test_qui_evalue_transmet_dans_son_lot_et_le_chef_de_centre_aussi() -> None:
    for par in (COMMISSION, CHEF):
        check_rights(transmettre(par=par), LYON)
    with pytest.raises(Refus, match="portée"):
        check_rights(transmettre(lot="L2"), LYON)
    with pytest.raises(Refus, match="agit pas"):
        check_rights(transmettre(), "normandie")


# Dans son académie -------------------------------------------------------------------------------------------------


def chez_lui(*history: Any, jury: EtatJury = EtatJury.A_VENIR, demande: bool = True) -> Given[Any]:
    decide = partial(releve.decide, session=session(), jury=jury, accueil=demande)
    return Spec(decide, releve.evolve, releve.initial).given(*history)


def recevoir(note: str | None = "12", auteur: str = "com1", epreuve: str = "UG1", **autres: Any) -> RecevoirResultat:
    dit = {"absent": True} if note is None else {"note": Decimal(note)}
    champs = {"academie": LYON, "centre": LA, "epreuve": epreuve, "auteur": auteur, **dit, **autres}
    return fait(RecevoirResultat, par=SYSTEME, **champs)


def portee(note: str = "12") -> NoteSaisie:
    return saisie("UG1", note, auteur="lyon:com1", transmise_par=LYON)


def ecarte(note: str | None, cause: str, epreuve: str = "UG1") -> ResultatEcarte:
    dit = {"absent": True} if note is None else {"note": Decimal(note)}
    return ResultatEcarte(
        candidat=ALICE, academie=LYON, centre=LA, epreuve=epreuve, cause=cause, regle="BTS-G05", **dit
    )


def absent(**autres: Any) -> AbsenceConstatee:
    return AbsenceConstatee(candidat=ALICE, epreuve="UG1", regle="DC-CAP16", constatee_le=LE, **autres)


def test_bts_g05_la_note_transmise_se_porte_au_releve_et_dit_d_ou_elle_vient() -> None:
    chez_lui(OUVERT).when(recevoir()).then_includes(portee())
    chez_lui(OUVERT, portee()).when(recevoir()).then_nothing()
    chez_lui(OUVERT).when(recevoir(None)).then_includes(absent(transmise_par=LYON))


def test_bts_g05_l_auteur_de_la_bas_la_reprend_tant_qu_elle_n_est_pas_verrouillee() -> None:
    chez_lui(OUVERT, portee()).when(recevoir("13")).then_includes(portee("13"))


def test_ce_qui_n_a_pas_ete_demande_n_est_pas_recu() -> None:
    chez_lui(OUVERT, demande=False).when(recevoir()).then_refused("CANDIDAT_NON_ACCUEILLI")


@pytest.mark.parametrize("jury", [EtatJury.CLOS, EtatJury.RECONVOQUE])
def test_amb_54_apres_le_jury_la_note_est_gardee_tardive(jury: EtatJury) -> None:
    tardive = NoteTardiveRecue(candidat=ALICE, epreuve="UG1", note=Decimal(12), regle="AMB-54", transmise_par=LYON)
    chez_lui(OUVERT, jury=jury).when(recevoir()).then_includes(tardive)
    chez_lui(OUVERT, portee(), jury=jury).when(recevoir()).then_nothing()


def test_amb_54_apres_le_jury_une_absence_ou_une_autre_note_se_voit_sans_se_porter() -> None:
    chez_lui(OUVERT, jury=EtatJury.CLOS).when(recevoir(None)).then(ecarte(None, "AMB-54"))
    chez_lui(OUVERT, portee(), jury=EtatJury.CLOS).when(recevoir("13")).then(ecarte("13", "AMB-54"))


@pytest.mark.parametrize(
    ("history", "cause"),
    [
        ((), "RELEVE_NON_OUVERT"),
        ((OUVERT, absent()), "CANDIDAT_ABSENT"),
        ((OUVERT, saisie("UG1", "9")), "NOTE_DEJA_SAISIE"),
    ],
)
def test_ce_qui_ne_peut_se_porter_est_garde_a_part(history: Any, cause: str) -> None:
    chez_lui(*history).when(recevoir()).then(ecarte("12", cause))
    chez_lui(*history, ecarte("12", cause)).when(recevoir()).then_nothing()


# Ce que l'un apprend de l'autre ------------------------------------------------------------------------------------


def de(academie: str, event: Event, seq: int = 1, agregat: str = f"accueil-normandie-{ALICE}") -> Fact:
    return fait_du_journal(event, seq, academie=academie, le=LE, acteur="com1", agregat=agregat, rang=seq)


def test_bts_g05_un_resultat_transmis_devient_un_ordre_de_l_academie_du_candidat_et_d_elle_seule() -> None:
    [ordre] = recevoir_resultat(de(LYON, transmis()), "normandie")
    assert isinstance(ordre, RecevoirResultat)
    assert (ordre.academie, ordre.auteur, ordre.le, ordre.par.role) == (LYON, "com1", LE, Role.SYSTEME)
    check_rights(ordre, "normandie")
    assert recevoir_resultat(de(LYON, transmis()), "grenoble") == []
    reaction = des_partenaires("normandie")[0]
    assert (reaction.exchanged, reaction.own) == (True, False)


def test_bts_g05_deux_reprises_arrivent_dans_l_ordre_et_en_double_la_derniere_reste() -> None:
    suite = [de(LYON, transmis("12"), 1), de(LYON, transmis("13"), 2)]
    for doubles in permutations((0, 1)):
        etat, vus = releve.evolve(releve.initial, OUVERT), set()
        for fact in [suite[0], *(suite[rang] for rang in sorted(doubles))]:
            for ordre in recevoir_resultat(fact, "normandie"):
                if ordre.id in vus:
                    continue
                vus.add(ordre.id)
                for event in releve.decide(cast(Any, ordre), etat, session(), accueil=True):
                    etat = releve.evolve(etat, event)
        assert getattr(etat.place(("UG1", None)), "note", None) == Decimal(13)


# Ce que le service va chercher -------------------------------------------------------------------------------------


def env(**histoires: Iterable[Event]) -> Environment:
    async def events(session: str, diplome: str, service: str, aggregate: str) -> list[Event]:
        if aggregate == "session":
            return [OUVERTE]
        return list(histoires.get(aggregate.replace("-", "_"), ()))

    engine = SimpleNamespace(connect=lambda: (_ for _ in ()).throw(LookupError))
    return cast(Environment, SimpleNamespace(settings=SimpleNamespace(academie=LYON), events=events, engine=engine))


def test_le_centre_dit_qui_il_a_accueilli() -> None:
    pris = CandidatAccueilli(candidat=ALICE, origine="normandie", centre=LA, type=TypeCentre.PRINCIPAL, regle="BTS-G05")
    ordre = transmettre(diplome="bts_ndrc")
    for histoire, attendu in (([pris], True), ([], False), ([pris.model_copy(update={"candidat": BASILE})], False)):
        looked = asyncio.run(Shell(env(**{f"accueil_{LA}": histoire})).transmission(ordre))
        assert looked["accueilli"] is attendu


def test_la_candidature_dit_ou_il_a_ete_demande_qu_il_compose(monkeypatch: pytest.MonkeyPatch) -> None:
    demande = AccueilDemande(candidat=ALICE, academie=LYON, centre=LA, regle="BTS-G05")
    decline = AccueilDecline(candidat=ALICE, academie=LYON, centre=LA, cause="CENTRE_PLEIN", regle="BTS-G05")
    ailleurs = demande.model_copy(update={"academie": "grenoble"})
    ordre = recevoir(diplome="bts_ndrc")

    async def a_venir(*_: Any) -> EtatJury:
        return EtatJury.A_VENIR

    monkeypatch.setattr(Shell, "_jury", a_venir)
    cas: tuple[tuple[list[Event], bool], ...] = (
        ([demande], True),
        ([demande, ailleurs], True),
        ([demande, decline], False),
        ([demande, demande, decline], True),  # the first was granted, and may have been of use
        ([demande, decline, demande, decline], False),
        ([ailleurs], False),
        ([], False),
    )
    for histoire, attendu in cas:
        looked = asyncio.run(Shell(env(**{f"candidature_{ALICE}": histoire})).reception(ordre))
        assert looked["accueil"] is attendu


def test_ce_qui_est_transmis_et_ce_qui_est_ecarte_se_lisent(tmp_path: Path) -> None:
    engine = base(tmp_path, ResultatsAccueil())
    releve_ = f"releve-{ALICE}"
    projeter(engine, ResultatsAccueil(), [de(LYON, transmis()), de(LYON, transmis("13"), 2)])
    projeter(engine, ResultatsAccueil(), [de("normandie", ecarte("12", "CANDIDAT_ABSENT"), 1, releve_)] * 2)
    lieu = {"session": "2026", "diplome": "cap_osrcl"}
    with engine.connect() as connection:
        [la] = lire_transmis(connection, academie=LYON, **lieu)
        [ici] = lire_ecartes(connection, academie="normandie", candidat=ALICE, **lieu)
        assert lire_ecartes(connection, academie="normandie", candidat=BASILE, **lieu) == []
    engine.dispose()
    assert (la["candidat"], la["note"], la["par"]) == (ALICE, Decimal(13), "com1")
    assert (ici["autre"], ici["note"], ici["cause"]) == (LYON, Decimal(12), "CANDIDAT_ABSENT")
