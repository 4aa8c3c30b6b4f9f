"""Une session entière, de l'ouverture aux diplômes, sur les cinq services ; rejouée, mêlée, refaite : la même."""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Iterable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest
import pytest_asyncio

from contracts.commandes import read_command, regroupement, resultats_accueil, transfert
from contracts.droits import DROITS
from contracts.evenements import REGISTRE
from contracts.messages import Acteur, Data
from contracts.requetes import (
    ListerResultats,
    VoirCandidature,
    VoirDecision,
    VoirDocuments,
    VoirDossier,
    VoirJury,
    VoirProposition,
    VoirReleve,
)
from services.exploitation.banc import Banc, banc
from services.exploitation.composition import SERVICES, projections
from services.socle.enveloppe import GENESIS
from services.socle.facts import Decoded, kinds
from services.socle.replay import compare, replay
from services.socle.sql import engine_for
from tests.parcours import histoire
from tests.parcours.histoire import (
    ALICE,
    BASILE,
    CELIA,
    DRISS,
    ELISE,
    FARID,
    GAELLE,
    HUGO,
    INES,
    JURY,
    LIEU,
    SESSION,
    TOUS,
    Candidat,
    etapes,
    jouer,
)
from tests.rejeu.etats import DE_REGROUPEMENT

QUI = Acteur(id="essai:gestionnaire", role="gestionnaire", academie="normandie")
EXEMPLES = Path(__file__).resolve().parents[2] / "exemples"
A_PLUSIEURS = {
    one.NAME
    for one in (
        *regroupement.COMMANDES,
        *resultats_accueil.COMMANDES,
        *transfert.INSCRIPTION,
        *transfert.CONFORMITE,
        *transfert.NOTATION,
    )
} | {"inscription.confier_identite"}  # entre académies : joués par tests/regroupement et la démonstration à trois
ADMIS = (ALICE, BASILE, DRISS, HUGO, INES)
AJOURNES = (ELISE, FARID, GAELLE)
SUR_CANDIDAT = (VoirCandidature, VoirDossier, VoirReleve, VoirDecision, VoirDocuments)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jouee() -> AsyncIterator[Banc]:
    """La session jouée jusqu'au bout ; chaque commande a répondu comme l'histoire l'annonce."""
    async with banc(SESSION) as neuf:
        await jouer(neuf.commander_brut)
        yield neuf


async def demander(sur: Banc, question: type[Any], one: Candidat | None = None, **champs: Any) -> Any:
    candidat = {} if one is None else {"candidat": one.numero}
    return await sur.demander(question(par=QUI, **LIEU, **candidat, **champs))


def faits(sur: Banc, genre: str, one: Candidat | None = None) -> list[Data]:
    """Les événements de ce type, avec leur enveloppe, dans l'ordre du journal."""
    enveloppes = [enveloppe for message in sur.journals[SESSION].messages for enveloppe in message.envelopes]
    return [
        enveloppe
        for enveloppe in enveloppes
        if enveloppe["type"] == genre and (one is None or enveloppe["data"].get("candidat") == one.numero)
    ]


def rayon(sur: Banc) -> Path:
    return sur.settings.documents_dir / SESSION / "cap_osrcl"


# Ce que chacun reçoit ----------------------------------------------------------------------------------------------


async def test_chaque_candidat_recoit_la_decision_que_ses_resultats_appellent(jouee: Banc) -> None:
    attendues = {
        ALICE: ("admis", "B", "14.73", "14.85", "favorable", []),
        BASILE: ("admis", None, "11.00", "11.00", "validee", []),
        CELIA: ("non_autorise", None, None, None, None, []),
        DRISS: ("admis", None, "11.05", "10.40", "insuffisant", []),  # la conduite n'y fait rien
        ELISE: ("ajourne", None, "11.52", "14.00", "favorable", []),
        FARID: ("ajourne", None, "9.05", "7.70", "validee", ["EP2"]),
        GAELLE: ("ajourne", None, "7.88", "8.00", "insuffisant", []),
        HUGO: ("admis", None, "10.75", "10.00", "dispense", []),
        INES: ("admis", None, "11.47", "13.00", "favorable", []),
    }
    champs = ("decision", "mention", "moyenne", "moyenne_professionnelle", "permis", "remplacement_possible")
    for one in TOUS:
        decision = await demander(jouee, VoirDecision, one)
        assert tuple(decision[champ] for champ in champs) == attendues[one], one.numero
        assert decision["explication"], "une décision dit pourquoi"


