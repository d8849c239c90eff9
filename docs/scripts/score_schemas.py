"""Write the contract of a case system as JSON Schema: ``python docs/scripts/score_schemas.py``.

Writes docs/reference/score_request.schema.json and score_response.schema.json from the tables that records are read by.
"""

from __future__ import annotations

import json
from pathlib import Path

from edgeofcare.scoring.contract import request_schema, response_schema

FOLDER = Path(__file__).parents[1] / "reference"
SCHEMAS = {"score_request.schema.json": request_schema, "score_response.schema.json": response_schema}


def text(name: str) -> str:
    """Text of one file."""
    return json.dumps(SCHEMAS[name](), indent=1, ensure_ascii=True) + "\n"


if __name__ == "__main__":
    for each in SCHEMAS:
        (FOLDER / each).write_text(text(each), encoding="utf-8", newline="\n")
        print(f"wrote {each}")
