"""Which changes of a mutated domain touch only what people read, found in the code and not by hand.

Two sorts of places. The ``detail`` of a refusal is answered to whoever sent a command and never stored: nothing in it
is asserted, whatever the change. The words of an ``Explication`` and every other sentence are stored, but not asserted
word by word: there, only a change of the words themselves is set apart; which words were chosen, and with which
figures, counts as code. Both are followed through variables, parameters and functions that lead nowhere else.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

Fonction: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef
Cle: TypeAlias = tuple[str, str]  # module and name; no module for what the whole service may call

Changement: TypeAlias = tuple[ast.AST, ast.AST | None]  # what was there, and what took its place

FONCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
OPERATEUR = (ast.operator, ast.boolop, ast.cmpop, ast.unaryop)
DETAIL = "detail"
PAROLES = frozenset({"texte", "faits", "effet", "source"})  # of an Explication, the fields in words


@dataclass
class Lieux:
    """Where text goes, as far as it is known; it only grows."""

    noeuds: set[int] = field(default_factory=set)  # id of an ast node that is text, all of it
    parametres: set[tuple[Cle, str]] = field(default_factory=set)
    fonctions: set[Cle] = field(default_factory=set)

    def taille(self) -> int:
        return len(self.noeuds) + len(self.parametres) + len(self.fonctions)


class Textes:
    """The text of one service: ``modules`` are its sources, by dotted name."""

    def __init__(self, modules: Mapping[str, ast.Module]) -> None:
        self.modules = modules
        self.definitions: dict[Cle, list[tuple[str, Fonction]]] = defaultdict(list)
        self.parents: dict[int, ast.AST] = {}
        for module, tree in modules.items():
            for node in ast.walk(tree):
                self.parents.update((id(child), node) for child in ast.iter_child_nodes(node))
            for one in tree.body:
                if isinstance(one, FONCTION):
                    self.definitions[cle(module, one.name)].append((module, one))
        self.rangs = {"Refus": 1, **{nom: rang for tree in modules.values() for nom, rang in _rangs(tree)}}
        self.usages = self._usages()
        self.refus = self._remplir(lambda call: list(self._detail(call)))
        self.paroles = self._remplir(lambda call: [*self._detail(call), *_paroles(call)])

    def fonction(self, module: str, nom: str) -> Fonction:
        """A function of a module, or a method: ``nom`` or ``Classe.nom``."""
        classe, _, dernier = nom.rpartition(".")
        body: list[ast.stmt] = self.modules[module].body
        for one in classe.split(".") if classe else ():
            body = next(node.body for node in body if isinstance(node, ast.ClassDef) and node.name == one)
        return next(node for node in body if isinstance(node, FONCTION) and node.name == dernier)

    def seulement(self, changes: Iterable[Changement]) -> bool:
        """These changes of a function of this service touch text only."""
        return all(self._texte(before, after) for before, after in changes)

    def _texte(self, before: ast.AST, after: ast.AST | None) -> bool:
        if isinstance(before, ast.keyword):
            before = before.value
        if any(id(one) in self.refus.noeuds for one in self._autour(before)):
            return True
        if not (isinstance(before, ast.Constant) and isinstance(after, ast.Constant)):
            return False
        if not (isinstance(before.value, str) and isinstance(after.value, str)):
            return False
        return self._phrase(before) or any(id(one) in self.paroles.noeuds for one in self._autour(before))

    def _phrase(self, constant: ast.Constant) -> bool:
        """A sentence, and not something that is looked up: no code, no value, no column holds a space."""
        parent = self.parents.get(id(constant))
        looked_up = isinstance(parent, (ast.Compare, ast.Subscript)) or (
            isinstance(parent, ast.Dict) and any(constant is key for key in parent.keys)
        )
        return " " in str(constant.value) and not looked_up

    def _autour(self, node: ast.AST) -> Iterator[ast.AST]:
        """The node and what holds it."""
        here: ast.AST | None = node
        while here is not None:
            yield here
            here = self.parents.get(id(here))

    # --- following the text ---------------------------------------------------------------------------------------

    def _usages(self) -> dict[Cle, list[ast.Name | ast.Attribute]]:
        found: dict[Cle, list[ast.Name | ast.Attribute]] = defaultdict(list)
        for module, tree in self.modules.items():
            for node in ast.walk(tree):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    found[cle(module, node.id)].append(node)
                elif isinstance(node, ast.Attribute):
                    found[cle(module, node.attr)].append(node)
        return found

    def _remplir(self, sources: Callable[[ast.Call], list[ast.expr]]) -> Lieux:
        lieux = Lieux()
        calls = [(m, n) for m, tree in self.modules.items() for n in ast.walk(tree) if isinstance(n, ast.Call)]
        for _, call in calls:
            lieux.noeuds.update(id(one) for one in sources(call))
        before = -1
        while before != lieux.taille():
            before = lieux.taille()
            for module, call in calls:
                lieux.noeuds.update(id(one) for one in self._arguments(module, call, lieux))
            for key, definitions in self.definitions.items():
                for _, one in definitions:
                    self._variables(one, lieux)
                self._parametres(key, [one for _, one in definitions], lieux)
                self._fonction(key, [one for _, one in definitions], lieux)
        return lieux

    def _dans(self, node: ast.AST, lieux: Lieux) -> bool:
        return any(id(one) in lieux.noeuds for one in self._autour(node))

    def _detail(self, call: ast.Call) -> Iterator[ast.expr]:
        """What a refusal says besides its code."""
        if isinstance(call.func, ast.Name) and call.func.id in self.rangs:
            rang = self.rangs[call.func.id]
            yield from call.args[rang : rang + 1]
            yield from (word.value for word in call.keywords if word.arg == DETAIL)

    def _arguments(self, module: str, call: ast.Call, lieux: Lieux) -> Iterator[ast.expr]:
        """What a call gives to parameters that are text."""
        key = _nom(module, call.func)
        for _, one in self.definitions.get(key, []) if key else []:
            noms = [arg.arg for arg in (*one.args.posonlyargs, *one.args.args)]
            for nom, value in zip(noms, call.args, strict=False):
                if isinstance(value, ast.Starred):
                    break
                if (key, nom) in lieux.parametres:
                    yield value
            yield from (word.value for word in call.keywords if (key, word.arg or "") in lieux.parametres)

    def _variables(self, fonction: Fonction, lieux: Lieux) -> None:
        """A variable that is only read in text holds text."""
        for node in ast.walk(fonction):
            match node:
                case ast.Assign(targets=[ast.Name(id=nom)], value=value) if self._lus_en_texte(fonction, nom, lieux):
                    lieux.noeuds.add(id(value))
                case ast.AugAssign(target=ast.Name(id=nom), value=value) if self._lus_en_texte(fonction, nom, lieux):
                    lieux.noeuds.add(id(value))

    def _lus_en_texte(self, fonction: Fonction, nom: str, lieux: Lieux) -> bool:
        reads = [
            one
            for one in ast.walk(fonction)
            if isinstance(one, ast.Name) and one.id == nom and isinstance(one.ctx, ast.Load)
        ]
        return bool(reads) and all(self._dans(one, lieux) for one in reads)

    def _parametres(self, key: Cle, definitions: list[Fonction], lieux: Lieux) -> None:
        first = definitions[0].args
        for arg in (*first.posonlyargs, *first.args, *first.kwonlyargs):
            if all(self._lus_en_texte(one, arg.arg, lieux) for one in definitions):
                lieux.parametres.add((key, arg.arg))

    def _fonction(self, key: Cle, definitions: list[Fonction], lieux: Lieux) -> None:
        """A function that is only called in text makes text; unless it refuses something itself."""
        if key in lieux.fonctions or any(isinstance(n, ast.Raise) for one in definitions for n in ast.walk(one)):
            return
        usages = self.usages.get(key, [])
        if usages and all(self._dans(one, lieux) for one in usages):
            lieux.fonctions.add(key)
            lieux.noeuds.update(id(statement) for one in definitions for statement in one.body)


def cle(module: str, nom: str) -> Cle:
    """A private function is its module's; a public one, the service's."""
    return (module, nom) if nom.startswith("_") else ("", nom)


def changements(origine: Fonction, mutant: Fonction) -> list[Changement]:
    """What a mutant of a function changes: the smallest parts that differ."""
    return [
        *differences(origine.args, mutant.args),
        *_listes(origine, list(origine.body), list(mutant.body)),
    ]


def differences(before: ast.AST, after: ast.AST) -> Iterator[Changement]:
    """The smallest parts that differ; an operator is told by what it joins."""
    if type(before) is not type(after):
        yield before, after
        return
    for name in before._fields:
        old, new = getattr(before, name), getattr(after, name)
        if isinstance(old, list):
            found = list(_listes(before, old, new))
        elif isinstance(old, ast.AST) and isinstance(new, ast.AST):
            found = list(differences(old, new))
        else:
            found = [] if type(old) is type(new) and old == new else [(before, after)]
        yield from ((before, after) if isinstance(one, OPERATEUR) else (one, other) for one, other in found)


def _listes(holder: ast.AST, old: Sequence[object], new: Sequence[object]) -> Iterator[Changement]:
    """Of two lists, either one element changed in place, or one was dropped."""
    for one, other in zip(old, new, strict=False):
        if not _pareil(one, other):
            if len(old) != len(new):
                yield (one if isinstance(one, ast.AST) else holder), None
                return
            if isinstance(one, ast.AST) and isinstance(other, ast.AST):
                yield from differences(one, other)
            else:
                yield holder, None
    dropped = old[len(new)] if len(old) > len(new) else None
    if isinstance(dropped, ast.AST):
        yield dropped, None


def _pareil(one: object, other: object) -> bool:
    if isinstance(one, ast.AST) and isinstance(other, ast.AST):
        return next(differences(one, other), None) is None
    return one == other


def _nom(module: str, called: ast.expr) -> Cle | None:
    match called:
        case ast.Name(id=nom) | ast.Attribute(attr=nom):
            return cle(module, nom)
        case _:
            return None


def _rangs(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The classes that hold a ``detail``, and its rank among what makes one."""
    for one in tree.body:
        if not isinstance(one, ast.ClassDef):
            continue
        inits = [node for node in one.body if isinstance(node, FONCTION) and node.name == "__init__"]
        fields = [n.target.id for n in one.body if isinstance(n, ast.AnnAssign) and isinstance(n.target, ast.Name)]
        noms = [arg.arg for arg in inits[0].args.args[1:]] if inits else fields
        if DETAIL in noms:
            yield one.name, noms.index(DETAIL)


def _paroles(call: ast.Call) -> Iterable[ast.expr]:
    """The words of one clause of an explanation."""
    if isinstance(call.func, ast.Name) and call.func.id == "Explication":
        yield from (word.value for word in call.keywords if word.arg in PAROLES)
