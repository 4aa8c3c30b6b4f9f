"""Qui siège : la nomination, la présence, les récusations, la présidence (CAP24-D01, DC-CAP22)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from contracts.messages import Refus
from contracts.reglement import JuryRegle
from contracts.vocabulaire import Membre


@dataclass(frozen=True)
class Manque:
    """Ce qui manque à la régularité du jury, et sa règle ; ``sur`` nomme un candidat, un membre ou un profil."""

    regle: str
    sur: str
    detail: str


@dataclass(frozen=True)
class Composition:
    """Le jury nommé, et ce que l'on sait de sa séance. ``recusations`` : (membre, candidat)."""

    jury: str
    arrete: str
    membres: tuple[Membre, ...]
    president: str
    vice_president: str
    preside_par: str
    candidats: tuple[str, ...]
    presents: frozenset[str] = frozenset()
    recusations: frozenset[tuple[str, str]] = frozenset()

    def siegent(self, candidat: str | None = None) -> tuple[Membre, ...]:
        """Les membres attestés présents, sauf récusés pour ce candidat."""
        return tuple(
            one for one in self.membres if one.id in self.presents and (one.id, candidat) not in self.recusations
        )

    def membre(self, identifiant: str) -> Membre:
        """Un membre du jury.

        Raises:
            Refus: ``MEMBRE_INCONNU``.
        """
        for one in self.membres:
            if one.id == identifiant:
                return one
        raise Refus("MEMBRE_INCONNU", f"{identifiant} n'est pas membre du jury {self.jury}")

    def exiger_candidat(self, candidat: str) -> None:
        """Le candidat relève de ce jury.

        Raises:
            Refus: ``CANDIDAT_HORS_JURY``.
        """
        if candidat not in self.candidats:
            raise Refus("CANDIDAT_HORS_JURY", f"{candidat} ne relève pas du jury {self.jury} : vérifiez son numéro")


def manques_nomination(
    membres: Collection[Membre], president: str, vice_president: str, regle: JuryRegle
) -> list[Manque]:
    """Ce qui rend une nomination irrégulière : liste vide si elle est régulière."""
    return [
        *_doubles(membres, regle),
        *_profils(membres, regle),
        *_parite(membres, regle),
        *_presidence(membres, president, vice_president, regle),
    ]


def manques_seance(composition: Composition, regle: JuryRegle, candidat: str | None = None) -> list[Manque]:
    """Ce qui empêche de délibérer, sur tous ou sur ce candidat : qui préside est là, et chaque profil est représenté.

    Les autres absences n'empêchent pas le jury de délibérer (DC-CAP22).
    """
    siegent = composition.siegent(candidat)
    manques = []
    if composition.preside_par not in {one.id for one in siegent}:
        detail = (
            "qui préside n'est pas attesté présent, ou est récusé : attestez sa présence ou transmettez la présidence"
        )
        manques.append(Manque(regle.regle_president, composition.preside_par, detail))
    for one in regle.profils:
        if not any(membre.profil == one.profil for membre in siegent):
            detail = f"aucun membre « {one.profil} » ne siège : attestez la présence de l'un d'eux"
            manques.append(Manque(regle.regle, one.profil, detail))
    return manques


def refuser(code: str, manques: Collection[Manque]) -> Refus:
    """Le refus qui dit tout ce qui manque, règle par règle."""
    detail = " ; ".join(f"{one.sur} : {one.detail} ({one.regle})" for one in manques)
    return Refus(code, detail, manques=tuple(manques))


def _doubles(membres: Collection[Membre], regle: JuryRegle) -> Iterable[Manque]:
    vus: set[str] = set()
    for one in membres:
        if one.id in vus:
            yield Manque(regle.regle, one.id, "nommé deux fois : retirez l'une des deux lignes")
        vus.add(one.id)


def _profils(membres: Collection[Membre], regle: JuryRegle) -> Iterable[Manque]:
    """Le minimum de chaque profil ; aucun profil que le texte n'y met pas."""
    attendus = {one.profil for one in regle.profils}
    for one in regle.profils:
        nombre = _nombre(membres, one.profil)
        if nombre < one.minimum:
            yield Manque(regle.regle, one.profil, f"{nombre} nommé, il en faut au moins {one.minimum}")
    for membre in membres:
        if membre.profil not in attendus:
            yield Manque(regle.regle, membre.id, f"le profil « {membre.profil} » n'a pas de place à ce jury")


def _parite(membres: Collection[Membre], regle: JuryRegle) -> Iterable[Manque]:
    un, autre = regle.parite
    if _nombre(membres, un) != _nombre(membres, autre):
        compte = f"{_nombre(membres, un)} « {un} » et {_nombre(membres, autre)} « {autre} »"
        yield Manque(regle.regle_parite, "parite", f"{compte} : nommez-les à égalité")


def _presidence(membres: Collection[Membre], president: str, vice_president: str, regle: JuryRegle) -> Iterable[Manque]:
    par_id = {one.id: one for one in membres}
    qui_preside, qui_supplee = par_id.get(president), par_id.get(vice_president)
    if qui_preside is None or qui_preside.profil != regle.president:
        detail = f"le président est un membre du jury de profil « {regle.president} »"
        yield Manque(regle.regle_president, president, detail)
    if qui_supplee is None or qui_supplee.profil != regle.vice_president or not qui_supplee.public:
        detail = f"le vice-président est un membre « {regle.vice_president} » d'un établissement public"
        yield Manque(regle.regle_president, vice_president, detail)


def _nombre(membres: Collection[Membre], profil: str) -> int:
    return sum(one.profil == profil for one in membres)