async def test_cap26_p01_le_non_autorise_n_a_ni_convocation_ni_note_ni_document(jouee: Banc) -> None:
    dossier = await demander(jouee, VoirDossier, CELIA)
    assert (dossier["etat"], dossier["motifs"], dossier["heures_retenues"]) == ("non_autorise", ["duree"], Decimal(455))
    candidature = await demander(jouee, VoirCandidature, CELIA)
    assert (candidature["autorise"], candidature["convoque"]) == (False, False)
    releve = await demander(jouee, VoirReleve, CELIA)
    assert all(ligne["etat"] is None for ligne in releve["notes"])
    assert not list(rayon(jouee).glob(f"*{CELIA.numero}*"))
    assert (await demander(jouee, VoirDocuments, CELIA))[0]["documents"] == []


async def test_les_autres_ponctuels_sont_convoques_a_ce_qu_ils_passent(jouee: Banc) -> None:
    convoques = {one["data"]["candidat"]: one["data"] for one in faits(jouee, "inscription.convocation_emise.v1")}
    assert convoques.keys() == {BASILE.numero, FARID.numero, HUGO.numero}
    assert convoques[HUGO.numero]["epreuves"] == ["EP1", "EP2", "EP3", "UG1", "UG2", "UG4"]  # dispensé d'EPS


async def test_cap24_c03_sans_support_zero_a_la_situation_sans_etre_absent(jouee: Banc) -> None:
    (constat,) = faits(jouee, "notation.support_absent_constate.v1")
    donnees = constat["data"]
    assert (donnees["candidat"], donnees["epreuve"], donnees["situation"]) == (DRISS.numero, "EP1", "S1")
    (resultat,) = [one["data"] for one in faits(jouee, "notation.resultat_arrete.v2", DRISS) if _ep(one) == "EP1"]
    assert (resultat["etat"], resultat["note"]) == ("note", "5")
    assert resultat["situations"]["S1"] == "zero_support"


async def test_une_absence_porte_son_etat_jusqu_au_jury(jouee: Banc) -> None:
    for one, epreuve, etat in (
        (ELISE, "UG1", "absent_injustifie"),
        (FARID, "EP2", "absent_justifie"),
        (GAELLE, "UG3", "absent_justifie"),
        (INES, "UG2", "absent_justifie"),
    ):
        decision = await demander(jouee, VoirDecision, one)
        assert {ligne["epreuve"]: ligne["etat"] for ligne in decision["lignes"]}[epreuve] == etat, one.numero


async def test_cap24_i04_le_titulaire_du_permis_a_la_note_de_sa_seule_situation_notee(jouee: Banc) -> None:
    dispenses = [one["data"] for one in faits(jouee, "inscription.dispense_accordee.v1", HUGO)]
    assert [(one["epreuve"], one["situation"]) for one in dispenses] == [("EP3", "S1"), ("UG3", None)]
    (ligne,) = [one for one in (await demander(jouee, VoirDecision, HUGO))["lignes"] if one["epreuve"] == "EP3"]
    assert (ligne["etat"], ligne["note"], ligne["situations"]) == ("note", "10", {"S1": "dispense", "S2": "10"})


async def test_amb_53_sans_les_points_du_jury_il_etait_ajourne() -> None:
    async with banc(SESSION) as avant:
        await jouer(avant.commander_brut, ("ouverture", "inscriptions", "dossiers", "evaluation", "resultats"))
        proposition = await demander(avant, VoirProposition, HUGO)
    assert (proposition["decision"], proposition["moyenne_professionnelle"]) == ("ajourne", "9.85")


async def test_amb_53_les_points_du_jury_gardent_l_ancienne_note(jouee: Banc) -> None:
    (accord,) = faits(jouee, "deliberation.points_de_jury_accordes.v1")
    assert (accord["acteur"], accord["data"]["avant"], accord["data"]["apres"]) == ("ENS1", "9.5", "10")
    releve = await demander(jouee, VoirReleve, HUGO)
    notes = {(ligne["epreuve"], ligne["situation"]): ligne["note"] for ligne in releve["notes"]}
    assert notes["EP2", ""] == Decimal("9.5"), "la note de l'épreuve n'est pas réécrite"


