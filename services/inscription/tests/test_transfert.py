"""Le transfert : une proposition à la fois, que seule sa destination conclut ; l'histoire suit le candidat."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from contracts.commandes.inscription import AffecterCentre, AnnulerInscription, EnregistrerAutorisation
from contracts.commandes.regroupement import DemanderAccueil
from contracts.commandes.transfert import (
    AbandonnerTransfert,
    AccepterTransfert,
    EnregistrerTransfert,
    RefuserTransfert,
    ReprendreCandidature,
    TransfererCandidat,
)
from contracts.droits import Role, check_rights
from contracts.evenements.inscription import ConvocationEmise, InscriptionAnnulee
from contracts.evenements.transfert import (
    CandidatTransfere,
    CandidatureReprise,
    CentreQuitte,
    TransfertAccepte,
    TransfertDecline,
    TransfertPropose,
    TransfertRefuse,
)
from contracts.messages import Event, Personnel, Refus
from contracts.vocabulaire import Enveloppe, Identite
from services.communs.histoire import Histoire
from services.communs.testing import base, projeter
from services.communs.transfert import REPRISE, reprise
from services.inscription.domain import arrivee, candidature, personne, transfert
from services.inscription.domain.etats import Transferee
from services.inscription.domain.reprise import reprendre
from services.inscription.projections.candidats import Candidats, lister
from services.inscription.projections.transferts import Transferts, lire_candidat, lire_transferts
from services.inscription.shell.reactions_regroupement import Voisinage
from services.inscription.tests.academies import AILLEURS, CHEZ, GRENOBLE, LYON, PARTAGE, PILOTE, fait_de, qui
from services.inscription.tests.donnees import (
    AUTRE,
    IDENTITE,
    LE,
    LYCEE,
    NUMERO,
    PERMIS,
    R2026,
    autorise,
    inscrit,
    reservee,
)
from services.inscription.tests.test_accueil import AFFECTE_ICI, AFFECTE_LA, demande
from services.socle.spec import Given, Spec

MOTIF = "déménagement de la famille"
ENVELOPPE = Enveloppe(pour=LYON, cle="c", chiffre="x")
ACCEPTE = TransfertAccepte(candidat=NUMERO, origine=PILOTE, regle="TR-G01")
REFUSE = TransfertRefuse(candidat=NUMERO, origine=PILOTE, motif=MOTIF, regle="TR-G01")
PARTI = CandidatTransfere(candidat=NUMERO, vers=LYON, regle="TR-G01")
AILLEURS_PARTI = CandidatTransfere(candidat=NUMERO, vers=GRENOBLE, regle="TR-G01")
DECLINE = TransfertDecline(candidat=NUMERO, vers=LYON, motif=MOTIF, regle="TR-G01")
ANNULEE = InscriptionAnnulee(candidat=NUMERO, motif="désistement")


def chez_lui(*history: Any, **connu: Any) -> Given[Any]:
    decide = partial(candidature.decide, session=CHEZ[PILOTE], **{"partage": PARTAGE, **connu})
    return Spec(decide, candidature.evolve, candidature.initial).given(*history)


def la_bas(*history: Any, **connu: Any) -> Given[Any]:
    connu = {"partage": PARTAGE, "ici": LYON, "proposition": propose(), **connu}
    return Spec(partial(transfert.decide, **connu), transfert.evolve, transfert.initial).given(*history)


def transferer(vers: str = LYON) -> TransfererCandidat:
    return TransfererCandidat(candidat=NUMERO, vers=vers, motif=MOTIF, **qui(PILOTE, Role.GESTIONNAIRE))


def propose(n: int = 1, vers: str = LYON, **autres: Any) -> TransfertPropose:
    return TransfertPropose(candidat=NUMERO, vers=vers, motif=MOTIF, proposition=n, regle="TR-G01", **autres)


def enregistrer(accepte: bool = True, n: int = 1, vers: str = LYON) -> EnregistrerTransfert:
    envoi = qui(PILOTE, Role.SYSTEME)
    return EnregistrerTransfert(candidat=NUMERO, vers=vers, accepte=accepte, motif=MOTIF, proposition=n, **envoi)


ACCEPTER = AccepterTransfert(candidat=NUMERO, origine=PILOTE, **qui(LYON, Role.GESTIONNAIRE))
REFUSER = RefuserTransfert(candidat=NUMERO, origine=PILOTE, motif=MOTIF, **qui(LYON, Role.GESTIONNAIRE))


# L'académie de départ ----------------------------------------------------------------------------------------------


def test_tr_g01_un_candidat_est_propose_a_une_autre_academie_du_regroupement() -> None:
    chez_lui(inscrit(), enveloppe=ENVELOPPE).when(transferer()).then(propose(enveloppe=ENVELOPPE))
    chez_lui(inscrit(), propose()).when(transferer()).then_nothing()
    chez_lui(inscrit()).when(transferer(AILLEURS)).then_refused("TR-G01")
    chez_lui(inscrit(), partage=None).when(transferer()).then_refused("REGROUPEMENT_INCONNU")
    chez_lui().when(transferer()).then_refused("CANDIDAT_INCONNU")


def test_transfert_en_cours_une_seule_proposition_a_la_fois() -> None:
    chez_lui(inscrit(), propose()).when(transferer(GRENOBLE)).then_refused("TRANSFERT_EN_COURS")
    chez_lui(inscrit(), propose(), DECLINE).when(transferer(GRENOBLE)).then(propose(2, GRENOBLE))


def test_transfert_en_cours_aucun_accueil_ne_se_demande_sous_la_reponse() -> None:
    accueil = DemanderAccueil(candidat=NUMERO, academie=GRENOBLE, centre="G1", **qui(PILOTE, Role.GESTIONNAIRE))
    chez_lui(inscrit(), propose()).when(accueil).then_refused("TRANSFERT_EN_COURS")


def test_transfert_en_cours_l_inscription_ne_s_annule_pas_sous_la_reponse() -> None:
    annuler = AnnulerInscription(candidat=NUMERO, motif="désistement", **qui(PILOTE))
    propose_a = candidature.evolve(candidature.evolve(candidature.initial, inscrit()), propose())
    with pytest.raises(Refus) as refus:
        personne.annuler(annuler, propose_a, {}, CHEZ[PILOTE])
    assert refus.value.regle == "TRANSFERT_EN_COURS"


@pytest.mark.parametrize("ailleurs", [(demande(),), (demande(), AFFECTE_LA)])
def test_qui_compose_ailleurs_ne_se_transfere_pas(ailleurs: Any) -> None:
    chez_lui(inscrit(), *ailleurs).when(transferer()).then_refused("ACCUEIL_EN_COURS")
    chez_lui(inscrit(), *ailleurs, AFFECTE_ICI).when(transferer()).then(propose())


def test_la_reponse_conclut_la_proposition_qu_elle_nomme_et_elle_seule() -> None:
    chez_lui(inscrit(), propose()).when(enregistrer()).then(PARTI)
    chez_lui(inscrit(), propose()).when(enregistrer(False)).then(DECLINE)
    chez_lui(inscrit()).when(enregistrer()).then_nothing()
    chez_lui(inscrit(), propose()).when(enregistrer(vers=GRENOBLE)).then_nothing()
    chez_lui(inscrit(), propose(), DECLINE, propose(2)).when(enregistrer()).then_nothing()
    chez_lui(inscrit(), ANNULEE).when(enregistrer()).then_nothing()


def test_tr_g01_une_fois_parti_plus_rien_ne_change_ici() -> None:
    parti = (inscrit(), propose(), PARTI)
    chez_lui(*parti).when(transferer(GRENOBLE)).then_refused("CANDIDAT_TRANSFERE")
    affecter = AffecterCentre(candidat=NUMERO, centre=LYCEE, **qui(PILOTE))
    chez_lui(*parti).when(affecter).then_refused("CANDIDAT_TRANSFERE")
    issue = EnregistrerAutorisation(candidat=NUMERO, autorise=True, regle="CAP26-I03", **qui(PILOTE, Role.SYSTEME))
    chez_lui(*parti).when(issue).then_nothing()


def test_candidat_delibere_il_ne_change_plus_d_academie() -> None:
    chez_lui(inscrit(), jury="J1").when(transferer()).then_refused("CANDIDAT_DELIBERE")
    la_bas(jury="J1").when(ACCEPTER).then_refused("CANDIDAT_DELIBERE")
    la_bas(jury="J1").when(REFUSER).then(REFUSE)
    la_bas(ACCEPTE, jury="J1").when(ACCEPTER).then_nothing()


def test_amb_55_accepte_apres_la_cloture_du_jury_il_reste_ou_le_jury_l_a_connu() -> None:
    [decline] = chez_lui(inscrit(), propose(), jury="J1").when(enregistrer()).then_kinds(TransfertDecline)
    assert (decline.vers, decline.regle) == (LYON, "AMB-55")
    chez_lui(inscrit(), propose(), jury="J1").when(enregistrer(False)).then(DECLINE)
    chez_lui(inscrit(), propose(), PARTI, jury="J1").when(enregistrer()).then_nothing()


# L'académie d'arrivée ----------------------------------------------------------------------------------------------


def test_tr_g01_l_academie_d_arrivee_repond_une_fois_a_ce_qui_lui_est_propose() -> None:
    la_bas().when(ACCEPTER).then(ACCEPTE)
    la_bas().when(REFUSER).then(REFUSE)
    la_bas(ACCEPTE).when(ACCEPTER).then_nothing()
    la_bas(ACCEPTE, proposition=None).when(ACCEPTER).then_nothing()
    la_bas(ACCEPTE).when(REFUSER).then_refused("TRANSFERT_DEJA_REPONDU")
    la_bas(REFUSE).when(ACCEPTER).then_refused("TRANSFERT_DEJA_REPONDU")
    la_bas(REFUSE, proposition=propose(2)).when(ACCEPTER).then(ACCEPTE.model_copy(update={"proposition": 2}))


def test_transfert_inconnu_ou_numero_deja_porte() -> None:
    la_bas(proposition=None).when(ACCEPTER).then_refused("TRANSFERT_INCONNU")
    la_bas(inscrit=True).when(ACCEPTER).then_refused("DEJA_INSCRIT")
    la_bas(inscrit=True).when(REFUSER).then(REFUSE)
    la_bas(partage=None).when(ACCEPTER).then_refused("REGROUPEMENT_INCONNU")


EMPREINTE = "ab" * 32


def repondre(command: Any, *places: Event, reponses: Any = transfert.initial, **connu: Any) -> Any:
    """What is answered, and what is kept, where the person holds these places already."""
    tenues = personne.initial
    for event in places:
        tenues = personne.evolve(tenues, event)  # type: ignore[arg-type]
    connu = {"candidat": inscrit(), "empreinte": EMPREINTE, "partage": PARTAGE, "ici": LYON, **connu}
    return arrivee.repondre(command, reponses, tenues, CHEZ[LYON], **{"proposition": propose(), **connu})


def test_amb_56_accepte_la_personne_a_sa_place_ici_aussitot() -> None:
    [accepte], places = repondre(ACCEPTER)
    assert (accepte.personne, places) == (EMPREINTE, [reservee()])
    assert repondre(ACCEPTER, reservee())[1] == []  # he comes back: his place was never given up
    assert repondre(REFUSER) == ([REFUSE], [])
    assert repondre(ACCEPTER, reponses=transfert.Reponses(accepte), proposition=None) == ([], [])


def test_amb_56_deja_inscrite_ici_la_personne_ne_s_y_transfere_pas() -> None:
    autre = reservee(candidat=AUTRE)
    [refuse], places = repondre(ACCEPTER, autre)
    assert isinstance(refuse, TransfertRefuse)
    assert (refuse.regle, refuse.proposition, places) == ("AMB-56", 1, [])
    assert AUTRE in refuse.motif
    for command in (ACCEPTER, REFUSER):
        assert repondre(command, autre, reponses=transfert.Reponses(refuse)) == ([], [])
    assert repondre(REFUSER, autre) == ([REFUSE], [])


def test_amb_56_un_autre_diplome_de_la_session_n_est_pas_un_doublon() -> None:
    [accepte], places = repondre(ACCEPTER, reservee(candidat=AUTRE, diplome="bts_ndrc", famille="BTS"))
    assert isinstance(accepte, TransfertAccepte)
    assert len(places) == 1


def test_sans_la_cle_le_doublon_ne_se_voit_pas() -> None:
    assert repondre(ACCEPTER, reservee(candidat=AUTRE), empreinte="") == ([ACCEPTE], [])


def test_amb_56_qui_ne_vient_finalement_pas_rend_sa_place() -> None:
    abandonner = AbandonnerTransfert(candidat=NUMERO, origine=PILOTE, **qui(LYON, Role.SYSTEME))
    tenue = personne.evolve(personne.initial, reservee())
    assert [one.candidat for one in arrivee.abandonner(abandonner, tenue, attendu=False)] == [NUMERO]
    assert arrivee.abandonner(abandonner, tenue, attendu=True) == []
    assert arrivee.abandonner(abandonner, personne.initial, attendu=False) == []


def test_amb_56_la_regle_du_refus_se_dit_d_ou_il_part() -> None:
    [refuse], _ = repondre(ACCEPTER, reservee(candidat=AUTRE))
    [ordre] = Voisinage(PILOTE, _rien).conclure(fait_de(LYON, refuse, f"transfert-{PILOTE}-{NUMERO}"))
    [decline] = chez_lui(inscrit(), propose()).when(ordre).then_kinds(TransfertDecline)
    assert (decline.regle, decline.motif) == ("AMB-56", refuse.motif)
    [rendre] = Voisinage(LYON, _rien).conclure(fait_de(PILOTE, decline, f"candidature-{NUMERO}"))
    assert isinstance(rendre, AbandonnerTransfert)
    assert Voisinage(GRENOBLE, _rien).conclure(fait_de(PILOTE, decline, f"candidature-{NUMERO}")) == []


def test_seule_la_proposition_qui_attend_cette_academie_compte() -> None:
    assert transfert.en_attente((inscrit(), propose()), LYON) == propose()
    assert transfert.en_attente((inscrit(), propose()), GRENOBLE) is None
    for conclue in (PARTI, DECLINE):
        assert transfert.en_attente((inscrit(), propose(), conclue), LYON) is None


# L'histoire reprise ------------------------------------------------------------------------------------------------

REPRENDRE = ReprendreCandidature(candidat=NUMERO, origine=PILOTE, **qui(LYON, Role.SYSTEME))
HISTOIRE = Histoire(f"candidature-{NUMERO}", (inscrit(), PERMIS, autorise(), propose(), PARTI), 5, "t")
SOURCE = CandidatureReprise(candidat=NUMERO, origine=PILOTE, agregat=f"candidature-{NUMERO}", rang=5, tete="t")


def repris(*deja_la: Event, **connu: Any) -> Any:
    etat = candidature.initial
    for event in deja_la:
        etat = candidature.evolve(etat, event)  # type: ignore[arg-type]
    connu = {"histoire": HISTOIRE, "accepte": True, "deja": False, **connu}
    return reprendre(REPRENDRE, etat, personne.initial, CHEZ[LYON], **connu)


def test_tr_g01_l_histoire_est_reprise_entiere_sous_une_identite_scellee_ici() -> None:
    events, places = repris(identite=IDENTITE, empreinte="autre-empreinte")
    scelle = inscrit(identite=Personnel[Identite](clair=IDENTITE), personne="autre-empreinte")
    assert events == [SOURCE, scelle, PERMIS, autorise()]
    assert places == [reservee()]


def test_sans_la_cle_l_identite_ne_se_reprend_pas_et_rien_n_est_reserve() -> None:
    events, places = repris()
    assert (events[1].identite, events[1].personne, places) == (Personnel[Identite](), "", [])


QUITTE = CentreQuitte(candidat=NUMERO, centre=AFFECTE_ICI.centre, de=PILOTE, regle=R2026.inscription.regle_centre)


def test_bts_g05_le_centre_de_l_academie_quittee_n_est_plus_le_sien() -> None:
    convoque = ConvocationEmise(candidat=NUMERO, centre=AFFECTE_ICI.centre, epreuves=("EP1",), le=LE)
    faits = (inscrit(), autorise(), AFFECTE_ICI, convoque, propose(), PARTI)
    events, _ = repris(histoire=replace(HISTOIRE, events=faits, rang=6))
    assert events[-1] == QUITTE
    etat: Any = candidature.initial
    for event in events:
        etat = candidature.evolve(etat, event)
    assert isinstance(etat, candidature.Autorisee)
    assert (etat.fiche.centre, etat.fiche.planning) == (None, None)
    deja_quitte = (*faits[:4], QUITTE, propose(), PARTI)
    events, _ = repris(histoire=replace(HISTOIRE, events=deja_quitte, rang=7))
    assert events.count(QUITTE) == 1


def test_le_centre_quitte_ne_se_montre_plus_ni_la_ni_d_ou_l_on_vient(tmp_path: Path) -> None:
    engine = base(tmp_path, Candidats())
    la = [
        fait_de(LYON, one, f"candidature-{NUMERO}", seq) for seq, one in enumerate((inscrit(), AFFECTE_ICI, QUITTE), 1)
    ]
    ici = [
        fait_de(PILOTE, one, f"candidature-{NUMERO}", seq) for seq, one in enumerate((inscrit(), AFFECTE_ICI, PARTI), 4)
    ]
    projeter(engine, Candidats(), [*la, *ici])
    with engine.connect() as connection:
        for academie in (LYON, PILOTE):
            [vu] = lister(connection, academie=academie, session="2026", diplome="cap_osrcl")
            assert (vu["centre"], vu["centre_type"], vu["convoque"]) == (None, None, False)
    engine.dispose()


def test_une_histoire_deja_reprise_ne_l_est_pas_deux_fois() -> None:
    assert repris(inscrit(), deja=True) == ([], [])


@pytest.mark.parametrize(
    ("connu", "code"),
    [
        ({"accepte": False}, "TRANSFERT_NON_ACCEPTE"),
        ({"histoire": replace(HISTOIRE, events=(inscrit(), propose()))}, "HISTOIRE_INCOMPLETE"),
        ({"histoire": replace(HISTOIRE, events=(inscrit(), AILLEURS_PARTI))}, "HISTOIRE_INCOMPLETE"),
    ],
)
def test_tr_g01_rien_n_est_repris_sans_accord_ni_cloture(connu: Any, code: str) -> None:
    with pytest.raises(Refus) as refus:
        repris(**connu)
    assert refus.value.regle == code


def test_un_numero_deja_porte_n_est_pas_recouvert_mais_qui_revient_est_repris() -> None:
    with pytest.raises(Refus) as refus:
        repris(inscrit())
    assert refus.value.regle == "DEJA_INSCRIT"
    events, _ = repris(inscrit(), propose(), PARTI)
    etat: Any = Transferee(NUMERO, LYON)
    for event in events:
        etat = candidature.evolve(etat, event)
    assert isinstance(etat, candidature.Autorisee)


# Entre les deux ----------------------------------------------------------------------------------------------------


async def _rien(*_: Any) -> list[str]:
    return []


def test_les_reponses_et_le_depart_deviennent_des_ordres_de_qui_ils_concernent() -> None:
    for reponse, nom in product((ACCEPTE, REFUSE), (PILOTE, GRENOBLE)):
        ordres = Voisinage(nom, _rien).conclure(fait_de(LYON, reponse, f"transfert-{PILOTE}-{NUMERO}"))
        assert [one.accepte for one in ordres if isinstance(one, EnregistrerTransfert)] == (
            [reponse is ACCEPTE] if nom == PILOTE else []
        )
    depart = fait_de(PILOTE, PARTI, f"candidature-{NUMERO}")
    assert Voisinage(GRENOBLE, _rien).conclure(depart) == []
    [ordre] = Voisinage(LYON, _rien).conclure(depart)
    assert isinstance(ordre, ReprendreCandidature)
    assert (ordre.origine, ordre.par.id) == (PILOTE, REPRISE)
    check_rights(ordre, LYON)


async def test_ce_qui_est_repris_ne_fait_reagir_personne() -> None:
    fait = fait_de(GRENOBLE, demande(), f"candidature-{NUMERO}")
    repris_la = replace(fait, context=replace(fait.context, acteur=REPRISE))
    assert (reprise(fait), reprise(repris_la)) == (False, True)
    assert len(await Voisinage(LYON, _rien).recevoir(fait)) == 1
    assert await Voisinage(LYON, _rien).recevoir(repris_la) == []


@pytest.mark.parametrize("reponse_d_abord", [True, False])
def test_un_transfert_propose_est_a_traiter_la_ou_il_arrive(tmp_path: Path, reponse_d_abord: bool) -> None:
    engine = base(tmp_path, Transferts())
    dits = [fait_de(PILOTE, propose(), f"candidature-{NUMERO}", 2)]
    repondus = [fait_de(LYON, ACCEPTE, f"transfert-{PILOTE}-{NUMERO}")]

    def vu(academie: str, *faits: Any) -> Any:
        projeter(engine, Transferts(), faits)
        with engine.connect() as connection:
            return lire_transferts(connection, academie=academie, session="2026", diplome="cap_osrcl")

    if not reponse_d_abord:
        [a_traiter] = vu(LYON, *dits)["a_traiter"]
        assert (a_traiter["nature"], a_traiter["academie"]) == ("transfert_a_accepter", PILOTE)
        assert vu(GRENOBLE)["a_traiter"] == vu(PILOTE)["a_traiter"] == []
    apres = vu(LYON, *repondus, *dits)
    assert (apres["a_traiter"], [one["repondu"] for one in apres["transferts_recus"]]) == ([], [True])
    [parti] = vu(PILOTE, fait_de(PILOTE, PARTI, f"candidature-{NUMERO}", 3))["transferts"]
    assert (parti["vers"], parti["etat"]) == (LYON, "transfere")
    cle = {"academie": PILOTE, "session": "2026", "diplome": "cap_osrcl", "candidat": NUMERO}
    with engine.connect() as connection:
        assert lire_candidat(connection, **cle)["transfert"]["vers"] == LYON
    [decline] = vu(PILOTE, fait_de(PILOTE, DECLINE, f"candidature-{NUMERO}", 3))["a_traiter"]
    assert (decline["nature"], decline["motif"]) == ("transfert_decline", MOTIF)
    [sans_suite] = vu(LYON)["a_traiter"]  # it had accepted him
    assert (sans_suite["nature"], sans_suite["academie"]) == ("transfert_sans_suite", PILOTE)
    engine.dispose()
