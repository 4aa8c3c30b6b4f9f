"""What holds whatever the marks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.vocabulaire import Decision, EtatResultat, Explication, Valeurs
from services.communs.chiffres import ecarts, ecarts_des_lignes, est_atteint
from services.deliberation.domain.dossier import DossierJury, ResultatJury
from services.deliberation.domain.proposition import Proposition, proposer
from services.deliberation.tests.donnees import OBLIGATOIRES, dossier, session

MERITES = [(Decision.AJOURNE, None), *((Decision.ADMIS, mention) for mention in (None, "AB", "B", "TB"))]
SANS_NOTE = (EtatResultat.DISPENSE, EtatResultat.ABSENT_JUSTIFIE, EtatResultat.ABSENT_INJUSTIFIE)
MENTIONS = st.sampled_from(["validee", "non_validee", "favorable", "insuffisant", "non_organisee", "dispense"])

notes = st.integers(0, 40).map(lambda demis: Decimal(demis) / 2)


@st.composite
def resultats(draw: Any, code: str) -> ResultatJury:
    etat = draw(
        st.sampled_from([EtatResultat.NOTE] * 8 + [EtatResultat.BENEFICE, EtatResultat.ZERO_SUPPORT, *SANS_NOTE])
    )
    note = {EtatResultat.ZERO_SUPPORT: Decimal(0)}.get(etat, draw(notes) if etat not in SANS_NOTE else None)
    return ResultatJury(etat, f"fait-{code}", note, situations={"S1": draw(MENTIONS)} if code == "EP3" else {})


@st.composite
def dossiers(draw: Any) -> DossierJury:
    codes = [*OBLIGATOIRES, *draw(st.sets(st.sampled_from(["UF1", "UF2"])))]
    return replace(dossier("10"), resultats={code: draw(resultats(code)) for code in codes})


@st.composite
def sessions(draw: Any) -> Any:
    coefficient = st.integers(1, 40).map(lambda demis: Decimal(demis) / 2)
    coefficients = {code: draw(coefficient) for code in ("EP1", "EP2", "EP3")}
    poids = {"EP1.S1": Decimal(1), "EP1.S2": Decimal(1)}
    return session(valeurs=Valeurs(coefficients=coefficients, poids=poids, reference="essai"))


def rang(proposition: Proposition) -> int:
    return MERITES.index((proposition.decision, proposition.mention))


def avec(d: DossierJury, code: str, **changes: Any) -> DossierJury:
    return replace(d, resultats={**d.resultats, code: replace(d.resultats[code], **changes)})


@given(d=dossiers(), s=sessions(), data=st.data())
def test_relever_une_note_ne_degrade_jamais_la_decision(d: DossierJury, s: Any, data: Any) -> None:
    notees = [code for code, one in d.resultats.items() if one.etat in (EtatResultat.NOTE, EtatResultat.BENEFICE)]
    if notees:
        code = data.draw(st.sampled_from(notees))
        actuelle = d.resultats[code].note
        assert actuelle is not None
        relevee = data.draw(notes.map(lambda note: max(note, actuelle)))
        assert rang(proposer(avec(d, code, note=relevee), s)) >= rang(proposer(d, s))


@given(d=dossiers(), s=sessions(), note=notes)
def test_tr_n05_une_facultative_de_plus_ne_fait_que_monter(d: DossierJury, s: Any, note: Decimal) -> None:
    avant = proposer(d, s)
    de_plus = {**d.resultats, "UF3": ResultatJury(EtatResultat.NOTE, "fait-UF3", note)}
    apres = proposer(replace(d, resultats=de_plus), s)
    assert Fraction(apres.points) - Fraction(avant.points) == max(Fraction(0), Fraction(note) - 10)
    assert apres.coefficients == avant.coefficients
    assert apres.moyenne_professionnelle == avant.moyenne_professionnelle
    assert rang(apres) >= rang(avant)


@given(d=dossiers(), s=sessions(), code=st.sampled_from(OBLIGATOIRES))
def test_dc_cap16_une_absence_injustifiee_n_est_jamais_admise(d: DossierJury, s: Any, code: str) -> None:
    obtenu = proposer(avec(d, code, etat=EtatResultat.ABSENT_INJUSTIFIE, note=None), s)
    assert (obtenu.decision, obtenu.mention) == (Decision.AJOURNE, None)


@given(d=dossiers(), s=sessions(), mention=MENTIONS)
def test_cap24_n17_la_conduite_ne_compte_jamais(d: DossierJury, s: Any, mention: str) -> None:
    avant, apres = proposer(d, s), proposer(avec(d, "EP3", situations={"S1": mention}), s)
    assert (apres.decision, apres.mention, apres.points) == (avant.decision, avant.mention, avant.points)
    assert apres.permis == mention


@given(d=dossiers(), s=sessions(), data=st.data())
def test_l_ordre_des_resultats_est_indifferent(d: DossierJury, s: Any, data: Any) -> None:
    codes = data.draw(st.permutations(list(d.resultats)))
    assert proposer(replace(d, resultats={code: d.resultats[code] for code in codes}), s) == proposer(d, s)


@given(d=dossiers(), s=sessions())
def test_les_chiffres_de_l_explication_refont_la_decision(d: DossierJury, s: Any) -> None:
    """From the explanation alone: each total is the sum of its parts, and the clauses give the decision."""
    obtenu = proposer(d, s)
    presence, ensemble, professionnel = obtenu.explication[:3]
    assert list(ecarts(obtenu.explication)) == []
    assert all(one.details for one in (ensemble, professionnel))
    tenues = [
        est_atteint(ensemble.chiffres),
        est_atteint(professionnel.chiffres),
        EtatResultat.ABSENT_INJUSTIFIE not in etats(d),
    ]
    assert (obtenu.decision is Decision.ADMIS) == all(tenues)
    for clause, tenue in zip((ensemble, professionnel, presence), tenues, strict=True):
        assert (clause.effet == "condition remplie") == tenue
    assert ensemble.chiffres["points"] == obtenu.points


@given(d=dossiers(), s=sessions(), data=st.data())
def test_un_chiffre_change_dans_l_explication_se_voit(d: DossierJury, s: Any, data: Any) -> None:
    rang = data.draw(st.sampled_from([1, 2]))
    ensemble = proposer(d, s).explication[rang]
    part = data.draw(st.integers(0, len(ensemble.details) - 1))
    chiffres = ensemble.details[part].chiffres
    if "points" not in chiffres:
        return
    change = str(Fraction(chiffres["points"]) + 1)
    parts = list(ensemble.details)
    parts[part] = parts[part].model_copy(update={"chiffres": chiffres | {"points": change}})
    faux = ensemble.model_copy(update={"details": tuple(parts)})
    assert list(ecarts([ensemble])) == []
    assert len(list(ecarts([faux]))) == 2  # the part itself, and the sum
    total = ensemble.model_copy(update={"chiffres": ensemble.chiffres | {"points_requis": "1000000"}})
    assert list(ecarts([total])) != []


@given(d=dossiers(), s=sessions())
def test_les_lignes_refont_les_totaux_et_la_moyenne_est_tronquee(d: DossierJury, s: Any) -> None:
    obtenu = proposer(d, s)
    points = sum(Fraction(one.points) for one in obtenu.lignes if one.points is not None)
    coefficients = sum(Fraction(one.coefficient) for one in obtenu.lignes if one.coefficient is not None)
    assert (points, coefficients) == (Fraction(obtenu.points), Fraction(obtenu.coefficients))
    assert list(ecarts_des_lignes(obtenu.lignes, obtenu.points, obtenu.coefficients)) == []
    if coefficients:
        assert len(list(ecarts_des_lignes(obtenu.lignes, str(points + 1), str(coefficients + 1)))) == 2
    if obtenu.moyenne is None:
        assert coefficients == 0
    else:
        assert 0 <= points / coefficients - Fraction(obtenu.moyenne) < Fraction(1, 100)


@given(d=dossiers(), s=sessions())
def test_chaque_fait_cite_est_du_dossier(d: DossierJury, s: Any) -> None:
    connus = {one.fait for one in d.resultats.values()}
    assert {fait for one in toutes(proposer(d, s).explication) for fait in one.preuves} <= connus


def etats(d: DossierJury) -> set[EtatResultat]:
    return {d.resultats[code].etat for code in OBLIGATOIRES}


def toutes(explications: tuple[Explication, ...]) -> Iterator[Explication]:
    for one in explications:
        yield one
        yield from toutes(one.details)
