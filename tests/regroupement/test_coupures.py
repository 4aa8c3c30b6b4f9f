"""Whatever the cuts, everybody ends with the same facts (ADR 0020): schedules drawn by chance, over three académies.

A schedule is four lists of gestures: before the jury, while it sits, once it is closed, and once results are public.
Gestures are orders of people, links cut and restored, and what passes: a part, twice, interleaved, or read late by one
service. Then all is delivered, and what was shared is compared.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from contracts.commandes.deliberation import ReconvoquerJury
from contracts.commandes.publication import PublierResultats
from contracts.evenements.deliberation import JuryClos, ResultatApresCloture
from contracts.evenements.inscription import CandidatInscrit, InscriptionAnnulee
from contracts.evenements.notation import ResultatArrete
from contracts.evenements.publication import PublicationPreparee
from contracts.evenements.regroupement import AccueilDecline, CandidatAccueilli
from contracts.evenements.transfert import CandidatTransfere, TransfertPropose
from contracts.messages import Refus
from tests.regroupement.academies import ENSUITE, EPREUVES, PUBLIE, clore, decider, ordre, sieger
from tests.regroupement.accords import aucun_resultat_transmis_n_est_perdu, chacun_est_chez_lui_une_fois, verifier
from tests.regroupement.entieres import NOMS, RESERVE, TRANSMISES, Entiere, Monde, Moule

SERIES, SCHEDULES = 5, 10  # fifty, always the same
DES_PERSONNES = ("enregistrer", "ouvrir_centre", *["demander"] * 4, "garder", "annuler", "noter", *["transmettre"] * 2)
DES_TRANSFERTS = ("transferer", "transferer", "repondre", "repondre")
DES_LIENS = ("couper", "retablir", "livrer", "relivrer", "entrelacer", "reagir", *["passer"] * 5)
ATTENDU = {"DOSSIER_ABSENT", "INSCRIPTION_ANNULEE", "RESULTAT_MANQUANT"}
"""Why the jury does not decide on who changes académie: his dossier is not all here, or he is to be followed first."""
Geste = tuple[str, int, int, int]
Horaire = tuple[list[Geste], list[Geste], list[Geste], list[Geste]]


def gestes(*noms: str, au_moins: int, au_plus: int) -> st.SearchStrategy[list[Geste]]:
    geste = st.tuples(st.sampled_from(noms), st.integers(0, 2), st.integers(0, 2), st.integers(0, 11))
    return st.lists(geste, min_size=au_moins, max_size=au_plus)


HORAIRES = st.tuples(
    gestes(*DES_PERSONNES, *DES_TRANSFERTS, *DES_LIENS, au_moins=4, au_plus=12),
    gestes("noter", "transmettre", "annuler", *DES_TRANSFERTS, *DES_LIENS, au_moins=1, au_plus=6),
    gestes("noter", "transmettre", "demander", "reconvoquer", *DES_TRANSFERTS, *DES_LIENS, au_moins=2, au_plus=6),
    gestes("noter", "transmettre", "reconvoquer", *DES_LIENS, au_moins=0, au_plus=3),
)


@pytest.mark.parametrize("serie", range(SERIES))
def test_apres_toute_coupure_toutes_les_academies_tiennent_les_memes_faits(moule: Moule, serie: int) -> None:
    @seed(serie)
    @settings(max_examples=SCHEDULES, suppress_health_check=list(HealthCheck), database=None)
    @given(HORAIRES)
    def accorder(horaire: Horaire) -> None:
        asyncio.run(jouer(moule.monde(), horaire))

    accorder()


async def test_amb_55_le_jury_tient_un_candidat_transfere_de_son_academie_d_arrivee(moule: Moule) -> None:
    monde = moule.monde()
    rouen, caen, lille = monde.toutes
    await caen.enregistrer(candidat := caen.numeros[0])
    await monde.transferer(caen, lille, candidat)
    await sieger(rouen, [candidat])
    await clore(rouen)
    assert rouen.faits(JuryClos)[0].origines == {candidat: lille.nom}
    monde.fermer()


async def test_amb_54_un_resultat_de_l_academie_d_arrivee_apres_la_cloture_est_dit_tardif(moule: Moule) -> None:
    monde = moule.monde()
    rouen, caen, lille = monde.toutes
    await caen.enregistrer(candidat := caen.numeros[0])
    await monde.tout_livrer()
    monde.coupes.add(frozenset((rouen.nom, lille.nom)))
    await sieger(rouen, [candidat])
    await clore(rouen)
    assert await caen.transferer(candidat, lille.nom)
    monde.livrer(caen, lille)
    assert await lille.repondre(candidat, caen.nom, oui=True)
    for un, autre in ((lille, caen), (caen, lille)):
        monde.livrer(un, autre)
        await autre.reagir()
    assert await lille.noter(candidat, "UG1")  # the link with the pilot is down: the closing is not known here
    await monde.tout_livrer()
    assert {(one.candidat, one.academie) for one in rouen.faits(ResultatApresCloture)} == {(candidat, caen.nom)}
    monde.fermer()


async def test_un_candidat_transfere_avant_d_etre_confie_n_arrete_rien(moule: Moule) -> None:
    monde = moule.monde()
    _, caen, lille = monde.toutes
    await caen.enregistrer(candidat := caen.numeros[0])
    assert await caen.transferer(candidat, lille.nom)
    monde.livrer(caen, lille)
    assert await lille.repondre(candidat, caen.nom, oui=True)
    monde.livrer(lille, caen)
    [conclure] = [one for one in caen.inscription.parts.reactions if one.name == "transfert"]
    await caen.inscription.env.suivre()
    await caen.inscription._une(conclure)  # what confides his identity is late
    assert caen.faits(CandidatTransfere)
    await monde.tout_livrer()
    await chacun_est_chez_lui_une_fois(monde)
    monde.fermer()


async def test_le_resultat_d_une_place_rendue_puis_refusee_n_est_pas_perdu(moule: Moule) -> None:
    monde = moule.monde()
    rouen, caen, lille = monde.toutes
    candidat, autre = caen.numeros[0], rouen.numeros[0]
    await caen.enregistrer(candidat)
    await rouen.enregistrer(autre)
    assert await caen.demander_accueil(candidat, lille.nom, "C-lille")
    await monde.tout_livrer()
    assert await lille.transmettre(lille.faits(CandidatAccueilli)[0], "UG1")
    for un, numero in ((caen, candidat), (rouen, autre)):
        if un is caen:
            assert await un.garder(numero)
        else:
            assert await un.demander_accueil(numero, lille.nom, "C-lille")
        monde.livrer(un, lille)
        await lille.reagir()
    assert await caen.demander_accueil(candidat, lille.nom, "C-lille")
    monde.livrer(caen, lille)
    await lille.reagir()
    monde.livrer(lille, caen)
    await caen.inscription.reagir()  # the refusal is known first
    assert [one.cause for one in caen.faits(AccueilDecline)] == ["CENTRE_PLEIN"]
    await monde.tout_livrer()
    aucun_resultat_transmis_n_est_perdu(monde, caen)
    monde.fermer()


async def jouer(monde: Monde, horaire: Horaire) -> None:
    avant, en_seance, ensuite, publics = horaire
    try:
        for nom in NOMS:
            await monde.academies[nom].enregistrer(monde.academies[nom].numeros[0])
        await Partie(monde).jouer(avant)
        await sieger_ici(monde)
        await Partie(monde).jouer(en_seance)
        await clore_ici(monde)
        await Partie(monde).jouer(ensuite)
        await monde.tout_livrer()
        await redecider(monde)
        await publier(monde)
        await Partie(monde).jouer(publics)
        await monde.tout_livrer()
        await redecider(monde)
        await monde.tout_livrer()
        await verifier(monde)
    finally:
        monde.fermer()


class Partie:
    """Plays gestures on a world; ``a`` and ``b`` are académies, ``n`` whatever else is to be chosen."""

    def __init__(self, monde: Monde) -> None:
        self.monde = monde

    async def jouer(self, gestes: list[Geste]) -> None:
        for nom, a, b, n in gestes:
            un, autre = self.monde.toutes[a], self.monde.toutes[b]
            await getattr(self, f"_{nom}")(un, autre, n)

    async def _enregistrer(self, un: Entiere, autre: Entiere, n: int) -> None:
        await un.enregistrer(un.numeros[n % len(un.numeros)])

    async def _ouvrir_centre(self, un: Entiere, autre: Entiere, n: int) -> None:
        await un.ouvrir_centre(f"{'CD'[n % 2]}-{un.nom}", 1 + n // 6)

    async def _demander(self, un: Entiere, autre: Entiere, n: int) -> None:
        if siens := un.siens:
            await un.demander_accueil(siens[n % len(siens)], autre.nom, f"{'CCD'[n % 3]}-{autre.nom}")

    async def _garder(self, un: Entiere, autre: Entiere, n: int) -> None:
        if siens := un.siens:
            await un.garder(siens[n % len(siens)])

    async def _annuler(self, un: Entiere, autre: Entiere, n: int) -> None:
        if len(siens := un.siens) > 1:
            await un.annuler(siens[n % len(siens)])

    async def _transferer(self, un: Entiere, autre: Entiere, n: int) -> None:
        if siens := un.siens:
            await un.transferer(siens[n % len(siens)], autre.nom)

    async def _repondre(self, un: Entiere, autre: Entiere, n: int) -> None:
        """To one of the proposals that were ever made to it."""
        proposes = [
            (event.candidat, academie)
            for academie, event in self.monde.connus(un)
            if isinstance(event, TransfertPropose) and event.vers == un.nom
        ]
        if proposes:
            await un.repondre(*proposes[n % len(proposes)], oui=n % 4 > 0)

    async def _noter(self, un: Entiere, autre: Entiere, n: int) -> None:
        if siens := un.siens:
            await un.noter(siens[n % len(siens)], TRANSMISES[n % 2])

    async def _transmettre(self, un: Entiere, autre: Entiere, n: int) -> None:
        if accueillis := un.faits(CandidatAccueilli):
            await un.transmettre(accueillis[n % len(accueillis)], TRANSMISES[n % 2])

    async def _reconvoquer(self, un: Entiere, autre: Entiere, n: int) -> None:
        """The jury, for one whom it decided on; it may decide at once or later."""
        pilote = self.monde.pilote
        clos = pilote.faits(JuryClos)
        if not clos:
            return
        eux = sorted(clos[0].decisions)
        candidat = eux[n % len(eux)]
        enveloppe = ordre(pilote.nom, "recteur", ENSUITE, jury="J1", candidat=candidat)
        await pilote.donner(pilote.deliberation, ReconvoquerJury(**enveloppe, motif="erreur d'addition"))
        if n % 2:
            await redecider(self.monde)

    # Links ----------------------------------------------------------------------------------------------------------

    async def _couper(self, un: Entiere, autre: Entiere, n: int) -> None:
        self.monde.coupes.add(frozenset((un.nom, autre.nom)))

    async def _retablir(self, un: Entiere, autre: Entiere, n: int) -> None:
        self.monde.coupes.discard(frozenset((un.nom, autre.nom)))

    async def _livrer(self, un: Entiere, autre: Entiere, n: int) -> None:
        self.monde.livrer(un, autre, None if n < 6 else n)

    async def _passer(self, un: Entiere, autre: Entiere, n: int) -> None:
        """Everything, and what follows from it there."""
        self.monde.livrer(un, autre)
        await autre.reagir()

    async def _relivrer(self, un: Entiere, autre: Entiere, n: int) -> None:
        self.monde.relivrer(un, autre, 5 * n)

    async def _entrelacer(self, un: Entiere, autre: Entiere, n: int) -> None:
        self.monde.entrelacer(un, 1 + n % 4)

    async def _reagir(self, un: Entiere, autre: Entiere, n: int) -> None:
        """Of one service alone: the others are late."""
        services = list(un.services)
        if n < 6:
            await un.reagir()
        else:
            await services[n % len(services)].reagir()


# The jury ------------------------------------------------------------------------------------------------------------


async def sieger_ici(monde: Monde) -> None:
    """At the pilot, for those whom it can decide on with what has come."""
    pilote = monde.pilote
    await pilote.enregistrer(RESERVE)
    await sieger(pilote, nommables(monde))


def nommables(monde: Monde) -> list[str]:
    """Whose marks have all come, and who are registered once."""
    recus: dict[str, dict[str, set[str]]] = {}
    annules: set[tuple[str, str]] = set()
    for academie, event in monde.connus(monde.pilote):
        if isinstance(event, CandidatInscrit):
            recus.setdefault(event.candidat, {}).setdefault(academie, set())
        elif isinstance(event, (InscriptionAnnulee, CandidatTransfere)):
            annules.add((academie, event.candidat))
        elif isinstance(event, ResultatArrete):
            recus.setdefault(event.candidat, {}).setdefault(academie, set()).add(event.epreuve)
    found = []
    for candidat, par in recus.items():
        vivants = [one for one in par if (one, candidat) not in annules]
        if len(vivants) == 1 and set(EPREUVES) <= par[vivants[0]]:
            found.append(candidat)
    return sorted(found)


async def clore_ici(monde: Monde) -> None:
    """What came meanwhile is decided on again first; who is no more registered is not, who left is waited for."""
    for attendre in (False, True):
        try:
            await clore(monde.pilote)
        except Refus as refus:
            manques: Any = refus.donnees["manques"]
            await decider_encore(monde, {one.sur for one in manques}, attendre)
        else:
            return
    await clore(monde.pilote)


async def decider_encore(monde: Monde, candidats: Collection[str], attendre: bool) -> None:
    """Of those whose dossier is here; all the others come when one waits for them."""
    if attendre:
        await monde.tout_livrer()
    for candidat in sorted(candidats):
        try:
            await decider(monde.pilote, candidat)
        except Refus as refus:
            if refus.regle not in ATTENDU:
                raise


async def redecider(monde: Monde) -> None:
    """Those for whom the jury was reconvened."""
    pilote = monde.pilote
    for candidat in sorted(pilote.faits(JuryClos)[0].decisions):
        try:
            await decider(pilote, candidat, ENSUITE)
        except Refus:
            continue  # he was not


async def publier(monde: Monde) -> None:
    """Each académie for its own."""
    for one in monde.toutes:
        if one.faits(PublicationPreparee):
            await one.publication.ordonner(PublierResultats(**ordre(one.nom, "gestionnaire", PUBLIE), jury="J1"))
            await one.reagir()
    await monde.tout_livrer()
