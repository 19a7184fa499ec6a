"""`python -m schemas.contract` writes the published files: JSON Schemas and the AsyncAPI document."""

import json
import sys
from pathlib import Path

from schemas.contract.asyncapi import asyncapi_yaml
from schemas.contract.json_schemas import facts_schema, handoffs_schema, scores_schema, suppressions_schema

FOLDER = Path(__file__).parents[1] / "published"


def published_files() -> dict[str, str]:
    """File name -> content of every published file."""
    schemas = {
        "facts.json": facts_schema(),
        "scores.json": scores_schema(),
        "handoffs.json": handoffs_schema(),
        "suppressions.json": suppressions_schema(),
    }
    texts = {name: f"{json.dumps(schema, indent=1, sort_keys=True)}\n" for name, schema in schemas.items()}
    return {**texts, "asyncapi.yaml": asyncapi_yaml()}


def main() -> None:
    """Write the files and print their names."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in published_files().items():
        (FOLDER / name).write_text(content, "utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
