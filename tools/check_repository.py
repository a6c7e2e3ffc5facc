"""Check what no linter sees.

No index address, no machine path and no secret in tracked files; links in documents lead somewhere.
"""

import re
import subprocess
import sys
from pathlib import Path

FORBIDDEN = {
    r"(?<!no-emit-)index-url|/simple/": "a package index address",
    r"/(?:home|root|Users)/[a-z]": "a path of one machine",
    r"\b[cC][ks]_[0-9a-f]{40}\b": "what looks like a WooCommerce key",
}
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|mailto:|#)([^)#\s]+)")
EXEMPT = {"tools/check_repository.py"}


def tracked() -> list[Path]:
    """List the files git tracks."""
    answer = subprocess.run(["git", "ls-files"], capture_output=True, text=True, check=True)  # noqa: S607 - git from the PATH is the developer's own
    return [Path(line) for line in answer.stdout.splitlines() if Path(line).is_file()]


def problems_of(path: Path) -> list[str]:
    """Return one sentence per breach in the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return []
    found = [
        f"{path}: holds {what}" for pattern, what in FORBIDDEN.items() if re.search(pattern, text)
    ]
    if path.suffix == ".md":
        found += [
            f"{path}: link to {target} leads nowhere"
            for target in LINK.findall(text)
            if not (path.parent / target).exists()
        ]
    return found


def main() -> int:
    """Check the whole repository."""
    found = [
        problem for path in tracked() if str(path) not in EXEMPT for problem in problems_of(path)
    ]
    print("\n".join(found) if found else "repository: good")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
