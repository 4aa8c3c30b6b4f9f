"""Do the figures of an explanation remake what it says? From the explanation alone, by whoever receives it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from contracts.evenements.deliberation import Ligne
from contracts.vocabulaire import Explication

REMPLIE = "condition remplie"
CENTIEME = Fraction(1, 100)


def ecarts(clauses: Iterable[Explication]) -> Iterator[str]:
    """Each figure that does not follow from the others: the rule, and what is wrong."""
    for one in clauses:
        try:
            yield from (f"{one.regle} : {ecart}" for ecart in _clause(one))
        except (KeyError, ValueError, ZeroDivisionError):
            yield f"{one.regle} : un chiffre manque ou ne se lit pas"
        yield from ecarts(one.details)


def ecarts_des_lignes(lignes: Iterable[Ligne], points: str, coefficients: str) -> Iterator[str]:
    """Do the lines of a decision give its totals? Where no total is made (units left to present), nothing to remake."""
    if coefficients == "0":
        return
    toutes = list(lignes)
    if sum(map(_points, toutes), Fraction(0)) != Fraction(points):
        yield "les points ne sont pas la somme de ceux des lignes"
    if sum((Fraction(one.coefficient or 0) for one in toutes), Fraction(0)) != Fraction(coefficients):
        yield "les coefficients ne sont pas la somme de ceux des lignes"


def _points(ligne: Ligne) -> Fraction:
    """Exact, where the line shows them cut."""
    if ligne.note_exacte is not None and ligne.coefficient is not None:
        return Fraction(ligne.note_exacte) * Fraction(ligne.coefficient)
    return Fraction(ligne.points or 0)


def est_atteint(chiffres: Mapping[str, str]) -> bool:
    """Are the points required there? Raises ``KeyError`` when the clause does not compare points."""
    return Fraction(chiffres["points"]) >= Fraction(chiffres["points_requis"])


def dans_l_intervalle(chiffres: Mapping[str, str]) -> bool:
    """Do the averages open the oral épreuves de contrôle: between floor and threshold, the domain reached?"""
    nombres = {cle: Fraction(texte) for cle, texte in chiffres.items()}
    bas, haut = (nombres[cle] * nombres["coefficients"] for cle in ("plancher", "seuil"))
    domaine = nombres["seuil_domaine"] * nombres["coefficients_domaine"]
    return bas <= nombres["points"] < haut and nombres["points_domaine"] >= domaine


def _clause(one: Explication) -> Iterator[str]:
    if "points_requis" in one.chiffres:
        yield from _total(one)
    if "unites_du_titre" in one.chiffres:
        yield from _titre(one.chiffres)
    if "coefficients" in one.chiffres:  # a total, wherever it is told again: for a mention, for a second chance
        yield from _moyenne(one.chiffres)
    elif "points" in one.chiffres:
        yield from _part(one)


def _total(one: Explication) -> Iterator[str]:
    """A total is the sum of its parts; the condition is met when it reaches what is required."""
    parts, dits = [part.chiffres for part in one.details if "points" in part.chiffres], one.chiffres
    if somme(parts, "points") != Fraction(dits["points"]):
        yield "les points ne sont pas la somme des parts"
    if somme(parts, "coefficient") != Fraction(dits["coefficients"]):
        yield "les coefficients ne sont pas la somme de ceux des parts"
    if Fraction(dits["points_requis"]) != Fraction(dits["seuil"]) * Fraction(dits["coefficients"]):
        yield "les points requis ne sont pas le seuil par les coefficients"
    if (one.effet == REMPLIE) != est_atteint(dits):
        yield "l'effet n'est pas celui que les points donnent"


def _moyenne(chiffres: Mapping[str, str]) -> Iterator[str]:
    """Cut to two decimals, never rounded up (AMB-38)."""
    if "moyenne" in chiffres:
        exacte = Fraction(chiffres["points"]) / Fraction(chiffres["coefficients"])
        if not 0 <= exacte - Fraction(chiffres["moyenne"]) < CENTIEME:
            yield "la moyenne n'est pas celle des points, tronquée"


def _part(one: Explication) -> Iterator[str]:
    chiffres = one.chiffres
    note, points = Fraction(chiffres.get("note", "0")), Fraction(chiffres["points"])
    if "coefficient" in chiffres:
        attendus = note * Fraction(chiffres["coefficient"])
    else:
        attendus = max(Fraction(0), note - Fraction(chiffres["seuil"]))
    if points != attendus:
        yield "les points ne sont pas la note par son coefficient"
    for oral in (detail.chiffres for detail in one.details if "oral" in detail.chiffres):
        deux = [Fraction(oral[cle]) for cle in ("premiere", "oral")]
        if note != max(deux) or Fraction(oral["gardee"]) != note:
            yield "la note gardée n'est pas la meilleure des deux"


def _titre(chiffres: Mapping[str, str]) -> Iterator[str]:
    total, acquises, tenues = (int(chiffres[cle]) for cle in ("unites_du_titre", "acquises", "tenues"))
    if min(acquises, tenues) < 0 or acquises + tenues > total:
        yield "plus d'unités acquises ou tenues que le titre n'en a"


def somme(parts: Sequence[Mapping[str, str]], cle: str) -> Fraction:
    """The exact sum of one figure over several clauses."""
    return sum((Fraction(one.get(cle, "0")) for one in parts), Fraction(0))
