"""Ce que le BTS NDRC a en propre : dossiers d'E4 et E6, stages, oraux de contrôle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any

from candidat import CCF, PONCTUEL, Candidat, acteur
from ecriture import Ligne, Montre
from jurys import Jury
from stages import SessionAvecStages

NOTEES = ("E1", "E2", "E3", "E4", "E5.S1", "E5.S2", "E6")
COEFFICIENTS = {"E1": 3, "E2": 3, "E3": 3, "E4": 5, "E5.S1": 2, "E5.S2": 2, "E6": 3}
PROFESSIONNELLES = ("E4", "E5.S1", "E5.S2", "E6")
EN_CCF = ("E2", "E4", "E6")
ROUEN, HAVRE, CAEN = "0769101R", "0769102S", "0149103T"  # lycées publics, seuls centres d'examen
EVREUX, CFA, GRETA, ECOLE = "0279104U", "0769105V", "0149106W", "0769107X"
FICHES_E6 = ("distributeurs", "partenaires", "vente_directe")
CONTENUS: Mapping[str, Ligne] = {
    "dossier_e4": {"fiches": ["negociation_vente", "evenement_commercial"], "annexes": 2},
    "dossier_e6": {"fiches": list(FICHES_E6), "etude": True, "experience_reelle": True, "faces": 4},
    "dossier_professionnel": {"etude": True, "experience_reelle": True, "pages": 10, "faces": 4},
}
ENTREPRISES = (
    ("Comptoir du Cailly", "négoce de matériaux"), ("Albâtre Énergies", "vente d'équipements solaires"),
    ("Bocage Assurances", "courtage d'assurance"), ("Réseau Perche Habitat", "agence immobilière"),
    ("Ouche Numérique", "vente de logiciels"), ("Maison des Deux-Caps", "vente à domicile"),
    ("Estuaire Équipement", "vente de véhicules utilitaires"), ("Iton Bureautique", "location de copieurs"),
)  # fmt: skip
STAGES = (("2021-05-10", "2021-07-02"), ("2022-01-03", "2022-02-25"))  # deux fois huit semaines


class SessionBts(SessionAvecStages):
    """Une session du BTS. ``oraux`` : par numéro, ce que le candidat obtient aux épreuves de contrôle."""

    diplome = "bts_ndrc"
    prefixe = "B"
    epreuves = ("E1", "E2", "E3", "E4", "E5", "E6")
    notees = NOTEES
    ages = (20, 22)

    entreprises = ENTREPRISES
    activite = "prospection et négociation"

    def __init__(self, annee: int, graine: int) -> None:
        super().__init__(annee, graine)
        self.oraux: dict[str, dict[str, str]] = {}

    def mode(self, one: Candidat, code: str) -> str:
        """E1, E3 et E5 sont ponctuelles pour tous (DC-BTS10)."""
        return one.mode if code in EN_CCF else PONCTUEL

    def tirer(self, niveau: int) -> dict[str, str]:
        """Jamais entre le refus et l'admission : qui va au contrôle a une histoire, et des oraux."""
        while True:
            notes = super().tirer(niveau)
            if total(notes) >= 10 * sum(COEFFICIENTS.values()) or professionnel(notes) < 10:
                return notes

    # Le dossier ----------------------------------------------------------------------------------------------------

    def emploi(self, debut: str, fin: str, **autrement: Any) -> tuple[str, Ligne]:
        return "", self.periode(debut, fin, "emploi", **autrement)

    def stages(self, *periodes: tuple[str, str]) -> list[tuple[str, Ligne]]:
        """Une attestation par période ; celles de tous, si l'on n'en dit pas d'autres."""
        return [("", self.periode(debut, fin)) for debut, fin in periodes or STAGES]

    def natures(self, one: Candidat) -> Iterator[str]:
        """Ceux d'E4 et d'E6, s'il présente ces unités."""
        unites = one.champs.get("unites") or self.epreuves
        e6 = "dossier_professionnel" if "dossier_professionnel" in one.contenus else "dossier_e6"
        for unite, nature in (("E4", "dossier_e4"), ("E6", e6)):
            if unite in unites and nature not in one.sans:
                yield nature

    def depot_dossier(self, one: Candidat, nature: str, le: str, par: str | Ligne) -> Ligne:
        """Un dossier d'épreuve, compté à sa réception."""
        contenu = CONTENUS[nature] | {"periodes": len(one.attestations)} | one.contenus.get(nature, {})
        return self.depot(one, le, par, piece=nature.replace("_", "-"), nature=nature, contenu=contenu)

    def fiches_engagement(self, montre: Montre) -> Iterator[Ligne]:
        """La fiche, sans laquelle l'engagement ne s'évalue pas."""
        for one in self.candidats:
            if "EF2" in one.facultatives and "fiche_engagement" not in one.sans:
                champs: Ligne = {"piece": "fiche-engagement", "nature": "fiche_engagement"}
                yield self.depot(one, montre.suivant(), one.lui, **champs)

    # Les notes -----------------------------------------------------------------------------------------------------

    def criteres(self, one: Candidat, cle: str) -> dict[str, int]:
        """La grille de l'engagement, seule de ce diplôme dont les notes se tirent."""
        return {"EXPOSE": 4, "ENTRETIEN": 4}

    def commission(self, one: Candidat, cle: str) -> tuple[str, ...]:
        """À défaut de professionnel, un second enseignant (BTS-N10)."""
        repli = int(one.numero[-1]) % 3 == 0
        return ("enseignant_specialite", "enseignant_specialite" if repli else "professionnel")

    def engagements(self, montre: Montre) -> Iterator[Ligne]:
        for one in self.candidats:
            if one.compose and "EF2" in one.notes:
                yield self.note(one, "EF2", one.notes["EF2"], montre.suivant())

    def langues(self, montre: Montre) -> Iterator[Ligne]:
        for one in self.candidats:
            if not one.compose or "EF1" not in one.notes:
                continue
            le = montre.suivant()
            if one.notes["EF1"] == "ABS":
                yield one.ligne("notation.constater_absence", le, one.chef, epreuve="EF1")
                continue
            par = acteur("correcteur-EF1", "correcteur", "lot:EF1")
            yield one.ligne("notation.saisir_note", le, par, epreuve="EF1", note=one.notes["EF1"], lot="EF1")

    # Les épreuves de contrôle --------------------------------------------------------------------------------------

    def controle(self, choix: Montre, oral: Montre) -> Iterator[Ligne]:
        """Deux oraux, au choix du candidat dans le domaine général (DC-BTS11)."""
        choisis = [one for one in self.candidats if one.numero in self.oraux]
        for one in choisis:
            yield from one.avant["controle_oral"]
            yield one.ligne(
                "notation.choisir_controle", choix.suivant(), one.lui, epreuves=list(self.oraux[one.numero])
            )
        for one in choisis:
            for code, note in self.oraux[one.numero].items():
                lot = f"ORAL-{code}"
                par = acteur(f"examinateur-{code}", "correcteur", f"lot:{lot}")
                yield one.ligne("notation.saisir_note_controle", oral.suivant(), par, epreuve=code, note=note, lot=lot)

    def decider(self, jury: Jury, choisis: Iterable[Candidat], montre: Montre) -> Iterator[Ligne]:
        """Une décision de plus, sur ce qui a changé."""
        for one in choisis:
            yield one.ligne("deliberation.prendre_decision", montre.suivant(), jury.preside(), jury=jury.code)

    # Les étapes d'une session --------------------------------------------------------------------------------------

    def evaluer(self, ccf: Mapping[str, str], ponctuel: Mapping[str, str], oraux: str) -> list[str]:
        """Les bordereaux de chaque épreuve, puis les facultatives ; les lots. ``oraux`` : leur premier jour."""
        lots = self.remises(50, CCF, "contrôle en cours de formation", ccf)
        self.faire("Le jour des épreuves : doutes, suspicions", "53-incidents.jsonl", self.avant("ponctuel"))
        lots += self.remises(54, PONCTUEL, "forme ponctuelle", ponctuel)
        montre = Montre(oraux, 1200)
        self.faire(
            "Épreuves facultatives : langue vivante, engagement étudiant", "61-facultatives.jsonl",
            chain(self.langues(montre), self.engagements(montre)),
        )  # fmt: skip
        return lots


def notes(*valeurs: str) -> dict[str, str]:
    """E1, E2, E3, E4, E5 écrit, E5 pratique, E6, dans cet ordre ; ``-`` : aucune note."""
    return {cle: note for cle, note in zip(NOTEES, valeurs, strict=True) if note != "-"}


def total(notes: Mapping[str, str]) -> Decimal:
    """Sur 420."""
    return sum((Decimal(notes[cle]) * coefficient for cle, coefficient in COEFFICIENTS.items()), Decimal())


def professionnel(notes: Mapping[str, str]) -> Decimal:
    """La moyenne d'E4, E5 et E6."""
    points = sum((Decimal(notes[cle]) * COEFFICIENTS[cle] for cle in PROFESSIONNELLES), Decimal())
    return points / sum(COEFFICIENTS[cle] for cle in PROFESSIONNELLES)
