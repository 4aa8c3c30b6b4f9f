"""What Alembic runs for every history of this house: on the connection that `migrating` holds, or as SQL text.

One environment for all, because all have the same needs: the transaction and the lock are the caller's, so that what a
migration creates and the revision it records become true together, in SQLite too.
"""

from __future__ import annotations

from alembic import context

known = context.config.attributes
connection, versions = known.get("connection"), known["versions"]
if connection is None:
    context.configure(dialect_name="postgresql", literal_binds=True, transactional_ddl=True, version_table=versions)
    with context.begin_transaction():
        context.run_migrations()
else:
    context.configure(connection=connection, transactional_ddl=True, version_table=versions)
    context.run_migrations()
