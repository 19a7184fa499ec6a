"""Channels of alerts: the port, its implementations for chat, mail and webhooks, and their addresses."""
