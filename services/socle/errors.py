"""Errors of the machinery. ``code`` is stable; the text is French, says what, where and what to do, and holds no
personal data."""

from __future__ import annotations


class SocleError(Exception):
    """Base of all of them."""

    code = "SOCLE"
    refused = False  # whether what was looked at is at fault, and waiting for the platform would not mend it

    def __init__(self, detail: str) -> None:
        super().__init__(f"[{self.code}] {detail}")
        self.detail = detail


class Conflict(SocleError):
    """Somebody else moved the aggregate between load and append: reload and decide again.

    ``subjects`` names the aggregates that moved, when the journal could tell.
    """

    code = "CONFLIT"

    def __init__(self, detail: str, subjects: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.subjects = subjects


class BrokerAway(SocleError):
    """The broker did not answer within the bounded retries.

    The outcome of an append is then unknown: send the same command, with the same id, again; it is done once.
    """

    code = "COURTIER_ABSENT"


class BrokerDenied(SocleError):
    """The broker forbids it to this identity: the rights deployed do not fit this program."""

    code = "COURTIER_INTERDIT"


class BrokerRunning(SocleError):
    """Another process already serves this data directory: connect to it, or stop it first."""

    code = "COURTIER_DEJA_LANCE"


class BrokerFailed(SocleError):
    """The embedded broker could not be started."""

    code = "COURTIER_EN_ECHEC"


class DatabaseAway(SocleError):
    """The database does not answer, or somebody holds what is asked for: send the same command, same id, again."""

    code = "BASE_ABSENTE"


class SchemaBusy(DatabaseAway):
    """Somebody else creates or migrates the tables of this database, or holds them: nothing was changed."""

    code = "BASE_VERROUILLEE"


class DatabaseDenied(SocleError):
    """The database forbids something to this role: its rights do not fit this program."""

    code = "BASE_INTERDITE"


class StopAsked(SocleError):
    """The process was asked to stop while it waited for something that is away."""

    code = "ARRET_DEMANDE"


class TooLarge(SocleError):
    """The decision does not fit in one message (limit of the stream)."""

    code = "MESSAGE_TROP_GRAND"


class StreamMissing(SocleError):
    """The journal does not exist on this server: provisioning was not run, or the server lost its key or disk."""

    code = "JOURNAL_ABSENT"


class StreamRefused(SocleError):
    """The journal refuses the message, and would refuse it again: it is sealed or full."""

    code = "JOURNAL_REFUSE"


class StreamMismatch(SocleError):
    """A journal exists whose settings are not those deployed, in a way that provisioning must not repair by itself."""

    code = "JOURNAL_DIFFERENT"


class StreamChanged(SocleError):
    """The journal is not the one whose position was stored (recreated or restored), or it is shorter: stop, rebuild."""

    code = "JOURNAL_CHANGE"


class NotDense(SocleError):
    """Sequences are missing inside the journal: a message was removed or lost."""

    code = "JOURNAL_TROUE"


class ChainBroken(SocleError):
    """The hash chain or the ranks of an aggregate do not follow: its history was altered."""

    code = "CHAINE_ROMPUE"


class BadSubject(SocleError):
    """A part of a subject holds what the broker would read as a separator or a wildcard."""

    code = "SUJET_INVALIDE"


class Misconfigured(SocleError):
    """A setting is missing or makes no sense."""

    code = "CONFIGURATION"
