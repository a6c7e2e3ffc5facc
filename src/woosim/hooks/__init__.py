"""Webhooks: topics and events, the queue of pending deliveries, signed delivery over real HTTP."""

from woosim.hooks.queue import Queue

__all__ = ["Queue"]
