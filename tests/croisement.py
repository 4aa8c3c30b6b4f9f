"""Every command of the specs on every state of the specs: the refusals that no spec thought of.

A spec meets the refusals that its author had in mind. A guard shared by ten commands, seen through two of them, leaves
eight commands that answer a code nobody announced. So the specs lend what they play, and each command is decided again
on the states of the others: deciders are pure, this costs microseconds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any

from contracts.messages import Command, Refus

Decide = Callable[..., list[Any]]
Joue = tuple[Decide, Any, Command]

ETATS, COMMANDES = 60, 3
"""How many states of each decider, and commands of each class, one crossing takes by default."""


class Croisement:
    """What specs played, to be crossed."""

    def __init__(self) -> None:
        self._joues: dict[object, list[Joue]] = defaultdict(list)

    def noter(self, decide: Decide, state: Any, command: Command) -> None:
        """One command was decided on one state."""
        self._joues[_decider(decide)].append((decide, state, command))

    def refus(self, etats: int = ETATS, commandes: int = COMMANDES) -> Iterator[tuple[Command, Refus]]:
        """Each refusal that a command of the specs meets on a state of the specs."""
        for joues in self._joues.values():
            ordres = list(_commandes(joues, commandes))
            pas = max(1, len(joues) // etats)
            for decide, state, _ in joues[::pas]:
                for command in ordres:
                    try:
                        decide(command, state)
                    except Refus as refus:
                        yield command, refus


def _decider(decide: Decide) -> object:
    """The function below what a spec fixed of it: règlement, session, centres."""
    while isinstance(decide, partial):
        decide = decide.func
    return decide


def _commandes(joues: list[Joue], combien: int) -> Iterator[Command]:
    """Some commands of each class, all different."""
    par_classe: dict[type[Command], dict[str, Command]] = defaultdict(dict)
    for _, _, command in joues:
        par_classe[type(command)].setdefault(repr(command), command)
    for differentes in par_classe.values():
        yield from islice(differentes.values(), combien)