async def test_cap24_d01_qui_preside_decide_et_le_journal_le_dit(jouee: Banc) -> None:
    auteurs = {one["data"]["candidat"]: one["acteur"] for one in faits(jouee, "deliberation.decision_prise.v2")}
    presidente, suppleant = (ALICE, BASILE, CELIA, DRISS), (ELISE, FARID, GAELLE, HUGO, INES)
    assert auteurs == {one.numero: "PRO1" for one in presidente} | {one.numero: "ENS1" for one in suppleant}
    (clos,) = faits(jouee, "deliberation.jury_clos.v2")
    assert (clos["data"]["preside_par"], clos["data"]["presents"]) == ("ENS1", ["ENS1", "PRO1", "PRO2"])
    jury = await demander(jouee, VoirJury, jury=JURY)
    assert jury["president"] == "PRO1"


# Publier -----------------------------------------------------------------------------------------------------------


async def test_cap24_p01_rien_n_est_public_avant_la_date_fixee() -> None:
    async with banc(SESSION) as avant:
        await jouer(avant.commander_brut, [nom for nom in etapes() if nom not in ("publication", "remplacements")])
        assert await demander(avant, ListerResultats) == []
        (annonce,) = await demander(avant, VoirDocuments, ALICE)
        assert annonce.keys() == {"candidat", "jury", "publication_prevue"}
        assert not rayon(avant).exists()
        await jouer(avant.commander_brut, ("publication",))
        assert {one["candidat"] for one in await demander(avant, ListerResultats)} >= {one.numero for one in ADMIS}


async def test_chaque_document_edite_est_un_fichier_dont_l_empreinte_est_au_journal(jouee: Banc) -> None:
    releves, diplomes = faits(jouee, "publication.releve_edite.v2"), faits(jouee, "publication.diplome_delivre.v1")
    assert {one["data"]["candidat"] for one in releves} == {one.numero for one in (*ADMIS, *AJOURNES)}
    assert {one["data"]["candidat"] for one in diplomes} == {one.numero for one in ADMIS}
    assert {path.name: _sha256(path) for path in rayon(jouee).glob("[rd]*-N26*.pdf")} == _empreintes(jouee)
    for path in rayon(jouee).glob("*.pdf"):
        assert path.read_bytes().startswith(b"%PDF-1.7"), path.name


async def test_un_document_refait_est_le_meme_octet_pour_octet(jouee: Banc) -> None:
    avant = {path.name: path.read_bytes() for path in rayon(jouee).glob("[rd]*-N26*.pdf")}
    for nom in avant:
        (rayon(jouee) / nom).unlink()
    refaire = {
        "editer_releve": (histoire.GESTIONNAIRE, (*ADMIS, *AJOURNES)),
        "delivrer_diplome": (histoire.RECTEUR, ADMIS),
    }
    for ordre, (par, concernes) in refaire.items():
        for one in concernes:
            quoi = {"commande": f"publication.{ordre}", "candidat": one.numero, "jury": JURY, **LIEU}
            quand = {"id": f"refaire-{ordre}-{one.numero}", "le": "2026-09-01T10:00:00+02:00", "par": par}
            refait = await jouee.commander_brut({**quoi, **quand})
            assert (refait["ok"], refait["evenements"]) == (True, []), refait
    assert {path.name: path.read_bytes() for path in rayon(jouee).glob("[rd]*-N26*.pdf")} == avant


async def test_la_meme_session_ailleurs_donne_les_memes_documents(jouee: Banc) -> None:
    async with banc(SESSION) as ailleurs:  # d'autres clés, un autre dossier
        await jouer(ailleurs.commander_brut)
        assert _empreintes(ailleurs) == _empreintes(jouee)


# Rejouer -----------------------------------------------------------------------------------------------------------


async def test_rejouer_les_memes_commandes_ne_change_rien(jouee: Banc) -> None:
    messages = list(jouee.journals[SESSION].messages)
    fichiers = {path.name: path.read_bytes() for path in rayon(jouee).iterdir()}
    for lignes in etapes().values():
        for ligne in lignes:
            attendu = ligne.pop("refus_attendu", None)
            encore = await jouee.commander_brut(ligne)
            assert attendu is not None or (encore["ok"] and (encore["deja"] or not encore["evenements"])), encore
    assert jouee.journals[SESSION].messages == messages
    assert {path.name: path.read_bytes() for path in rayon(jouee).iterdir()} == fichiers


