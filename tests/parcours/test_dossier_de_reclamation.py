"""Le dossier d'une réclamation : tout ce qui concerne un candidat, prouvé ; ce qu'on y touche se voit."""

from __future__ import annotations

import io
import re
import stat
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from contracts.evenements.inscription import CandidatInscrit
from contracts.messages import Data
from contracts.vocabulaire import Identite
from services.exploitation.archive.cles import identifiant
from services.exploitation.archive.dossier import Archive
from services.exploitation.archive.faisceau import Faisceau, reunir
from services.exploitation.archive.tests.donnees import CREE, Cle
from services.exploitation.banc import Banc, banc
from services.exploitation.recit.decodage import decode
from services.exploitation.reclamation import contenu, manifeste, verification
from services.exploitation.reclamation.contenu import Couverture, Dossier
from services.exploitation.reclamation.dossier import assembler, ecrire, lire, programme, session_de
from services.exploitation.reclamation.matiere import Matiere, utiles
from services.exploitation.reclamation.pieces import Pieces, Rayons
from services.exploitation.reclamation.verification import Controle, lire_dossier, verifier
from services.exploitation.terminal import EntreeRefusee
from services.socle.enveloppe import Stored, context_of
from tests.parcours.histoire import (
    ACADEMIE,
    BASILE,
    DIPLOME,
    ELISE,
    JULES,
    JURY,
    LIEU,
    RECTEUR,
    SESSION,
    SUPPLEANT,
    TOUS,
    Candidat,
    jouer,
)
from tests.parcours.test_reclamations import ERREUR, Suite

ETABLI = datetime.fromisoformat("2026-09-10T10:00:00+02:00")
CODE = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b")
RELEVE, RELEVE_2 = "documents/releve-N26E0005-v1.pdf", "documents/releve-N26E0005-v2.pdf"
Fichiers = dict[str, bytes]


@dataclass(frozen=True)
class Session:
    """Une session jouée, son archive scellée, et de quoi faire le dossier de chacun."""

    messages: Sequence[Stored]
    archive: Path
    documents: Path

    def matiere(self, candidat: str, messages: Iterable[Stored] | None = None) -> tuple[list[bytes], Faisceau]:
        gardes = utiles(self.messages if messages is None else messages, candidat)
        return reunir(self.archive, {gardes[0].stream: [one.seq for one in gardes]})

    def pieces(self, one: Candidat, identite: Identite | None = None) -> Pieces:
        lignes, faisceau = self.matiere(one.numero)
        messages = lire(lignes, faisceau)
        matiere = Matiere.de(messages, one.numero)

        def ouvrir(inscrit: CandidatInscrit) -> Identite | None:
            return identite

        rayons = Rayons(self.documents, matiere, session_de(messages, couverture(one)), ouvrir)
        jury = [(fait.event, le) for fait, le in self._jury()]
        return rayons.reunir({JURY: jury})

    def _jury(self) -> Iterable[tuple[Any, datetime]]:
        for message in self.messages:
            if message.subject.endswith(f".jury-{JURY}"):
                for fait, enveloppe in zip(decode(message), message.envelopes, strict=True):
                    yield fait, context_of(enveloppe).le

    def dossier(self, one: Candidat, cle: Cle | None = None, **autres: Any) -> Fichiers:
        pieces = self.pieces(one, autres.pop("identite_du_coffre", None))
        lignes, faisceau = self.matiere(one.numero)
        page = couverture(one, refaits=tuple(pieces.refaits), proces_verbaux=tuple(pieces.proces_verbaux), **autres)
        return assembler(lignes, faisceau, page, pieces.fichiers, cle or Cle())


def couverture(one: Candidat, **autres: Any) -> Couverture:
    faite_par, mise_en_page_par = programme()
    return Couverture(
        candidat=one.numero, academie=ACADEMIE, session=SESSION, diplome=DIPLOME, etabli_le=ETABLI,
        cle=identifiant(Cle().publique), programme=faite_par, compositeur=mise_en_page_par, **autres,
    )  # fmt: skip


