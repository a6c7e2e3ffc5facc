"""Failed logins by account and address, replies kept under Idempotency-Key, limited tokens."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "login_failures",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("failures", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("last_at", INSTANT, server_default=sa.func.now(), nullable=False),
        sa.Column("blocked_until", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_login_failures")),
    )
    op.create_table(
        "idempotent_replies",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column(
            "headers",
            postgresql.JSONB(),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("begun_at", INSTANT, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name=op.f("pk_idempotent_replies")),
    )
    op.create_index("ix_idempotent_replies_begun_at", "idempotent_replies", ["begun_at"])
    op.drop_column("users", "failed_logins")
    op.drop_column("users", "locked_until")
    op.add_column("tokens", sa.Column("store_id", sa.BigInteger(), nullable=True))
    op.create_foreign_key(
        op.f("fk_tokens_store_id_stores"), "tokens", "stores", ["store_id"], ["id"]
    )
    op.create_index("ix_tokens_store_id", "tokens", ["store_id"])


def downgrade() -> None:
    op.drop_index("ix_tokens_store_id", table_name="tokens")
    op.drop_constraint(op.f("fk_tokens_store_id_stores"), "tokens")
    op.drop_column("tokens", "store_id")
    op.add_column(
        "users",
        sa.Column("failed_logins", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
    )
    op.add_column("users", sa.Column("locked_until", INSTANT, nullable=True))
    op.drop_table("idempotent_replies")
    op.drop_table("login_failures")
