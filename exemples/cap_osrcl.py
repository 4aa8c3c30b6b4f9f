"""Ce que le CAP Opérateur/opératrice de service a en propre : ses épreuves, ses supports, le code et la conduite."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from candidat import CCF, PONCTUEL, Candidat
from ecriture import Ligne, Montre
from modele import Session

NOTEES = ("EP1.S1", "EP1.S2", "EP2", "EP3.S2", "UG1", "UG2", "UG3", "UG4")
SUPPORTS = ("fiche_produit", "fiche_environnement", "recapitulatif")
ROUEN, HAVRE, CAEN, EVREUX = "0769001A", "0769002B", "0149003C", "0279004D"
REFERENCE = "valeurs de démonstration, sans texte : à remplacer par celles de l'annexe de l'arrêté"
COEFFICIENTS = {"EP1": "4", "EP2": "3", "EP3": "3"}


class SessionCap(Session):
    """Une session du CAP."""

    diplome = "cap_osrcl"
    prefixe = "N"
    epreuves = ("EP1", "EP2", "EP3", "UG1", "UG2", "UG3", "UG4")
    notees = NOTEES

    @property
    def dossier(self) -> str:
        return str(self.annee)

    def candidat(
        self, categorie: str, centre: str, etablissement: str | None, *, mode: str, **autrement: Any
    ) -> Candidat:
        """Le résultat de sa conduite est tiré au sort si l'on n'en dit rien."""
        one = super().candidat(categorie, centre, etablissement, mode=mode, **autrement)
        tiree = self.tirer_conduite(mode)  # même quand elle est dite : les tirages des suivants n'en dépendent pas
        one.conduite = autrement.get("conduite", tiree)
        return one

    def tirer_conduite(self, mode: str) -> tuple[str, ...]:
        bonne, mauvaise = ("favorable", "insuffisant") if mode == CCF else ("validee", "non_validee")
        return (bonne,) if self._hasard.randint(0, 9) < 7 else (mauvaise,)

    def criteres(self, one: Candidat, cle: str) -> dict[str, int]:
        """La grille de vente veut C3 et une de C2, C5 ; les autres ont leurs propres compétences."""
        pair = int(one.numero[-1]) % 2 == 0
        if cle == "EP1.S1":
            return {"C3": 6, "C2" if pair else "C5": 5}
        if cle == "EP1.S2":
            return {"C1": 5, "C4": 6}
        return {"C6": 4, "C7": 3} if cle == "EP2" else {"C8": 4, "C9": 4}

    def commission(self, one: Candidat, cle: str) -> Sequence[str]:
        return one.commission_ep3 if cle.startswith("EP3") else super().commission(one, cle)

    def supports(self, montre: Montre) -> Iterator[Ligne]:
        """Les fiches et le récapitulatif : par l'établissement, ou par le candidat s'il n'en a pas."""
        for one in self.candidats:
            if not one.compose:
                continue
            yield from one.avant["supports"]
            par = one.lui if one.individuel else one.chef
            for nature in SUPPORTS:
                if nature in one.sans:
                    continue
                champs: Ligne = {"piece": nature.replace("_", "-"), "nature": nature}
                if nature == "recapitulatif":
                    champs["nature"] = "recapitulatif_experience" if one.individuel else "recapitulatif_pfmp"
                    signe = ("candidat",) if one.individuel else ("tuteur", "professeur")
                    champs["signataires"] = list(one.signataires or signe)
                yield self.depot(one, montre.suivant(), par, **champs)
            yield from one.apres["supports"]

    def arreter_supports(self, montre: Montre) -> Iterator[Ligne]:
        for one in self.candidats:
            if one.compose:
                yield one.ligne("conformite.arreter_supports", montre.suivant())

    def conduites(self, montre: Montre) -> Iterator[Ligne]:
        """L'épreuve théorique, puis la conduite ; dispensés et conduites non organisées n'y sont pas."""
        for one in self.candidats:
            if not one.compose or one.permis_b:
                continue
            yield from one.avant["conduite"]
            for valide in one.etg:
                yield one.ligne("notation.enregistrer_etg", montre.suivant(), one.chef, valide=valide)
            for mention in one.conduite:
                siegent = ["expert_permis", "enseignant_conduite"] if one.mode == CCF else []
                yield one.ligne(
                    "notation.enregistrer_conduite", montre.suivant(), one.chef, mention=mention, commission=siegent
                )
            yield from one.apres["conduite"]

    # Étapes d'une session ------------------------------------------------------------------------------------------

    def evaluer(
        self,
        dates: Mapping[str, str],
        ccf: Mapping[str, str],
        ponctuel: Mapping[str, str],
        *,
        classeurs: Collection[str] = (),
    ) -> list[str]:
        """Le contrôle en cours de formation, la conduite, les épreuves ponctuelles ; les lots des bordereaux.

        ``dates`` : le premier jour de ``ccf``, ``conduite``, ``ponctuel`` et ``facultatives`` ; ``ccf`` et
        ``ponctuel`` : quand le bordereau de chaque épreuve est remis ; ``classeurs`` : les ponctuels en xlsx.
        """
        grilles = self.grilles(CCF, ("EP1.S1", "EP1.S2", "EP2", "EP3.S2"), "ccf", Montre(dates["ccf"], 240))
        self.faire("Contrôle en cours de formation : EP1, EP2, EP3", "50-ccf.jsonl", grilles)
        self.faire("Code et conduite", "51-conduite.jsonl", self.conduites(Montre(dates["conduite"], 300)))
        lots = self.remises(52, CCF, "contrôle en cours de formation", ccf)
        grilles = self.grilles(PONCTUEL, ("EP1.S1", "EP1.S2"), "ponctuel", Montre(dates["ponctuel"], 600))
        facultatives = self.facultatives(Montre(dates["facultatives"], 600))
        self.faire("Épreuves ponctuelles : EP1 et facultatives", "60-ponctuel.jsonl", chain(grilles, facultatives))
        return lots + self.remises(61, PONCTUEL, "forme ponctuelle", ponctuel, classeurs=classeurs)

    def clore(self, lots: Iterable[str], jour: str) -> None:
        lignes = chain(self.clotures(lots, Montre(jour, 300)), self.apres("correction"))
        self.faire("Clôture des bordereaux et harmonisation", "71-clotures.jsonl", lignes)


def notes(*valeurs: str) -> dict[str, str]:
    """EP1.S1, EP1.S2, EP2, EP3.S2, UG1 à UG4, dans cet ordre ; ``-`` : aucune note."""
    return {cle: note for cle, note in zip(NOTEES, valeurs, strict=True) if note != "-"}
