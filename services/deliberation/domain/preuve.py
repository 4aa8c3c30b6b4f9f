"""La preuve qu'un jury clos est régulier : nomination, parts, présidence, présences, récusations, décisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from contracts.reglement import JuryRegle, Reglement
from contracts.vocabulaire import Decision, Explication, Membre
from services.deliberation.domain.composition import Composition, du_public, nombre_de
from services.deliberation.domain.etats import Ouvert
from services.deliberation.domain.explication_base import citee, dire, liste

REGULIER = "régulier"
REGLE_DECISION = "TR-D01"


def prouver(
    jury: Ouvert, reglement: Reglement, decisions: Mapping[str, Decision], competences: Collection[str] = ()
) -> tuple[Explication, ...]:
    """Une entrée par exigence. ``competences`` : celles que demandaient les candidats de ce jury (TP-N17)."""
    composition, regle = jury.composition, reglement.jury
    return (
        _nomination(composition, reglement),
        *_parite(composition, regle, reglement),
        *_majorite_public(composition, regle, reglement),
        _presidence(composition, regle, reglement),
        _presence(composition, regle, reglement),
        *_experience(composition, regle, reglement),
        *_competences(composition, regle, reglement, competences),
        *_ecartes(composition, regle, reglement),
        *_decisions(decisions, reglement),
    )


def _nomination(composition: Composition, reglement: Reglement) -> Explication:
    """L'arrêté, et chaque part du jury face à son minimum."""
    regle, membres = reglement.jury, composition.membres
    details = []
    for one in regle.profils:
        nommes = tuple(membre for membre in membres if membre.profil == one.profil)
        noms = f" : {liste(membre.id for membre in nommes)}" if nommes else ""
        texte = f"« {one.profil} » : {len(nommes)} nommé(s) pour {one.minimum} au moins{noms}."
        chiffres = {"nommes": str(len(nommes)), "minimum": str(one.minimum)}
        details.append(dire(reglement, one.regle or regle.regle, texte, chiffres=chiffres, effet=REGULIER))
    texte = f"Jury {composition.jury}, nommé par « {composition.arrete} » : {len(membres)} membres."
    chiffres = {
        "membres": str(len(membres)),
        "minimum": str(regle.membres_min),
        "candidats": str(len(composition.candidats)),
    }
    return dire(reglement, regle.regle, texte, chiffres=chiffres, effet=REGULIER, details=details)


def _parite(composition: Composition, regle: JuryRegle, reglement: Reglement) -> Iterable[Explication]:
    if regle.parite is None:
        return
    cotes = [JuryRegle.profils_de(cote) for cote in regle.parite]
    chiffres = {" ou ".join(cote): str(nombre_de(composition.membres, *cote)) for cote in cotes}
    texte = f"Parts égales : {' ; '.join(f'{nombre} « {cote} »' for cote, nombre in chiffres.items())}."
    yield dire(reglement, regle.regle_parite or regle.regle, texte, chiffres=chiffres, effet=REGULIER)


def _majorite_public(composition: Composition, regle: JuryRegle, reglement: Reglement) -> Iterable[Explication]:
    """La part des professeurs qui appartiennent à l'enseignement public (DC-BTS15)."""
    if not regle.majorite_public:
        return
    publics, tous = du_public(composition.membres, regle)
    noms = liste(one.id for one in composition.membres if one.profil in regle.majorite_public and one.public)
    texte = f"De l'enseignement public : {publics} professeurs sur {tous}, en majorité ({noms})."
    chiffres = {"public": str(publics), "professeurs": str(tous)}
    yield dire(reglement, regle.regle_majorite_public or regle.regle, texte, chiffres=chiffres, effet=REGULIER)


def _presidence(composition: Composition, regle: JuryRegle, reglement: Reglement) -> Explication:
    """Qui est nommé président, qui le supplée, et la suppléance s'il y en a eu une."""
    details = []
    if composition.transmission:
        texte = f"{composition.preside_par} supplée {composition.president} : {composition.transmission}"
        details.append(dire(reglement, regle.regle_president, texte, effet="présidence transmise"))
    texte = (
        f"Présidé par {composition.preside_par} (président nommé : {_profil(composition, composition.president)} ; "
        f"vice-président : {_profil(composition, composition.vice_president)})."
    )
    return dire(reglement, regle.regle_president, texte, effet=REGULIER, details=details)


