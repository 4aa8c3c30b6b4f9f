"""Le bordereau d'un lot : tout ou rien, puis clos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest

from contracts.commandes.bordereau import CloreBordereau, DeposerBordereau, LigneBordereau
from contracts.droits import check_rights
from contracts.evenements.bordereau import BordereauClos, BordereauDepose
from contracts.evenements.notation import (
    AbsenceConstatee,
    AbsenceJustifiee,
    DoubleSaisieComparee,
    NoteSaisie,
    NoteTardiveRecue,
    NoteVerrouillee,
    SupportAbsentConstate,
)
from contracts.evenements.releve import AccesFerme, ReleveOuvert
from contracts.messages import Command, Event, Refus
from contracts.session import SessionFigee
from contracts.vocabulaire import EtatResultat
from services.notation.domain import bordereau
from services.notation.domain.etats import Releve
from services.notation.domain.fichier_bordereau import LIGNES_MAX
from services.notation.domain.releve import evolve, initial
from services.notation.tests.donnees import (
    ALICE,
    APRES_REMONTEE,
    BASILE,
    CLEO,
    CORRECTEUR,
    EN_CCF,
    LE,
    OUVERT,
    SECOND,
    fait,
    note_arretee,
    ouvert,
    saisie,
    saisir,
    session,
)
from services.notation.tests.donnees import etant_donne as sur_releve
from services.socle.spec import Given, Spec

Histoires = Mapping[str, Sequence[Event]]


def pour(candidat: str, event: Any) -> Any:
    """The same fact, of another candidate."""
    return event.model_copy(update={"candidat": candidat})


OUVERTS: Histoires = {ALICE: [OUVERT], BASILE: [pour(BASILE, OUVERT)], CLEO: [pour(CLEO, OUVERT)]}


def relire(histoires: Histoires) -> dict[str, Releve]:
    return {numero: reduce(evolve, events, initial) for numero, events in histoires.items()}


def ligne(candidat: str, note: str) -> LigneBordereau:
    return LigneBordereau(candidat=candidat, note="ABS" if note == "ABS" else Decimal(note))


def deposer(
    *lignes: tuple[str, str], lot: str = "L1", epreuve: str = "UG1", situation: str | None = None, **autres: Any
) -> DeposerBordereau:
    champs: dict[str, Any] = {"lot": lot, "epreuve": epreuve, "situation": situation, "par": CORRECTEUR}
    return fait(DeposerBordereau, lignes=tuple(ligne(*one) for one in lignes), **champs | autres)


def clore(lot: str = "L1", **autres: Any) -> CloreBordereau:
    return fait(CloreBordereau, **{"lot": lot, "par": CORRECTEUR} | autres)


def depose(*candidats: str, epreuve: str = "UG1", situation: str | None = None) -> BordereauDepose:
    return BordereauDepose(lot="L1", epreuve=epreuve, situation=situation, candidats=candidats, empreinte="ancienne")


def decider(
    command: Command, etat: bordereau.Bordereau, histoires: Histoires = OUVERTS, dans: SessionFigee | None = None
) -> bordereau.Decidee:
    assert isinstance(command, (DeposerBordereau, CloreBordereau))
    if isinstance(command, DeposerBordereau):
        return bordereau.deposer(command, etat, relire(histoires), dans or session())
    return bordereau.clore(command, etat, relire(histoires), dans or session())


def etant_donne(*faits: Event, releves: Histoires = OUVERTS, dans: SessionFigee | None = None) -> Given[Any]:
    """The bordereau's own facts; the spec sees its events alone."""
    return Spec(
        lambda command, etat: decider(command, etat, releves, dans)[0], bordereau.evolve, bordereau.initial
    ).given(*faits)


def sur_les_releves(command: Command, *faits: Any, releves: Histoires = OUVERTS, **autres: Any) -> dict[str, Any]:
    return decider(command, reduce(bordereau.evolve, faits, bordereau.initial), releves, **autres)[1]


# Déposer -----------------------------------------------------------------------------------------------------------


def test_un_bordereau_depose_porte_chaque_note_et_chaque_absence() -> None:
    commande = deposer((ALICE, "12"), (BASILE, "ABS"))
    [event] = etant_donne().when(commande).events()
    assert (event.lot, event.candidats) == ("L1", (ALICE, BASILE))
    assert event.empreinte == bordereau.empreinte(commande)
    assert sur_les_releves(commande) == {
        ALICE: [saisie("UG1", "12", lot="L1")],
        BASILE: [AbsenceConstatee(candidat=BASILE, epreuve="UG1", regle="DC-CAP16", constatee_le=LE)],
    }


