"""Whom a store's TLS connections trust: the machine's authorities and one file; for transport."""

import contextlib
import os
import ssl
from pathlib import Path
from typing import Any

import pycurl

from woosync.woo import errors


def settings(ca_file: Path | None) -> dict[int, Any]:
    """Return curl's settings to trust the machine's authorities, and those in `ca_file`.

    The machine's are those of Python, which heed SSL_CERT_FILE and SSL_CERT_DIR; None keeps curl
    from looking where it was built. A folder is read only as far as a certificate needs it.
    Raises CaFileUnreadable.
    """
    machine = ssl.get_default_verify_paths()
    folders = os.environ.get(machine.openssl_capath_env) or machine.capath  # may be several
    chosen: dict[int, Any] = {pycurl.CAPATH: folders, pycurl.CAINFO: machine.cafile}
    if os.name == "nt":
        chosen[pycurl.SSL_OPTIONS] = pycurl.SSLOPT_NATIVE_CA
    if ca_file is not None:
        chosen[pycurl.CAINFO_BLOB] = read(ca_file) + b"\n" + _known(machine.cafile)
    return chosen


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
