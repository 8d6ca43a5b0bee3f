"""Alembic's environment: runs migrations on the connection that ``babynames migrate`` hands over."""

from alembic import context

from babynames_assets.warehouse.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(
    connection=connection, target_metadata=METADATA, transactional_ddl=connection.dialect.name == "sqlite"
)
with context.begin_transaction():
    context.run_migrations()
