"""Reactors append derived facts and publish the outbox: relay, mover and timers."""