def test_une_seule_ligne_refusee_et_rien_n_est_depose_toutes_sont_dites() -> None:
    commande = deposer((ALICE, "12"), (BASILE, "12.3"), ("N2600099", "9"))
    refus = etant_donne().when(commande).then_refused("BORDEREAU_REFUSE")
    lignes = refus.donnees["lignes"]
    assert [(one["ligne"], one["candidat"], one["regle"]) for one in lignes] == [  # type: ignore[attr-defined]
        (2, BASILE, "DC-CAP11"),
        (3, "N2600099", "RELEVE_NON_OUVERT"),
    ]
    assert "ligne 2" in refus.detail
    assert "ligne 3" in refus.detail


def test_un_candidat_en_double_est_dit_a_chacune_de_ses_lignes() -> None:
    refus = etant_donne().when(deposer((ALICE, "12"), (BASILE, "9"), (ALICE, "13"))).then_refused("BORDEREAU_REFUSE")
    lignes = refus.donnees["lignes"]
    assert [(one["ligne"], one["regle"]) for one in lignes] == [  # type: ignore[attr-defined]
        (1, "CANDIDAT_EN_DOUBLE"),
        (3, "CANDIDAT_EN_DOUBLE"),
    ]


def test_les_refus_tres_nombreux_sont_comptes_dans_le_texte_et_complets_dans_les_donnees() -> None:
    commande = deposer(*((f"N27{n:05}", "9") for n in range(30)))
    refus = etant_donne().when(commande).then_refused("BORDEREAU_REFUSE")
    assert refus.detail.endswith("et 10 autres lignes")
    assert len(refus.donnees["lignes"]) == 30  # type: ignore[arg-type]


def test_la_cible_du_bordereau_se_controle_une_fois() -> None:
    etant_donne().when(deposer((ALICE, "12"), epreuve="EP1")).then_refused("SITUATION_REQUISE")
    etant_donne().when(deposer((ALICE, "12"), epreuve="EP9")).then_refused("EPREUVE_INCONNUE")
    etant_donne().when(deposer((ALICE, "12"), epreuve="UG1", situation="S1")).then_refused("SITUATION_SANS_OBJET")


def test_cl_044_un_bordereau_de_notes_a_la_conduite_est_refuse() -> None:
    refus = etant_donne().when(deposer((ALICE, "15"), epreuve="EP3", situation="S1")).then_refused("BORDEREAU_REFUSE")
    assert "CAP24-N14" in refus.detail


def test_cl_027_au_bordereau_un_candidat_sans_support_s_inscrit_zero_et_non_absent() -> None:
    sans = SupportAbsentConstate(candidat=ALICE, epreuve="EP2", regle="CAP24-C06")
    releves = {**OUVERTS, ALICE: [OUVERT, sans]}
    assert sur_les_releves(deposer((ALICE, "0"), epreuve="EP2"), releves=releves) == {}
    refus = etant_donne(releves=releves).when(deposer((ALICE, "ABS"), epreuve="EP2")).then_refused("BORDEREAU_REFUSE")
    assert "CAP24-C06" in refus.detail


def test_cl_046_un_bordereau_de_ccf_apres_la_remontee_garde_les_notes_sans_les_integrer() -> None:
    releves = {ALICE: [EN_CCF]}
    faits = sur_les_releves(deposer((ALICE, "12"), epreuve="EP2", le=APRES_REMONTEE), releves=releves)
    assert faits == {ALICE: [NoteTardiveRecue(candidat=ALICE, epreuve="EP2", note=Decimal(12), regle="CAP24-N07")]}


def test_un_nouveau_depot_complete_et_corrige_le_premier() -> None:
    releves = {**OUVERTS, ALICE: [OUVERT, saisie("UG1", "12", lot="L1")]}
    commande = deposer((ALICE, "13"), (CLEO, "8"), par=SECOND)
    [event] = etant_donne(depose(ALICE, BASILE), releves=releves).when(commande).events()
    assert event.candidats == (ALICE, BASILE, CLEO)
    faits = sur_les_releves(commande, depose(ALICE, BASILE), releves=releves)
    assert faits[ALICE] == [saisie("UG1", "13", auteur="cor2", lot="L1")]


def test_le_meme_bordereau_redepose_ne_fait_rien() -> None:
    commande = deposer((ALICE, "12"), (BASILE, "ABS"))
    own, faits = decider(commande, bordereau.initial)
    releves = {numero: [*OUVERTS[numero], *faits[numero]] for numero in faits}
    etant_donne(*own, releves=releves).when(commande).then_nothing()
    assert sur_les_releves(commande, *own, releves=releves) == {}


