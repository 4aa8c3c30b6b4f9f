"""Ce qui vaut pour tous les ordres : un candidat connu, une inscription vivante, un état par moment."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

import contracts
from contracts.commandes.inscription import COMMANDES, EnregistrerAutorisation
from contracts.evenements.inscription import ConvocationEmise, InscriptionAnnulee
from contracts.messages import Command
from services.inscription.domain import candidature, etats
from services.inscription.domain.candidature import (
    Annulee,
    Autorisee,
    CandidatureCommand,
    Convoquee,
    Inscrite,
    NonAutorisee,
    NonInscrite,
)
from services.inscription.tests.donnees import AFFECTE, LE, LYCEE, NUMERO, PERMIS, QUI, S2026, autorise, inscrit
from services.socle.spec import Spec

given = Spec(partial(candidature.decide, session=S2026), candidature.evolve, candidature.initial).given
EXEMPLES = yaml.safe_load((Path(contracts.__file__).parent / "exemples.yaml").read_text("utf-8"))["commandes"]
# La réponse d'un partenaire que rien n'attend plus ne change rien, qui que ce soit.
REPONSES = {"inscription.enregistrer_accueil", "inscription.enregistrer_transfert"}
SUR_CANDIDATURE = [one for one in COMMANDES if one in get_args(CandidatureCommand) and one.NAME not in REPONSES]

ANNULEE = InscriptionAnnulee(candidat=NUMERO, motif="désistement")
CONVOQUE = ConvocationEmise(candidat=NUMERO, centre=LYCEE, epreuves=("EP1",), le=LE)
REFUSE = autorise(False, "CAP26-I05")


@pytest.mark.parametrize("commande", SUR_CANDIDATURE, ids=lambda one: one.NAME)
def test_un_ordre_sur_un_candidat_inconnu_ou_annule_est_refuse(commande: type[Command]) -> None:
    ordre = commande.model_validate({**QUI, **EXEMPLES[commande.NAME]})
    given().when(ordre).then_refused("CANDIDAT_INCONNU")
    if commande is not EnregistrerAutorisation:
        given(inscrit(), ANNULEE).when(ordre).then_refused("INSCRIPTION_ANNULEE")


@pytest.mark.parametrize(
    ("history", "etat"),
    [
        ([], NonInscrite),
        ([inscrit()], Inscrite),
        ([inscrit(), PERMIS, AFFECTE], Inscrite),
        ([inscrit(), autorise()], Autorisee),
        ([inscrit(), REFUSE], NonAutorisee),
        ([inscrit(), autorise(), AFFECTE, CONVOQUE], Convoquee),
        ([inscrit(), autorise(), AFFECTE, CONVOQUE, autorise()], Convoquee),
        ([inscrit(), autorise(), AFFECTE, CONVOQUE, REFUSE], NonAutorisee),
        ([inscrit(), REFUSE, autorise()], Autorisee),
        ([inscrit(), autorise(), ANNULEE], Annulee),
        ([inscrit(), ANNULEE, autorise(), PERMIS], Annulee),
        ([PERMIS, autorise()], NonInscrite),
    ],
)
def test_une_candidature_est_dans_un_seul_etat(history: list[Any], etat: type) -> None:
    assert isinstance(given(history).state, etat)


def test_l_identite_n_est_dans_aucun_etat() -> None:
    assert "LEMOINE" not in repr(given(inscrit(), autorise(), AFFECTE, CONVOQUE).state)
    assert "identite" not in etats.Fiche.__dataclass_fields__
