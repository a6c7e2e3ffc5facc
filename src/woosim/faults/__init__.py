"""Faults a store can be told to have, by the admin API or by `Service.faults` in a test."""

from woosim.faults.rules import Fault, Faults

__all__ = ["Fault", "Faults"]
