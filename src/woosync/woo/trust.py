"""Whom a store's TLS connections trust: the machine's authorities and one file; for transport."""

import contextlib
import os
import re
import ssl
from pathlib import Path
from typing import Any

import pycurl

from woosync.woo import errors

#: How OpenSSL names a certificate in a folder, so that it is found by its subject.
_HASHED = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def settings(ca_file: Path | None) -> dict[int, Any]:
    """Return curl's settings to trust the machine's authorities, and those in `ca_file`.

    The machine's are those of Python, which heed SSL_CERT_FILE and SSL_CERT_DIR; None keeps curl
    from looking where it was built. Of a folder each connection reads what its certificate needs.
    A file is read wholly: once if it is all there is, else by every connection.
    Raises CaFileUnreadable.
    """
    machine = ssl.get_default_verify_paths()
    file: str | None = machine.cafile
    named = os.environ.get(machine.openssl_capath_env) or machine.capath
    folders = {one: size for one in (named or "").split(os.pathsep) if (size := _size(one))}
    if file and any(_is_made_of(Path(file), one, size) for one, size in folders.items()):
        file = None
    chosen: dict[int, Any] = {pycurl.CAPATH: os.pathsep.join(folders) or None, pycurl.CAINFO: file}
    if os.name == "nt":
        chosen[pycurl.SSL_OPTIONS] = pycurl.SSLOPT_NATIVE_CA
    if ca_file is not None:
        chosen[pycurl.CAINFO_BLOB] = read(ca_file) + b"\n" + _known(file)
    return chosen


def _size(folder: str) -> int:
    """Count the authorities that OpenSSL finds in a folder."""
    try:
        with os.scandir(folder) as entries:
            return sum(1 for one in entries if _HASHED.fullmatch(one.name) and one.is_file())
    except OSError:
        return 0


def _is_made_of(file: Path, folder: str, size: int) -> bool:
    """Tell whether a folder of so many authorities has all of a file in it, as Debian makes them.

    What somebody wrote into the file by hand is not in the folder.
    """
    try:
        beside = file.parent.samefile(folder)
        return beside and file.read_bytes().count(b"BEGIN CERTIFICATE") <= size
    except OSError:
        return False


def _known(file: str | None) -> bytes:
    """Return the machine's own file; without it the folders and the store's file are left."""
    with contextlib.suppress(OSError):
        return Path(file).read_bytes() if file else b""
    return b""


def read(ca_file: Path) -> bytes:
    """Return what a file of authorities holds. Raises CaFileUnreadable."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca_file)
        return ca_file.read_bytes()
    except (OSError, ssl.SSLError) as error:
        raise errors.CaFileUnreadable(
            f"The certificate authority in {ca_file} cannot be read.",
            remedy="Name a PEM file with BEGIN CERTIFICATE in it: in WOOCOMMERCE_CA_FILE, or with "
            "--ca-file for a store of its own.",
        ) from error
