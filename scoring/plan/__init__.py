"""The scoring model compiled for the fold: rules by event type, calendars and decay as tables."""
