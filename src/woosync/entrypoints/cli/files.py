"""Files that a command line names: their names, and JSON out of them."""

import json
from pathlib import Path
from typing import Any

import typer


def name(text: str) -> Path:
    """Return a file's name; an empty one, as of a variable that is not set, is refused."""
    if not text:
        raise typer.BadParameter("The name of the file is empty.")
    return Path(text)


def read_json(path: Path) -> Any:
    """Return what a JSON file holds; raises BadParameter."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise typer.BadParameter(f"{path} cannot be read: {error.strerror}.") from error
    except RecursionError as error:
        raise typer.BadParameter(
            f"{path} cannot be read as JSON: it is nested too deeply."
        ) from error
    except ValueError as error:
        raise typer.BadParameter(f"{path} cannot be read as JSON: {error}") from error
