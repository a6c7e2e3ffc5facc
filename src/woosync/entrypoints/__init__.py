"""The outside calls in here; entry points translate and decide nothing."""
