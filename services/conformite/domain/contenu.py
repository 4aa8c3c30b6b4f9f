"""Ce que tient un dossier d'épreuve, compté à sa réception : sa forme, jamais sa qualité (BTS-C11 à C18, MC-C12)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.reglement import ContenuExige
from contracts.vocabulaire import Contenu


@dataclass(frozen=True)
class Defaut:
    """Un défaut de forme : son code, et ce qu'il est en toutes lettres."""

    code: str
    texte: str
    regle: str | None = None


def defauts(contenu: Contenu, exige: ContenuExige) -> tuple[Defaut, ...]:
    """Les défauts, dans l'ordre des rubriques ; ce qui n'a pas été compté n'en est pas un."""
    return tuple(_defauts(contenu, exige))


def _defauts(contenu: Contenu, exige: ContenuExige) -> Iterator[Defaut]:
    yield from _fiches(contenu, exige)
    if contenu.annexes < exige.annexes:
        texte = f"{contenu.annexes} annexes ; il en faut {exige.annexes}"
        yield Defaut("annexes_manquantes", texte, exige.regle_annexes)
    absentes = [une for une in exige.situations if une not in contenu.situations]
    if absentes:
        yield Defaut("situations_manquantes", f"situations absentes : {', '.join(absentes)}", exige.regle_situations)
    if exige.etude and not contenu.etude:
        yield Defaut("etude_absente", "l'étude réflexive est absente", exige.regle_etude)
    if exige.experience_reelle and not contenu.experience_reelle:
        yield Defaut("experience_reelle_absente", "aucune fiche ne porte sur une expérience réelle")
    if contenu.hors_referentiel:
        yield Defaut("hors_referentiel", "des travaux ne relèvent pas du référentiel")
    yield from _exces(contenu, exige)


def _fiches(contenu: Contenu, exige: ContenuExige) -> Iterator[Defaut]:
    """Trop peu de fiches ; ou assez, mais pas d'autant de natures différentes parmi celles du règlement."""
    attendues = exige.nombre or len(exige.fiches)
    natures = set(contenu.fiches) & set(exige.fiches)
    if len(contenu.fiches) < attendues:
        yield Defaut("fiches_manquantes", f"{len(contenu.fiches)} fiches ; il en faut {attendues}", exige.regle_fiches)
    elif exige.fiches and len(natures) < attendues:
        texte = f"{len(natures)} natures de fiche ; il en faut {attendues} différentes"
        yield Defaut("fiches_meme_nature", texte, exige.regle_fiches)


def _exces(contenu: Contenu, exige: ContenuExige) -> Iterator[Defaut]:
    for nombre, maximum, nom, regle in (
        (contenu.pages, exige.pages_max, "pages", exige.regle_pages),
        (contenu.faces, exige.faces_max, "faces", exige.regle_faces),
    ):
        if nombre is not None and maximum is not None and nombre > maximum:
            yield Defaut("forme_non_respectee", f"{nombre} {nom} ; {maximum} au plus", regle)
