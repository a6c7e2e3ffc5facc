"""Webhooks: topics and events, the queue of pending deliveries, signed delivery over real HTTP."""

from woosim.hooks.queue import Chaos, Queue

__all__ = ["Chaos", "Queue"]
