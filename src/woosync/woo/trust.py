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

    The machine's are those of Python, which heed SSL_CERT_FILE and SSL_CERT_DIR. curl reads a
    file once a process if it is all there is, and else for every connection: a folder that has
    nothing more is left out. None keeps curl from looking where it was built.
    Raises CaFileUnreadable.
    """
    if ca_file is not None:
        read(ca_file)
        return {pycurl.CAPATH: None, pycurl.CAINFO: str(ca_file)}
    machine = ssl.get_default_verify_paths()
    file: str | None = machine.cafile
    folders: str | None = os.environ.get(machine.openssl_capath_env) or machine.capath  # or several
    if file and folders and all(_has_no_more(one, file) for one in folders.split(os.pathsep)):
        folders = None
    chosen: dict[int, Any] = {pycurl.CAPATH: folders, pycurl.CAINFO: file}
    if os.name == "nt":
        chosen[pycurl.SSL_OPTIONS] = pycurl.SSLOPT_NATIVE_CA
    return chosen


def _has_no_more(folder: str, file: str) -> bool:
    """Tell whether OpenSSL finds nothing in a folder, or only what a file was made of.

    Debian writes the file from the certificates in the folder: both have the same size.
    """
    try:
        with os.scandir(folder) as entries:
            links = [Path(one.path) for one in entries if _HASHED.fullmatch(one.name)]
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # OpenSSL may open what cannot be listed
    try:
        found = [link.stat() for link in links]
        sizes = {(one.st_dev, one.st_ino): one.st_size for one in found}
        return not links or sum(sizes.values()) == Path(file).stat().st_size
    except OSError:
        return False


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
