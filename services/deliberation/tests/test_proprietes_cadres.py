"""What holds whatever the results, in every règlement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.commandes.deliberation import PrendreDecision
from contracts.reglement import Reglement
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Forme, Valeurs
from services.communs.chiffres import dans_l_intervalle, ecarts, ecarts_des_lignes, est_atteint
from services.deliberation.domain.calcul import SANS_VALEUR
from services.deliberation.domain.dossier import DossierJury, ResultatJury
from services.deliberation.domain.etats import Ouvert, evolve
from services.deliberation.domain.jury import decide
from services.deliberation.domain.proposition import Proposition, proposer
from services.deliberation.tests import cadres
from services.deliberation.tests.cadres import BTS, MC, TP, session_de, toutes
from services.deliberation.tests.donnees import EN_SEANCE, VALEURS, qui, tous

N = EtatResultat
CAP = "CAP-OSRCL-2026"
NOTES = [BTS, MC, CAP]
TOUS = [*NOTES, TP]
SANS_NOTE = (N.DISPENSE, N.VAE, N.ABSENT_JUSTIFIE, N.ABSENT_INJUSTIFIE)
BLOQUANTS = (N.ABSENT_INJUSTIFIE, *SANS_VALEUR)
FAVEUR = [
    (Decision.AJOURNE, Decision.REFUSE, Decision.ECHEC),
    (Decision.EPREUVES_CONTROLE, Decision.REUSSITE_PARTIELLE),
    (Decision.ADMIS,),
]
notes = st.integers(0, 40).map(lambda demis: Decimal(demis) / 2)
REGLEMENTS: Mapping[str, Reglement] = tous()


def la_session(identifiant: str) -> SessionFigee:
    valeurs: Valeurs | None = VALEURS if identifiant == CAP else None
    return replace(session_de(identifiant), valeurs=valeurs)


def obligatoires(identifiant: str) -> list[str]:
    return [code for code, one in REGLEMENTS[identifiant].epreuves.items() if one.obligatoire]


@st.composite
def note_portee(draw: Any, code: str) -> ResultatJury:
    """A mark, sometimes an exact one that is shown truncated, sometimes followed by an oral."""
    note = draw(notes)
    tiers = draw(st.sampled_from([None, None, None, 1, 2]))
    brute = None if tiers is None or note == 20 else Fraction(note) + Fraction(tiers, 3)
    affichee = note if brute is None else Decimal(int(brute * 100)) / 100
    oral = draw(st.none() | st.none() | notes)
    return ResultatJury(
        N.NOTE,
        f"fait-{code}",
        affichee,
        note_brute=None if brute is None else f"{brute.numerator}/{brute.denominator}",
        controle=oral,
        controle_fait=None if oral is None else f"oral-{code}",
    )


@st.composite
def resultat(draw: Any, identifiant: str, code: str) -> ResultatJury:
    if identifiant == TP:
        etat = draw(st.sampled_from([N.ACQUISE] * 4 + [N.NON_ACQUISE] * 2 + [N.ABSENT_INJUSTIFIE]))
        return ResultatJury(etat, f"fait-{code}", repris=etat is N.ACQUISE and draw(st.booleans()))
    if draw(st.integers(0, 9)):
        return draw(note_portee(code))
    return ResultatJury(draw(st.sampled_from([*SANS_NOTE, N.NON_VALIDE, N.FRAUDE_ANNULEE])), f"fait-{code}")


@st.composite
def dossier(draw: Any, identifiant: str) -> DossierJury:
    resultats = {code: draw(resultat(identifiant, code)) for code in obligatoires(identifiant)}
    return DossierJury("N2600001", Categorie.SCOLAIRE_PUBLIC, resultats, "JOURNAL", 100, "fait-inscription")


def rang(proposition: Proposition) -> tuple[int, int]:
    merite = next(rang for rang, decisions in enumerate(FAVEUR) if proposition.decision in decisions)
    return merite, [None, "AB", "B", "TB"].index(proposition.mention)


def avec(d: DossierJury, code: str, **changes: Any) -> DossierJury:
    return replace(d, resultats={**d.resultats, code: replace(d.resultats[code], **changes)})


# Raising ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", NOTES)
@given(data=st.data())
def test_relever_une_note_ne_degrade_jamais_la_decision(identifiant: str, data: Any) -> None:
    d, session = data.draw(dossier(identifiant)), la_session(identifiant)
    notees = [code for code, one in d.resultats.items() if one.etat is N.NOTE]
    if notees:
        code = data.draw(st.sampled_from(notees))
        plus = data.draw(notes.map(lambda note: max(note, d.resultats[code].note)))
        relevee = avec(d, code, note=plus, note_brute=None)
        exacte = Fraction(d.resultats[code].note_brute or d.resultats[code].note)
        if Fraction(plus) >= exacte:
            assert rang(proposer(relevee, session)) >= rang(proposer(d, session))


@given(data=st.data())
def test_dc_bts11_relever_un_oral_ne_degrade_jamais_la_decision(data: Any) -> None:
    d, session = data.draw(dossier(BTS)), la_session(BTS)
    passes = [code for code, one in d.resultats.items() if one.controle is not None]
    if passes:
        code = data.draw(st.sampled_from(passes))
        oral = data.draw(notes.map(lambda note: max(note, d.resultats[code].controle)))
        assert rang(proposer(avec(d, code, controle=oral), session)) >= rang(proposer(d, session))


@given(data=st.data())
def test_dc_tp06_acquerir_une_unite_de_plus_ne_degrade_jamais_la_decision(data: Any) -> None:
    d, session = data.draw(dossier(TP)), la_session(TP)
    code = data.draw(st.sampled_from(obligatoires(TP)))
    assert rang(proposer(avec(d, code, etat=N.ACQUISE), session)) >= rang(proposer(d, session))


# Barring ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", NOTES)
@given(data=st.data())
def test_une_unite_absente_ou_non_valide_ne_donne_jamais_le_diplome(identifiant: str, data: Any) -> None:
    code, etat = data.draw(st.sampled_from(obligatoires(identifiant))), data.draw(st.sampled_from(BLOQUANTS))
    d = avec(data.draw(dossier(identifiant)), code, etat=etat, note=None, note_brute=None)
    obtenu = proposer(d, la_session(identifiant))
    defavorable = Decision(REGLEMENTS[identifiant].deliberation.defavorable)
    assert (obtenu.decision, obtenu.mention, obtenu.epreuves_controle) == (defavorable, None, ())
    if etat in SANS_VALEUR:
        assert (obtenu.moyenne, obtenu.points) == (None, "0")


@pytest.mark.parametrize("identifiant", TOUS)
@given(data=st.data())
def test_une_unite_manquante_ou_suspendue_ne_donne_jamais_le_diplome(identifiant: str, data: Any) -> None:
    d, session = data.draw(dossier(identifiant)), la_session(identifiant)
    code = data.draw(st.sampled_from(obligatoires(identifiant)))
    reste = {autre: one for autre, one in d.resultats.items() if autre != code}
    assert proposer(replace(d, resultats=reste), session).decision is Decision.EN_ATTENTE
    choisies = replace(d, resultats=reste, unites=tuple(reste), forme=Forme.PROGRESSIVE)
    assert proposer(choisies, session).decision is not Decision.ADMIS
    gelee = avec(d, code, etat=N.SUSPENDUE)
    assert proposer(gelee, session).decision is Decision.EN_ATTENTE


@given(data=st.data())
def test_dc_tp06_une_unite_non_acquise_ne_donne_jamais_le_titre(data: Any) -> None:
    code = data.draw(st.sampled_from(obligatoires(TP)))
    etat = data.draw(st.sampled_from([N.NON_ACQUISE, N.ABSENT_INJUSTIFIE, N.ABSENT_JUSTIFIE, *SANS_VALEUR]))
    d = avec(data.draw(dossier(TP)), code, etat=etat, repris=False)
    obtenu = proposer(d, la_session(TP))
    assert obtenu.decision is not Decision.ADMIS
    assert code not in obtenu.unites


# Explaining ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", TOUS)
@given(data=st.data())
def test_chaque_noeud_dit_sa_regle_sa_source_et_des_faits_du_dossier(identifiant: str, data: Any) -> None:
    d = data.draw(dossier(identifiant))
    obtenu = proposer(d, la_session(identifiant))
    connus = {one.fait for one in d.resultats.values()} | {one.controle_fait for one in d.resultats.values()}
    assert obtenu.explication
    for one in toutes(obtenu.explication):
        assert one.source, one.regle
        assert one.texte.endswith("."), one.texte
        assert set(one.preuves) <= connus
    assert {one.regle for one in toutes(obtenu.explication)} == set(obtenu.regles)
    conditions = [one.regle for one in REGLEMENTS[identifiant].deliberation.conditions]
    dites = [one.regle for one in obtenu.explication[: len(conditions)]]
    suivis = [one.regle for one in REGLEMENTS[identifiant].parcours.values()]  # TP-D02, TP-D03 : plutôt que TP-D01
    assert dites == conditions or (identifiant == TP and set(dites) <= set(suivis))


@pytest.mark.parametrize("identifiant", NOTES)
@given(data=st.data())
def test_les_chiffres_de_l_explication_refont_la_decision(identifiant: str, data: Any) -> None:
    """From the explanation alone: sums, thresholds, best marks, and the decision that they give."""
    obtenu = proposer(data.draw(dossier(identifiant)), la_session(identifiant))
    moyennes = [one for one in obtenu.explication if "points_requis" in one.chiffres]
    assert list(ecarts(obtenu.explication)) == []
    assert list(ecarts_des_lignes(obtenu.lignes, obtenu.points, obtenu.coefficients)) == []
    impossibles = [one for one in obtenu.explication if one.effet == "le diplôme ne peut pas être délivré"]
    remplies = bool(moyennes) and all(est_atteint(one.chiffres) for one in moyennes) and not impossibles
    assert (obtenu.decision is Decision.ADMIS) == remplies
    if moyennes:
        assert moyennes[0].chiffres["points"] == obtenu.points
    ouverts = [one for one in obtenu.explication if one.effet == "épreuves de contrôle"]
    assert (obtenu.decision is Decision.EPREUVES_CONTROLE) == bool(ouverts)
    for one in ouverts:
        assert dans_l_intervalle(one.chiffres)


@given(data=st.data())
def test_dc_tp06_les_chiffres_d_un_titre_refont_la_decision(data: Any) -> None:
    obtenu = proposer(data.draw(dossier(TP)), la_session(TP))
    (issue,) = [one for one in obtenu.explication if "unites_du_titre" in one.chiffres]
    total, acquises, tenues = (int(issue.chiffres[cle]) for cle in ("unites_du_titre", "acquises", "tenues"))
    titre = acquises + tenues == total
    attendue = Decision.ADMIS if titre else Decision.REUSSITE_PARTIELLE if acquises else Decision.ECHEC
    assert obtenu.decision is attendue


@pytest.mark.parametrize("identifiant", TOUS)
@given(data=st.data())
def test_les_lignes_disent_la_note_exacte_et_aucune_qui_n_est_pas_due(identifiant: str, data: Any) -> None:
    d = data.draw(dossier(identifiant))
    for one in proposer(d, la_session(identifiant)).lignes:
        if one.note is not None:
            exacte = Fraction(one.note_exacte or one.note)
            assert 0 <= exacte - Fraction(one.note) < Fraction(1, 100)
        if d.resultats[one.epreuve].etat in {*SANS_VALEUR, N.DISPENSE, N.VAE}:
            assert (one.note, one.points, one.coefficient) == (None, None, None)


# Repeating ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("identifiant", TOUS)
@given(data=st.data())
def test_une_commande_repetee_ne_change_rien(identifiant: str, data: Any) -> None:
    d, session = data.draw(dossier(identifiant)), la_session(identifiant)
    seance = EN_SEANCE if identifiant == CAP else cadres.en_seance(identifiant)
    jury = cadres.etat(*seance)
    assert isinstance(jury, Ouvert)
    ordre = PrendreDecision(candidat=d.numero, **(qui() if identifiant == CAP else cadres.president(identifiant)))
    (event,) = decide(ordre, jury, session, dossier=d)
    apres = evolve(jury, event)
    assert decide(ordre, apres, session, dossier=d) == []
    assert evolve(apres, event) == apres
