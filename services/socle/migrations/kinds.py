"""The kinds of columns, as the databases know them: a migration says what is stored, not what Python makes of it.

Never changed: migrations that were released are written with them.
"""

from __future__ import annotations

from sqlalchemy import Text


def sorted_text() -> Text:
    """A text sorted by code point in both engines (see `sql.SortedText`)."""
    return Text().with_variant(Text(collation="C"), "postgresql")
