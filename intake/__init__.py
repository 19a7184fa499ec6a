"""How facts come in: connectors, attribution, the vault and the recorder."""
