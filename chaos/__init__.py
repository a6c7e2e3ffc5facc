"""Thousands of random histories of the stock protocol, with figures and seeds: `make chaos`."""
