"""Check that files stay under 300 lines (tests 500) and functions under 40.

`# size-ok: reason` on a def line excuses that function.
"""

import ast
import sys
from pathlib import Path

FILE_LIMIT, TEST_FILE_LIMIT, FUNCTION_LIMIT = 300, 500, 40
BANNED_NAMES = {"utils", "helpers", "common", "manager", "misc"}


def problems_of(path: Path) -> list[str]:
    """Return one sentence per breach in the file."""
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    limit = TEST_FILE_LIMIT if "tests" in path.parts else FILE_LIMIT
    found = []
    if "migrations" not in path.parts and len(lines) > limit:
        found.append(f"{path}: {len(lines)} lines, limit {limit}")
    if BANNED_NAMES & {path.stem, *path.parts}:
        found.append(f"{path}: the name says nothing about what is inside")
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        length = (node.end_lineno or node.lineno) - node.lineno + 1
        excused = "# size-ok:" in lines[node.lineno - 1] or "migrations" in path.parts
        if length > FUNCTION_LIMIT and not excused:
            found.append(
                f"{path}:{node.lineno}: {node.name} has {length} lines, limit {FUNCTION_LIMIT}"
            )
    return found


def main() -> int:
    """Check every Python file under the folders named on the command line."""
    found = []
    for name in sys.argv[1:]:
        top = Path(name)
        paths = [top] if top.is_file() else sorted(top.rglob("*.py"))
        for path in paths:
            found += problems_of(path)
    print("\n".join(found) if found else "sizes: good")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
