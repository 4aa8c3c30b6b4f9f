"""What is known of what partners share."""

from __future__ import annotations

from services.socle.migrations import bookkeeping

revision, down_revision = "0002", "0001"


def upgrade() -> None:
    bookkeeping.step_2()
