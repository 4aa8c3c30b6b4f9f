"""Deux académies vivantes : un candidat compose chez l'autre, ou y part avec toute son histoire."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from contracts.commandes.inscription import AffecterCentre, InscrireCandidat, OuvrirCentre
from contracts.commandes.notation import SaisirNote
from contracts.commandes.regroupement import DemanderAccueil
from contracts.commandes.resultats_accueil import TransmettreResultat
from contracts.commandes.transfert import AccepterTransfert, TransfererCandidat
from contracts.evenements.conformite import DossierOuvert
from contracts.evenements.inscription import CandidatInscrit, CentreAffecte
from contracts.evenements.notation import NoteSaisie
from contracts.evenements.regroupement import AccueilDecline, CandidatAccueilli
from contracts.evenements.releve import ReleveOuvert
from contracts.evenements.transfert import CandidatTransfere, CandidatureReprise, DossierRepris, ReleveRepris
from contracts.messages import Refus
from contracts.requetes import VoirCandidature, VoirRegroupement
from contracts.vocabulaire import Categorie, Identite, TypeCentre
from services.conformite.shell.app import SPEC as CONFORMITE
from services.inscription.shell.app import SPEC as INSCRIPTION
from tests.regroupement.academies import (
    ALICE,
    BASILE,
    LE,
    MEMBRE,
    PILOTE,
    Academie,
    Service,
    ordre,
    question,
    regrouper,
    relier,
)

AVANT = LE.replace(year=2025, month=11, day=3)
EPREUVE = LE.replace(month=6, day=1)
LA = "0140001A"


class Vivante(Academie):
    """Celle dont l'inscription et la conformité tournent aussi."""

    def __init__(self, nom: str, racine: Path) -> None:
        super().__init__(nom, racine)
        self.inscription, self.conformite = Service(INSCRIPTION, self), Service(CONFORMITE, self)

    @property
    def services(self) -> Iterable[Service]:
        return (self.inscription, self.conformite, self.notation)

    async def accueille(self, candidat: str) -> list[str]:
        """Inscrire ce candidat ici."""
        identite = Identite(nom="LEROY", prenoms="Camille", naissance=_naissance(candidat), lieu_naissance="Eu")
        commande = InscrireCandidat(
            **ordre(self.nom, "gestionnaire", AVANT),
            candidat=candidat,
            identite=identite,
            categorie=Categorie.INDIVIDUEL,
        )
        return await self.inscription.ordonner(commande)


def _naissance(candidat: str) -> date:
    return date(2004, 3, 1 + int(candidat[-1]))


@pytest.fixture
async def deux(tmp_path: Path) -> AsyncIterator[dict[str, Vivante]]:
    found = {nom: Vivante(nom, tmp_path) for nom in (PILOTE, MEMBRE)}
    for one in found.values():
        await one.ouvrir()
    await regrouper(found)
    yield found
    for one in found.values():
        one.fermer()


async def installer(academie: Vivante, candidat: str) -> None:
    """In a centre of this académie."""
    ouvrir = ordre(academie.nom, "gestionnaire", AVANT, centre=LA, type=TypeCentre.PRINCIPAL)
    await academie.inscription.ordonner(OuvrirCentre(**ouvrir))
    await academie.inscription.ordonner(
        AffecterCentre(**ordre(academie.nom, "gestionnaire", AVANT, candidat=candidat, centre=LA))
    )


async def _echanger(deux: dict[str, Vivante], fois: int = 4) -> None:
    for _ in range(fois):
        relier(deux.values())
        for one in deux.values():
            await one.reagir()


async def _vu(academie: Vivante, candidat: str) -> Any:
    return await academie.inscription.demander(VoirCandidature(**question(academie.nom), candidat=candidat))


