"""What it means that an exchange failed: curl's codes become the client's errors; for transport."""

import os
from collections.abc import Callable, Mapping

import msgspec
import pycurl

from woosync.woo import errors, packing
from woosync.woo.options import StoreOptions

_CA_REMEDY = "Set WOOCOMMERCE_CA_FILE to the PEM file of the authority that signed it."
_OTHER_NAME = ("is made out to another name", "Use the address the certificate names.")
#: By OpenSSL's X509_V_ERR codes; curl compares names itself and leaves it at 1, unspecified.
_CERTIFICATE = {
    0: _OTHER_NAME,
    1: _OTHER_NAME,
    10: ("has expired", "Renew the shop's certificate."),
    18: ("is self-signed", _CA_REMEDY),
    19: ("comes from an authority this machine does not know", _CA_REMEDY),
    20: ("comes from an authority this machine does not know", _CA_REMEDY),
    62: _OTHER_NAME,
    64: _OTHER_NAME,
}
_NO_HTTP = {pycurl.E_UNSUPPORTED_PROTOCOL, pycurl.E_FTP_WEIRD_SERVER_REPLY}
#: How OpenSSL names plain HTTP where it expects TLS.
_PLAIN = ("wrong version number", "http request", "packet length too long")

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
    """Return the error to raise; its words quote nothing of the request."""
    if told.code in _NO_HTTP:
        return errors.StoreAnsweredNonsense(
            f"What {base_url} answered is not HTTP.", remedy="Check the port in the store URL."
        )
    named = _NAMED.get(told.code, _lost)
    return named(told, base_url, options)


def _timed_out(told: Told, base_url: str, options: StoreOptions) -> errors.StoreUnreachable:
    if told.was_asked:
        return errors.StoreTimeout(
            f"{base_url} did not answer within {options.timeout:g} s.",
            remedy="The shop is overloaded; woosync asks for less at a time and tries again.",
        )
    return errors.StoreUnreachable(
        f"{base_url} took no connection within {options.connect_timeout:g} s.",
        remedy="Check the address, and that no firewall stands between.",
    )


def _bad_certificate(told: Told, base_url: str, _options: StoreOptions) -> errors.TlsRefused:
    reason, remedy = _CERTIFICATE.get(
        told.verified, ("is not valid", "Check the shop's certificate in a browser.")
    )
    return errors.TlsRefused(f"The certificate of {base_url} {reason}.", remedy=remedy)


def _no_tls(told: Told, base_url: str, _options: StoreOptions) -> errors.TlsRefused:
    """Tell plain HTTP from other trouble."""
    if any(words in told.text.lower() for words in _PLAIN):
        return errors.TlsRefused(
            f"{base_url} speaks plain http at this port, not https.",
            remedy="Check the port; only for a test shop on your own network begin the store URL "
            "with http://.",
        )
    return errors.TlsRefused(
        f"{base_url} does not speak TLS as it should: {_reason(told)}.",
        remedy="Check that the address is right and that the shop has a valid certificate.",
    )


def _no_name(_told: Told, base_url: str, _options: StoreOptions) -> errors.StoreUnreachable:
    return errors.StoreUnreachable(
        f"The name of {base_url} cannot be found.",
        remedy="Check the spelling of the store URL and this machine's network.",
    )


def _no_connection(told: Told, base_url: str, _options: StoreOptions) -> errors.StoreUnreachable:
    return errors.StoreUnreachable(
        f"{base_url} cannot be reached: {_reason(told)}.",
        remedy="See whether the shop opens in a browser, and check the port.",
    )


def _too_much(_told: Told, _base_url: str, options: StoreOptions) -> errors.StoreAnsweredTooMuch:
    return packing.too_much(options.body_limit)


def _lost(_told: Told, base_url: str, _options: StoreOptions) -> errors.ConnectionLost:
    return errors.ConnectionLost(
        f"{base_url} broke the connection before its answer was complete.",
        remedy="If this stays, the shop's web server or PHP crashes: look at its error log."
        + ("" if base_url.startswith("https:") else " Or the port wants https://."),
    )


def _reason(told: Told) -> str:
    return os.strerror(told.errno).lower() if told.errno else "the connection failed"


_NAMED: Mapping[int, Callable[[Told, str, StoreOptions], Failure]] = {
    pycurl.E_OPERATION_TIMEDOUT: _timed_out,
    pycurl.E_PEER_FAILED_VERIFICATION: _bad_certificate,
    pycurl.E_SSL_CONNECT_ERROR: _no_tls,
    pycurl.E_COULDNT_RESOLVE_HOST: _no_name,
    pycurl.E_COULDNT_CONNECT: _no_connection,
    pycurl.E_FILESIZE_EXCEEDED: _too_much,
}
