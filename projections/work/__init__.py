"""What the projector leaves for the reactors: outbox, timers, moves and parked facts."""
