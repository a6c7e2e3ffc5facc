"""What kind of store to simulate."""

from dataclasses import dataclass
from datetime import UTC, datetime

FULL_VERSIONS = {"10.2": "10.2.2", "10.5": "10.5.0", "11.0": "11.0.1"}


@dataclass(frozen=True, slots=True)
class Options:
    """The store's size, seed and mode.

    `products` counts simple and variable products, of which `variable` are variable, each with 1
    to 10 variations. `first_id` is the id of the first product, `epoch` the moment up to which the
    base records reach. `workers` is how many requests are answered at a time (0: any number),
    `latency` how slow each is: 1 is as slow as the real shop that was measured.
    """

    products: int = 1000
    variable: int = 50
    customers: int = 500
    orders: int = 1000
    seed: int = 7
    zone: str = "America/New_York"
    version: str = "11.0"
    hpos: bool = True
    currency: str = "USD"
    first_id: int = 10
    epoch: datetime = datetime(2025, 6, 1, tzinfo=UTC)
    workers: int = 0
    latency: float = 0.0

    def __post_init__(self) -> None:
        """Refuse sizes that cannot be."""
        if not 0 <= self.variable <= self.products:
            raise ValueError("variable must be between 0 and products")

    @property
    def full_version(self) -> str:
        """The version as system_status gives it."""
        return FULL_VERSIONS.get(self.version, self.version)

    def at_least(self, major: int, minor: int) -> bool:
        """Tell whether the simulated WooCommerce is this version or newer."""
        parts = [int(part) for part in self.full_version.split(".")[:2]]
        return parts >= [major, minor]
