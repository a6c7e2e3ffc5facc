"""Latency histograms: their buckets, and the percentiles that can be read off them."""

from collections.abc import Mapping

#: Upper ends of the buckets in seconds; the last bucket has no upper end.
BUCKETS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2)


def percentile(counts: Mapping[int, int], share: float) -> float | None:
    """Return the seconds below which `share` (0 to 1) of the answers came; None without any.

    `counts` has a number of answers by bucket. Within a bucket they are taken to lie evenly, so
    the result is exact to the bucket; the open last bucket counts as its lower end.
    """
    wanted = share * sum(counts.values())
    if not wanted:
        return None
    below = 0
    for bucket, count in sorted(counts.items()):
        if count and below + count >= wanted:
            lower = BUCKETS[bucket - 1] if bucket else 0.0
            upper = BUCKETS[bucket] if bucket < len(BUCKETS) else lower
            return lower + (upper - lower) * (wanted - below) / count
        below += count
    return None
