"""How records move: the log, the scorer and its two hosts."""
