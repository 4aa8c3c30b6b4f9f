"""What was given up of what partners share."""

from __future__ import annotations

from services.socle.migrations import bookkeeping

revision, down_revision = "0003", "0002"


def upgrade() -> None:
    bookkeeping.step_3()
