"""Ce que le service se commande à lui-même quand les autres parlent."""

from __future__ import annotations

import itertools
from datetime import date
from decimal import Decimal
from functools import reduce

import pytest

from contracts.commandes.notation import (
    ArreterResultat,
    ConstaterSupportAbsent,
    LeverSuspension,
    PorterNonValide,
    RetirerNonValide,
    SuspendreNote,
)
from contracts.commandes.releve import (
    DispenserEpreuve,
    FermerAcces,
    ModifierReleve,
    OuvrirReleve,
    OuvrirRemplacement,
    ReporterAcquis,
    ReporterBenefice,
    RetirerBenefice,
    RouvrirAcces,
)
from contracts.droits import check_rights
from contracts.evenements.conformite import (
    DossierDeclareConforme,
    DossierDeclareNonConforme,
    DouteSignale,
    SupportsArretes,
    VerificationConclue,
)
from contracts.evenements.inscription import (
    AcquisReconnu,
    BeneficeAbandonne,
    BeneficeAccorde,
    CandidatInscrit,
    DispenseAccordee,
    InscriptionAnnulee,
    InscriptionModifiee,
    RemplacementAutorise,
)
from contracts.messages import Command, Event, Personnel, Scelle
from contracts.vocabulaire import Categorie, EtatResultat, Fondement, Identite, Mode
from services.notation.domain.releve import decide, evolve, initial
from services.notation.shell.reactions import REACTIONS, suivre_candidature, suivre_dossier
from services.notation.tests.diplomes import BTS, ouverte
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
ACQUIS = AcquisReconnu(
    candidat=ALICE, epreuve="CCP1", obtenu_le=date(2024, 6, 1), titre_origine="le titre d'avant", regle="TP-I05"
)
E4_NON_VALIDE = DossierDeclareNonConforme(
    candidat=ALICE, regle="BTS-C03", motifs=("duree",), epreuves=("E4",), effet="non_valide"
)
U1_NON_SUBIE = DossierDeclareNonConforme(
    candidat=ALICE, regle="MC-C13", motifs=("depot",), epreuves=("E1",), effet="non_subie"
)
E4_CONFORME = DossierDeclareConforme(candidat=ALICE, regle="BTS-C01", epreuves=("E4",))
DOUTE = DouteSignale(candidat=ALICE, motif="fiches illisibles", regle="BTS-C05", epreuve="E4")
VERIFIE = VerificationConclue(candidat=ALICE, conforme=True, motif="originaux vus", regle="BTS-C06", epreuve="E4")
DEMENTI = VERIFIE.model_copy(update={"conforme": False})
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
        (ACQUIS, ReporterAcquis),
        (RemplacementAutorise(candidat=ALICE, epreuves=("EP2",), regle="DC-CAP17"), OuvrirRemplacement),
        (E4_NON_VALIDE, PorterNonValide),
        (U1_NON_SUBIE, PorterNonValide),
        (E4_CONFORME, RetirerNonValide),
        (DOUTE, SuspendreNote),
        (VERIFIE, LeverSuspension),
        (DEMENTI, PorterNonValide),
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


def test_dc_bts02_l_ouverture_reprend_les_unites_presentees() -> None:
    [command] = suivre_candidature(fait_lu(INSCRIT.model_copy(update={"unites": ("EP1", "UG1")})))
    assert isinstance(command, OuvrirReleve)
    assert command.unites == ("EP1", "UG1")


def test_dc_bts06_la_dispense_garde_son_fondement() -> None:
    [command] = suivre_candidature(fait_lu(PERMIS_B.model_copy(update={"fondement": Fondement.VAE})))
    assert isinstance(command, DispenserEpreuve)
    assert command.fondement is Fondement.VAE


def test_tr_c03_chaque_effet_d_un_dossier_a_sa_mention() -> None:
    dites = [(one.mention, one.regle, one.motifs) for one in map(_portee, (E4_NON_VALIDE, U1_NON_SUBIE, DEMENTI))]
    assert dites == [
        (EtatResultat.NON_VALIDE, "BTS-C03", ("duree",)),
        (EtatResultat.NON_VALIDEE_U1, "MC-C13", ("depot",)),
        (EtatResultat.NON_VALIDE, "BTS-C06", ("originaux vus",)),
    ]


def _portee(event: Event) -> PorterNonValide:
    [command] = reagir(event)
    assert isinstance(command, PorterNonValide)
    return command


def test_bts_c03_deux_epreuves_deux_commandes_chacune_la_sienne() -> None:
    commandes = reagir(E4_NON_VALIDE.model_copy(update={"epreuves": ("E4", "E6")}))
    assert [one.epreuve for one in commandes] == ["E4", "E6"]  # type: ignore[attr-defined]
    assert len({one.id for one in commandes}) == 2


def test_tr_c03_une_epreuve_nommee_avec_l_effet_non_autorise_ferme_l_examen() -> None:
    [command] = reagir(E4_NON_VALIDE.model_copy(update={"effet": "non_autorise"}))
    assert isinstance(command, FermerAcces)


def test_tr_c02_un_doute_sur_le_dossier_entier_ne_gele_aucune_note() -> None:
    assert reagir(DOUTE.model_copy(update={"epreuve": None})) == []
    assert reagir(DEMENTI.model_copy(update={"epreuve": None})) == []


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


BTS_INSCRIT = INSCRIT.model_copy(update={"reglement": BTS, "modes": {}, "facultatives": ("EF2",)})


def du_bts(events: tuple[Event, ...]) -> dict[str, object]:
    releve = initial
    for seq, event in enumerate(events):
        for command in reagir(event, seq):
            releve = reduce(evolve, decide(command, releve, ouverte(BTS)), releve)  # type: ignore[arg-type]
    return {"acces": releve.acces, **releve.resultats}


@pytest.mark.parametrize(
    "dossier",
    [
        (E4_NON_VALIDE,),
        (DOUTE,),
        (DOUTE, DEMENTI, E4_NON_VALIDE),
        (SupportsArretes(candidat=ALICE, manquants=("EF2",), regles=("BTS-C21",)), E4_NON_VALIDE),
    ],
)
def test_bts_c03_appris_avant_ou_apres_l_inscription_le_resultat_est_le_meme(dossier: tuple[Event, ...]) -> None:
    attendu = du_bts((BTS_INSCRIT, *dossier))
    assert len(attendu) > 1
    for rang in range(len(dossier) + 1):
        assert du_bts((*dossier[:rang], BTS_INSCRIT, *dossier[rang:])) == attendu


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
