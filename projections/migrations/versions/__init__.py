"""One file per step. Never imports the tables as they are today: a step is what it was."""
