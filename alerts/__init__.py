"""Who is told: rules, channels, delivery. Never tells what was history already, and never the same thing twice."""
