"""Metrics of the process, for Prometheus. Every label has a closed set of values: what a client writes, a person's
number, an aggregate never make a new series.

`Instruments` is how a service counts; what it does not announce is counted under `OTHER`.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

REGISTRY: Final = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)
GCCollector(registry=REGISTRY)

OTHER: Final = "AUTRE"
APPENDED, REPEATED, NOTHING, REFUSED, CONFLICT, FAILED = (
    "ajoutee",
    "repetee",
    "sans_effet",
    "refusee",
    "conflit",
    "erreur",
)
OUTCOMES: Final = (APPENDED, REPEATED, NOTHING, REFUSED, CONFLICT, FAILED)
ANSWERED: Final = "repondue"
DONE, LATER, PARKED = "faite", "a_reessayer", "stationnee"
VERDICTS: Final = (DONE, LATER, PARKED)
ALONE, BATCH = "seule", "lot"
CONNECTIONS: Final = ("commandes", "reactions")
STATES: Final = ("vivant", "pret")

FAST: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
RECENT = 20  # refusals that a service remembers, to be shown


def _counter(name: str, what: str, *labels: str) -> Counter:
    return Counter(f"parchemin_{name}", what, labels, registry=REGISTRY)


def _gauge(name: str, what: str, *labels: str) -> Gauge:
    return Gauge(f"parchemin_{name}", what, labels, registry=REGISTRY)


def _histogram(name: str, what: str, *labels: str) -> Histogram:
    return Histogram(f"parchemin_{name}", what, labels, registry=REGISTRY, buckets=FAST)


# What is counted as it happens
COMMANDS = _counter("commandes", "Commandes traitées", "service", "commande", "issue")
COMMAND_TIME = _histogram("commande_duree_secondes", "De la lecture d'une commande à sa réponse", "service")
APPEND_TIME = _histogram("ajout_duree_secondes", "Ajout au journal, nouveaux essais compris", "service", "mode")
CONFLICTS = _counter("conflits", "Agrégat modifié entre-temps : décidée à nouveau", "service", "commande")
REFUSALS = _counter("refus", "Refus par code", "service", "code")
ERRORS = _counter("erreurs", "Demandes en échec par code", "service", "code")
QUERIES = _counter("requetes", "Questions reçues", "service", "requete", "issue")
REACTIONS = _counter("reactions", "Messages jugés par une réaction", "service", "reaction", "issue")
PROJECTED = _counter("projections_messages", "Messages passés dans les projections", "service", "journal")
PROJECTION_TIME = _histogram("projection_lot_duree_secondes", "Transaction d'un lot", "service")

# What is measured from time to time
BROKER = _gauge("courtier_connecte", "1 : connecté au courtier", "service", "connexion")
BASE = _gauge("base_joignable", "1 : la base du service répond", "service")
PROJECTION_LAG = _gauge("projection_retard_messages", "Messages à projeter", "service", "projection", "journal")
PROJECTION_AGE = _gauge("projection_retard_secondes", "Âge du premier à projeter", "service", "projection", "journal")
PROJECTION_STOPPED = _gauge("projection_arretee", "1 : elle n'avance plus", "service", "projection", "journal")
REACTION_LAG = _gauge("reaction_retard_messages", "Messages à juger", "service", "reaction", "journal")
REACTION_AGE = _gauge("reaction_retard_secondes", "Âge du premier à juger", "service", "reaction", "journal")
REACTION_RUNS = _gauge("reaction_active", "1 : elle tire ses messages", "service", "reaction", "journal")
PARKED_NOW = _gauge("stationnes", "Messages stationnés, ceux qui attendent derrière compris", "service", "consommateur")
READY = _gauge("service_pret", "1 : le service peut servir", "service")
JOURNAL_END = _gauge("journal_position", "Dernière position du journal", "journal")
JOURNAL_THERE = _gauge("journal_present", "1 : le journal répond", "journal")
JOURNAL_HOLES = _gauge("journal_messages_manquants", "Messages absents du journal", "journal")
SEALED = _gauge("archive_position", "Dernière position scellée", "journal")
SEALED_GOOD = _gauge("archive_lisible", "1 : l'archive se lit", "journal")
UNSEALED = _gauge("archive_attente_messages", "Messages à sceller", "journal")
UNSEALED_AGE = _gauge("archive_attente_secondes", "Âge du premier message à sceller", "journal")
STATE = _gauge("etat", "1 : ce que répond /sante/…", "sonde")
LOOP_LAG = _gauge("boucle_retard_secondes", "Retard de la boucle d'événements à sa dernière pulsation")
MEASURED = _gauge("mesure_horodatage_secondes", "Quand les jauges ont été mesurées (epoch)", "service")


@dataclass(frozen=True, slots=True)
class Refused:
    """A refusal as it may be shown: no aggregate, no author."""

    code: str
    command: str
    at: datetime


@dataclass
class Instruments:
    """The counts of one service. The names it announces are the only ones that become labels."""

    service: str
    commands: frozenset[str] = frozenset()
    refusals: frozenset[str] = frozenset()
    queries: frozenset[str] = frozenset()
    outcomes: Tally[str] = field(default_factory=Tally)
    codes: Tally[str] = field(default_factory=Tally)
    recent: deque[Refused] = field(default_factory=lambda: deque(maxlen=RECENT))

    def command(self, name: str, outcome: str, seconds: float | None = None) -> None:
        self.outcomes[outcome] += 1
        COMMANDS.labels(self.service, _known(name, self.commands), outcome).inc()
        if seconds is not None:
            COMMAND_TIME.labels(self.service).observe(seconds)

    def known(self, command: str) -> str:
        return _known(command, self.commands)

    def refusal(self, name: str, code: str) -> None:
        code = _known(code, self.refusals)
        self.codes[code] += 1
        self.recent.append(Refused(code, _known(name, self.commands | self.queries), datetime.now(UTC)))
        REFUSALS.labels(self.service, code).inc()

    def error(self, code: str) -> None:
        ERRORS.labels(self.service, code).inc()

    def conflict(self, name: str) -> None:
        CONFLICTS.labels(self.service, _known(name, self.commands)).inc()

    def query(self, name: str, outcome: str) -> None:
        QUERIES.labels(self.service, _known(name, self.queries), outcome).inc()

    def appended(self, mode: str, seconds: float) -> None:
        APPEND_TIME.labels(self.service, mode).observe(seconds)


def _known(value: str, announced: Iterable[str]) -> str:
    return value if value in announced else OTHER