async def test_bts_g05_un_candidat_compose_chez_l_autre_et_sa_note_en_revient(
    deux: dict[str, Vivante],
) -> None:
    pilote, membre = deux[PILOTE], deux[MEMBRE]
    ouvrir = ordre(MEMBRE, "gestionnaire", AVANT, centre=LA, type=TypeCentre.PRINCIPAL, places_accueil=1)
    await membre.inscription.ordonner(OuvrirCentre(**ouvrir))
    await _echanger(deux)
    for candidat in (ALICE, BASILE):
        await pilote.accueille(candidat)
        envoi = ordre(PILOTE, "gestionnaire", AVANT, candidat=candidat, centre=LA)
        await pilote.inscription.ordonner(DemanderAccueil(**envoi, academie=MEMBRE))
    await _echanger(deux)
    assert [one.candidat for one in membre.faits(CandidatAccueilli)] == [ALICE]
    [affecte], [decline] = pilote.faits(CentreAffecte), pilote.faits(AccueilDecline)
    assert (affecte.candidat, affecte.academie, decline.candidat, decline.cause) == (
        ALICE,
        MEMBRE,
        BASILE,
        "CENTRE_PLEIN",
    )
    vu = await pilote.inscription.demander(VoirRegroupement(**question(PILOTE)))
    assert [one["candidat"] for one in vu["a_traiter"]] == [BASILE]
    transmettre = ordre(MEMBRE, "chef_centre", EPREUVE, origine=PILOTE, centre=LA, epreuve="UG1", note=Decimal(14))
    with pytest.raises(Refus, match="CANDIDAT_NON_ACCUEILLI"):
        await membre.notation.ordonner(TransmettreResultat(**transmettre, candidat=BASILE))
    await membre.notation.ordonner(TransmettreResultat(**transmettre, candidat=ALICE))
    await _echanger(deux)
    [note] = pilote.faits(NoteSaisie)
    assert (note.candidat, note.note, note.transmise_par) == (ALICE, Decimal(14), MEMBRE)
    pilote.recevoir_encore(membre)
    membre.recevoir_encore(pilote)
    await _echanger(deux)
    assert (len(pilote.faits(NoteSaisie)), len(membre.faits(CandidatAccueilli))) == (1, 1)


async def test_tr_g01_un_candidat_transfere_est_repris_une_fois_avec_son_dossier_et_ses_notes(
    deux: dict[str, Vivante],
) -> None:
    pilote, membre = deux[PILOTE], deux[MEMBRE]
    await _echanger(deux)
    await pilote.accueille(ALICE)
    await pilote.reagir()
    await installer(pilote, ALICE)
    saisir = {"candidat": ALICE, "epreuve": "UG1", "note": Decimal(14)}
    await pilote.notation.ordonner(SaisirNote(**ordre(PILOTE, "gestionnaire", EPREUVE), **saisir))
    propose = ordre(PILOTE, "gestionnaire", EPREUVE, candidat=ALICE, vers=MEMBRE, motif="déménagement")
    await pilote.inscription.ordonner(TransfererCandidat(**propose))
    await _echanger(deux)
    vu = await membre.inscription.demander(VoirRegroupement(**question(MEMBRE)))
    assert [(one["nature"], one["candidat"]) for one in vu["a_traiter"]] == [("transfert_a_accepter", ALICE)]
    await membre.inscription.ordonner(
        AccepterTransfert(**ordre(MEMBRE, "gestionnaire", EPREUVE), candidat=ALICE, origine=PILOTE)
    )
    for _ in range(2):
        await _echanger(deux)
        pilote.recevoir_encore(membre)
        membre.recevoir_encore(pilote)
    assert len(pilote.faits(CandidatTransfere)) == 1
    for nature in (CandidatureReprise, DossierRepris, ReleveRepris, CandidatInscrit, DossierOuvert, ReleveOuvert):
        assert len(membre.faits(nature)) == 1, nature
    [note] = membre.faits(NoteSaisie)
    assert note == pilote.faits(NoteSaisie)[0]
    assert (await _vu(pilote, ALICE))["transfert"]["etat"] == "transfere"
    assert (await _vu(membre, ALICE))["categorie"] == "individuel"
    for un in (pilote, membre):
        vu = await _vu(un, ALICE)
        assert (vu["centre"], vu["sans_centre"]) == (None, "TRANSFERE")
    await installer(membre, ALICE)
    vu = await _vu(membre, ALICE)
    assert (vu["centre"], vu["sans_centre"]) == (LA, None)
    encore = {**saisir, "epreuve": "UG2"}
    with pytest.raises(Refus, match="CANDIDAT_TRANSFERE"):
        await pilote.notation.ordonner(SaisirNote(**ordre(PILOTE, "gestionnaire", EPREUVE), **encore))
    await membre.notation.ordonner(SaisirNote(**ordre(MEMBRE, "gestionnaire", EPREUVE), **encore))
    assert [one.epreuve for one in membre.faits(NoteSaisie)] == ["UG1", "UG2"]