def test_des_notes_deja_portees_se_deposent_quand_meme_le_lot_en_garde_les_candidats() -> None:
    notee = {**OUVERTS, ALICE: [OUVERT, saisie("UG1", "12", lot="L1")]}
    commande = deposer((ALICE, "12"))
    [event] = etant_donne(releves=notee).when(commande).then_kinds(BordereauDepose)
    assert event.candidats == (ALICE,)
    assert not sur_les_releves(commande, releves=notee).get(ALICE)


def test_un_lot_ne_porte_que_sur_une_epreuve() -> None:
    etant_donne(depose(ALICE)).when(deposer((ALICE, "12"), epreuve="UG2")).then_refused("LOT_AUTRE_EPREUVE")


def test_un_lot_est_borne_d_un_depot_a_l_autre() -> None:
    plein = depose(*(f"N27{n:05}" for n in range(LIGNES_MAX)))
    etant_donne(plein).when(deposer((ALICE, "12"))).then_refused("LOT_TROP_GRAND")


def test_amb_51_un_lot_de_conduite_ne_porte_que_des_absences_et_se_clot() -> None:
    depot = deposer((ALICE, "ABS"), epreuve="EP3", situation="S1")
    faits = sur_les_releves(depot)
    assert [one.mention for one in faits[ALICE]] == [EtatResultat.NON_VALIDEE]
    releves = {ALICE: [OUVERT, *faits[ALICE]]}
    assert sur_les_releves(clore(), depose(ALICE, epreuve="EP3", situation="S1"), releves=releves) == {}


def test_une_note_d_un_autre_lot_n_est_pas_ecrasee() -> None:
    releves = {ALICE: [OUVERT, saisie("UG1", "12", auteur="cor9", lot="L9")]}
    refus = etant_donne(releves=releves).when(deposer((ALICE, "13"))).then_refused("BORDEREAU_REFUSE")
    assert "NOTE_DEJA_SAISIE" in refus.detail


def test_qui_evalue_ne_depose_que_ses_lots() -> None:
    check_rights(deposer((ALICE, "12")), "normandie")
    with pytest.raises(Refus, match="DROIT_PORTEE"):
        check_rights(deposer((ALICE, "12"), lot="L2"), "normandie")


# Clore -------------------------------------------------------------------------------------------------------------


def notes(**par_candidat: str) -> Histoires:
    return {
        numero: [*OUVERTS[numero], pour(numero, saisie("UG1", note, lot="L1"))] for numero, note in par_candidat.items()
    }


def verrouillee(candidat: str, note: str, epreuve: str = "UG1", situation: str | None = None) -> NoteVerrouillee:
    return NoteVerrouillee(
        candidat=candidat, epreuve=epreuve, situation=situation, note=Decimal(note), lot="L1", regle="TR-N01"
    )


def test_tr_n01_clore_verrouille_les_notes_et_arrete_les_resultats() -> None:
    releves = notes(**{ALICE: "12", BASILE: "8.5"})
    etant_donne(depose(ALICE, BASILE), releves=releves).when(clore()).then(
        BordereauClos(lot="L1", epreuve="UG1", candidats=(ALICE, BASILE))
    )
    assert sur_les_releves(clore(), depose(ALICE, BASILE), releves=releves) == {
        ALICE: [verrouillee(ALICE, "12"), note_arretee("UG1", "12")],
        BASILE: [verrouillee(BASILE, "8.5"), pour(BASILE, note_arretee("UG1", "8.5"))],
    }


def test_tr_n01_clos_les_notes_du_lot_ne_se_reprennent_plus() -> None:
    releves = notes(**{ALICE: "12"})
    faits = sur_les_releves(clore(), depose(ALICE), releves=releves)
    sur_releve(*releves[ALICE], faits[ALICE]).when(saisir("UG1", "13", lot="L1")).then_refused("TR-N01")
    clos = BordereauClos(lot="L1", epreuve="UG1", candidats=(ALICE,))
    etant_donne(depose(ALICE), clos).when(deposer((ALICE, "13"))).then_refused("TR-N01")
    etant_donne(depose(ALICE), clos).when(clore()).then_nothing()


