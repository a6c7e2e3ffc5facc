"""What guards logins and repeated requests: failures counted by name, replies kept by key."""

from woosync.postgres.engine import Transaction

FORGET = (
    "DELETE FROM login_failures WHERE last_at < now() - interval '1 day'",
    "DELETE FROM idempotent_replies WHERE begun_at < now() - interval '1 day'",
    "DELETE FROM tokens WHERE expires_at < now() - interval '30 days'",
)


async def forget_old(tx: Transaction) -> None:
    """Delete failures, kept replies and tokens that have had their time."""
    for statement in FORGET:
        await tx.execute(statement)
