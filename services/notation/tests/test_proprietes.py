"""Propriétés : l'ordre des notes ne change rien, une commande répétée ne refait rien."""

from __future__ import annotations

from decimal import Decimal
from functools import reduce
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from contracts.commandes.conduite import EnregistrerEtg
from contracts.commandes.notation import ArreterResultat, ConstaterAbsence, ConstaterSupportAbsent
from contracts.evenements.notation import ResultatArrete
from contracts.messages import Refus
from contracts.vocabulaire import EtatResultat
from services.notation.domain.etats import Releve
from services.notation.domain.releve import decide, evolve, initial
from services.notation.tests.donnees import EN_CCF, OUVERT, fait, saisir, session

SESSION = session()
PLACES: tuple[tuple[str, str | None], ...] = (
    ("EP1", "S1"),
    ("EP1", "S2"),
    ("EP2", None),
    ("EP3", "S2"),
    ("UG1", None),
    ("UG2", None),
    ("UG3", None),
    ("UG4", None),
)
EPREUVES = tuple(dict.fromkeys(epreuve for epreuve, _ in PLACES))
NOTES = st.integers(min_value=0, max_value=40).map(lambda demis: Decimal(demis) / 2)
SUPPORTS = {("EP1", "S1"), ("EP1", "S2"), ("EP2", None)}


def jouer(releve: Releve, commande: Any) -> Releve:
    try:
        return reduce(evolve, decide(commande, releve, SESSION), releve)
    except Refus:
        return releve


def arretes(commandes: list[Any], depart: Any = OUVERT) -> dict[str, ResultatArrete]:
    releve = reduce(jouer, commandes, evolve(initial, depart))
    return dict(reduce(jouer, [fait(ArreterResultat, epreuve=one) for one in EPREUVES], releve).resultats)


@st.composite
def evenements(draw: st.DrawFn) -> list[Any]:
    """One fact for each place: a mark, an absence, or a missing document."""
    found: list[Any] = []
    for epreuve, situation in PLACES:
        sorte = draw(st.sampled_from(["note", "note", "note", "absence", "support"]))
        if sorte == "absence":
            found.append(fait(ConstaterAbsence, epreuve=epreuve, situation=situation))
        elif sorte == "support" and (epreuve, situation) in SUPPORTS:
            found.append(fait(ConstaterSupportAbsent, epreuve=epreuve, situation=situation, regle=""))
        else:
            found.append(saisir(epreuve, str(draw(NOTES)), situation))
    return found


@given(evenements(), st.data())
def test_l_ordre_des_notes_independantes_ne_change_pas_les_resultats(commandes: list[Any], data: st.DataObject) -> None:
    depart = data.draw(st.sampled_from([OUVERT, EN_CCF]))
    attendu = arretes(commandes, depart)
    assert set(attendu) == set(EPREUVES)
    assert arretes(data.draw(st.permutations(commandes)), depart) == attendu


@given(evenements(), st.data())
def test_arreter_en_cours_de_route_ne_change_pas_le_dernier_resultat(commandes: list[Any], data: st.DataObject) -> None:
    meles = list(commandes)
    for epreuve in data.draw(st.lists(st.sampled_from(EPREUVES), max_size=5)):
        meles.insert(data.draw(st.integers(0, len(meles))), fait(ArreterResultat, epreuve=epreuve))
    assert arretes(meles) == arretes(commandes)


@given(evenements())
def test_cl_027_le_support_absent_gagne_dans_les_deux_ordres(commandes: list[Any]) -> None:
    sans = [
        fait(ConstaterSupportAbsent, epreuve=epreuve, situation=situation, regle="")
        for epreuve, situation in sorted(SUPPORTS, key=str)
    ]
    avant, apres = arretes([*sans, *commandes]), arretes([*commandes, *sans])
    assert avant == apres
    assert avant["EP1"].etat is avant["EP2"].etat is EtatResultat.ZERO_SUPPORT


@given(NOTES, NOTES)
def test_dc_cap11_le_resultat_arrete_n_est_jamais_sous_la_moyenne_exacte(s1: Decimal, s2: Decimal) -> None:
    resultat = arretes([saisir("EP1", str(s1), "S1"), saisir("EP1", str(s2), "S2")])["EP1"]
    assert resultat.note is not None
    exacte = (2 * s1 + s2) / 3
    assert 0 <= resultat.note - exacte < Decimal("0.5")
    assert min(s1, s2) <= resultat.note <= max(s1, s2)


@given(evenements())
def test_une_commande_repetee_ne_refait_rien(commandes: list[Any]) -> None:
    releve = evolve(initial, OUVERT)
    for commande in [*commandes, fait(EnregistrerEtg, valide=True)]:
        apres = jouer(releve, commande)
        assert jouer(apres, commande) == apres
        releve = apres
