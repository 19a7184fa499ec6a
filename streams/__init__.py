"""How records move: the log, the scorer and its hosts. Never judges what a fact is worth."""
