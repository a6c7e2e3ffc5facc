"""The endpoint that ours is measured beside: check the HMAC, commit one insert, answer.

`python -m benchmarks.minimal PORT`; DATABASE_URL and the secret come from the environment.
"""

import base64
import contextlib
import hashlib
import hmac
import os
import sys
from collections.abc import AsyncIterator

import fastapi
import psycopg_pool
import uvicorn

INSERT = "INSERT INTO minimal_deliveries (topic, body) VALUES (%s, %s)"


@contextlib.asynccontextmanager
async def lifespan(app: fastapi.FastAPI) -> AsyncIterator[None]:
    """Open the pool."""
    address = os.environ["DATABASE_URL"]
    async with psycopg_pool.AsyncConnectionPool(address, min_size=8, max_size=16) as pool:
        app.state.pool = pool
        yield


app = fastapi.FastAPI(lifespan=lifespan)


@app.post("/webhook/{event}")
async def receive(event: str, request: fastapi.Request) -> dict[str, bool]:
    """Verify and keep a delivery."""
    body = await request.body()
    secret = os.environ["WOOCOMMERCE_WEBHOOK_SECRET"].encode()
    wanted = base64.b64encode(hmac.digest(secret, body, hashlib.sha256)).decode()
    if not hmac.compare_digest(wanted, request.headers.get("x-wc-webhook-signature", "")):
        raise fastapi.HTTPException(401)
    async with request.app.state.pool.connection() as connection:
        await connection.execute(INSERT, (event, body))
    return {"accepted": True}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning", access_log=False)
