"""`woosync doctor`: settings, database and store, one finding a check."""

from collections.abc import Sequence

import typer

from woosync import bootstrap, errors
from woosync.entrypoints.cli import output, running
from woosync.flows import connect
from woosync.postgres import complete
from woosync.woo.probe import Finding, State

app = typer.Typer(add_completion=False)

STYLES = {State.GOOD: "green", State.WARNING: "yellow", State.FAILED: "red"}
FAILED = 1


@app.command()
def command(*, store: output.Store = bootstrap.DEFAULT_STORE, as_json: output.Json = False) -> None:
    """Check settings, database and store; say in plain words what to do about problems."""
    found, code = examine(store)
    if as_json:
        output.document(summary(found))
    else:
        show(found)
    if code:
        raise typer.Exit(code)


def examine(store: str) -> tuple[list[Finding], int]:
    """Run all checks as far as they go; return the findings and the exit code."""
    found: list[Finding] = []

    async def work(opened: bootstrap.Application) -> None:
        async with opened.database.transaction() as tx:
            await complete.check(tx)
        found.append(await connect.check_database(opened.database))
        found.extend(await opened.examine(store))

    try:
        loaded = running.load_settings()
        found.append(_settings(loaded.unknown))
        running.run(work, loaded)
    except errors.WoosyncError as error:
        name = ("settings", "database", "store")[min(len(found), 2)]
        found.append(Finding(name, State.FAILED, error.message, error.remedy))
        return found, error.exit_code
    failed = any(finding.state is State.FAILED for finding in found)
    return found, FAILED if failed else 0


def _settings(unknown: Sequence[str]) -> Finding:
    if not unknown:
        return Finding("settings", State.GOOD, "The settings can be read.")
    return Finding(
        "settings",
        State.WARNING,
        " ".join(unknown),
        "Correct the names, or take the lines out: what they say is not heard.",
    )


def summary(found: Sequence[Finding]) -> dict[str, object]:
    """Return the findings as the JSON document says them."""
    states = {finding.state for finding in found}
    worst = next(s for s in (State.FAILED, State.WARNING, State.GOOD) if s in states)
    findings = [
        {"name": f.name, "state": f.state.value, "says": f.says, "remedy": f.remedy} for f in found
    ]
    return {"state": worst.value, "findings": findings}


def show(found: Sequence[Finding]) -> None:
    """Print the findings for people."""
    for finding in found:
        state = (f"{finding.state.value:<8}", STYLES[finding.state])
        output.say(state, f" {output.text(finding.name)}: {output.text(finding.says)}")
        if finding.remedy:
            output.say(f"         {output.text(finding.remedy)}")
