"""The admin API `/_sim/...`: steering a simulated store over HTTP, as shoppers and staff do.

JSON in, JSON out, no authentication: it is for loopback. `actions` is what can be done (also the
Python API), `trade` many of them at once, `endpoints` the addresses.
"""

from woosim.admin.endpoints import Admin

__all__ = ["Admin"]
