"""La liste des résultats : des numéros, jamais un nom."""

from __future__ import annotations

from contracts.vocabulaire import Decision
from services.publication.domain.resultats import LigneListe, en_csv, en_texte, liste_publique
from services.publication.tests.donnees import ALICE, BASILE, CELIA, DRISS

LIGNES = [
    LigneListe(CELIA, "J1", Decision.NON_AUTORISE),
    LigneListe(BASILE, "J1", Decision.AJOURNE),
    LigneListe(ALICE, "J1", Decision.ADMIS, "AB"),
    LigneListe(DRISS, "J1", Decision.EN_ATTENTE),
]


def test_cap26_p01_qui_n_etait_pas_autorise_n_est_pas_sur_la_liste() -> None:
    assert [one.candidat for one in liste_publique(LIGNES)] == [ALICE, BASILE]


def test_le_csv_par_numero() -> None:
    assert en_csv(LIGNES) == "candidat;jury;decision;mention\r\nN2600001;J1;admis;AB\r\nN2600002;J1;ajourne;\r\n"


def test_le_texte_par_numero() -> None:
    assert en_texte(LIGNES) == "N2600001  admis, mention AB\nN2600002  ajourne\n"


def test_une_liste_vide_se_lit_aussi() -> None:
    assert en_csv([]) == "candidat;jury;decision;mention\r\n"
    assert en_texte([]) == ""
