"""Mailboxes: messages, threads, bounces and automatic answers."""
