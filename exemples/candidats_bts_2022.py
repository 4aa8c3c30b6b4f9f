"""Les candidats du BTS NDRC, session 2022, et leurs histoires ; `session_bts_2022.py` leur fait passer l'année."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bts_ndrc import CAEN, CFA, ECOLE, GRETA, HAVRE, ROUEN, SessionBts, notes
from candidat import CCF, PONCTUEL, Candidat
from ecriture import Ligne
from lycees_bts_2022 import ACQUIS_LE, APRES_JURY, etudiant, lycee_prive, lycees_publics, signaler_doute


@dataclass(frozen=True)
class Groupes:
    """Les candidats, selon la voie par où ils s'inscrivent."""

    publics: list[Candidat]
    prives: list[Candidat]
    apprentis: list[Candidat]
    autres: list[Candidat]
    individuels: list[Candidat]

    @property
    def fichiers(self) -> list[Candidat]:
        return [*self.publics, *self.prives, *self.apprentis, *self.autres]


def inventer(session: SessionBts, de_plus: int) -> Groupes:
    """Ceux qui ont une histoire et leurs camarades, puis ``de_plus`` sans histoire."""
    groupes = Groupes(
        publics=lycees_publics(session),
        prives=lycee_prive(session),
        apprentis=_apprentis(session),
        autres=_autres_formations(session),
        individuels=_individuels(session),
    )
    for _ in range(de_plus):
        groupes.publics.append(etudiant(session))
    return groupes


def _apprentis(session: SessionBts) -> list[Candidat]:
    """Au CFA habilité : leur contrat tient lieu de stage, sur certificat de travail."""
    for _ in range(7):
        contrat = [session.emploi("2020-09-01", "2022-02-28")]
        session.candidat("apprenti", HAVRE, CFA, mode=CCF, attestations=contrat)
    return session.candidats[-7:]


def _autres_formations(session: SessionBts) -> list[Candidat]:
    """Formation continue habilitée, hors contrat et distance : les deux derniers tout en ponctuel (DC-BTS10)."""
    debut = len(session.candidats)
    for _ in range(3):
        session.candidat("formation_continue", CAEN, GRETA, mode=CCF, attestations=session.stages())
    for _ in range(4):
        session.candidat("hors_contrat", ROUEN, ECOLE, mode=PONCTUEL, attestations=session.stages(), livret=False)
    retabli = session.candidat(
        "hors_contrat", ROUEN, ECOLE, mode=PONCTUEL, attestations=session.stages(), livret=False,
        notes=notes("11", "10", "12", "13", "11", "12", "12"),
    )  # fmt: skip
    retabli.avant["ponctuel"].append(signaler_doute(retabli, "E4", "tampon de l'entreprise illisible sur une fiche"))
    retabli.apres["apres_jury"].append(_verification(retabli, conforme=True, motif="original présenté et authentifié"))
    perdu = session.candidat(
        "hors_contrat", ROUEN, ECOLE, mode=PONCTUEL, attestations=session.stages(), livret=False,
        notes=notes("12", "12", "13", "13", "12", "11", "12"),
    )  # fmt: skip
    perdu.avant["ponctuel"].append(signaler_doute(perdu, "E4", "attestation d'une entreprise que le jury dit fermée"))
    perdu.apres["apres_jury"].append(
        _verification(perdu, conforme=False, motif="l'entreprise n'a reçu aucun stagiaire")
    )
    session.candidat("distance", HAVRE, None, mode=PONCTUEL, attestations=session.stages())
    return session.candidats[debut:]


def _verification(one: Candidat, *, conforme: bool, motif: str) -> Ligne:
    return one.ligne("conformite.conclure_verification", APRES_JURY, epreuve="E4", conforme=conforme, motif=motif)


# Ceux qui s'inscrivent eux-mêmes -----------------------------------------------------------------------------------


def _individuels(session: SessionBts) -> list[Candidat]:
    debut = len(session.candidats)
    _experience(session)
    _dispenses(session)
    _progressifs(session)
    return session.candidats[debut:]


def _adulte(session: SessionBts, categorie: str, valeurs: dict[str, str] | None = None, **autrement: Any) -> Candidat:
    centre = (ROUEN, HAVRE, CAEN)[len(session.candidats) % 3]
    champs: Ligne = {"attestations": [session.emploi("2018-09-03", "2022-01-31")]} | autrement
    return session.candidat(categorie, centre, None, mode=PONCTUEL, notes=valeurs, **champs)


