"""Propriétés des autres diplômes : l'ordre des faits ne change rien, une commande répétée ne refait rien."""

from __future__ import annotations

from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.commandes.notation import ConstaterSupportAbsent
from contracts.commandes.releve import OuvrirReleve
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Refus
from contracts.vocabulaire import Categorie, EtatResultat
from services.notation.domain.etats import Releve
from services.notation.domain.releve import decide, evolve, initial
from services.notation.tests.diplomes import (
    BTS,
    TP,
    arreter,
    conclure,
    evaluer,
    lever,
    non_valide,
    noter,
    ouverte,
    retirer,
    suspecter,
    suspendre,
)
from services.notation.tests.donnees import fait

EPREUVES = ("E1", "E3", "E4", "E5", "E6", "EF2")
OUVRIR = fait(OuvrirReleve, categorie=Categorie.SCOLAIRE_PUBLIC, reglement=BTS, modes={}, facultatives=("EF2",))
SANS_FICHE = fait(ConstaterSupportAbsent, epreuve="EF2", regle="")
NOTES = (noter("E1", "6"), noter("E4", "13"), noter("E5", "14", "S1"), noter("E5", "6", "S2"), noter("E6", "11"))
DOSSIER_E4: tuple[tuple[Any, ...], ...] = (
    (),
    (suspendre(),),
    (suspendre(), lever()),
    (suspendre(), non_valide()),
    (non_valide(),),
)
RETIRE_E4 = (*DOSSIER_E4, (non_valide(), retirer()))
DISCIPLINE_E4 = ((), (suspecter("E4"),), (suspecter("E4"), conclure("E4")), (suspecter("E4"), conclure("E4", False)))
DOSSIER_E6 = ((), (non_valide("E6"),))


def jouer(releve: Releve, commande: Any, reglement: str = BTS) -> Releve:
    try:
        return reduce(evolve, decide(commande, releve, ouverte(reglement)), releve)
    except Refus:
        return releve


def arretes(commandes: list[Any]) -> dict[str, ResultatArrete]:
    releve = reduce(jouer, [*commandes, *map(arreter, EPREUVES)], initial)
    return dict(releve.resultats)


@st.composite
def fils(draw: st.DrawFn, dossier: tuple[tuple[Any, ...], ...] = RETIRE_E4) -> list[tuple[Any, ...]]:
    """What each source says, in its own order; the sources are independent of one another."""
    suites = [draw(st.sampled_from(sorties)) for sorties in (dossier, DISCIPLINE_E4, DOSSIER_E6)]
    return [*suites, draw(st.sampled_from([(), (SANS_FICHE,)]))]


@st.composite
def melange(draw: st.DrawFn, sources: list[tuple[Any, ...]]) -> list[Any]:
    """These sources, interleaved."""
    restes = [list(source) for source in sources if source]
    mele: list[Any] = []
    while restes:
        rang = draw(st.integers(0, len(restes) - 1))
        mele.append(restes[rang].pop(0))
        restes = [one for one in restes if one]
    return mele


@given(fils(), st.data())
def test_bts_c05_bts_c06_dc_fra01_l_ordre_des_sources_ne_change_pas_les_resultats(
    sources: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    attendu = arretes([OUVRIR, *NOTES, *(one for source in sources for one in source)])
    assert arretes([OUVRIR, *NOTES, *data.draw(melange(sources))]) == attendu


@given(fils(DOSSIER_E4), st.data())
def test_cl_083_cl_085_l_ordre_entre_notes_et_sources_ne_change_pas_les_resultats(
    sources: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    """Unless a mention is withdrawn: a mark refused meanwhile is to be entered again."""
    attendu = arretes([OUVRIR, *NOTES, *(one for source in sources for one in source)])
    assert arretes([OUVRIR, *data.draw(melange([*((one,) for one in NOTES), *sources]))]) == attendu


@given(fils(), st.data())
def test_bts_c03_appris_avant_ou_apres_l_inscription(sources: list[tuple[Any, ...]], data: st.DataObject) -> None:
    dossier = [one for source in (sources[0], sources[2], sources[3]) for one in source]
    rang = data.draw(st.integers(0, len(dossier)))
    apres = arretes([OUVRIR, *dossier, *NOTES])
    assert arretes([*dossier[:rang], OUVRIR, *dossier[rang:], *NOTES]) == apres


@given(fils(), st.data())
def test_une_commande_repetee_ne_refait_rien(sources: list[tuple[Any, ...]], data: st.DataObject) -> None:
    releve = initial
    for commande in [OUVRIR, *data.draw(melange([*((one,) for one in NOTES), *sources])), *map(arreter, EPREUVES)]:
        apres = jouer(releve, commande)
        assert jouer(apres, commande) == apres
        releve = apres


@given(fils(), st.data())
def test_cl_085_un_resultat_sans_note_ne_la_laisse_jamais_voir(
    sources: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    commandes = data.draw(melange([*((one,) for one in NOTES), *sources]))
    for dit in arretes([OUVRIR, *commandes]).values():
        if dit.etat is not EtatResultat.NOTE:
            assert (dit.note, dit.note_brute, dit.situations) == (None, None, {})


COMPETENCES = [("CCP1", "S1"), ("CCP1", "S2"), ("CCP1", "S3"), ("EF", None)]


@given(st.lists(st.booleans(), min_size=4, max_size=4), st.data())
def test_amb_28_l_ordre_des_competences_ne_change_pas_l_unite(acquises: list[bool], data: st.DataObject) -> None:
    ouvrir = fait(OuvrirReleve, categorie=Categorie.PARCOURS_CONTINU, reglement=TP, modes={})
    commandes = [evaluer(code, ou, dite) for (code, ou), dite in zip(COMPETENCES, acquises, strict=True)]
    fin = [arreter("CCP1"), arreter("EF")]

    def resultats(ordre: list[Any]) -> dict[str, ResultatArrete]:
        releve = initial
        for commande in [ouvrir, *ordre, *fin]:
            releve = jouer(releve, commande, TP)
        return dict(releve.resultats)

    attendu = resultats(commandes)
    assert resultats(data.draw(st.permutations(commandes))) == attendu
    assert attendu["CCP1"].etat is (EtatResultat.ACQUISE if all(acquises[:3]) else EtatResultat.NON_ACQUISE)
