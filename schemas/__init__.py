"""What is on the wire: facts, score updates, handoffs, dead letters, topics. Never does any I/O."""
