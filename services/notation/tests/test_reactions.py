"""Ce que le service se commande à lui-même quand les autres parlent."""

from __future__ import annotations

import itertools
from decimal import Decimal
from functools import reduce

import pytest

from contracts.commandes.notation import (
    ArreterResultat,
    ConstaterSupportAbsent,
    DispenserEpreuve,
    FermerAcces,
    ModifierReleve,
    OuvrirReleve,
    ReporterBenefice,
    RetirerBenefice,
    RouvrirAcces,
)
from contracts.droits import check_rights
from contracts.evenements.conformite import DossierDeclareConforme, DossierDeclareNonConforme, SupportsArretes
from contracts.evenements.inscription import (
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionAnnulee,
    InscriptionModifiee,
)
from contracts.messages import Command, Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, Identite, Mode
from services.notation.domain.releve import decide, evolve, initial
from services.notation.shell.reactions import REACTIONS, suivre_candidature, suivre_dossier
from services.notation.tests.donnees import ALICE, LE, REGLEMENT, fait, session
from services.notation.tests.faits import fait_lu

INSCRIT = CandidatInscrit(
    candidat=ALICE,
    identite=Personnel[Identite](scelle=Scelle(personne=ALICE, chiffre="c2VjcmV0")),
    categorie=Categorie.APPRENTI,
    majeur=True,
    modes={"EP1": Mode.CCF},
    facultatives=("UF1",),
    reglement=REGLEMENT,
)
PERMIS_B = DispenseAccordee(candidat=ALICE, epreuve="EP3", situation="S1", regle="CAP24-I04", motif="permis B")
ONZE = BeneficeAccorde(candidat=ALICE, epreuve="UG1", note=Decimal(11), session_origine="2024", regle="DC-CAP18")
ABANDON = BeneficeAbandonne(candidat=ALICE, epreuve="UG1", regle="DC-CAP18")
MODIFIE = InscriptionModifiee(candidat=ALICE, modes={"EP2": Mode.CCF}, facultatives=("UF2",))
NON_CONFORME = DossierDeclareNonConforme(candidat=ALICE, regle="CAP26-I05", motifs=("duree",))
CONFORME = DossierDeclareConforme(candidat=ALICE, regle="CAP26-I03")
SUPPORTS = SupportsArretes(candidat=ALICE, manquants=("EP1.S1", "EP2"), regles=("CAP24-C03", "CAP24-C06"))


def reagir(event: Event, seq: int = 1) -> list[Command]:
    fact = fait_lu(event, seq)
    return [command for reaction in REACTIONS if type(event) in reaction.handles for command in reaction.owed(fact)]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("event", "commande"),
    [
        (INSCRIT, OuvrirReleve),
        (MODIFIE, ModifierReleve),
        (PERMIS_B, DispenserEpreuve),
        (ONZE, ReporterBenefice),
        (ABANDON, RetirerBenefice),
        (NON_CONFORME, FermerAcces),
        (CONFORME, RouvrirAcces),
    ],
)
def test_chaque_fait_appelle_sa_commande(event: Event, commande: type[Command]) -> None:
    [command] = reagir(event)
    assert type(command) is commande
    assert command.candidat == ALICE  # type: ignore[attr-defined]
    assert (command.session, command.diplome, command.le) == ("2026", "cap_osrcl", LE)
    assert (command.par.id, command.par.role) == ("systeme:notation", "systeme")
    check_rights(command, "normandie")


def test_cap24_i03_l_ouverture_reprend_les_modes_et_les_facultatives() -> None:
    [command] = suivre_candidature(fait_lu(INSCRIT))
    assert isinstance(command, OuvrirReleve)
    assert (command.categorie, command.modes, command.facultatives) == ("apprenti", {"EP1": Mode.CCF}, ("UF1",))


def test_cap24_c03_un_support_manquant_appelle_sa_commande_chacun_la_sienne() -> None:
    commandes = suivre_dossier(fait_lu(SUPPORTS))
    assert all(isinstance(one, ConstaterSupportAbsent) for one in commandes)
    assert [(one.epreuve, one.situation, one.regle) for one in commandes] == [  # type: ignore[attr-defined]
        ("EP1", "S1", "CAP24-C03"),
        ("EP2", None, "CAP24-C06"),
    ]
    assert len({one.id for one in commandes}) == 2


def test_rien_ne_manque_rien_a_faire() -> None:
    assert suivre_dossier(fait_lu(SupportsArretes(candidat=ALICE))) == []


def test_un_fait_qui_ne_concerne_pas_la_notation_n_appelle_rien() -> None:
    annulee = fait_lu(InscriptionAnnulee(candidat=ALICE, motif="désistement"))
    assert suivre_candidature(annulee) == suivre_dossier(annulee) == []


def test_le_meme_fait_appelle_toujours_les_memes_commandes() -> None:
    for event in (INSCRIT, PERMIS_B, SUPPORTS, NON_CONFORME):
        assert reagir(event, 7) == reagir(event, 7)


def resultats(events: tuple[Event, ...]) -> dict[str, object]:
    releve = initial
    for seq, event in enumerate(events):
        for command in reagir(event, seq):
            releve = reduce(evolve, decide(command, releve, session()), releve)  # type: ignore[arg-type]
    for epreuve in ("EP2", "UG1"):
        releve = reduce(evolve, decide(fait(ArreterResultat, epreuve=epreuve), releve, session()), releve)
    return {"acces": releve.acces, **releve.resultats}


@pytest.mark.parametrize("dossier", [(SUPPORTS, NON_CONFORME), (SUPPORTS, NON_CONFORME, CONFORME)])
def test_l_ordre_d_arrivee_entre_services_ne_change_rien(dossier: tuple[Event, ...]) -> None:
    """Each service's own facts come in their order; the two are interleaved in every way."""
    candidature = (INSCRIT, PERMIS_B, ONZE, ABANDON, ONZE)
    attendu = resultats((*candidature, *dossier))
    total = len(candidature) + len(dossier)
    for places in itertools.combinations(range(total), len(dossier)):
        autres, siens = iter(candidature), iter(dossier)
        melange = tuple(next(siens if rang in places else autres) for rang in range(total))
        assert resultats(melange) == attendu