async def test_chaque_agregat_est_une_chaine_que_rien_n_interrompt(jouee: Banc) -> None:
    rangs: dict[str, int] = defaultdict(int)
    precedents: dict[str, str] = defaultdict(lambda: GENESIS)
    for message in jouee.journals[SESSION].messages:
        for enveloppe in message.envelopes:
            assert enveloppe["rang"] == rangs[message.subject] + 1
            assert enveloppe["precedent"] == precedents[message.subject]
            REGISTRE.load(enveloppe["type"], enveloppe["data"])
        rangs[message.subject] += 1
        precedents[message.subject] = message.digest


async def test_chaque_projection_reconstruite_est_egale_a_celle_en_service(jouee: Banc, tmp_path: Path) -> None:
    for rang, (service, projection) in enumerate((one, it) for one in SERVICES for it in projections(one)):
        piece = jouee._pieces[service]
        await piece.environment.projector.catch_up()
        scratch = engine_for(f"sqlite:///{tmp_path / f'{rang}.db'}")
        try:
            sources = list(jouee.journals.values())
            await replay(projection, registry=piece.spec.registry, sources=sources, engine=scratch)
            verdict = compare(piece.environment.engine, scratch, projection)
        finally:
            scratch.dispose()
        assert verdict.equal, (service, projection.label, verdict.differences)
        vue = verdict.rows[0] or f"{service}.{projection.label}" in DE_REGROUPEMENT
        assert vue, f"{service}.{projection.label} n'a aucune ligne : la session ne la montre pas"


async def test_l_histoire_et_les_exemples_passent_par_presque_toutes_les_commandes() -> None:
    """Les garde honnêtes : ce qu'ils ne jouent pas se nomme ici, et a ses propres spécifications."""
    jouees = {read_command(_sans_refus(ligne)).NAME for lignes in etapes().values() for ligne in lignes}
    jouees |= {
        str(orjson.loads(ligne).get("commande", ""))
        for fichier in EXEMPLES.glob("*/*.jsonl")
        for ligne in fichier.read_bytes().splitlines()
        if ligne.startswith(b"{")
    }
    reactions = {nom for nom, droit in DROITS.items() if droit.roles == {"systeme"}}
    assert sorted(set(DROITS) - reactions - jouees - A_PLUSIEURS) == [
        "inscription.fusionner_doublon",
        "notation.constater_support_absent",
        "notation.etablir_fiche_sujet",
        "notation.rectifier_conduite",
        "publication.delivrer_attestation",
        "publication.demander_effacement",
        "publication.publier_decision",
    ]


# Dans n'importe quel ordre -----------------------------------------------------------------------------------------


class Meles(Banc):
    """Chaque réaction de chaque service avance à son heure : seul l'ordre des faits d'un même agrégat est tenu."""

    def __init__(self, neuf: Banc, hasard: Random, *, pas: int = 4) -> None:
        super().__init__(neuf.settings, neuf._pieces, neuf.journals)
        self._hasard, self._pas = hasard, pas
        self._files: dict[tuple[str, int, str], deque[Decoded]] = defaultdict(deque)
        self._vus = 0

    async def reagir(self) -> None:
        """Quelques pas après chaque commande ; le reste attend."""
        for _ in range(self._hasard.randint(0, self._pas)):
            await self._un_pas(SERVICES)

    async def vider(self, *services: str) -> None:
        """Tout ce que ces services doivent encore (tous, si aucun n'est nommé), dans un ordre au hasard."""
        while await self._un_pas(services or SERVICES):
            pass

    async def _un_pas(self, services: Iterable[str]) -> bool:
        self._ranger()
        attendent = [cle for cle, file in self._files.items() if file and cle[0] in services]
        if not attendent:
            return False
        service, rang, sujet = self._hasard.choice(attendent)
        piece = self._pieces[service]
        await self._react(piece, piece.parts.reactions[rang], self._files[service, rang, sujet].popleft())
        return True

    def _ranger(self) -> None:
        journal = self.journals[SESSION]
        for message in journal.messages[self._vus :]:
            for service, piece in self._pieces.items():
                for rang, reaction in enumerate(piece.parts.reactions):
                    decode = Decoded(message, piece.spec.registry)
                    if decode.facts(kinds(reaction.handles)):
                        self._files[service, rang, message.subject].append(decode)
        self._vus = len(journal.messages)