def test_clore_une_situation_n_arrete_que_les_epreuves_completes() -> None:
    def s1(numero: str) -> list[Event]:
        return [*OUVERTS[numero], pour(numero, saisie("EP1", "11", "S1", lot="L1"))]

    releves = {ALICE: [*s1(ALICE), saisie("EP1", "8.5", "S2")], BASILE: s1(BASILE)}
    faits = sur_les_releves(clore(), depose(ALICE, BASILE, epreuve="EP1", situation="S1"), releves=releves)
    assert faits[BASILE] == [verrouillee(BASILE, "11", "EP1", "S1")]
    assert [type(one).__name__ for one in faits[ALICE]] == ["NoteVerrouillee", "ResultatArrete"]
    assert faits[ALICE][1].note == Decimal("10.5")
    sur_releve(*releves[BASILE], faits[BASILE]).when(saisir("EP1", "12", "S1", candidat=BASILE, lot="L1")).then_refused(
        "TR-N01"
    )


def test_clore_accepte_les_absents_les_zeros_et_les_non_autorises() -> None:
    releves = {
        ALICE: [OUVERT, AbsenceConstatee(candidat=ALICE, epreuve="EP2", regle="DC-CAP16")],
        BASILE: [*OUVERTS[BASILE], SupportAbsentConstate(candidat=BASILE, epreuve="EP2", regle="CAP24-C06")],
        CLEO: [*OUVERTS[CLEO], AccesFerme(candidat=CLEO, regle="CAP26-I05")],
    }
    faits = sur_les_releves(clore(), depose(ALICE, BASILE, CLEO, epreuve="EP2"), releves=releves)
    assert {numero: events[0].etat for numero, events in faits.items()} == {
        ALICE: EtatResultat.ABSENT_INJUSTIFIE,
        BASILE: EtatResultat.ZERO_SUPPORT,
        CLEO: EtatResultat.NON_AUTORISE,
    }


def test_clore_dit_toutes_les_lignes_incompletes() -> None:
    discorde = DoubleSaisieComparee(
        candidat=ALICE, epreuve="EP2", premiere=Decimal(12), seconde=Decimal(15), concorde=False
    )
    tardive = NoteTardiveRecue(candidat=CLEO, epreuve="EP2", note=Decimal(9), regle="CAP24-N07")
    releves = {
        ALICE: [OUVERT, saisie("EP2", "12", lot="L1"), discorde],
        BASILE: OUVERTS[BASILE],
        CLEO: [pour(CLEO, EN_CCF), tardive],
    }
    depot = depose(ALICE, BASILE, CLEO, epreuve="EP2")
    refus = etant_donne(depot, releves=releves).when(clore()).then_refused("BORDEREAU_INCOMPLET")
    lignes = refus.donnees["lignes"]
    assert [one["regle"] for one in lignes] == [  # type: ignore[attr-defined]
        "SAISIES_DISCORDANTES",
        "TR-N01",
        "CAP24-N07",
    ]


def test_amb_52_clore_laisse_ouvert_un_absent_justifie_de_ccf_avant_la_remontee() -> None:
    en_ccf: ReleveOuvert = EN_CCF
    absent = AbsenceConstatee(candidat=ALICE, epreuve="EP2", regle="AMB-52")
    admis = AbsenceJustifiee(candidat=ALICE, epreuve="EP2", regle="DC-CAP16", motif="certificat")
    releves = {ALICE: [en_ccf, absent, admis]}
    assert sur_les_releves(clore(), depose(ALICE, epreuve="EP2"), releves=releves) == {}
    faits = sur_les_releves(clore(le=APRES_REMONTEE), depose(ALICE, epreuve="EP2"), releves=releves)
    assert [one.etat for one in faits[ALICE]] == [EtatResultat.ABSENT_JUSTIFIE]


def test_amb_05_clore_attend_les_poids_d_une_epreuve_complete() -> None:
    releves = {ALICE: [OUVERT, saisie("EP1", "11", "S1", lot="L1"), saisie("EP1", "8.5", "S2")]}
    depot = depose(ALICE, epreuve="EP1", situation="S1")
    etant_donne(depot, releves=releves, dans=session(valeurs=None)).when(clore()).then_refused("AMB-05")


def test_on_ne_clot_qu_un_lot_depose() -> None:
    etant_donne().when(clore()).then_refused("LOT_NON_DEPOSE")


def test_amb_50_le_lot_d_une_facultative_se_clot_avec_un_absent_sans_effet() -> None:
    donne = ouvert(facultatives=("UF1",))
    releves = {ALICE: [donne, AbsenceConstatee(candidat=ALICE, epreuve="UF1", regle="AMB-50")]}
    faits = sur_les_releves(clore(), depose(ALICE, epreuve="UF1"), releves=releves)
    assert [one.regle for one in faits[ALICE]] == ["AMB-50"]


def test_le_bordereau_ne_porte_aucune_donnee_personnelle() -> None:
    assert NoteSaisie.PERSONAL == BordereauDepose.PERSONAL == BordereauClos.PERSONAL == ()
