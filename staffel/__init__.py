"""Settings, wiring and the command line: the one place where the parts meet. Never holds a rule."""
