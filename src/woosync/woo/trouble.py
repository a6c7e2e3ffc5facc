"""What it means that an exchange failed: curl's codes become the client's errors; for transport."""

import os
from collections.abc import Callable, Mapping

import msgspec
import pycurl

from woosync.woo import errors, packing
from woosync.woo.options import StoreOptions

_CA_REMEDY = (
    "Name the PEM file of the authority that signed it: in WOOCOMMERCE_CA_FILE, or with "
    "`woosync stores update KEY --ca-file FILE`."
)
#: X509_V_ERR codes of certificates whose authority is not known.
_UNKNOWN = {18, 19, 20}
_OTHER_NAME = ("is made out to another name", "Use the address the certificate names.")
#: By OpenSSL's X509_V_ERR codes; curl compares names itself and leaves it at 1, unspecified.
_CERTIFICATE = {
    0: _OTHER_NAME,
    1: _OTHER_NAME,
    9: ("is not valid yet", "Check the clock of this machine and the shop's certificate."),
    10: ("has expired", "Renew the shop's certificate."),
    18: ("is self-signed", _CA_REMEDY),
    19: ("comes from an authority this machine does not know", _CA_REMEDY),
    20: ("comes from an authority this machine does not know", _CA_REMEDY),
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
#: 100 is curl's "too large", of heads; it has no name in pycurl.
_NO_HTTP = {pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY, 100}
#: What OpenSSL and curl say of plain HTTP where TLS is expected, of a handshake that just ends, of
#: heads that are too large.
_PLAIN = ("wrong version number", "http request", "packet length too long")
_BROKEN = ("unexpected eof", "syscall", "connection reset", "recv failure", "send failure")
_LARGE_HEAD = "response headers"

Failure = errors.StoreUnreachable | errors.StoreAnsweredNonsense | errors.StoreAnsweredTooMuch


class Told(msgspec.Struct, frozen=True):
    """What curl says of a failed exchange: its code and words, OpenSSL's and the system's number.

    `was_asked` is whether a connection stood and the request began to be sent.
    """

    code: int
    text: str
    verified: int
    errno: int
    was_asked: bool


def meaning(told: Told, base_url: str, options: StoreOptions) -> Failure:
    """Return the error to raise; its words quote nothing of the request.

    Whatever ends an exchange that began to be sent may have ended it after the store acted.
    """
    if told.code in _NO_HTTP or _LARGE_HEAD in told.text.lower():
        return errors.StoreAnsweredNonsense(
            f"What {base_url} answered is not HTTP as it should be.",
            remedy="Check the port in the store URL, and the proxies before the shop.",
        )
    if told.code == pycurl.E_FILESIZE_EXCEEDED:
        return packing.too_much(options.body_limit)
    if told.code == pycurl.E_OPERATION_TIMEDOUT:
        return _timed_out(told, base_url, options)
    if told.was_asked:
        return errors.ConnectionLost(
            f"{base_url} broke the connection before its answer was complete.",
            remedy="If this stays, the shop's web server or PHP crashes: look at its error log."
            + ("" if base_url.startswith("https:") else " Or the port wants https://."),
        )
    if options.ca_file is not None and _is_of_authority(told):
        return errors.TlsRefused(
            f"The certificate of {base_url} does not come from the authority in "
            f"{options.ca_file}, or that file cannot be read.",
            remedy="Name the file of the authority that signed it, or none for a public one: in "
            "WOOCOMMERCE_CA_FILE, or with `woosync stores update KEY --ca-file FILE`.",
        )
    return _UNSENT.get(told.code, _no_connection)(told, base_url)


def _is_of_authority(told: Told) -> bool:
    if told.code == pycurl.E_PEER_FAILED_VERIFICATION:
        return told.verified in _UNKNOWN
    return told.code == pycurl.E_SSL_CACERT_BADFILE


def closed() -> errors.StoreUnreachable:
    """Say that nobody can ask any more."""
    return errors.StoreUnreachable(
        "The connection to the store is closed.", remedy="Use the client in `async with`."
    )


def _timed_out(told: Told, base_url: str, options: StoreOptions) -> errors.StoreUnreachable:
    if told.was_asked:
        return errors.StoreTimeout(
            f"{base_url} did not answer within {options.timeout:g} s.",
            remedy="The shop is overloaded: run it again later, or give it longer "
            "(WOOSYNC_TIMEOUT).",
        )
    seconds = min(options.connect_timeout, options.timeout)
    return errors.StoreUnreachable(
        f"{base_url} took no connection within {seconds:g} s.",
        remedy="Check the address, and that no firewall stands between.",
    )


def _bad_certificate(told: Told, base_url: str) -> errors.TlsRefused:
    reason, remedy = _CERTIFICATE.get(
        told.verified, ("is not valid", "Check the shop's certificate in a browser.")
    )
    return errors.TlsRefused(f"The certificate of {base_url} {reason}.", remedy=remedy)


def _no_tls(told: Told, base_url: str) -> errors.StoreUnreachable:
    """Tell plain HTTP and broken connections from a TLS that does not agree."""
    text = told.text.lower()
    if any(words in text for words in _PLAIN):
        return errors.TlsRefused(
            f"{base_url} speaks plain http at this port, not https.",
            remedy="Check the port; only for a test shop on your own network begin the store URL "
            "with http://.",
        )
    if told.errno or any(words in text for words in _BROKEN):
        return _no_connection(told, base_url)
    return errors.TlsRefused(
        f"{base_url} does not speak TLS as it should.",
        remedy="Check that the address is right and that the shop has a valid certificate.",
    )


def _no_authorities(_told: Told, _base_url: str) -> errors.TlsRefused:
    return errors.TlsRefused(
        "The certificate authorities of this machine cannot be read.",
        remedy="SSL_CERT_FILE must name a PEM file, or must not be set.",
    )


def _no_connection(told: Told, base_url: str) -> errors.StoreUnreachable:
    return errors.StoreUnreachable(
        f"{base_url} cannot be reached: {_reason(told)}.",
        remedy="See whether the shop opens in a browser, and check the port.",
    )


def _reason(told: Told) -> str:
    return os.strerror(told.errno).lower() if told.errno else "the connection failed"


#: What is said where nothing was sent, by curl's code.
_UNSENT: Mapping[int, Callable[[Told, str], errors.StoreUnreachable]] = {
    pycurl.E_PEER_FAILED_VERIFICATION: _bad_certificate,
    pycurl.E_SSL_CONNECT_ERROR: _no_tls,
    pycurl.E_SSL_CACERT_BADFILE: _no_authorities,
}
