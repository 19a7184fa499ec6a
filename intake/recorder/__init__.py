"""The recorder: validates, attributes, pseudonymises and appends observations."""
