"""Alerts to people and systems about handoffs: rules, settings, outbox, delivery and channels."""
