"""What an event is worth. Pure: never does I/O, reads a clock, draws a random number or logs."""
