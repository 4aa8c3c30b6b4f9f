"""Ce que le titre professionnel CRCD a en propre : des compétences, jamais une note ; un passage minuté."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from candidat import PONCTUEL, Candidat, acteur
from ecriture import Ligne, Montre
from modele import Session

ROUEN, CAEN = "CA-ROUEN", "CA-CAEN"  # centres agréés
CRITERES = {
    "CCP1.S1": 7, "CCP1.S2": 9, "CCP1.S3": 9, "CCP2.S1": 6, "CCP2.S2": 8, "CCP2.S3": 7, "CCP2.S4": 7, "EF": 5
}  # fmt: skip
TITRE, CCP1, CCP2, ENTRETIEN = ("CCP1", "CCP2", "EF"), ("CCP1",), ("CCP2",), ("EF",)
ANCIEN, ACTUEL = "arrêté du 21/12/2015", "Conseiller relation client à distance"
PARIS = ZoneInfo("Europe/Paris")
UN_TIERS = Fraction(4, 3)

# Modalité, minutes, qui est là (jury ou surveillant), poste. « correction » : le jury, pendant que le candidat prépare.
Moment = tuple[str, int, str, bool]
MOMENTS: Mapping[tuple[str, ...], tuple[Moment, ...]] = {
    TITRE: (
        ("mise_en_situation_1", 75, "surveillant", True),
        ("mise_en_situation_2", 45, "surveillant", True),
        ("mise_en_situation_3", 60, "jury", True),
        ("entretien_technique_preparation", 10, "surveillant", False),
        ("entretien_technique_ecoute", 10, "jury", False),
        ("entretien_technique_questions", 10, "jury", False),
        ("entretien_final", 15, "jury", False),
    ),
    CCP1: (
        ("mise_en_situation_1", 75, "surveillant", True),
        ("mise_en_situation_2", 15, "surveillant", True),
        ("mise_en_situation_3", 15, "jury", True),
        ("entretien_technique_preparation", 10, "surveillant", False),
        ("entretien_technique_ecoute", 10, "jury", False),
        ("entretien_technique_questions", 5, "jury", False),
    ),
    CCP2: (
        ("mise_en_situation_1", 75, "surveillant", True),
        ("mise_en_situation_2", 20, "surveillant", True),
        ("mise_en_situation_3", 30, "jury", True),
        ("entretien_technique_preparation", 5, "jury", False),
        ("entretien_technique_questions", 10, "jury", False),
    ),
    ENTRETIEN: (("entretien_final", 15, "jury", False),),
}
CORRECTION = timedelta(minutes=15)
PIECES = {
    "parcours_continu": ("dossier_professionnel", "evaluations_formation"),
    "vae": ("dossier_professionnel",),
    "capitalisation": ("livret_certification",),
}


class SessionTp(Session):
    """Une session du titre. ``passages`` : par numéro, le début du passage, le poste et s'il a un tiers de temps."""

    diplome = "tp_crcd"
    prefixe = "T"
    epreuves = TITRE
    notees = tuple(CRITERES)

    def __init__(self, annee: int, graine: int) -> None:
        super().__init__(annee, graine)
        self.passages: dict[str, tuple[str, str, bool]] = {}

    def tirer(self, niveau: int) -> dict[str, str]:
        """Toutes acquises : qui n'en a pas une a son histoire."""
        return dict.fromkeys(self.notees, "acquise")

    def voie(self, categorie: str, centre: str, unites: tuple[str, ...] = TITRE, **autrement: Any) -> Candidat:
        """Un candidat à ces unités ; ``manque`` : les compétences qu'il n'acquiert pas."""
        manque = autrement.pop("manque", ())
        notes = {cle: "non" if cle in manque else "acquise" for cle in CRITERES if cle.partition(".")[0] in unites}
        champs: Ligne = {} if unites == TITRE else {"unites": list(unites)}
        champs |= autrement.pop("champs", {})
        return self.candidat(categorie, centre, None, mode=PONCTUEL, notes=notes, champs=champs, **autrement)

    # Le dossier ----------------------------------------------------------------------------------------------------

    def pieces(self, montre: Montre) -> Iterator[Ligne]:
        """Les pièces que veut sa voie (TP-C01)."""
        for one in self.candidats:
            yield from one.avant["dossier"]
            for nature in PIECES[one.categorie]:
                if nature not in one.sans:
                    yield self.depot(one, montre.suivant(), one.lui, piece=nature.replace("_", "-"), nature=nature)

    # Le passage ----------------------------------------------------------------------------------------------------

    def plannings(self, choisis: Iterable[Candidat], montre: Montre) -> Iterator[Ligne]:
        for one in choisis:
            if one.compose:
                yield from one.avant["planning"]
                yield self.planning(one, montre.suivant())
                yield from one.apres["planning"]

    def planning(self, one: Candidat, le: str, **autrement: Any) -> Ligne:
        creneaux = autrement.pop("creneaux", None) or self.creneaux(one)
        return one.ligne("inscription.planifier_passage", le, creneaux=creneaux, **autrement)

    def creneaux(self, one: Candidat, debut: str = "", poste: str = "") -> list[Ligne]:
        """Moment après moment, à la seconde ; l'écrit corrigé juste avant que le jury reçoive le candidat."""
        prevu, sien, majore = self.passages[one.numero]
        instant = datetime.fromisoformat(debut or prevu).replace(tzinfo=PARIS)
        creneaux: list[Ligne] = []
        for modalite, minutes, present, a_son_poste in MOMENTS[self.unites(one)]:
            fin = instant + timedelta(seconds=int(minutes * 60 * (UN_TIERS if majore else 1)))
            champs: Ligne = {"modalite": modalite, "debut": instant.isoformat(), "fin": fin.isoformat(), present: True}
            if modalite == "mise_en_situation_3":
                corrige = {"debut": (instant - CORRECTION).isoformat(), "fin": instant.isoformat(), "jury": True}
                creneaux.append({"modalite": "correction", **corrige})
            creneaux.append(champs | ({"poste": poste or sien} if a_son_poste else {}))
            instant = fin
        return creneaux

    def unites(self, one: Candidat) -> tuple[str, ...]:
        return tuple(one.champs.get("unites", TITRE))

    def convoquer(self, choisis: Iterable[Candidat], montre: Montre) -> Iterator[Ligne]:
        """Chacun pour l'heure de son passage."""
        for one in choisis:
            yield from one.avant["convocation"]
            if one.compose:
                date = datetime.fromisoformat(self.passages[one.numero][0]).replace(tzinfo=PARIS).isoformat()
                yield one.ligne("inscription.emettre_convocation", montre.suivant(), date=date)

    # Les compétences -----------------------------------------------------------------------------------------------

    def evaluations(self, choisis: Iterable[Candidat], lot: str) -> Iterator[Ligne]:
        """Compétence par compétence, le soir du passage ; l'entretien final, comme une autre."""
        for one in choisis:
            if not one.compose:
                continue
            yield from one.avant["evaluation"]
            montre = Montre(self.passages[one.numero][0][:10])
            soir = [montre.suivant() for _ in one.notes]
            par = acteur(f"jury-{lot}", "commission", f"lot:{lot}")
            for le, (cle, mention) in zip(soir, one.notes.items(), strict=True):
                le = le.replace("T08:", "T18:")
                if mention == "ABS":
                    yield one.ligne("notation.constater_absence", le, one.chef, epreuve=cle)
                    continue
                acquise = mention == "acquise"
                champs: Ligne = {} if cle == "EF" else {"criteres": CRITERES[cle] - (0 if acquise else 4)}
                yield one.ligne("notation.evaluer_competence", le, par, epreuve=cle, acquise=acquise, lot=lot, **champs)
            yield from one.apres["evaluation"]
