"""Keys made once and kept beside the embedded database: of credentials, and of access tokens."""

import base64
import contextlib
import os
import secrets
from pathlib import Path

from woosync.settings import values
from woosync.settings.errors import BadSettingsError

NAME, SIGNING_NAME = "secret.key", "jwt.key"


def signing_secret(given: str, folder: Path, *, alone: bool) -> str:
    """Return what signs access tokens: what was given, else the folder's own key.

    A server that is not `alone` would not accept the tokens of the others with a key made here.
    Raises BadSettingsError then.
    """
    if given:
        return given
    if not alone and not (folder / SIGNING_NAME).exists():
        raise BadSettingsError(
            "WOOSYNC_JWT_SECRET is not set, and without it no token can be trusted.",
            remedy="Make one with `openssl rand -hex 32`, the same for every server of this "
            "database.",
        )
    return load(folder, SIGNING_NAME)[0].hex()


def load(folder: Path, name: str = NAME) -> tuple[bytes, ...]:
    """Return the keys in the folder's key file, newest first; the file is made on first need.

    The file is readable for its owner alone and appears whole or not at all, so that two
    processes starting together end with the same key. Raises BadSettingsError.
    """
    path = folder / name
    try:
        if not path.exists():
            _make(path)
        lines = path.read_text(encoding="ascii").split()
        return values.secret_keys(",".join(lines))
    except (values.WrongValueError, UnicodeDecodeError):
        raise BadSettingsError(
            f"{path} does not hold a key of woosync.",
            remedy="Put the file back from a backup; without it enter the store's keys again.",
        ) from None
    except OSError as error:
        raise BadSettingsError(
            f"{path} cannot be used: {(error.strerror or 'input/output error').lower()}.",
            remedy="Make the folder writable, or choose another with WOOSYNC_DATA.",
        ) from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(values.KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
