"""What Staffel is measured beside: the same work, written as each of these frameworks wants it. Never used by Staffel.

Each is a program of its own: `NAME.py SERVERS TOPIC PARTITIONS FACTS FOLDER`. It prints `first MILLISECONDS` when it
takes its first fact in hand.
"""
