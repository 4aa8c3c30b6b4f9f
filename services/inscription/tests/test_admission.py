"""Être inscrit : majorité, formation, statut et modes, facultatives, délai, permis."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

import pytest

from contracts.commandes.inscription import InscrireCandidat, ModifierInscription
from contracts.droits import Role
from contracts.evenements.inscription import (
    BeneficeAccorde,
    CentreAffecte,
    ConvocationEmise,
    InscriptionAnnulee,
    InscriptionModifiee,
)
from contracts.messages import Personnel
from contracts.session import SessionFigee
from contracts.vocabulaire import Categorie, Forme, Identite, Mode, TypeCentre
from services.inscription.domain import candidature, personne
from services.inscription.domain.empreinte import empreinte_personne
from services.inscription.tests.donnees import (
    AFFECTE,
    CFA,
    EMPREINTE,
    IDENTITE,
    LYCEE,
    NUMERO,
    PARAMETRES,
    PERMIS,
    QUI,
    R2024,
    R2026,
    S2024,
    S2025,
    S2026,
    SECRET,
    Ensemble,
    autorise,
    evolve_ensemble,
    inscription,
    inscrit,
    modes,
    ne_le,
    qui,
    reservee,
)
from services.socle.spec import Given, Spec

APRES = datetime(2025, 12, 1, 9, tzinfo=UTC)
CONVOQUE = ConvocationEmise(candidat=NUMERO, centre=LYCEE, epreuves=("EP1",), le=APRES)


def inscrire(command: InscrireCandidat, ensemble: Ensemble, session: SessionFigee = S2026) -> list[Any]:
    empreinte = empreinte_personne(command.identite, SECRET)
    suites = personne.inscrire(command, ensemble[command.candidat], ensemble.personne, session, empreinte=empreinte)
    return [event for events in suites for event in events]


def candidate(session: SessionFigee = S2026, *history: Any) -> Given[Ensemble]:
    return Spec(partial(inscrire, session=session), evolve_ensemble, Ensemble()).given(*history)


def inscrite(command: InscrireCandidat, session: SessionFigee = S2026) -> Any:
    """Le fait d'inscription que donne l'ordre."""
    return candidate(session).when(command).events()[0]


modifiee = Spec(partial(candidature.decide, session=S2026), candidature.evolve, candidature.initial).given


def modifier(le: datetime = QUI["le"], **autres: Any) -> ModifierInscription:
    return ModifierInscription(candidat=NUMERO, **{**qui(le=le), **autres})


# Qui peut se présenter ---------------------------------------------------------------------------------------------


def test_cl_008_cap26_i02_majeur_le_dernier_jour_de_l_annee() -> None:
    identite = ne_le(date(2008, 12, 31))
    candidate().when(inscription(identite=identite)).then(
        inscrit(
            majeur=True, identite=Personnel[Identite](clair=identite), personne=empreinte_personne(identite, SECRET)
        ),
        reservee(),
    )


def test_cl_009_dc_cap03_un_mineur_hors_formation_doit_attester_une_formation() -> None:
    mineur = inscription(identite=ne_le(date(2009, 1, 1)))
    candidate().when(mineur).then_refused("DC-CAP03")
    atteste = inscrite(mineur.model_copy(update={"formation_attestee": True}))
    assert (atteste.majeur, atteste.formation_attestee) == (False, True)


def test_dc_cap03_un_majeur_hors_formation_se_presente_sans_attester_de_formation() -> None:
    candidate().when(inscription()).then(inscrit(), reservee())


@pytest.mark.parametrize("strict", [False, True])
def test_cl_010_un_majeur_scolaire_est_inscrit_avec_son_statut_dont_depend_l_attestation(strict: bool) -> None:
    """L'option « strict 001 » est un paramètre de la session : elle ne change rien à l'inscription."""
    session = SessionFigee("normandie", R2026, PARAMETRES.model_copy(update={"strict_001": strict}))
    eleve = inscription(Categorie.SCOLAIRE_PUBLIC, identite=ne_le(date(2007, 6, 1)), etablissement=LYCEE)
    inscription_faite = inscrite(eleve, session)
    assert (inscription_faite.majeur, inscription_faite.categorie) == (True, Categorie.SCOLAIRE_PUBLIC)


def test_cl_011_cap26_i01_avant_2026_l_inscription_se_fait_sous_un_reglement_sans_condition_d_experience() -> None:
    eleve = inscription(
        Categorie.SCOLAIRE_PUBLIC, identite=ne_le(date(2007, 6, 1)), etablissement=LYCEE, **qui(session="2025")
    )
    assert inscrite(eleve, S2025).reglement == S2025.reglement.id
    assert (S2025.reglement.experience, S2026.reglement.experience is None) == (None, False)


def test_une_naissance_a_venir_est_refusee() -> None:
    for jour in (QUI["le"].date(), date(2026, 1, 1)):
        commande = inscription(Categorie.APPRENTI, identite=ne_le(jour), etablissement=CFA)
        candidate().when(commande).then_refused("NAISSANCE_A_VENIR")


def test_un_statut_que_le_reglement_ne_prevoit_pas_est_refuse() -> None:
    reglement = R2026.model_copy(update={"categories": {Categorie.APPRENTI: R2026.categories[Categorie.APPRENTI]}})
    session = SessionFigee("normandie", reglement, PARAMETRES)
    candidate(session).when(inscription()).then_refused("CATEGORIE_NON_PREVUE")


def test_les_inscriptions_closent_le_dernier_jour_a_minuit_heure_legale() -> None:
    dernier = datetime(2025, 11, 21, 22, 59, 59, tzinfo=UTC)  # 23:59:59 à Rouen
    assert inscrite(inscription(**qui(le=dernier))).candidat == NUMERO
    trop_tard = datetime(2025, 11, 21, 23, 0, tzinfo=UTC)
    candidate().when(inscription(**qui(le=trop_tard))).then_refused("INSCRIPTIONS_CLOSES")


# Comment il passe --------------------------------------------------------------------------------------------------


def test_cap24_i02_le_statut_ouvre_ou_ferme_le_ccf() -> None:
    candidate().when(inscription(modes={"EP1": Mode.CCF}, etablissement=LYCEE)).then_refused("CAP24-I02")


@pytest.mark.parametrize("statut", [Categorie.HORS_CONTRAT, Categorie.DISTANCE])
def test_dc_cap08_hors_contrat_et_distance_passent_en_ponctuel(statut: Categorie) -> None:
    assert set(inscrite(inscription(statut)).modes.values()) == {Mode.PONCTUEL}
    candidate().when(inscription(statut, modes={"UG1": Mode.CCF}, etablissement=LYCEE)).then_refused("DC-CAP08")


def test_cap24_i03_le_mode_est_choisi_epreuve_par_epreuve() -> None:
    eleve = inscription(Categorie.SCOLAIRE_PUBLIC, modes={"EP3": Mode.PONCTUEL}, etablissement=LYCEE)
    assert inscrite(eleve).modes == modes(Mode.CCF, EP3=Mode.PONCTUEL)


def test_cap24_i03_une_facultative_n_a_pas_de_ccf() -> None:
    eleve = inscription(Categorie.SCOLAIRE_PUBLIC, facultatives=("UF1",), modes={"UF1": Mode.CCF}, etablissement=LYCEE)
    candidate().when(eleve).then_refused("CAP24-I03")


def test_dc_cap06_toutes_les_epreuves_obligatoires_sont_de_la_meme_session() -> None:
    apprenti = inscription(Categorie.APPRENTI, modes={"EP1": Mode.CCF}, etablissement=CFA)
    obligatoires = {code for code, epreuve in R2026.epreuves.items() if epreuve.obligatoire}
    assert set(inscrite(apprenti).modes) == obligatoires


def test_dc_cap06_un_adulte_peut_etaler_ses_unites_pas_un_apprenti() -> None:
    choix: dict[str, Any] = {"forme": Forme.PROGRESSIVE, "unites": ("UG2", "EP1")}
    etale = inscrite(inscription(**choix))
    assert (etale.forme, etale.unites, set(etale.modes)) == (Forme.PROGRESSIVE, ("EP1", "UG2"), {"EP1", "UG2"})
    candidate().when(inscription(Categorie.APPRENTI, etablissement=CFA, **choix)).then_refused("CAP24-I02")


def test_un_ccf_veut_un_etablissement() -> None:
    candidate().when(inscription(Categorie.APPRENTI)).then_refused("ETABLISSEMENT_REQUIS")


def test_dc_cap02_deux_facultatives_au_plus() -> None:
    assert inscrite(inscription(facultatives=("UF1", "UF2"))).modes == modes(Mode.PONCTUEL, "UF1", "UF2")
    candidate().when(inscription(facultatives=("UF1", "UF2", "UF3"))).then_refused("DC-CAP02")


@pytest.mark.parametrize("choisies", [("UF1", "UF1"), ("UG1",), ("UF9",)])
def test_dc_cap02_une_facultative_est_de_la_liste_et_une_seule_fois(choisies: tuple[str, ...]) -> None:
    candidate().when(inscription(facultatives=choisies)).then_refused("DC-CAP02")


def test_un_mode_pour_une_epreuve_inconnue_ou_non_choisie_est_refuse() -> None:
    candidate().when(inscription(modes={"EP9": Mode.PONCTUEL})).then_refused("EPREUVE_INCONNUE")
    candidate().when(inscription(modes={"UF1": Mode.PONCTUEL})).then_refused("EPREUVE_NON_INSCRITE")


def test_cl_037_cap24_i04_le_permis_b_dispense_de_la_conduite_seule() -> None:
    candidate().when(inscription(permis_b=True)).then(inscrit(), PERMIS, reservee())


def test_amb_10_cap24_i04_le_permis_b_dispense_aussi_en_ccf() -> None:
    apprenti = inscription(Categorie.APPRENTI, permis_b=True, etablissement=CFA)
    assert PERMIS in candidate().when(apprenti).events()
    assert PERMIS in candidate(S2024).when(apprenti).events()


# Deux fois ---------------------------------------------------------------------------------------------------------


def test_la_meme_inscription_demandee_deux_fois_ne_se_fait_qu_une_fois() -> None:
    candidate(S2026, inscrit(), PERMIS, reservee()).when(inscription(permis_b=True)).then_nothing()
    candidate(S2026, inscrit(), reservee()).when(inscription()).then_nothing()


def test_dire_le_mode_que_l_on_a_deja_ne_change_rien_en_dire_un_autre_se_refuse() -> None:
    eleve = inscrit(Categorie.SCOLAIRE_PUBLIC, modes=modes(Mode.CCF), etablissement=LYCEE)
    deja = candidate(S2026, eleve, reservee())
    choix: dict[str, Any] = {"categorie": Categorie.SCOLAIRE_PUBLIC, "etablissement": LYCEE}
    deja.when(inscription(**choix, modes={"EP1": Mode.CCF})).then_nothing()
    deja.when(inscription(**choix, modes={"EP1": Mode.PONCTUEL})).then_refused("DEJA_INSCRIT")


@pytest.mark.parametrize(
    "autres",
    [
        {"facultatives": ("UF1",)},
        {"etablissement": LYCEE},
        {"livret": True},
        {"permis_b": True},
        {"identite": IDENTITE.model_copy(update={"prenoms": "Alix"})},
    ],
)
def test_un_numero_deja_pris_ne_s_inscrit_pas_autrement(autres: dict[str, Any]) -> None:
    candidate(S2026, inscrit(), reservee()).when(inscription(**autres)).then_refused("DEJA_INSCRIT")


def test_une_inscription_annulee_ne_se_reprend_pas_sous_le_meme_numero() -> None:
    annulee = InscriptionAnnulee(candidat=NUMERO, motif="désistement")
    candidate(S2026, inscrit(), annulee).when(inscription()).then_refused("INSCRIPTION_ANNULEE")


# Modifier ----------------------------------------------------------------------------------------------------------


def modification(**autres: Any) -> InscriptionModifiee:
    return InscriptionModifiee(candidat=NUMERO, **{"modes": modes(), **autres})


def test_avant_la_cloture_le_choix_change() -> None:
    change = modification(modes=modes(Mode.PONCTUEL, "UF2"), facultatives=("UF2",))
    modifiee(inscrit()).when(modifier(facultatives=("UF2",))).then(change)
    modifiee(inscrit()).when(modifier(etablissement=LYCEE)).then(modification(etablissement=LYCEE))


def test_cap24_i03_un_mode_change_seul() -> None:
    eleve = inscrit(Categorie.SCOLAIRE_PUBLIC, modes=modes(Mode.CCF), etablissement=LYCEE)
    change = modification(modes=modes(Mode.CCF, EP2=Mode.PONCTUEL), etablissement=LYCEE)
    modifiee(eleve).when(modifier(modes={"EP2": Mode.PONCTUEL})).then(change)


def test_apres_la_cloture_plus_rien_ne_s_ajoute() -> None:
    modifiee(inscrit()).when(modifier(APRES, facultatives=("UF1",))).then_refused("INSCRIPTIONS_CLOSES")
    modifiee(inscrit()).when(modifier(APRES, etablissement=LYCEE)).then_refused("INSCRIPTIONS_CLOSES")


def test_amb_50_une_facultative_se_quitte_jusqu_a_la_convocation() -> None:
    facultative = inscrit(modes=modes(Mode.PONCTUEL, "UF1"), facultatives=("UF1",))
    modifiee(facultative).when(modifier(APRES, facultatives=())).then(modification())
    convoque = (facultative, autorise(), AFFECTE, CONVOQUE)
    modifiee(*convoque).when(modifier(APRES, facultatives=())).then_refused("CANDIDAT_CONVOQUE")


def test_dc_cap02_le_nouveau_choix_suit_les_memes_regles() -> None:
    modifiee(inscrit()).when(modifier(facultatives=("UF1", "UF2", "UF3"))).then_refused("DC-CAP02")
    modifiee(inscrit()).when(modifier(modes={"EP1": Mode.CCF}, etablissement=LYCEE)).then_refused("CAP24-I02")


@pytest.mark.parametrize(
    ("autres", "code"),
    [
        ({"modes": {"EP9": Mode.PONCTUEL}}, "EPREUVE_INCONNUE"),
        ({"modes": {"UF1": Mode.PONCTUEL}}, "EPREUVE_NON_INSCRITE"),
        ({"modes": {"UF1": Mode.CCF}, "facultatives": ("UF1",)}, "CAP24-I03"),
    ],
)
def test_un_nouveau_choix_impossible_est_refuse(autres: dict[str, Any], code: str) -> None:
    modifiee(inscrit()).when(modifier(**autres)).then_refused(code)


def test_dc_cap08_un_stagiaire_passe_en_ccf_dans_son_etablissement_un_eleve_hors_contrat_non() -> None:
    ccf = modifier(modes={"EP1": Mode.CCF})
    modifiee(inscrit(Categorie.FORMATION_CONTINUE)).when(ccf).then_refused("ETABLISSEMENT_REQUIS")
    modifiee(inscrit(Categorie.HORS_CONTRAT)).when(ccf).then_refused("DC-CAP08")
    stagiaire = inscrit(Categorie.FORMATION_CONTINUE, etablissement=LYCEE)
    modifiee(stagiaire).when(ccf).then(modification(modes=modes(EP1=Mode.CCF), etablissement=LYCEE))


def test_cap24_g07_on_ne_quitte_pas_son_etablissement_en_y_composant() -> None:
    apprenti = inscrit(Categorie.APPRENTI, etablissement=CFA)
    chez_lui = CentreAffecte(candidat=NUMERO, centre=CFA, type=TypeCentre.ANNEXE, regle="CAP24-G07")
    modifiee(apprenti, chez_lui).when(modifier(etablissement=LYCEE)).then_refused("CAP24-G07")
    reste = modification(modes=modes(Mode.PONCTUEL, "UF1"), facultatives=("UF1",), etablissement=CFA)
    modifiee(apprenti, chez_lui).when(modifier(facultatives=("UF1",))).then(reste)


def test_une_facultative_dont_la_note_est_conservee_ne_se_quitte_pas() -> None:
    facultative = inscrit(modes=modes(Mode.PONCTUEL, "UF1"), facultatives=("UF1",))
    garde = BeneficeAccorde(candidat=NUMERO, epreuve="UF1", note=14, session_origine="2024", regle="DC-CAP18")
    modifiee(facultative, garde).when(modifier(facultatives=())).then_refused("BENEFICE_EN_COURS")


def test_un_candidat_inconnu_ou_annule_ne_se_modifie_pas() -> None:
    modifiee().when(modifier(facultatives=("UF1",))).then_refused("CANDIDAT_INCONNU")
    annulee = InscriptionAnnulee(candidat=NUMERO, motif="désistement")
    modifiee(inscrit(), annulee).when(modifier(facultatives=("UF1",))).then_refused("INSCRIPTION_ANNULEE")


def test_l_empreinte_de_la_personne_est_gardee_avec_l_inscription() -> None:
    assert inscrite(inscription()).personne == EMPREINTE
    assert R2024.inscription.regle_convocation is None


def test_l_inscription_garde_l_etablissement_et_le_livret() -> None:
    fait = inscrite(inscription(Categorie.SCOLAIRE_PUBLIC, etablissement=LYCEE, livret=True))
    assert (fait.etablissement, fait.livret) == (LYCEE, True)


def test_un_candidat_s_inscrit_lui_meme_comme_un_gestionnaire_l_inscrirait() -> None:
    candidate().when(inscription(**qui(Role.CANDIDAT))).then(inscrit(), reservee())


@pytest.mark.parametrize("titre", ["permis_b", "formation_attestee"])
def test_un_candidat_ne_s_accorde_ni_titre_ni_formation(titre: str) -> None:
    champs: dict[str, Any] = {titre: True, **qui(Role.CANDIDAT)}
    candidate().when(inscription(**champs)).then_refused("JUSTIFICATIF_REQUIS")