@pytest.mark.parametrize("graine", range(6))
async def test_quel_que_soit_l_ordre_ou_les_services_apprennent_les_decisions_sont_les_memes(
    jouee: Banc, graine: int
) -> None:
    hasard = Random(graine)
    async with banc(SESSION) as neuf:
        meles = Meles(neuf, hasard)
        await _tout_meler(meles, hasard)
        for one in TOUS:
            for question in SUR_CANDIDAT:
                obtenu = _sans_position(await demander(meles, question, one))
                assert obtenu == _sans_position(await demander(jouee, question, one)), (one.numero, question.NAME)
        assert _empreintes(meles) == _empreintes(jouee)


@pytest.mark.parametrize("note_d_abord", [True, False])
async def test_cap24_c03_notee_avant_ou_apres_que_l_absence_du_support_soit_sue_c_est_zero(note_d_abord: bool) -> None:
    async with banc(SESSION) as neuf:
        meles = Meles(neuf, Random(26), pas=0)
        toutes = etapes()
        await _envoyer(meles, [*toutes["ouverture"], *toutes["inscriptions"][:-1]])
        await meles.vider()
        await _envoyer(meles, toutes["dossiers"])
        if not note_d_abord:
            await meles.vider()
        modele = next(one for one in toutes["evaluation"] if one["commande"] == "notation.remplir_grille")
        reponse = await meles.commander_brut({**modele, "id": "sans-support", "candidat": DRISS.numero, "note": "16"})
        assert reponse.get("code") == (None if note_d_abord else "CAP24-C03")
        await meles.vider()
        places = {
            (one["epreuve"], one["situation"]): one for one in (await demander(meles, VoirReleve, DRISS))["notes"]
        }
        assert (places["EP1", "S1"]["etat"], places["EP1", "S1"]["note"]) == ("zero_support", Decimal(0))


async def _tout_meler(meles: Meles, hasard: Random) -> None:
    """Les étapes s'enchaînent sans attendre les réactions, sauf celles sans lesquelles la suivante serait refusée."""
    toutes = {nom: [one for one in lignes if "refus_attendu" not in one] for nom, lignes in etapes().items()}
    await _envoyer(meles, [*toutes["ouverture"], *toutes["inscriptions"]])
    await meles.vider("conformite")  # le dossier, pour être contrôlé ; la notation peut n'avoir encore rien appris
    if hasard.random() < 0.5:
        await _envoyer(meles, toutes["dossiers"])
        await meles.vider()
        await _envoyer(meles, toutes["evaluation"])
    else:
        await meles.vider()
        await _envoyer(meles, _entrelacer(toutes["dossiers"], toutes["evaluation"], hasard))
    await meles.vider()
    await _envoyer(meles, [*toutes["convocations"], *toutes["resultats"], *toutes["jury"]])
    await meles.vider()
    await _envoyer(meles, toutes["publication"])
    await meles.vider()
    await _envoyer(meles, toutes["remplacements"])
    await meles.vider()


async def _envoyer(meles: Meles, lignes: Iterable[Data]) -> None:
    for ligne in lignes:
        reponse = await meles.commander_brut(ligne)
        assert reponse["ok"], (ligne["id"], reponse)


def _entrelacer(une: list[Data], autre: list[Data], hasard: Random) -> list[Data]:
    """Les deux suites mêlées, chacune dans son ordre."""
    tirages = [0] * len(une) + [1] * len(autre)
    hasard.shuffle(tirages)
    suites = (iter(une), iter(autre))
    return [next(suites[tirage]) for tirage in tirages]


def _sans_position(vue: Any) -> Any:
    """Où un fait est au journal dépend de l'ordre ; rien d'autre."""
    if isinstance(vue, dict):
        triee = {
            cle: sorted(valeur, key=lambda un: str(un["fait"])) for cle, valeur in vue.items() if cle == "histoire"
        }
        return {cle: _sans_position(valeur) for cle, valeur in (vue | triee).items() if cle not in ("position", "seq")}
    if isinstance(vue, list):
        return [_sans_position(one) for one in vue]
    return vue


def _sans_refus(ligne: Data) -> Data:
    return {cle: valeur for cle, valeur in ligne.items() if cle != "refus_attendu"}


def _ep(enveloppe: Data) -> str:
    return str(enveloppe["data"]["epreuve"])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _empreintes(sur: Banc) -> dict[str, str]:
    """Nom de fichier → empreinte, d'après le journal."""
    edites = {"releve": "publication.releve_edite.v2", "diplome": "publication.diplome_delivre.v1"}
    return {
        f"{nature}-{one['data']['candidat']}-v{one['data']['version']}.pdf": one["data"]["empreinte"]
        for nature, genre in edites.items()
        for one in faits(sur, genre)
    }