def rectification() -> list[Data]:
    """Une erreur matérielle : le jury réuni de nouveau change une note déjà publiée (AMB-54)."""
    jury: Data = {"jury": JURY, "candidat": ELISE.numero}
    motif = "transcription : la copie porte 15"
    points: Data = {"epreuve": "UG2", "note": "15", "motif": motif}
    return [
        {"commande": "deliberation.reconvoquer_jury", "le": "2026-07-09T09:00:00+02:00", "par": RECTEUR, **jury,
         "motif": motif},
        {"commande": "deliberation.accorder_points", "le": "2026-07-10T09:00:00+02:00", "par": SUPPLEANT, **jury,
         **points},
        {"commande": "deliberation.prendre_decision", "le": "2026-07-10T09:05:00+02:00", "par": SUPPLEANT, **jury},
    ]  # fmt: skip


async def rectifiee(suite: Suite) -> None:
    """Une réclamation fondée : la note rectifiée, le jury réuni, relevé et diplôme remplacés."""
    await suite.deposer(BASILE, "erreur_materielle", epreuve="UG1")
    await suite.instruire(BASILE, "erreur_materielle", ERREUR)
    await suite.reconvoquer(BASILE, ERREUR)
    assert (await suite.rectifier(BASILE, "UG1", "17"))["ok"]
    await suite.decider(BASILE)
    assert (await suite.clore(BASILE, "acceptee", ERREUR))["ok"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def jouee() -> AsyncIterator[Banc]:
    async with banc(SESSION) as neuf:
        await jouer(neuf.commander_brut)
        await rectifiee(Suite(neuf))
        for rang, commande in enumerate(rectification()):
            reponse = await neuf.commander_brut({"id": f"apres-{rang:03d}", **LIEU, **commande})
            assert reponse["ok"], reponse
        yield neuf


@pytest.fixture(scope="module")
def session(jouee: Banc, tmp_path_factory: pytest.TempPathFactory) -> Session:
    messages = list(jouee.journals[SESSION].messages)
    racine = sceller(tmp_path_factory.mktemp("archive"), messages)
    return Session(messages, racine, jouee.settings.documents_dir / SESSION / DIPLOME)


def sceller(racine: Path, messages: Sequence[Stored]) -> Path:
    archive = Archive(racine, messages[0].stream)
    for debut in range(0, len(messages), 100):
        archive.sceller(messages[debut : debut + 100], CREE, Cle(), ETABLI)
    return racine


@pytest.fixture(scope="module")
def elise(session: Session) -> Fichiers:
    return session.dossier(ELISE)


def codes(fichiers: Fichiers, *cles: Cle) -> set[str]:
    """Ce que la vérification trouve."""
    return {constat.code for one in controles(fichiers, *cles) for constat in one.constats}


def controles(fichiers: Fichiers, *cles: Cle) -> list[Controle]:
    return verifier(fichiers, [one.publique for one in cles or (Cle(),)])


def resigne(fichiers: Fichiers, changes: Mapping[str, bytes], cle: Cle | None = None) -> Fichiers:
    """Les mêmes fichiers, changés, sous un manifeste refait : par qui tient la clé, ou par un autre."""
    restent = {nom: octets for nom, octets in fichiers.items() if nom != manifeste.FICHIER} | dict(changes)
    return restent | {manifeste.FICHIER: manifeste.signer(ELISE.numero, ETABLI, restent, cle or Cle()).ecrire()}


def texte(fichiers: Fichiers) -> str:
    return _texte(fichiers["dossier.pdf"])


@cache
def _texte(pdf: bytes) -> str:
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


# Ce qu'il contient -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("one", [*TOUS, JULES], ids=lambda one: one.numero)
def test_le_dossier_de_chacun_se_verifie(session: Session, one: Candidat) -> None:
    faits = controles(session.dossier(one))
    assert [(controle.code, controle.constats) for controle in faits if not controle.bon] == []
    assert {controle.code for controle in faits if controle.remarque} == set()
    assert next(c.verifies for c in faits if c.code == "PREUVES") > 10


def test_il_ne_sort_du_journal_que_ce_qui_concerne_le_candidat(session: Session, elise: Fichiers) -> None:
    dossier = Dossier.model_validate_json(elise["dossier.json"])
    sujets = {one["sujet"].rpartition(".")[2] for one in dossier.messages}
    autres = {one.numero for one in (*TOUS, JULES)} - {ELISE.numero}
    assert not {sujet for sujet in sujets if sujet.rpartition("-")[2] in autres}
    assert len(dossier.messages) < len(session.messages) / 4


def test_les_reclamations_les_versions_et_les_proces_verbaux_y_sont(elise: Fichiers) -> None:
    dossier = Dossier.model_validate_json(elise["dossier.json"])
    (reclamation,) = dossier.reclamations
    assert reclamation["numero"] == "R1"
    assert [one["evenement"].split(".")[1] for one in reclamation["faits"]] == [
        "reclamation_deposee", "reclamation_instruite", "reclamation_close",
    ]  # fmt: skip
    releves = [one for one in dossier.documents if one["nature"] == "releve"]
    assert [(one["fichier"], one["refait"]) for one in releves] == [(RELEVE, False), (RELEVE_2, False)]
    assert releves[0]["remplace_par"] == releves[1]["numero"]
    assert releves[1]["remplace"] == releves[0]["numero"]
    assert [one.fichier for one in dossier.couverture.proces_verbaux] == [
        f"documents/pv-J1-v{version}.pdf" for version in (1, 2, 3)
    ]
    assert {one.fichier for one in dossier.couverture.proces_verbaux} <= elise.keys()


def test_amb_54_la_reclamation_fondee_dit_ce_qui_a_ete_trouve_et_ce_que_le_jury_a_fait(session: Session) -> None:
    fichiers = session.dossier(BASILE)
    dossier = Dossier.model_validate_json(fichiers["dossier.json"])
    _, instruite, close = dossier.reclamations[0]["faits"]
    assert [one["code"] for one in instruite["trouve"]] == ["note_changee_apres_verrou"]
    remplaces = {one["numero"]: (one["remplace_par"], one["regle"]) for one in dossier.documents if one["remplace_par"]}
    assert list(remplaces) == close["rectification"]["remplaces"]
    assert [par for par, _ in remplaces.values()] == close["rectification"]["documents"]
    assert {regle for _, regle in remplaces.values()} == {"AMB-54"}
    assert [one["resultat"]["nature"] for one in dossier.decisions if one["lignes"]] == ["initiale", "rectificative"]
    dit = texte(fichiers)
    assert all(numero in dit for numero in remplaces)
    assert ERREUR.split(",")[0] in dit
    assert CODE.findall(dit) == []


def test_amb_54_une_note_changee_apres_la_publication_est_signalee(elise: Fichiers) -> None:
    dossier = Dossier.model_validate_json(elise["dossier.json"])
    (ug2,) = [one for one in dossier.notes if one["epreuve"] == "UG2"]
    change = ug2["faits"][-1]
    assert change["apres"]["note_du_jury.UG2"] == "15"
    assert "apres_publication" in change["signalements"]
    assert "▲" in texte(elise)


def test_le_pdf_se_lit_par_un_juge(elise: Fichiers) -> None:
    dit = texte(elise)
    assert ELISE.numero in dit
    for regle in ("DC-CAP16", "DC-CAP13", "DC-REC05", "CAP24-D01", "AMB-54"):
        assert regle in dit
    assert CODE.findall(dit) == []
    assert identifiant(Cle().publique) in dit
    for titre in ("Réclamations et réponses", "Récit", "Notes", "Décisions expliquées", "Régularité du jury"):
        assert titre in dit


def test_le_pdf_est_pdf_a_et_accessible(elise: Fichiers) -> None:
    lu = PdfReader(io.BytesIO(elise["dossier.pdf"]))
    metadonnees = str(lu.trailer["/Root"]["/Metadata"].get_object().get_data(), "utf-8")  # type: ignore[index]
    assert "<pdfaid:part>2</pdfaid:part>" in metadonnees
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadonnees


def test_les_memes_donnees_donnent_les_memes_octets(session: Session, elise: Fichiers) -> None:
    assert session.dossier(ELISE) == elise


def test_aucun_nom_sans_le_demander(session: Session, elise: Fichiers) -> None:
    identite = ELISE.identite
    ecrits = b"".join(octets for nom, octets in elise.items() if not nom.startswith("documents/"))
    for mot in (identite.nom, identite.prenoms, identite.ville):
        assert str(mot).encode() not in ecrits
        assert str(mot) not in texte(elise)
    nommee = contenu.Identite(nom=identite.nom, prenoms=identite.prenoms, naissance=identite.naissance.isoformat())
    nominatif = session.dossier(ELISE, identite=nommee)
    assert identite.nom in texte(nominatif)
    assert codes(nominatif) == set()


def test_un_texte_que_nulle_police_ne_dessine_se_dit_par_son_numero(session: Session) -> None:
    nommee = contenu.Identite(nom="Wit\U0001f600tlokken", prenoms="Élise", naissance="2008-05-05")
    assert "[U+1F600]" in texte(session.dossier(ELISE, identite=nommee))


# Les documents qui manquent -----------------------------------------------------------------------------------------


def test_un_document_perdu_se_refait_a_l_identique_ou_se_dit_absent(session: Session, elise: Fichiers) -> None:
    perdu = session.documents / "releve-N26E0005-v1.pdf"
    octets = perdu.read_bytes()
    perdu.unlink()
    try:
        sans, avec = session.dossier(ELISE), session.dossier(ELISE, identite_du_coffre=ELISE.identite)
    finally:
        perdu.write_bytes(octets)
    assert avec[RELEVE] == elise[RELEVE]
    assert Dossier.model_validate_json(avec["dossier.json"]).couverture.refaits == (perdu.name,)
    (premier, _) = Dossier.model_validate_json(sans["dossier.json"]).documents
    assert (premier["fichier"], len(premier["empreinte"])) == (None, 64)
    assert RELEVE not in sans
    assert codes(sans) == codes(avec) == set()


def test_un_document_falsifie_en_place_n_est_pas_repris(session: Session, elise: Fichiers) -> None:
    chemin = session.documents / "releve-N26E0005-v2.pdf"
    octets = chemin.read_bytes()
    chemin.write_bytes(octets + b"%")
    try:
        refait = session.dossier(ELISE, identite_du_coffre=ELISE.identite)
    finally:
        chemin.write_bytes(octets)
    assert refait[RELEVE_2] == elise[RELEVE_2]


@pytest.mark.parametrize("one", TOUS, ids=lambda one: one.numero)
def test_chaque_document_se_refait_depuis_le_journal(session: Session, one: Candidat) -> None:
    sans_dossier = replace(session, documents=session.documents / "absent")
    refaits = sans_dossier.pieces(one, one.identite)
    en_place = session.pieces(one)
    assert {nom for nom in en_place.fichiers if nom.startswith("pv-")} <= refaits.fichiers.keys()
    nominatifs = {nom: octets for nom, octets in en_place.fichiers.items() if not nom.startswith("pv-")}
    assert {nom: refaits.fichiers[nom] for nom in nominatifs} == nominatifs
    assert set(refaits.refaits) == nominatifs.keys()


# Ce qu'on y touche --------------------------------------------------------------------------------------------------


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_un_octet_retourne_n_importe_ou_est_trouve(elise: Fichiers, data: st.DataObject) -> None:
    nom = data.draw(st.sampled_from(sorted(elise)))
    place, masque = data.draw(st.integers(0, len(elise[nom]) - 1)), data.draw(st.integers(1, 255))
    octets = bytearray(elise[nom])
    octets[place] ^= masque
    assert codes(elise | {nom: bytes(octets)}) != set()


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_un_octet_du_manifeste_retourne_se_voit_au_manifeste(elise: Fichiers, data: st.DataObject) -> None:
    octets = bytearray(elise[manifeste.FICHIER])
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        lu = manifeste.lire(bytes(octets))
    except manifeste.ManifesteRefuse:
        return
    assert not lu.signe_par(Cle().publique)


def test_un_fichier_retire_ou_ajoute_se_voit(elise: Fichiers) -> None:
    for nom in elise:
        assert codes({autre: octets for autre, octets in elise.items() if autre != nom}) != set()
    assert codes(elise | {"documents/autre.pdf": b"%PDF"}) >= {"FICHIER_EN_TROP", "DOCUMENT_INCONNU"}
    assert "MANIFESTE_MANQUANT" in codes({"dossier.pdf": b""})
    assert codes({}) != set()


def test_une_cle_inconnue_une_signature_forgee_se_voient(elise: Fichiers) -> None:
    assert "CLE_SANS_CONFIANCE" in codes(elise, Cle(2))
    autre = resigne(elise, {}, Cle(2))
    assert "CLE_SANS_CONFIANCE" in codes(autre)
    signe = manifeste.lire(elise[manifeste.FICHIER])
    forge = signe.model_copy(update={"signature": manifeste.lire(autre[manifeste.FICHIER]).signature})
    assert codes(elise | {manifeste.FICHIER: forge.ecrire()}) == {"SIGNATURE_FAUSSE"}


def test_deux_documents_echanges_se_voient_meme_signes(elise: Fichiers) -> None:
    echanges = resigne(elise, {RELEVE: elise[RELEVE_2], RELEVE_2: elise[RELEVE]})
    assert "DOCUMENT_DIFFERENT" in codes(echanges)
    inconnu = resigne(elise, {"documents/releve-N26E0005-v3.pdf": elise[RELEVE]})
    assert "DOCUMENT_INCONNU" in codes(inconnu)


def tronque(session: Session, garder: Callable[[Stored], bool]) -> Fichiers:
    """Le dossier que ferait, clé en main, qui laisserait des messages de côté."""
    lignes, faisceau = session.matiere(ELISE.numero)
    gardes = [rang for rang, one in enumerate(lire(lignes, faisceau)) if garder(one)]
    assert len(gardes) < len(lignes)
    moins = faisceau.model_copy(update={"inclusions": tuple(faisceau.inclusions[rang] for rang in gardes)})
    return assembler([lignes[rang] for rang in gardes], moins, couverture(ELISE), {}, Cle())


def test_un_message_du_milieu_laisse_de_cote_se_voit_meme_signe(session: Session) -> None:
    siens = [one.seq for one in session.messages if one.subject.endswith(f".releve-{ELISE.numero}")]
    for absent in siens[:-1][::5]:
        assert "CHAINE_ROMPUE" in codes(tronque(session, lambda one, absent=absent: one.seq != absent))  # type: ignore[misc]


def test_un_agregat_entier_laisse_de_cote_se_voit_aux_faits_cites(session: Session) -> None:
    assert "FAIT_CITE_ABSENT" in codes(tronque(session, lambda one: ".releve-" not in one.subject))
    assert "AGREGAT_MANQUANT" in codes(tronque(session, lambda one: ".candidature-" not in one.subject))


def test_une_version_remplacee_laissee_de_cote_se_voit(session: Session) -> None:
    premier = next(one.seq for one in session.messages if one.subject.endswith(f".document-{ELISE.numero}"))
    assert codes(tronque(session, lambda one: one.seq != premier)) >= {"CHAINE_ROMPUE", "VERSION_MANQUANTE"}


def test_un_recit_arrange_se_voit_meme_signe(elise: Fichiers) -> None:
    dossier = Dossier.model_validate_json(elise["dossier.json"])
    dossier.recit[0]["phrase"] = "Tout s'est bien passé"
    assert "RECIT_DIFFERENT" in codes(resigne(elise, {"dossier.json": dossier.ecrire()}))
    dossier = Dossier.model_validate_json(elise["dossier.json"])
    dossier.jurys[0]["membres"][0]["present"] = False
    assert "SECTION_DIFFERENTE" in codes(resigne(elise, {"dossier.json": dossier.ecrire()}))


def test_un_pdf_arrange_se_voit_meme_signe(session: Session, elise: Fichiers) -> None:
    autre = session.dossier(JULES)
    assert codes(resigne(elise, {"dossier.pdf": autre["dossier.pdf"]})) == {"PDF_DIFFERENT"}
    assert codes(resigne(elise, {"LISEZMOI.txt": b"Tout va bien."})) == {"LISEZMOI_DIFFERENT"}


def test_une_preuve_d_un_autre_message_ne_prouve_rien(elise: Fichiers) -> None:
    lu: Data = orjson.loads(elise["preuves.json"])
    lu["inclusions"][0], lu["inclusions"][1] = lu["inclusions"][1], lu["inclusions"][0]
    assert "LIGNE_HORS_DU_SEGMENT" in codes(resigne(elise, {"preuves.json": orjson.dumps(lu)}))
    lignes = elise["messages.jsonl"].replace(b"UG1", b"UG2", 1)
    assert "LIGNE_HORS_DU_SEGMENT" in codes(resigne(elise, {"messages.jsonl": lignes}))


def test_cap24_n10_un_total_qui_n_est_pas_celui_des_notes_se_voit(session: Session, tmp_path: Path) -> None:
    """Scellé ainsi : la preuve tient, le récit aussi ; le calcul, non."""
    faux = [
        replace(one, body=one.body.replace(b'"points":"56","note":"14"', b'"points":"57","note":"14"'))
        if one.subject.endswith(f".jury-{JURY}") and ELISE.numero.encode() in one.body
        else one
        for one in session.messages
    ]
    arrangee = Session(faux, sceller(tmp_path, faux), session.documents)
    trouves = [one for one in controles(arrangee.dossier(ELISE)) if not one.bon]
    assert [(one.code, {constat.code for constat in one.constats}) for one in trouves] == [
        ("CHIFFRES", {"CHIFFRES_FAUX"})
    ]


def test_un_dossier_fait_par_un_autre_programme_le_dit(elise: Fichiers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "programme", lambda: ("99.0", "0.1"))
    edition = controles(elise)[-1]
    assert (edition.code, edition.bon, edition.verifies) == ("EDITION", True, 0)
    assert "99.0" in edition.remarque


# Sur le disque ------------------------------------------------------------------------------------------------------


def test_il_s_ecrit_en_entier_pour_son_seul_proprietaire(elise: Fichiers, tmp_path: Path) -> None:
    sortie = tmp_path / "remis" / "dossier"
    ecrire(sortie, elise)
    assert lire_dossier(sortie) == elise
    assert stat.S_IMODE(sortie.stat().st_mode) == stat.S_IMODE((sortie / "documents").stat().st_mode) == 0o700
    assert {stat.S_IMODE((sortie / nom).stat().st_mode) for nom in elise} == {0o600}
    with pytest.raises(EntreeRefusee):
        ecrire(sortie, elise)
    (tmp_path / "vide").mkdir()
    ecrire(tmp_path / "vide", elise)
    assert lire_dossier(tmp_path / "vide") == elise


def test_une_ecriture_qui_echoue_ne_laisse_rien(elise: Fichiers, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="absent"):
        ecrire(tmp_path / "dossier", elise | {"absent/" * 60 + "x" * 300: b""})
    assert list(tmp_path.iterdir()) == []


def test_un_lien_dans_le_dossier_se_voit(elise: Fichiers, tmp_path: Path) -> None:
    ecrire(tmp_path / "dossier", elise)
    (tmp_path / "dossier" / "documents" / "lien").symlink_to("/etc/hostname")
    assert "FICHIER_EN_TROP" in codes(lire_dossier(tmp_path / "dossier"))
