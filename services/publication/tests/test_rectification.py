"""Ce que le jury a fait, réuni pour une réclamation : lu dans son histoire et dans celle des documents."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.evenements.deliberation import JuryReconvoque, NatureDecision
from contracts.evenements.publication import Rectification
from contracts.messages import Event
from contracts.vocabulaire import Decision
from services.publication.domain.histoire import HistoireCandidat
from services.publication.domain.rectification import EnCours, Reprise, reprise_du_jury
from services.publication.tests.donnees import ALICE, BASILE, PUBLIE
from services.publication.tests.test_document import diplome, releve, remplace
from services.publication.tests.test_instruction import REUNI, Journal, prise

AJOURNE = prise("9", decision=Decision.AJOURNE)
RECONVOQUE = JuryReconvoque(jury="J1", candidat=ALICE, motif="erreur d'addition", regle="AMB-54", reclamation="R1")
RECTIFIE = prise("12", 300, NatureDecision.RECTIFICATIVE, decision=Decision.ADMIS)
NOUVEAUX: tuple[Event, ...] = (releve(version=2), remplace("R1", "R2", PUBLIE), diplome())


def reprise(jury: Sequence[Event], documents: Sequence[Event | int] = ()) -> Reprise | None:
    """The documents begin at position 50; those after the number 500 follow the rectified decision."""
    histoire = HistoireCandidat(ALICE, (), Journal().lire((100, *REUNI, AJOURNE, *jury)))
    return reprise_du_jury("R1", histoire, Journal().lire((50, *documents)))


def test_un_jury_qui_n_a_pas_ete_reuni_pour_elle_ne_dit_rien() -> None:
    assert reprise(()) is None
    ailleurs = ({"reclamation": "R2"}, {"reclamation": None}, {"candidat": BASILE})
    assert all(reprise([RECONVOQUE.model_copy(update=one), RECTIFIE]) is None for one in ailleurs)


def test_amb_54_reuni_il_n_a_pas_encore_decide() -> None:
    assert isinstance(reprise([RECONVOQUE]), EnCours)


def test_amb_54_la_decision_rectifiee_attend_son_releve() -> None:
    assert isinstance(reprise([RECONVOQUE, RECTIFIE], [releve()]), EnCours)
    assert isinstance(reprise([RECONVOQUE, RECTIFIE], [releve(), 500, releve(version=2)]), Rectification)


def test_amb_54_ce_que_le_jury_a_fait_avec_les_documents_qui_ont_suivi() -> None:
    faite = reprise([RECONVOQUE, RECTIFIE], [releve(), 500, *NOUVEAUX])
    assert isinstance(faite, Rectification)
    assert (faite.avant, faite.apres, faite.confirmee) == (Decision.AJOURNE, Decision.ADMIS, False)
    assert [one[-2:] for one in faite.documents] == ["R2", "D1"]
    assert [one[-2:] for one in faite.remplaces] == ["R1"]


def test_amb_54_une_decision_confirmee_n_attend_aucun_document() -> None:
    meme = AJOURNE.model_copy(update={"nature": NatureDecision.RECTIFICATIVE, "confirmee": True})
    faite = reprise([RECONVOQUE, meme], [releve()])
    assert isinstance(faite, Rectification)
    assert (faite.confirmee, faite.documents) == (True, ())
