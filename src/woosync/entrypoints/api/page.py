"""The OpenAPI document for people: the page at /docs, without scripts, and docs/api.md."""

import html
import json
from collections.abc import Iterator, Mapping
from typing import Any

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 3rem; border-bottom: 1px solid #8888 }
h3 { margin: 2rem 0 .3rem; font: 600 1rem ui-monospace, monospace }
pre { background: #8881; padding: .7rem 1rem; overflow-x: auto; border-radius: .4rem }
table { border-collapse: collapse } td { padding: .15rem 1rem .15rem 0; vertical-align: top }
.method { display: inline-block; min-width: 4rem; color: #06c }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } }
"""
METHODS = ("get", "post", "put", "patch", "delete")
DEPTH = 4


def rendered(document: Mapping[str, Any], server: str) -> str:
    """Return the page."""
    groups: dict[str, list[str]] = {}
    for at, operation in _operations(document):
        shown = "".join(_operation(document, server, at, operation))
        groups.setdefault(operation.get("tags", ["other"])[0], []).append(shown)
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width'>",
        "<link rel=stylesheet href=/docs.css><title>woosync API</title><h1>woosync API</h1>",
        *(f"<p>{html.escape(one)}</p>" for one in document["info"]["description"].split("\n\n")),
        "<p><a href=/openapi.json>OpenAPI document</a></p>",
        *(f"<h2>{html.escape(name)}</h2>{''.join(shown)}" for name, shown in groups.items()),
    ]
    return "\n".join(parts)


def markdown(document: Mapping[str, Any], server: str) -> str:
    """Return every endpoint with its parameters and an example, as Markdown."""
    groups: dict[str, list[str]] = {}
    for (method, path), operation in _operations(document):
        lines = [f"### `{method.upper()} {path}`", "", operation.get("description", ""), ""]
        lines += [
            f"- `{one['name']}` ({one['in']}: {_kind(one['schema'])}) {one.get('description', '')}"
            for one in operation.get("parameters", [])
        ]
        lines += ["", "```bash", _curl(document, server, (method, path), operation), "```", ""]
        groups.setdefault(operation.get("tags", ["other"])[0], []).append(
            "\n".join(line.rstrip() for line in lines)
        )
    return "\n".join(f"## {name}\n\n" + "\n".join(shown) for name, shown in groups.items())


def _operations(
    document: Mapping[str, Any],
) -> Iterator[tuple[tuple[str, str], Mapping[str, Any]]]:
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield (method, path), methods[method]


def _operation(
    document: Mapping[str, Any], server: str, at: tuple[str, str], operation: Mapping[str, Any]
) -> Iterator[str]:
    method, path = at
    yield f"<h3><span class=method>{method.upper()}</span> {html.escape(path)}</h3>"
    yield f"<p>{html.escape(operation.get('description', ''))}</p>"
    given = operation.get("parameters", [])
    if given:
        rows = "".join(
            f"<tr><td><code>{html.escape(one['name'])}</code><td>{one['in']}"
            f"<td>{html.escape(_kind(one['schema']))}<td>{html.escape(one.get('description', ''))}"
            for one in given
        )
        yield f"<table>{rows}</table>"
    yield f"<pre>{html.escape(_curl(document, server, at, operation))}</pre>"


def _kind(schema: Mapping[str, Any]) -> str:
    kinds = [one.get("type", "") for one in schema.get("anyOf", [schema])]
    said = " or ".join(kind for kind in kinds if kind not in {"", "null"})
    return f"{said}, default {schema['default']}" if schema.get("default") is not None else said


def _curl(
    document: Mapping[str, Any], server: str, at: tuple[str, str], operation: Mapping[str, Any]
) -> str:
    """Return an example as one types it."""
    method, path = at
    lines = [f"curl -X {method.upper()} {server}{path}"]
    if "security" in operation:
        lines.append('-H "Authorization: Bearer $TOKEN"')
    if any(one["name"] == "if-match" for one in operation.get("parameters", [])):
        lines.append("-H 'If-Match: \"1\"'")
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        example = json.dumps(_example(document, body["schema"], 0), ensure_ascii=False)
        lines += ['-H "Content-Type: application/json"', f"-d '{example}'"]
    return " \\\n  ".join(lines)


def _example(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    """Return a value that fits a schema: its example or default, else the simplest there is."""
    for name in ("example", "default", "const"):
        if name in schema:
            return schema[name]
    if schema.get("examples") or schema.get("enum"):
        return (schema.get("examples") or schema["enum"])[0]
    if "$ref" in schema:
        named = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return _example(document, named, depth + 1)
    if "anyOf" in schema:
        return _example(document, schema["anyOf"][0], depth)
    return _plain(document, schema, depth)


def _plain(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int) -> Any:
    match schema.get("type"):
        case "object" if depth < DEPTH:
            members = schema.get("properties", {}).items()
            return {name: _example(document, one, depth + 1) for name, one in members}
        case "object":
            return {}
        case "array":
            return []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return False
        case _:
            formats = {"date-time": "2025-01-01T00:00:00Z", "password": "correct horse battery"}
            return formats.get(str(schema.get("format")), "text")
