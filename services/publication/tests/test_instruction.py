"""Ce que le journal montre d'un candidat : chaque trouvaille a sa règle, ses preuves, et ce qu'elle fonde."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from contracts.evenements.deliberation import (
    DecisionPrise,
    JuryConstitue,
    JuryReconvoque,
    MembreRecuse,
    NatureDecision,
    PointsDeJuryAccordes,
    PresenceAttestee,
    PresidenceTransmise,
)
from contracts.evenements.notation import (
    DoubleSaisieComparee,
    GrilleRemplie,
    NoteHarmonisee,
    NoteRectifiee,
    NoteSaisie,
    NoteTardiveIntegree,
    NoteTardiveRecue,
    NoteVerrouillee,
    ResultatArrete,
)
from contracts.evenements.publication import ConstatReclamation, Trouvaille
from contracts.evenements.releve import RemplacementOuvert
from contracts.messages import Event
from contracts.vocabulaire import Decision, EtatResultat, Membre, Profil
from services.publication.domain.histoire import FaitLu, HistoireCandidat
from services.publication.domain.instruction import trouver
from services.publication.tests.donnees import ALICE, BASILE, PUBLIE, decidee, ligne, resultat, session

C = ConstatReclamation
ENS, PRO = Profil.ENSEIGNANT, Profil.PROFESSIONNEL
CONSTITUE = JuryConstitue(
    jury="J1",
    arrete="arrêté du 2 juin 2026",
    membres=(
        Membre(id="PRO1", profil=PRO),
        Membre(id="PRO2", profil=PRO),
        Membre(id="ENS1", profil=ENS),
        Membre(id="ENS2", profil=ENS),
    ),
    president="PRO1",
    vice_president="ENS1",
    candidats=(ALICE, BASILE),
    regle="DC-CAP22",
)


def present(membre: str) -> PresenceAttestee:
    return PresenceAttestee(jury="J1", membre=membre)


REUNI: tuple[Event, ...] = (CONSTITUE, *(present(one) for one in ("PRO1", "PRO2", "ENS1")))
SUR = {"candidat": ALICE, "epreuve": "UG1"}
SAISIE = NoteSaisie(**SUR, note="12", auteur="cor1", regle="DC-CAP10")
VERROU = NoteVerrouillee(**SUR, note="12", lot="L1", regle="TR-N01")
ARRETE = ResultatArrete(**SUR, etat="note", note="12", regle="DC-CAP11")


def rectifiee(**autres: Any) -> NoteRectifiee:
    valeurs = {"avant": "12", "apres": "14", "motif": "erreur d'addition", "regle": "DC-REC01", **autres}
    return NoteRectifiee(**SUR, **valeurs)


def prise(
    note: str = "12", position: int = 100, nature: NatureDecision = NatureDecision.INITIALE, **autres: Any
) -> DecisionPrise:
    """One épreuve, coefficient 3: what the jury counted is what it had."""
    points = str(Decimal(note) * 3)
    publie = resultat(
        lignes=(ligne("UG1", note, 3),), points=points, coefficients="3", moyenne=f"{Decimal(note):.2f}", mention=None
    )
    return decidee(publie, position=position, nature=nature, **autres)


class Journal:
    """Facts one after the other: a number is the position of the next one, a name is who says it."""

    def __init__(self) -> None:
        self.position = 0

    def lire(self, suite: Sequence[Event | int], acteur: str = "PRO1") -> list[FaitLu]:
        lus: list[FaitLu] = []
        for one in suite:
            if isinstance(one, int):
                self.position = one
                continue
            self.position += 1
            quand = PUBLIE + timedelta(minutes=self.position)
            lus.append(FaitLu(one, f"fait-{self.position}", self.position, quand, acteur, "president_jury"))
        return lus


def histoire(releve: Sequence[Event | int] = (), jury: Sequence[Event | int] = (), **autres: Any) -> HistoireCandidat:
    """The relevé from position 1, the jury from 101 unless numbers say otherwise."""
    return HistoireCandidat(ALICE, Journal().lire(releve), Journal().lire((100, *jury), **autres))


def chercher(releve: Sequence[Event | int] = (), jury: Sequence[Event | int] = (), **autres: Any) -> list[Trouvaille]:
    return list(trouver(histoire(releve, jury, **autres), session()))


def codes(trouve: Sequence[Trouvaille]) -> list[str]:
    return [one.code for one in trouve]


def test_une_histoire_reguliere_ne_montre_rien() -> None:
    assert chercher([SAISIE, VERROU, ARRETE], [*REUNI, prise()]) == []
    assert chercher() == []


def test_tr_r02_une_note_changee_apres_la_cloture_du_lot_est_dite_avec_ses_preuves() -> None:
    harmonisee = NoteHarmonisee(**SUR, avant="12", apres="13", motif="écart de jury", regle="TR-R02")
    [une] = chercher([SAISIE, VERROU, harmonisee])
    assert (une.code, une.epreuve, une.explication.regle, une.fonde) == (
        "note_changee_apres_verrou",
        "UG1",
        "TR-R02",
        None,
    )
    assert [(one.fait, one.nom, one.position) for one in une.preuves] == [
        ("fait-2", "notation.note_verrouillee.v1", 2),
        ("fait-3", "notation.note_harmonisee.v1", 3),
    ]
    assert une.explication.preuves == ("fait-2", "fait-3")
    assert not any(one.startswith("fait-") for one in une.explication.faits)  # en mots, pas en identifiants
    assert chercher([harmonisee, SAISIE, VERROU]) == []


@pytest.mark.parametrize(
    ("change", "fonde"),
    [
        (rectifiee(), C.ERREUR_MATERIELLE),
        (NoteTardiveIntegree(**SUR, note="14", motif="retard", regle="CAP24-N07"), C.ERREUR_MATERIELLE),
        (NoteHarmonisee(**SUR, avant="12", apres="13", motif="écart", regle="TR-R02"), C.IRREGULARITE),
        (SAISIE.model_copy(update={"note": Decimal(14)}), C.IRREGULARITE),
    ],
)
def test_amb_54_une_note_changee_apres_la_decision_et_que_le_jury_n_a_pas_vue(change: Event, fonde: C) -> None:
    trouve = chercher([SAISIE, 200, change], [*REUNI, prise()])
    une = next(one for one in trouve if one.code == "note_changee_apres_jury")
    assert (une.explication.regle, une.fonde, une.revue) == ("AMB-54", fonde, False)
    assert [one.position for one in une.preuves] == [105, 201]


def test_amb_54_le_jury_a_redecide_en_la_voyant() -> None:
    reunion = (300, JuryReconvoque(jury="J1", candidat=ALICE, motif="erreur", regle="AMB-54"))
    reprise = prise("14", 201, NatureDecision.RECTIFICATIVE)
    [une] = chercher([SAISIE, 200, rectifiee()], [*REUNI, prise(), *reunion, reprise])
    assert (une.code, une.fonde, une.revue) == ("note_changee_apres_jury", None, True)
    aveugle = prise("12", 150, NatureDecision.RECTIFICATIVE)  # elle n'a pas vu la position 201
    [une, *_] = chercher([SAISIE, 200, rectifiee()], [*REUNI, prise(), *reunion, aveugle])
    assert une.revue is False


def test_amb_44_ce_qui_arrive_apres_une_decision_en_attente_est_attendu() -> None:
    attente = prise(decision=Decision.EN_ATTENTE)
    assert chercher([SAISIE, 200, rectifiee()], [*REUNI, attente]) == []


def test_dc_cap17_la_note_du_remplacement_n_est_pas_une_note_changee() -> None:
    ouvert = RemplacementOuvert(candidat=ALICE, epreuves=("UG1",), regle="DC-CAP17")
    assert chercher([ARRETE, 200, ouvert, SAISIE], [*REUNI, prise()]) == []


def test_cap24_n07_une_note_tardive_comptee_ou_non() -> None:
    recue = NoteTardiveRecue(**SUR, note="12", regle="CAP24-N07")
    integree = NoteTardiveIntegree(**SUR, note="12", motif="retard du centre", regle="CAP24-N07")
    [seule] = chercher([recue])
    [comptee] = chercher([recue, integree])
    assert [(one.code, one.explication.regle, one.revue) for one in (seule, comptee)] == [
        ("note_tardive", "CAP24-N07", False),
        ("note_tardive", "CAP24-N07", True),
    ]


def test_tr_n01_une_note_arrivee_apres_l_arret_du_resultat() -> None:
    [une] = chercher([ARRETE, SAISIE])
    assert (une.code, une.explication.regle) == ("note_apres_arret", "TR-N01")


def test_dc_rec01_deux_saisies_que_rien_ne_departage() -> None:
    discorde = DoubleSaisieComparee(**SUR, premiere="12", seconde="21", concorde=False)
    [une] = chercher([SAISIE, discorde])
    assert (une.code, une.fonde) == ("saisies_discordantes", C.ERREUR_MATERIELLE)
    assert chercher([SAISIE, discorde, rectifiee()]) == []


@pytest.mark.parametrize(
    ("commission", "repli", "attendu"),
    [
        ((ENS, PRO), False, []),
        ((ENS, ENS), True, ["commission_de_repli"]),
        ((PRO,), False, ["commission_irreguliere"]),
    ],
)
def test_tr_n03_la_commission_qui_a_evalue(commission: tuple[Profil, ...], repli: bool, attendu: list[str]) -> None:
    grille = partial(GrilleRemplie, candidat=ALICE, epreuve="EP2", annexe="E3", criteres={"C1": 3})
    trouve = chercher([grille(commission=commission, repli=repli, regle="AMB-08")])
    assert codes(trouve) == attendu


# La décision --------------------------------------------------------------------------------------------------------


def test_dc_rec01_un_total_qui_ne_tombe_pas_juste() -> None:
    faux = prise().model_copy(update={"points": "33", "moyenne": "11.00"})
    [une] = chercher([SAISIE, ARRETE], [*REUNI, faux])
    assert (une.code, une.explication.regle, une.fonde) == ("total_different", "DC-REC01", C.ERREUR_MATERIELLE)
    assert une.explication.chiffres == {
        "points": "36 recalculés, 33 décidés",
        "moyenne": "12 recalculés, 11 décidés",
    }


def test_amb_38_une_fraction_exacte_ne_fait_pas_une_difference() -> None:
    exacte = ligne("UG1", "10.66", 3).model_copy(update={"note_exacte": "32/3", "points": Decimal(32)})
    publie = resultat(lignes=(exacte,), points="32", coefficients="3", moyenne="10.66", mention=None)
    assert chercher([], [*REUNI, decidee(publie)]) == []


def test_amb_46_sans_total_rien_n_est_recalcule() -> None:
    annulee = ligne("UG1", None, 3, etat=EtatResultat.FRAUDE_ANNULEE)
    publie = resultat(lignes=(annulee,), points="0", coefficients="0", moyenne=None, mention=None)
    assert chercher([], [*REUNI, decidee(publie)]) == []


def test_dc_rec01_la_note_de_la_decision_n_est_pas_celle_du_resultat_arrete() -> None:
    [une] = chercher([SAISIE, ARRETE], [*REUNI, prise("11")])
    assert (une.code, une.fonde) == ("note_mal_transcrite", C.ERREUR_MATERIELLE)
    assert [one.position for one in une.preuves] == [2, 105]


def test_amb_53_la_note_que_le_jury_a_donnee_n_est_pas_une_erreur() -> None:
    valeurs = {"avant": "12", "apres": "13", "motif": "ensemble du livret", "regle": "AMB-53"}
    accord = PointsDeJuryAccordes(jury="J1", candidat=ALICE, epreuve="UG1", **valeurs)
    assert chercher([SAISIE, ARRETE], [*REUNI, accord, prise("13")]) == []


# La séance ----------------------------------------------------------------------------------------------------------


def test_cap24_d01_une_presidence_depassee() -> None:
    transmise = PresidenceTransmise(jury="J1", de="PRO1", a="ENS1", motif="empêché", regle="CAP24-D01")
    [une] = chercher([], [*REUNI, transmise, prise()], acteur="PRO1")
    assert (une.code, une.explication.regle, une.fonde) == ("presidence_depassee", "CAP24-D01", C.IRREGULARITE)
    assert chercher([], [*REUNI, transmise, prise()], acteur="ENS1") == []


def test_cap24_d01_qui_decide_n_etait_pas_atteste_present() -> None:
    assert codes(chercher([], [CONSTITUE, *map(present, ("PRO2", "ENS1", "ENS2")), prise()])) == ["president_absent"]


def recuse(membre: str, candidat: str = ALICE) -> MembreRecuse:
    return MembreRecuse(jury="J1", membre=membre, candidat=candidat, motif="lien de parenté")


def test_dc_cap22_qui_decide_etait_recuse_pour_ce_candidat() -> None:
    assert codes(chercher([], [*REUNI, recuse("PRO1"), prise()])) == ["president_recuse"]
    assert chercher([], [*REUNI, recuse("PRO1", BASILE), prise()]) == []


def test_dc_cap22_un_membre_recuse_apres_la_decision_qui_n_a_pas_ete_reprise() -> None:
    [une] = chercher([], [*REUNI, prise(), recuse("PRO2")])
    assert (une.code, une.fonde) == ("recuse_apres_decision", C.IRREGULARITE)
    assert chercher([], [*REUNI, prise(), recuse("PRO2"), prise(nature=NatureDecision.RECTIFICATIVE)]) == []


def test_dc_cap22_un_jury_trop_peu_nombreux_ou_sans_l_une_de_ses_parts() -> None:
    seul = [CONSTITUE, present("PRO1"), prise()]
    assert codes(chercher([], seul)) == ["jury_incomplet", "part_absente"]
    assert codes(chercher([], [CONSTITUE, present("PRO1"), prise(), present("ENS1")])) == [
        "jury_incomplet",
        "part_absente",
    ]  # une présence attestée ensuite ne refait pas la séance
