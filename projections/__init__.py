"""Read models and how to query them: the projector writes them in one transaction with its checkpoints."""