def _presence(composition: Composition, regle: JuryRegle, reglement: Reglement) -> Explication:
    """Qui est attesté présent à la séance, face au nombre qu'il faut."""
    siegent = composition.siegent(regle)
    absents = [one.id for one in composition.membres if one.id not in composition.presents]
    texte = f"Présents à la séance : {liste(one.id for one in siegent)}."
    if absents:
        texte += f" Absents : {liste(absents)} ; le jury délibère sans eux."
    chiffres = {
        "presents": str(len(siegent)),
        "nommes": str(len(composition.membres)),
        "minimum": str(regle.membres_min),
    }
    details = [
        dire(reglement, regle.regle, f"{one.id} : « {one.profil} », {_present(one, composition)}.")
        for one in composition.membres
    ]
    return dire(reglement, regle.regle, texte, chiffres=chiffres, effet=REGULIER, details=details)


def _experience(composition: Composition, regle: JuryRegle, reglement: Reglement) -> Iterable[Explication]:
    if regle.experience_annees is None:
        return
    dites = {one.id: str(one.experience_annees) for one in composition.membres if one.experience_annees is not None}
    texte = f"Expérience du métier : {', '.join(f'{qui} {ans} ans' for qui, ans in dites.items())}."
    chiffres = dites | {"minimum": str(regle.experience_annees)}
    yield dire(reglement, regle.regle_experience or regle.regle, texte, chiffres=chiffres, effet=REGULIER)


def _competences(
    composition: Composition, regle: JuryRegle, reglement: Reglement, exigees: Collection[str]
) -> Iterable[Explication]:
    for one in regle.competences:
        if one.competence not in exigees:
            continue
        qui = [membre.id for membre in composition.siegent(regle) if one.competence in membre.competences]
        texte = f"Compétence « {one.competence} », qu'exige {one.epreuve} : {liste(qui)}."
        yield dire(reglement, one.regle, texte, chiffres={"membres": str(len(qui))}, effet=REGULIER)


def _ecartes(composition: Composition, regle: JuryRegle, reglement: Reglement) -> Iterable[Explication]:
    """Qui n'a pas délibéré sur un candidat, et pourquoi."""
    for (membre, candidat), motif in composition.recusations.items():
        texte = f"{membre} n'a pas délibéré sur {candidat} : {motif}"
        yield dire(reglement, regle.regle, texte, effet="récusé pour ce candidat")
    if regle.incompatibilite is None:
        return
    for one in composition.membres:
        formes = [candidat for candidat in composition.candidats if candidat in one.a_forme]
        if formes:
            texte = f"{one.id} n'a pas délibéré sur {liste(formes)}, qu'il a formé."
            yield dire(reglement, regle.incompatibilite, texte, effet="n'a pas siégé pour eux")


def _decisions(decisions: Mapping[str, Decision], reglement: Reglement) -> Iterable[Explication]:
    """Chaque candidat est décidé ; qui attend une note suspendue le sera ensuite (AMB-44)."""
    comptes = {decision.value: str(nombre) for decision, nombre in sorted(Counter(decisions.values()).items())}
    texte = f"Décisions prises pour {len(decisions)} candidat(s)."
    regle = citee(reglement, REGLE_DECISION, reglement.jury.regle)
    yield dire(reglement, regle, texte, chiffres={"candidats": str(len(decisions)), **comptes}, effet=REGULIER)
    attendent = [candidat for candidat, decision in decisions.items() if decision is Decision.EN_ATTENTE]
    if attendent:
        complement = reglement.deliberation.regle_complement
        suite = "décision complémentaire après la levée"
        yield dire(reglement, complement, f"En attente d'une note suspendue : {liste(attendent)}.", effet=suite)


def _present(membre: Membre, composition: Composition) -> str:
    return "présent" if membre.id in composition.presents else "absent"


def _profil(composition: Composition, identifiant: str) -> str:
    membre = composition.membre(identifiant)
    return f"{membre.id}, « {membre.profil} »"
