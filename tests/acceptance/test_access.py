"""Users and tokens by the command line."""

import asyncio
import json
import sys

from acceptance.commands import Ended, Workplace

PASSWORD = "correct horse battery staple"


async def type_in(work: Workplace, *arguments: str, text: str = PASSWORD) -> Ended:
    """Run a command that reads a password from its standard input."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "woosync", *arguments),
        cwd=work.folder,
        env=work.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate(f"{text}\n".encode())
    return Ended(process.returncode or 0, out.decode(), err.decode())


async def test_users_are_added_changed_and_shut_out(work: Workplace) -> None:
    (await type_in(work, "users", "add", "ada", "--role", "admin")).good()
    assert (await type_in(work, "users", "add", "ADA")).code == 64
    assert (await type_in(work, "users", "add", "eve", text="short")).code == 64
    await work.failing("users", "add", "eve", code=64, says="password is missing")
    (await work.run("users", "add", "till", "--machine")).good()
    (await work.run("users", "role", "till", "operator")).good()
    await work.failing("users", "disable", "ada", code=64, says="only administrator")
    (await work.run("users", "disable", "till")).good()
    listed = (await work.run("users", "list", "--json")).good().document["users"]
    assert [(one["name"], one["role"], one["is_active"]) for one in listed] == [
        ("ada", "admin", True),
        ("till", "operator", False),
    ]
    (await work.run("users", "enable", "till")).good()
    (await type_in(work, "users", "password", "ada", text=PASSWORD + "!")).good()
    await work.failing("users", "role", "nobody", "viewer", code=64, says="no user 'nobody'")


async def test_tokens_are_made_once_shown_and_revoked(work: Workplace) -> None:
    made = (await work.run("tokens", "add", "till", "--note", "the till", "--json")).good()
    assert made.document["token"].startswith("wst_")
    listed = await work.run("tokens", "list", "--json")
    (token,) = listed.good().document["tokens"]
    assert (token["user"], token["role"], token["note"]) == ("till", "viewer", "the till")
    assert made.document["token"] not in listed.out
    (await work.run("tokens", "revoke", str(token["id"]))).good()
    await work.failing("tokens", "revoke", str(token["id"]), code=64, says="no token")


async def test_the_document_needs_neither_settings_nor_database(work: Workplace) -> None:
    work.environment["DATABASE_URL"] = "postgresql://nobody@127.0.0.1:1/none"
    document = json.loads((await work.run("openapi")).good().out)
    assert "/api/woocommerce-sync/sync/full" in document["paths"]
    assert document["openapi"].startswith("3.1")
