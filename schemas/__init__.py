"""What is on the wire: facts, score updates, handoff events, dead letters, topics. Pure: no I/O."""
