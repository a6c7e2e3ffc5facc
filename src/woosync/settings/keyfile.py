"""The key that protects stored credentials, made once and kept beside the embedded database."""

import base64
import contextlib
import os
import secrets
from pathlib import Path

from woosync.settings import values
from woosync.settings.errors import BadSettingsError

NAME = "secret.key"


def load(folder: Path) -> tuple[bytes, ...]:
    """Return the keys in the folder's key file, newest first; the file is made on first need.

    The file is readable for its owner alone and appears whole or not at all, so that two
    processes starting together end with the same key. Raises BadSettingsError.
    """
    path = folder / NAME
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
    draft = path.with_name(f".{NAME}.{secrets.token_hex(8)}")
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
