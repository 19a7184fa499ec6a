"""Fact types, by family: one class per type and version, their registry, upcasters and validation."""
