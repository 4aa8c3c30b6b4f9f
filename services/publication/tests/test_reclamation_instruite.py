"""Instruire avec ce que le journal montre, répondre avec ce que le jury, réuni de nouveau, a fait."""

from __future__ import annotations

import pytest

from contracts.evenements.publication import (
    PreuveJournal,
    ReclamationInstruite,
    Rectification,
    Trouvaille,
)
from contracts.vocabulaire import Decision, Explication
from services.publication.domain.rectification import EnCours
from services.publication.tests.donnees import PUBLIE
from services.publication.tests.donnees_reclamations import (
    LENDEMAIN,
    C,
    I,
    N,
    clore,
    close,
    deposee,
    deposer,
    given,
    instruire,
    suite,
)

VUE = Trouvaille(
    code="total_different",
    fonde=C.ERREUR_MATERIELLE,
    explication=Explication(regle="DC-REC01", texte="Refait, le total ne tombe pas juste.", preuves=("fait-9",)),
    preuves=(PreuveJournal(fait="fait-9", nom="x.y.v1", position=9, le=PUBLIE, role="systeme", dit="décision"),),
)
DITE = VUE.model_copy(update={"code": "note_changee_apres_verrou", "fonde": None})


def test_dc_rec06_l_instruction_garde_ce_que_le_journal_montrait() -> None:
    events = suite(deposer(N.DECISION_JURY), instruire(C.ERREUR_MATERIELLE), trouve=(VUE, DITE))
    instruite = events[-1]
    assert isinstance(instruite, ReclamationInstruite)
    assert instruite.trouve == (VUE, DITE)
    assert instruite.explication[0].details == (VUE.explication, DITE.explication)


@pytest.mark.parametrize("constat", [C.AUCUNE_ERREUR, C.APPRECIATION])
def test_dc_rec01_on_ne_dit_pas_aucune_erreur_contre_le_journal(constat: C) -> None:
    depot = deposee(deposer(N.DECISION_JURY))
    given(depot, trouve=(VUE,)).when(instruire(constat)).then_refused("CONSTAT_CONTREDIT")
    given(depot, trouve=(DITE,)).when(instruire(constat)).then_kinds(ReclamationInstruite)


def test_une_copie_demandee_ne_s_instruit_pas_sur_les_notes() -> None:
    events = suite(deposer(N.COMMUNICATION_COPIE), instruire(C.DOCUMENT_DISPONIBLE), trouve=(VUE,))
    instruite = events[-1]
    assert isinstance(instruite, ReclamationInstruite)
    assert instruite.trouve == ()


RECTIFIEE = Rectification(
    jury="J1",
    le=LENDEMAIN,
    avant=Decision.AJOURNE,
    apres=Decision.ADMIS,
    documents=("NORMANDIE-R2", "NORMANDIE-D1"),
    remplaces=("NORMANDIE-R1",),
)


@pytest.mark.parametrize("issue", list(I))
def test_amb_54_on_ne_repond_pas_avant_que_le_jury_reuni_ait_decide(issue: I) -> None:
    ordres = suite(deposer(N.ERREUR_MATERIELLE), instruire(C.ERREUR_MATERIELLE))
    given(*ordres, reprise=EnCours("le jury n'a pas décidé")).when(clore(issue)).then_refused("RECTIFICATION_EN_COURS")


def test_amb_54_la_reponse_dit_la_decision_rectifiee_et_les_documents_remplaces() -> None:
    ordres = (deposer(N.ERREUR_MATERIELLE), instruire(C.ERREUR_MATERIELLE), clore(I.ACCEPTEE))
    fin = close(suite(*ordres, reprise=RECTIFIEE))
    assert fin.rectification == RECTIFIEE
    dite = next(one for one in fin.explication if one.regle == "AMB-54")
    assert dite.effet == "décision rectifiée"
    assert [("NORMANDIE-R2" in one, "NORMANDIE-R1" in one) for one in dite.faits] == [(True, False), (False, True)]


def test_amb_54_la_reponse_dit_la_decision_confirmee() -> None:
    confirmee = Rectification(jury="J1", le=LENDEMAIN, apres=Decision.AJOURNE, confirmee=True)
    ordres = (deposer(N.DECISION_JURY), instruire(C.IRREGULARITE), clore(I.ACCEPTEE))
    fin = close(suite(*ordres, reprise=confirmee))
    dite = next(one for one in fin.explication if one.regle == "AMB-54")
    assert (dite.effet, dite.faits) == ("décision confirmée", ())
