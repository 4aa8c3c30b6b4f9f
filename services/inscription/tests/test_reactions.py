"""Ce que le service apprend de la conformité, quel que soit l'ordre d'arrivée."""

from __future__ import annotations

from itertools import permutations
from typing import Any, cast

from contracts.commandes.inscription import AffecterCentre, EmettreConvocation, EnregistrerAutorisation
from contracts.droits import check_rights
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, DouteSignale
from contracts.messages import Acteur
from services.inscription.domain import candidature
from services.inscription.domain.candidature import Convoquee
from services.inscription.shell.reactions import enregistrer_autorisation
from services.inscription.tests.donnees import LE, LYCEE, NUMERO, PRINCIPAL, QUI, S2026, fait, inscrit
from services.inscription.tests.test_passage import JOUR
from services.socle.enveloppe import Fact

CONFORME = DossierDeclareConforme(candidat=NUMERO, regle="CAP26-I03")
NON_CONFORME = DossierDeclareNonConforme(candidat=NUMERO, regle="CAP26-I05", motifs=("durée",))


def appris(event: Any, seq: int = 7) -> Fact:
    return fait(event, f"dossier-{NUMERO}", seq)


def autorisation(event: Any) -> EnregistrerAutorisation:
    [commande] = enregistrer_autorisation(appris(event))
    return cast(EnregistrerAutorisation, commande)


def test_cap26_i05_un_dossier_conforme_autorise_un_non_conforme_interdit() -> None:
    assert autorisation(CONFORME) == EnregistrerAutorisation(
        id=f"{appris(CONFORME).id}:enregistrer_autorisation",
        le=LE,
        par=Acteur(id="systeme:inscription", role="systeme", academie="normandie"),
        session="2026",
        diplome="cap_osrcl",
        candidat=NUMERO,
        autorise=True,
        regle="CAP26-I03",
    )
    interdit = autorisation(NON_CONFORME)
    assert (interdit.autorise, interdit.regle) == (False, "CAP26-I05")


def test_le_service_a_le_droit_de_se_donner_cet_ordre() -> None:
    check_rights(autorisation(CONFORME), "normandie")


def test_un_autre_fait_ne_demande_rien() -> None:
    doute = DouteSignale(candidat=NUMERO, motif="cachet illisible", regle="TR-C02")
    assert enregistrer_autorisation(appris(doute)) == []


def test_la_convocation_part_quel_que_soit_l_ordre_des_faits_appris() -> None:
    affecter = AffecterCentre(candidat=NUMERO, centre=LYCEE, **QUI)
    convoquer = EmettreConvocation(candidat=NUMERO, date=JOUR, **QUI)
    ordres: list[Any] = [autorisation(CONFORME), autorisation(CONFORME), affecter]
    for suite in permutations(ordres):
        etat = candidature.evolve(candidature.initial, inscrit())
        for ordre in [*suite, convoquer]:
            for event in candidature.decide(ordre, etat, S2026, centres={LYCEE: PRINCIPAL}):
                etat = candidature.evolve(etat, event)
        assert isinstance(etat, Convoquee)
