"""Ce que les faits appellent ici."""

from __future__ import annotations

from itertools import permutations

import pytest

from contracts.commandes.publication import DelivrerDiplome, EditerReleve, PreparerPublication
from contracts.droits import check_rights
from contracts.evenements.publication import PublicationPreparee, ResultatsPublies
from contracts.vocabulaire import Decision
from services.publication.domain import publication
from services.publication.shell.reactions import editer_documents, preparer_publication
from services.publication.tests.donnees import (
    ALICE,
    BASILE,
    CELIA,
    DRISS,
    EMBARGO,
    PUBLIE,
    clos,
    decidee,
    fait,
    inscrit,
    session,
)

DECISIONS = {
    CELIA: Decision.NON_AUTORISE,
    BASILE: Decision.AJOURNE,
    ALICE: Decision.ADMIS,
    DRISS: Decision.EN_ATTENTE,
}
PUBLIES = ResultatsPublies(jury="J1", decisions=DECISIONS, le=PUBLIE)


def test_un_jury_clos_prepare_sa_publication() -> None:
    [command] = preparer_publication(fait(clos(DECISIONS)))
    assert isinstance(command, PreparerPublication)
    assert (command.jury, command.decisions) == ("J1", DECISIONS)
    assert (command.session, command.diplome, command.le) == ("2026", "cap_osrcl", PUBLIE)
    check_rights(command, "normandie")
    assert publication.decide(command, publication.initial, session()) == [
        PublicationPreparee(jury="J1", decisions=DECISIONS, embargo=EMBARGO)
    ]


def test_une_publication_appelle_un_releve_par_decision_et_un_diplome_par_admis() -> None:
    commands = editer_documents(fait(PUBLIES))
    appels = [(type(one), one.candidat) for one in commands if isinstance(one, (EditerReleve, DelivrerDiplome))]
    assert appels == [(EditerReleve, ALICE), (EditerReleve, BASILE), (DelivrerDiplome, ALICE)]
    for one in commands:
        check_rights(one, "normandie")


def test_cap26_p01_aucun_document_n_est_appele_pour_un_non_autorise() -> None:
    assert (
        editer_documents(fait(ResultatsPublies(jury="J1", decisions={CELIA: Decision.NON_AUTORISE}, le=PUBLIE))) == []
    )


def test_les_memes_faits_appellent_les_memes_ordres_dans_tout_ordre() -> None:
    faits = [fait(clos(DECISIONS), 1), fait(PUBLIES, 2), fait(decidee(), 3), fait(inscrit(), 4)]

    def appels(suite: tuple[int, ...]) -> set[str]:
        return {
            command.model_dump_json()
            for rang in suite
            for reaction in (preparer_publication, editer_documents)
            for command in reaction(faits[rang])
        }

    attendus = appels((0, 1, 2, 3))
    assert len(attendus) == 4
    assert all(appels(suite) == attendus for suite in permutations(range(4)))


def test_l_ordre_des_decisions_dans_le_fait_ne_change_pas_les_ordres() -> None:
    inverse = PUBLIES.model_copy(update={"decisions": dict(reversed(DECISIONS.items()))})
    assert editer_documents(fait(inverse)) == editer_documents(fait(PUBLIES))


def test_cap24_p01_l_ordre_est_donne_au_nom_de_l_academie_du_fait() -> None:
    [command] = preparer_publication(fait(clos(DECISIONS), academie="rouen"))
    assert command.par.academie == "rouen"
    with pytest.raises(Exception, match="CAP24-P01"):
        publication.decide(command, publication.initial, session())  # type: ignore[arg-type]
