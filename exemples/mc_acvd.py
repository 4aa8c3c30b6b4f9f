"""Ce que la mention complémentaire Assistance, conseil, vente à distance a en propre : dossier d'E1, contrôle d'U1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from candidat import CCF, PONCTUEL, Candidat
from ecriture import Ligne, Montre
from stages import SessionAvecStages

CCF_NOTEES = ("E1", "E2.S1", "E2.S2", "E2.S3", "E3")
PONCTUEL_NOTEES = ("E1", "E2", "E3")
ROUEN, CAEN = "0769201A", "0149202B"  # lycées publics, seuls centres d'examen
PRIVE, CFA, GRETA = "0279203C", "0769204D", "0149205E"
STAGE = ("2025-09-08", "2026-01-02")  # dix-sept semaines
FORMATION = (
    "scolaire_public",
    "scolaire_prive_sous_contrat",
    "apprenti",
    "formation_continue",
    "hors_contrat",
    "distance",
)
ENTREPRISES = (
    ("Allô Bocage", "centre de contact client"), ("Voix d'Albâtre", "relation client à distance"),
    ("Assistance du Perche", "assistance téléphonique"), ("Cap Télévente", "télévente"),
    ("Iton Services", "téléconseil et assistance"), ("Ouche en Ligne", "vente à distance par internet"),
)  # fmt: skip


class SessionMc(SessionAvecStages):
    """Une session de la mention complémentaire, « certificat de spécialisation » depuis 2025."""

    diplome = "mc_acvd"
    prefixe = "M"
    epreuves = ("E1", "E2", "E3")
    notees = CCF_NOTEES
    ages = (18, 21)

    entreprises = ENTREPRISES
    activite = "accueil et conseil à distance"

    def candidat(
        self, categorie: str, centre: str, etablissement: str | None, *, mode: str, **autrement: Any
    ) -> Candidat:
        """Sans livret ; E2 se note d'un coup en ponctuel, en trois situations sinon (MC-N05, MC-N06)."""
        one = super().candidat(categorie, centre, etablissement, mode=mode, **({"livret": False} | autrement))
        if mode == PONCTUEL and "E2.S3" in one.notes:
            one.notes = {"E1": one.notes["E1"], "E2": one.notes["E2.S3"], "E3": one.notes["E3"]}
        return one

    def mode(self, one: Candidat, code: str) -> str:
        """E3 est ponctuelle pour tous (MC-I02)."""
        return one.mode if code != "E3" else PONCTUEL

    # Le dossier ----------------------------------------------------------------------------------------------------

    def stage(self, debut: str = STAGE[0], fin: str = STAGE[1], **autrement: Any) -> list[tuple[str, Ligne]]:
        return [("", self.periode(debut, fin, **autrement))]

    def emploi(self, debut: str, fin: str, **autrement: Any) -> list[tuple[str, Ligne]]:
        return [("", self.periode(debut, fin, "emploi", **autrement))]

    def natures(self, one: Candidat) -> Iterator[str]:
        """Le rapport que son statut demande, et le dossier d'E1 de qui est évalué en CCF (MC-C03, MC-C09, MC-C12)."""
        dues = ["rapport_stage" if one.categorie in FORMATION else "rapport_activites"]
        if one.mode == CCF:
            dues.append("dossier_e1")
        return (nature for nature in dues if nature not in one.sans)

    def depot_dossier(self, one: Candidat, nature: str, le: str, par: str | Ligne) -> Ligne:
        champs: Ligne = {"piece": nature.replace("_", "-"), "nature": nature}
        if nature == "rapport_stage":
            champs["signataires"] = list(one.signataires if one.signataires is not None else ("tuteur",))
        if nature == "dossier_e1":
            contenu: Ligne = {"situations": ["vente", "prospection", "animation"], "pages": 11}
            champs["contenu"] = contenu | one.contenus.get(nature, {})
        return self.depot(one, le, par, **champs)

    # Les notes -----------------------------------------------------------------------------------------------------

    def criteres(self, one: Candidat, cle: str) -> dict[str, int]:
        """Les quatre compétences d'E1, jamais plus de critères que la grille n'en a."""
        return {"C1": 24 + int(one.numero[-1]) % 5, "C2": 8, "C4.2": 4, "C4.4": 2}

    def situations(self, dates: Mapping[str, str]) -> list[str]:
        """Les situations d'E2 en cours de formation, la seconde refaite pour qui l'a manquée ; les lots."""
        *premieres, derniere = dates
        intitule = "contrôle en cours de formation"
        lots = self.remises(25, CCF, intitule, {cle: dates[cle] for cle in premieres})
        self.faire("Situation d'E2 manquée, puis refaite", "27-e2-refaite.jsonl", self.apres("e2"))
        return lots + self.remises(28, CCF, intitule, {derniere: dates[derniere]})

    def evaluer(self, jours: Mapping[str, str], ponctuel: Mapping[str, str]) -> list[str]:
        """Les grilles d'E1, puis les épreuves ponctuelles ; les lots des bordereaux."""
        grilles = self.grilles(CCF, ("E1",), "ccf", Montre(jours["ccf"], 1200))
        self.faire("Contrôle en cours de formation : E1", "50-e1-ccf.jsonl", grilles)
        grilles = self.grilles(PONCTUEL, ("E1",), "ponctuel", Montre(jours["ponctuel"], 2400))
        self.faire("Épreuve ponctuelle : E1", "60-e1-ponctuel.jsonl", grilles)
        return self.remises(61, PONCTUEL, "forme ponctuelle", ponctuel)


def en_ccf(*valeurs: str) -> dict[str, str]:
    """E1, les trois situations d'E2, E3, dans cet ordre ; ``-`` : aucune note."""
    return {cle: note for cle, note in zip(CCF_NOTEES, valeurs, strict=True) if note != "-"}


def ponctuelles(*valeurs: str) -> dict[str, str]:
    """E1, E2, E3, dans cet ordre ; ``-`` : aucune note."""
    return {cle: note for cle, note in zip(PONCTUEL_NOTEES, valeurs, strict=True) if note != "-"}
