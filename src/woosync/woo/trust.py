"""Whom a store's TLS connections trust: the machine's authorities, or one file; for transport."""

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
    """Return curl's settings to trust the authorities in `ca_file` alone, or else the machine's.

    The machine's are those of Python, which heed SSL_CERT_FILE and SSL_CERT_DIR. A client of curl
    reads a file once if it is all there is, and else for every connection: a folder that has
    nothing more is left out. None keeps curl from looking where it was built.
    Raises CaFileUnreadable.
    """
    if ca_file is not None:
        read(ca_file)
        return {pycurl.CAPATH: None, pycurl.CAINFO: os.fsencode(ca_file)}
    machine = ssl.get_default_verify_paths()
    file: str | None = machine.cafile
    folders: str | None = os.environ.get(machine.openssl_capath_env) or machine.capath  # or several
    if file and folders:
        held = _held(file)
        if b"-----BEGIN" not in held:
            file = None  # curl would refuse everything because of it
        elif all(_has_no_more(one, _blocks(held)) for one in folders.split(os.pathsep)):
            folders = None
    chosen: dict[int, Any] = {
        pycurl.CAPATH: os.fsencode(folders) if folders else None,
        pycurl.CAINFO: os.fsencode(file) if file else None,
    }
    if os.name == "nt":
        chosen[pycurl.SSL_OPTIONS] = pycurl.SSLOPT_NATIVE_CA
    return chosen


def _held(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError:
        return b""


def _blocks(held: bytes) -> set[bytes]:
    return {block.strip() for block in held.split(b"-----END CERTIFICATE-----")}


def _has_no_more(folder: str, held: set[bytes]) -> bool:
    """Tell whether OpenSSL finds nothing in a folder, or only what a file holds too.

    Debian writes the file from the certificates in the folder.
    """
    try:
        with os.scandir(folder) as entries:
            links = [Path(one.path) for one in entries if _HASHED.fullmatch(one.name)]
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # OpenSSL may open what cannot be listed
    try:
        return all(_blocks(one.read_bytes()) <= held for one in links)
    except OSError:
        return False


def read(ca_file: Path) -> None:
    """See whether a file of authorities can be read. Raises CaFileUnreadable."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise errors.CaFileUnreadable(
            f"The certificate authority in {ca_file} cannot be read.",
            remedy="Name a PEM file with BEGIN CERTIFICATE in it: in WOOCOMMERCE_CA_FILE, or with "
            "--ca-file for a store of its own.",
        ) from error
