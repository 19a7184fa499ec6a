"""Small deliberate breaks of the code, at least one for each scoring rule; a test has to fail each time."""
