"""Qui siège : la nomination, la présence, les récusations, la présidence (CAP24-D01, DC-CAP22)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from contracts.messages import Refus
from contracts.reglement import CompetenceRequise, JuryRegle, Reglement
from contracts.vocabulaire import Membre, Profil
from services.communs.explication import source_de

Recusations = Mapping[tuple[str, str], str]
"""(membre, candidat) → motif."""


@dataclass(frozen=True)
class Manque:
    """Ce qui manque à la régularité du jury, et sa règle ; ``sur`` nomme un candidat, un membre ou un profil."""

    regle: str
    sur: str
    detail: str
    source: str = ""


@dataclass(frozen=True)
class Composition:
    """Le jury nommé, et ce que l'on sait de sa séance. ``transmission`` : motif de la suppléance du président.

    ``origines`` : candidat → son académie, pour ceux d'une autre académie du regroupement (AMB-55).
    """

    jury: str
    arrete: str
    membres: tuple[Membre, ...]
    president: str
    vice_president: str
    preside_par: str
    candidats: tuple[str, ...]
    presents: frozenset[str] = frozenset()
    recusations: Recusations = field(default_factory=dict)
    transmission: str = ""
    origines: Mapping[str, str] = field(default_factory=dict)

    def siegent(self, regle: JuryRegle, candidat: str | None = None) -> tuple[Membre, ...]:
        """Les membres attestés présents, sauf récusés pour ce candidat, ou qui l'ont formé (DC-TP12)."""
        return tuple(
            one
            for one in self.membres
            if one.id in self.presents
            and (one.id, candidat) not in self.recusations
            and not (regle.incompatibilite and candidat in one.a_forme)
        )

    def academie(self, candidat: str, ici: str) -> str:
        """Là où le candidat est inscrit."""
        return self.origines.get(candidat, ici)

    def suivre(self, candidat: str, origine: str | None) -> Composition:
        """Le candidat est désormais de cette académie ; nul : de celle du jury."""
        autres = {one: academie for one, academie in self.origines.items() if one != candidat}
        return replace(self, origines=autres if origine is None else {**autres, candidat: origine})

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
        *_nombres(membres, regle),
        *_parite(membres, regle),
        *_majorite_public(membres, regle),
        *_presidence(membres, president, vice_president, regle),
        *_experience(membres, regle),
    ]


def manques_seance(
    composition: Composition,
    regle: JuryRegle,
    candidat: str | None = None,
    competences: Iterable[CompetenceRequise] = (),
) -> list[Manque]:
    """Ce qui empêche de délibérer, sur tous ou sur ce candidat : qui préside est là, et chaque part est représentée.

    Les autres absences n'empêchent pas le jury de délibérer (DC-CAP22). ``competences`` : celles qu'il faut pour ce que
    présente le candidat (TP-N17).
    """
    siegent = composition.siegent(regle, candidat)
    exclus = _incompatibles(composition, regle, candidat)
    manques = list(_qui_preside(composition, regle, siegent, exclus))
    for profils, cause in _parts(regle):
        if not any(membre.profil in profils for membre in siegent):
            nom = " ou ".join(profils)
            manques.append(Manque(cause, nom, f"aucun membre « {nom} » ne siège : attestez la présence de l'un d'eux"))
    if len(siegent) < regle.membres_min:
        cause = regle.incompatibilite if exclus and regle.incompatibilite else regle.regle
        formateurs = f" (qui a formé ce candidat ne le juge pas : {', '.join(exclus)})" if exclus else ""
        detail = (
            f"{len(siegent)} siègent, il en faut au moins {regle.membres_min}{formateurs} : faites-en siéger d'autres"
        )
        manques.append(Manque(cause, "membres", detail))
    return [*manques, *_competences(siegent, competences)]


def refuser(code: str, manques: Collection[Manque], reglement: Reglement | None = None) -> Refus:
    """Le refus qui dit tout ce qui manque, règle par règle, avec le texte de chacune."""
    situes = tuple(
        Manque(one.regle, one.sur, one.detail, source_de(reglement, one.regle) if reglement else "") for one in manques
    )
    detail = " ; ".join(
        f"{one.sur} : {one.detail} ({', '.join(filter(None, [one.regle, one.source]))})" for one in situes
    )
    return Refus(code, detail, manques=situes)


def _qui_preside(
    composition: Composition, regle: JuryRegle, siegent: Collection[Membre], exclus: Collection[str]
) -> Iterable[Manque]:
    preside = composition.preside_par
    if preside in {one.id for one in siegent}:
        return
    if preside in exclus and regle.incompatibilite:
        detail = "qui préside a formé ce candidat : transmettez la présidence"
        yield Manque(regle.incompatibilite, preside, detail)
    else:
        absent = "qui préside n'est pas attesté présent, ou est récusé"
        yield Manque(regle.regle_president, preside, f"{absent} : attestez sa présence ou transmettez la présidence")


def _incompatibles(composition: Composition, regle: JuryRegle, candidat: str | None) -> list[str]:
    """Les membres présents qui ont formé ce candidat : ils ne siègent pas pour lui (DC-TP12)."""
    if regle.incompatibilite is None:
        return []
    return [one.id for one in composition.membres if one.id in composition.presents and candidat in one.a_forme]


