"""Long-running processes: their roles, health, readiness and metrics."""
