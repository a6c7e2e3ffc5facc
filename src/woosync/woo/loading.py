"""Loads aiohttp, for `address` and `transport`, without what it reads and we never use.

While it is imported aiohttp makes two TLS contexts with all authorities of the machine: an eighth
of the CPU time of a poll that finds nothing. The context of a store is made by `transport`.
"""

import os

_NONE = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
_kept = {name: os.environ.get(name) for name in _NONE}
os.environ.update(_NONE)
try:
    import aiohttp
    import aiohttp.abc
    import aiohttp.resolver
finally:
    for _name, _value in _kept.items():
        if _value is None:
            del os.environ[_name]
        else:
            os.environ[_name] = _value

__all__ = ["aiohttp"]
