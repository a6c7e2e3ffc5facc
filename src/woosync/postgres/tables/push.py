"""What pushing has to remember across a crash: which records it may have made in a store."""

from sqlalchemy import BigInteger, Column, ForeignKey, Table, Text, text

from woosync.postgres.tables.columns import METADATA, instant

# Written before a creation is sent and taken away with the link: a row says that the store may hold
# the record already, to be recognised by `marker`.
creations = Table(
    "creations",
    METADATA,
    Column("store_id", BigInteger, ForeignKey("stores.id"), primary_key=True),
    Column("entity", Text, primary_key=True),
    Column("local_id", BigInteger, primary_key=True),
    Column("marker", Text, nullable=False, server_default=text("(gen_random_uuid())::text")),
    instant("first_sent_at", nullable=False),
    instant("sent_at", nullable=False),
)
