"""What an explanation counts, clause by clause: rules, figures, number of facts. The words are free.

Each line of a skeleton is a clause: its rule, how many facts it rests on, ``!`` when it says an effect, its figures;
what details it is indented under it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import dedent, indent
from typing import Any

import pytest

from contracts.commandes.deliberation import CloreJury
from contracts.evenements.deliberation import JuryClos, MembreRecuse, PresidenceTransmise
from contracts.vocabulaire import Categorie, Decision, EtatResultat, Explication, Membre
from services.deliberation.domain.dossier import ResultatJury
from services.deliberation.domain.hypothese import redecider
from services.deliberation.domain.proposition import Proposition, proposer
from services.deliberation.tests.cadres import (
    BTS,
    MC,
    MEMBRES,
    PRO,
    TP,
    bts,
    donne,
    dossier_de,
    en_seance,
    mc,
    oral,
    president,
    prise,
    progressive,
    propose,
    qui,
    toutes,
    tp,
)
from services.deliberation.tests.donnees import ALICE, BASILE, dossier, resultat, session

N = EtatResultat


def squelette(explications: Iterable[Explication]) -> Iterator[str]:
    for one in explications:
        assert one.texte
        figures = " ".join(f"{name}={value}" for name, value in one.chiffres.items())
        yield f"{one.regle} {len(one.faits)}{'!' if one.effet else ''} {figures}".rstrip()
        yield from (indent(line, "  ") for line in squelette(one.details))


def dit(explications: Iterable[Explication], attendu: str) -> None:
    assert list(squelette(explications)) == [line for line in dedent(attendu).splitlines() if line.strip()]


def decide(obtenu: Proposition, decision: Decision, attendu: str) -> None:
    assert obtenu.decision is decision
    assert [one.epreuve for one in obtenu.lignes]
    dit(obtenu.explication, attendu)
    assert set(obtenu.regles) <= {one.regle for one in toutes(obtenu.explication)}
    assert obtenu.regles


# The CAP ------------------------------------------------------------------------------------------------------------


def test_cap26_r01_admis_chaque_note_ses_points_la_facultative_la_mention_et_le_permis() -> None:
    conduite = resultat("13", "EP3", situations={"S1": N.NOTE.value, "S2": "13"})
    calculee = resultat("12.5", "EP1", situations={"S1": "12", "S2": "13"}, note_brute="25/2")
    obtenu = proposer(dossier("13", UF1="14", EP1=calculee, EP3=conduite), session())
    assert obtenu.permis is not None
    assert obtenu.lignes[0].situations == {"S1": "12", "S2": "13"}
    decide(
        obtenu,
        Decision.ADMIS,
        """
        DC-CAP16 7!
        DC-CAP13 8! points=261.5 coefficients=20 moyenne=13.07 seuil=10 points_requis=200
          CAP24-N01 1 points=62.5 note=12.5 coefficient=5
            DC-CAP11 1
          CAP24-N08 1 points=52 note=13 coefficient=4
          CAP24-N10 1 points=52 note=13 coefficient=4
            CAP24-N10 1
          DC-CAP10 1 points=39 note=13 coefficient=3
          DC-CAP10 1 points=26 note=13 coefficient=2
          DC-CAP10 1 points=13 note=13 coefficient=1
          DC-CAP10 1 points=13 note=13 coefficient=1
          DC-CAP14 1! points=4 note=14 seuil=10
          AMB-38 0
          AMB-05 0
        DC-CAP13 3! points=166.5 coefficients=13 moyenne=12.80 seuil=10 points_requis=130
          CAP24-N01 1 points=62.5 note=12.5 coefficient=5
            DC-CAP11 1
          CAP24-N08 1 points=52 note=13 coefficient=4
          CAP24-N10 1 points=52 note=13 coefficient=4
            CAP24-N10 1
          AMB-38 0
          AMB-40 0
          AMB-05 0
        DC-CAP15 0!
        DC-CAP21 0! points=261.5 coefficients=20 moyenne=13.07 seuil=12
        CAP24-N14 1!
        """,
    )


def test_dc_cap16_ajourne_les_absences_la_dispense_et_le_remplacement() -> None:
    decide(
        proposer(dossier("9", UG1=N.ABSENT_JUSTIFIE, UG3=N.DISPENSE, EP2=N.ABSENT_INJUSTIFIE), session()),
        Decision.AJOURNE,
        """
        DC-CAP16 7!
          DC-CAP16 1!
          DC-CAP16 1!
          AMB-39 1!
        DC-CAP13 6! points=108 coefficients=19 moyenne=5.68 seuil=10 points_requis=190
          CAP24-N01 1 points=45 note=9 coefficient=5
          CAP24-N08 1 points=0 coefficient=4
          CAP24-N10 1 points=36 note=9 coefficient=4
          DC-CAP10 1 points=0 note=0 coefficient=3
          DC-CAP10 1 points=18 note=9 coefficient=2
          DC-CAP10 1 points=9 note=9 coefficient=1
          AMB-38 0
          AMB-05 0
        DC-CAP13 3! points=81 coefficients=13 moyenne=6.23 seuil=10 points_requis=130
          CAP24-N01 1 points=45 note=9 coefficient=5
          CAP24-N08 1 points=0 coefficient=4
          CAP24-N10 1 points=36 note=9 coefficient=4
          AMB-38 0
          AMB-05 0
        DC-CAP15 0!
        DC-CAP17 1!
        """,
    )


def test_dc_cap16_un_zero_pour_support_absent_compte_meme_sans_note_dite() -> None:
    obtenu = proposer(dossier("10", EP1=ResultatJury(N.ZERO_SUPPORT, "fait-EP1")), session())
    assert (obtenu.decision, obtenu.points, obtenu.coefficients) == (Decision.AJOURNE, "150", "20")


def test_dc_cap15_et_si_le_livret_etait_vise() -> None:
    produit = dossier("8", livret=True)
    assert redecider(produit, session()).sans_visa is not None
    assert redecider(produit, session(), livret_vise=True).sans_visa is None


# The BTS ------------------------------------------------------------------------------------------------------------

CHANCE = "plancher=8 seuil=10 points_domaine=120 coefficients_domaine=12 seuil_domaine=10"


def test_dc_bts11_la_seconde_chance_dit_ses_trois_conditions_chiffrees() -> None:
    decide(
        propose(BTS, bts("8.5", "9", "10", "10", "10", "10", EF1="9", facultatives=("EF1",))),
        Decision.EPREUVES_CONTROLE,
        f"""
        BTS-D01 6!
        BTS-D02 6!
        DC-BTS11 7! points=202.5 coefficients=21 moyenne=9.64 seuil=10 points_requis=210
          BTS-N01 1 points=25.5 note=8.5 coefficient=3
          BTS-N02 1 points=27 note=9 coefficient=3
          BTS-N03 1 points=30 note=10 coefficient=3
          BTS-N04 1 points=50 note=10 coefficient=5
          BTS-N06 1 points=40 note=10 coefficient=4
          BTS-N08 1 points=30 note=10 coefficient=3
          BTS-N12 1! points=0 note=9 seuil=10
            AMB-18 0
          AMB-38 0
        DC-BTS11 3! points=202.5 coefficients=21 moyenne=9.64 {CHANCE}
          AMB-16 0
        """,
    )


def test_dc_bts11_les_deux_notes_de_chaque_oral_et_celle_qui_compte() -> None:
    decide(
        propose(BTS, bts(oral("E1", "8.5", "12"), oral("E2", "9", "7"), "10", "10", "10", "10")),
        Decision.ADMIS,
        f"""
        BTS-D01 6!
        BTS-D02 6!
        DC-BTS11 6! points=213 coefficients=21 moyenne=10.14 seuil=10 points_requis=210
          BTS-N01 1 points=36 note=12 coefficient=3
            DC-BTS11 2 premiere=8.5 oral=12 gardee=12
          BTS-N02 1 points=27 note=9 coefficient=3
            DC-BTS11 2 premiere=9 oral=7 gardee=9
          BTS-N03 1 points=30 note=10 coefficient=3
          BTS-N04 1 points=50 note=10 coefficient=5
          BTS-N06 1 points=40 note=10 coefficient=4
          BTS-N08 1 points=30 note=10 coefficient=3
          AMB-38 0
        DC-BTS11 3! points=202.5 coefficients=21 moyenne=9.64 {CHANCE}
          AMB-16 0
        """,
    )


def test_amb_46_non_valide_ni_moyenne_ni_points_et_les_notes_qui_se_gardent() -> None:
    decide(
        propose(BTS, bts("12", "12", "12", N.NON_VALIDE, "12", "9.5")),
        Decision.REFUSE,
        """
        BTS-D01 6!
        BTS-D02 1!
          BTS-C03 1
        DC-BTS11 1!
          AMB-46 1
        DC-BTS14 4! E1=12 E2=12 E3=12 E5=12 annees=5 seuil=10
        """,
    )


def test_amb_44_une_note_suspendue_fait_attendre_sans_rien_calculer() -> None:
    obtenu = propose(BTS, bts("12", "12", "12", N.SUSPENDUE, "12", "12"))
    assert (obtenu.points, obtenu.moyenne) == ("0", None)
    decide(obtenu, Decision.EN_ATTENTE, "AMB-44 1!\n  BTS-C05 1")


def test_dc_bts03_la_poursuite_dit_ce_qui_reste_et_ce_qui_se_garde() -> None:
    decide(
        propose(BTS, dossier_de(E1="12", E2="8", **progressive("E1", "E2"))),
        Decision.POURSUITE,
        """
        BTS-D01 2!
        BTS-D02 2!
        DC-BTS03 2! unites_a_presenter=4
        DC-BTS03 2! E1=12 E2=8 annees=5
        """,
    )


# The mention complémentaire -----------------------------------------------------------------------------------------


def test_cl_115_dc_mc08_la_note_exacte_et_l_absence_justifiee_se_comptent() -> None:
    decide(
        propose(MC, mc("12", "32/3", N.ABSENT_JUSTIFIE), 2024),
        Decision.ADMIS,
        """
        DC-MC08 3!
          DC-MC08 1!
        AMB-23 3!
        DC-MC06 3! points=92 coefficients=9 moyenne=10.22 seuil=10 points_requis=90
          MC-N01 1 points=60 note=12 coefficient=5
          MC-N04 1 points=32 note=32/3 coefficient=3
          MC-N07 1 points=0 note=0 coefficient=1
          AMB-38 0
        DC-MC10 0! points=92 coefficients=9 moyenne=10.22 seuil=12
        """,
    )


# The titre ----------------------------------------------------------------------------------------------------------


def repris(code: str) -> ResultatJury:
    return ResultatJury(N.ACQUISE, f"acquis-{code}", repris=True)


@pytest.mark.parametrize(
    ("champs", "decision", "attendu"),
    [
        (
            {"CCP1": N.ACQUISE, "CCP2": N.NON_ACQUISE, "EF": N.ACQUISE},
            Decision.REUSSITE_PARTIELLE,
            """
            TP-D01 3! presentees=3 acquises=2
              TP-N13 1!
              TP-N13 1!
              TP-N08 1!
            TP-D01 3!
            DC-TP06 1! unites_du_titre=3 acquises=1 tenues=0
              DC-TP07 0 mois=12
            """,
        ),
        (
            {
                "CCP1": repris("CCP1"),
                "CCP2": repris("CCP2"),
                "EF": N.ACQUISE,
                "categorie": Categorie.CAPITALISATION,
                "unites": ("EF",),
            },
            Decision.ADMIS,
            """
            TP-D02 3! presentees=3 acquises=3
              DC-TP03 1!
              DC-TP03 1!
              TP-N08 1!
            TP-D02 3!
            DC-TP06 3! unites_du_titre=3 acquises=1 tenues=2
            """,
        ),
        (
            {"CCP1": N.ACQUISE, "unites": ("CCP1",)},
            Decision.REUSSITE_PARTIELLE,
            """
            TP-D03 1! presentees=1 acquises=1
              TP-N13 1!
            TP-D03 1!
            TP-D03 1! unites_du_titre=3 acquises=1 tenues=0
            """,
        ),
    ],
    ids=["un_ccp", "capitalisation", "session_d_un_ccp"],
)
def test_dc_tp06_les_unites_acquises_tenues_et_celles_du_titre(
    champs: dict[str, Any], decision: Decision, attendu: str
) -> None:
    decide(propose(TP, tp(**champs)), decision, attendu)


# The proof of a jury ------------------------------------------------------------------------------------------------


def preuve(*histoire: Any, identifiant: str, par: str, **arguments: Any) -> tuple[Explication, ...]:
    (clos,) = donne(identifiant, *histoire, **arguments).when(CloreJury(**qui(par))).then_kinds(JuryClos)
    found: tuple[Explication, ...] = clos.preuve
    return found


def test_dc_bts15_la_preuve_compte_les_parts_les_presents_et_les_decisions() -> None:
    transmise = PresidenceTransmise(jury="J1", de="uni1", a="pro1", motif="président souffrant", regle="DC-BTS15")
    recuse = MembreRecuse(jury="J1", membre="pro2", candidat=BASILE, motif="employeur du candidat")
    decides = (prise(BTS, bts("12")), prise(BTS, bts("12", "12", "12", N.SUSPENDUE, "12", "12", numero=BASILE)))
    seance = [one for one in en_seance(BTS) if getattr(one, "membre", None) != "ens1"]
    dites = preuve(*seance, transmise, recuse, *decides, identifiant=BTS, par="pro1")
    dit(
        dites,
        """
        DC-BTS15 0! membres=4 minimum=2 candidats=2
          DC-BTS15 0! nommes=1 minimum=1
          DC-BTS15 0! nommes=1 minimum=1
          DC-BTS16 0! nommes=2 minimum=1
          DC-BTS15 0! nommes=0 minimum=0
        DC-BTS15 0! enseignant_specialite ou enseignant_chercheur=2 professionnel=2
        DC-BTS15 0! public=2 professeurs=2
        DC-BTS15 0!
          DC-BTS15 0!
        DC-BTS15 0! presents=3 nommes=4 minimum=2
          DC-BTS15 0
          DC-BTS15 0
          DC-BTS15 0
          DC-BTS15 0
        DC-BTS15 0!
        TR-D01 0! candidats=2 admis=1 en_attente=1
        AMB-44 0!
        """,
    )


def test_dc_tp05_la_preuve_dit_l_experience_la_competence_et_qui_a_forme() -> None:
    formateur = MEMBRES[TP][1].model_copy(update={"a_forme": (ALICE,)})
    membres = (MEMBRES[TP][0], formateur, Membre(id="pro3", profil=PRO, experience_annees=4))
    seance = en_seance(TP, membres=membres, candidats=(ALICE,))
    decidee = prise(TP, tp(CCP2=N.ACQUISE, unites=("CCP2",)), *seance)
    par = president(TP)["par"].id
    dit(
        preuve(*seance, decidee, identifiant=TP, par=par, unites={ALICE: ("CCP2",)}),
        """
        DC-TP05 0! membres=3 minimum=2 candidats=1
          DC-TP05 0! nommes=3 minimum=2
        DC-TP05 0!
        DC-TP05 0! presents=3 nommes=3 minimum=2
          DC-TP05 0
          DC-TP05 0
          DC-TP05 0
        DC-TP05 0! pro1=8 pro2=3 pro3=4 minimum=3
        TP-N17 0! membres=1
        DC-TP12 0!
        TR-D01 0! candidats=1 reussite_partielle=1
        """,
    )