def _experience(session: SessionBts) -> None:
    """Certificats de travail, et un dossier professionnel en E6 s'ils le préfèrent (BTS-I04, BTS-C15)."""
    professionnel: dict[str, Ligne] = {"dossier_professionnel": {}}
    _adulte(session, "experience", contenus=professionnel)
    long: dict[str, Ligne] = {"dossier_professionnel": {"pages": 14}}
    _adulte(session, "experience", notes("11", "12", "11", "13", "12", "12", "9.5"), contenus=long)
    _adulte(session, "experience")
    garde = _adulte(session, "experience", notes("-", "-", "12", "11", "11", "12", "11"))
    garde.avant["acquis"] += [
        garde.benefice(ACQUIS_LE, "E1", "12.5", "2016", refus_attendu="DC-BTS14"),
        garde.benefice(ACQUIS_LE, "E1", "11", "2020"),
        garde.benefice(ACQUIS_LE, "E2", "14", "2019"),
    ]
    parti = _adulte(session, "individuel", annule=True)
    parti.avant["acquis"].append(
        parti.ligne("inscription.annuler_inscription", ACQUIS_LE, motif="désistement écrit du candidat")
    )
    _adulte(session, "individuel")
    faible = _adulte(session, "individuel", notes("7", "8", "6", "9", "7", "8", "8"))
    faible.avant["acquis"].append(
        faible.ligne(
            "inscription.modifier_inscription", "2021-11-15T09:00:00+01:00", faible.lui, modes={"E4": "ccf"},
            refus_attendu="DC-BTS10",
        )
    )  # fmt: skip


def _dispenses(session: SessionBts) -> None:
    """Titulaire d'un DUT ; unités acquises par validation de l'expérience ; stage dû par qui ne l'est que d'U4."""
    exact = notes("-", "11", "9", "10", "10", "10", "10")  # 180 points sur 18 coefficients
    dut = _adulte(session, "individuel", exact)
    dut.avant["acquis"] += [
        _dispense(dut, "E1", "diplôme universitaire de technologie obtenu en 2018"),
        _dispense(dut, "E4", "diplôme universitaire de technologie", refus_attendu="DC-BTS06"),
    ]
    deux = _adulte(
        session, "individuel", notes("12", "11", "12", "-", "12", "13", "-"), attestations=[],
        sans=("dossier_e4", "dossier_e6"),
    )  # fmt: skip
    deux.avant["acquis"] += [
        _dispense(deux, code, "unité validée par le jury du 14 juin 2021", fondement="vae") for code in ("E4", "E6")
    ]
    une = _adulte(
        session, "individuel", notes("12", "11", "12", "-", "12", "13", "-"), attestations=[], sans=("dossier_e4",)
    )
    une.avant["acquis"].append(_dispense(une, "E4", "unité validée par le jury du 14 juin 2021", fondement="vae"))


def _dispense(one: Candidat, code: str, motif: str, **autrement: Any) -> Ligne:
    return one.ligne("inscription.accorder_dispense", ACQUIS_LE, "recteur", epreuve=code, motif=motif, **autrement)


def _progressifs(session: SessionBts) -> None:
    """La forme progressive : des unités cette année, les autres plus tard, et des notes gardées même sous dix."""

    def progressif(categorie: str, unites: tuple[str, ...], valeurs: dict[str, str], **autrement: Any) -> Candidat:
        champs = {"forme": "progressive", "unites": list(unites)}
        return _adulte(session, categorie, valeurs, champs=champs, **autrement)

    general, professionnel = ("E1", "E2", "E3"), ("E4", "E5", "E6")
    trois = notes("12", "9", "11", "-", "-", "-", "-")
    progressif("formation_continue", general, trois, attestations=[])
    progressif("distance", general, notes("14", "13", "12", "-", "-", "-", "-"), attestations=[])
    quatre = progressif("experience", ("E1", "E4"), notes("11", "-", "-", "12", "-", "-", "-"))
    quatre.avant["acquis"].append(quatre.benefice(ACQUIS_LE, "E3", "7.5", "2021"))
    termine = progressif("experience", professionnel, notes("-", "-", "-", "12", "12", "11", "11"))
    termine.avant["acquis"] += [
        termine.benefice(ACQUIS_LE, "E1", "8", "2021"),  # gardée sous dix, compensée
        termine.benefice(ACQUIS_LE, "E2", "11", "2021"),
        termine.benefice(ACQUIS_LE, "E3", "10", "2020"),
    ]
    rate = progressif("individuel", professionnel, notes("-", "-", "-", "7", "8", "7", "8"))
    rate.avant["acquis"] += [
        rate.benefice(ACQUIS_LE, code, note, "2021") for code, note in (("E1", "9"), ("E2", "8"), ("E3", "7"))
    ]
