"""How facts come in: connectors, attribution, the vault and the recorder. Never scores anything."""
