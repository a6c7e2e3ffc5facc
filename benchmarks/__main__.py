"""The table of `make bench`: levels and pulls, beside bare requests of the same kind."""

import argparse
import itertools
from collections.abc import Iterator
from typing import Any

from benchmarks import stage, webhooks

SIZES = (10_000, 100_000)
LARGE = 1_000_000
LEVELS = 2_000
CHANGED = 100
HEADER = ("products", "step", "seconds", "records/s", "requests", "CPU s", "memory MB", "x bare")


def line(products: int, name: str, told: dict[str, Any], fetched: float | None) -> tuple[str, ...]:
    """Return a row of the table."""
    ratio = f"{told['seconds'] / fetched:.2f}" if fetched else ""
    return (
        f"{products:,}",
        name,
        f"{told['seconds']:.2f}",
        f"{told['records'] / told['seconds']:,.0f}",
        str(told["requests"]),
        f"{told['cpu']:.2f}",
        f"{told['memory']:.0f}",
        ratio,
    )


def measure(products: int) -> Iterator[tuple[str, ...]]:
    """Measure all steps at one size."""
    with stage.bench(products) as one:
        fetched = one.step("fetch")
        yield line(products, "fetch and throw away", fetched, None)
        yield line(products, "first import", one.step("full"), fetched["seconds"])
        yield line(products, "re-scan, nothing changed", one.step("full"), fetched["seconds"])
        yield line(products, "incremental, 0 changes", one.step("changes"), None)
        one.change(CHANGED)
        yield line(products, f"incremental, {CHANGED} changes", one.step("changes"), None)


def measure_levels() -> Iterator[tuple[str, ...]]:
    """Measure how levels reach a store as slow as a real one, and one that answers at once."""
    with stage.bench(LEVELS, "--latency", "1") as one:
        one.step("full")
        bare = one.step("bare", "levels")
        yield line(LEVELS, "bare batches, 1,000 levels", bare, None)
        many = one.step("many", "levels")
        yield line(LEVELS, "1,000 changed levels", many, bare["seconds"])
    with stage.bench(LEVELS) as one:
        one.step("full")
        yield line(LEVELS, "one changed level, p95", one.step("one", "levels"), None)


def main() -> None:
    """Print the table, row by row as it is measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also with a million products")
    parser.add_argument("--products", type=int, action="append", help="another size")
    parser.add_argument("--webhooks", action="store_true", help="webhooks alone")
    chosen = parser.parse_args()
    if chosen.webhooks:
        webhooks.main()
        return
    sizes = chosen.products or [*SIZES, *([LARGE] if chosen.large else [])]
    widths = (10, 26, 9, 10, 9, 8, 10, 8)
    print("".join(f"{word:>{width}}" for word, width in zip(HEADER, widths, strict=True)))
    parts = [measure_levels(), *(measure(size) for size in sizes)]
    for row in itertools.chain.from_iterable(parts):
        print(
            "".join(f"{word:>{width}}" for word, width in zip(row, widths, strict=True)),
            flush=True,
        )
    webhooks.main()


if __name__ == "__main__":
    main()