def _parts(regle: JuryRegle) -> Iterable[tuple[tuple[str, ...], str]]:
    """Les parts du jury à représenter en séance : chaque côté de la parité, ou chaque profil s'il n'y en a pas."""
    propres = {one.profil: one.regle for one in regle.profils if one.regle}
    places = regle.parite or [one.profil for one in regle.profils if one.minimum]
    for cote in map(JuryRegle.profils_de, places):
        yield cote, next((propres[one] for one in cote if one in propres), regle.regle)


def _competences(siegent: Collection[Membre], competences: Iterable[CompetenceRequise]) -> Iterable[Manque]:
    for one in competences:
        if not any(one.competence in membre.competences for membre in siegent):
            detail = f"aucun membre qui siège n'a cette compétence, qu'exige {one.epreuve} : faites-en siéger un"
            yield Manque(one.regle, one.competence, detail)


def _nombres(membres: Collection[Membre], regle: JuryRegle) -> Iterable[Manque]:
    if len({one.id for one in membres}) < regle.membres_min:
        yield Manque(regle.regle, "membres", f"{len(membres)} nommés, il en faut au moins {regle.membres_min}")


def _experience(membres: Collection[Membre], regle: JuryRegle) -> Iterable[Manque]:
    """Les professionnels ont l'expérience demandée, et n'ont pas quitté le métier depuis trop longtemps (DC-TP05)."""
    cause = regle.regle_experience or regle.regle
    for one in membres:
        if one.profil != Profil.PROFESSIONNEL:
            continue
        minimum, quitte = regle.experience_annees, regle.metier_quitte_max
        if minimum is not None and (one.experience_annees is None or one.experience_annees < minimum):
            dite = "son expérience n'est pas dite" if one.experience_annees is None else f"{one.experience_annees} ans"
            yield Manque(cause, one.id, f"{dite} : il faut au moins {minimum} ans d'expérience du métier")
        if quitte is not None and (one.metier_quitte_depuis or 0) > quitte:
            yield Manque(cause, one.id, f"métier quitté depuis {one.metier_quitte_depuis} ans : {quitte} ans au plus")


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
        nombre = nombre_de(membres, one.profil)
        if nombre < one.minimum:
            yield Manque(one.regle or regle.regle, one.profil, f"{nombre} nommé, il en faut au moins {one.minimum}")
    for membre in membres:
        if membre.profil not in attendus:
            yield Manque(regle.regle, membre.id, f"le profil « {membre.profil} » n'a pas de place à ce jury")


def _parite(membres: Collection[Membre], regle: JuryRegle) -> Iterable[Manque]:
    if regle.parite is None:
        return
    cotes = [(" ou ".join(cote), nombre_de(membres, *cote)) for cote in map(JuryRegle.profils_de, regle.parite)]
    (un, combien), (autre, combien_autre) = cotes
    if combien != combien_autre:
        compte = f"{combien} « {un} » et {combien_autre} « {autre} »"
        yield Manque(regle.regle_parite or regle.regle, "parite", f"{compte} : nommez-les à égalité")


def _majorite_public(membres: Collection[Membre], regle: JuryRegle) -> Iterable[Manque]:
    """Les professeurs appartiennent en majorité à l'enseignement public (DC-BTS15)."""
    if not regle.majorite_public:
        return
    publics, tous = du_public(membres, regle)
    if 2 * publics <= tous:
        compte = f"{publics} de l'enseignement public sur {tous} « {' ou '.join(regle.majorite_public)} »"
        detail = f"{compte} : il en faut plus de la moitié, nommez-en d'autres"
        yield Manque(regle.regle_majorite_public or regle.regle, "majorite_public", detail)


def du_public(membres: Collection[Membre], regle: JuryRegle) -> tuple[int, int]:
    """Combien, des membres dont le public doit être la majorité, lui appartiennent, et combien ils sont."""
    concernes = [one for one in membres if one.profil in regle.majorite_public]
    return sum(one.public for one in concernes), len(concernes)


def _presidence(membres: Collection[Membre], president: str, vice_president: str, regle: JuryRegle) -> Iterable[Manque]:
    par_id = {one.id: one for one in membres}
    president_de, vice_de = JuryRegle.profils_de(regle.president), JuryRegle.profils_de(regle.vice_president)
    qui_preside, qui_supplee = par_id.get(president), par_id.get(vice_president)
    if qui_preside is None or qui_preside.profil not in president_de:
        detail = f"le président est un membre du jury de profil « {' ou '.join(president_de)} »"
        yield Manque(regle.regle_president, president, detail)
    if (
        qui_supplee is None
        or qui_supplee.profil not in vice_de
        or (regle.vice_president_public and not qui_supplee.public)
    ):
        public = " d'un établissement public" if regle.vice_president_public else ""
        detail = f"le vice-président est un membre « {' ou '.join(vice_de)} »{public}"
        yield Manque(regle.regle_president, vice_president, detail)
    elif president == vice_president:
        detail = "le président ne se supplée pas lui-même : nommez un autre vice-président"
        yield Manque(regle.regle_president, vice_president, detail)


def nombre_de(membres: Collection[Membre], *profils: str) -> int:
    """Combien de membres ont un de ces profils."""
    return sum(one.profil in profils for one in membres)
