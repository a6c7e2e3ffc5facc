"""Arguments that name nothing, hold no text or lead to odd files: a sentence and a code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import woosim
from acceptance.commands import Workplace

DEEP = "[" * 100_000
PROGRAM = (sys.executable, "-c", "from woosync.entrypoints import cli; cli.main()")


@pytest.mark.parametrize("arguments", [("pull", "--store"), ("export",), ()])
async def test_an_argument_that_is_no_text_is_told(
    work: Workplace, arguments: tuple[str, ...]
) -> None:
    await work.failing(*arguments, "\udcff", code=2, says="An argument is not valid text (UTF-8).")


def test_letters_that_the_locale_has_not_are_told(work: Workplace) -> None:
    posix = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ended = subprocess.run(
        [sys.executable, "-m", "woosync", "pull", "--store", "ü"],
        cwd=work.folder,
        env=work.environment | posix,
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr.startswith(b"woosync: An argument is not valid text (UTF-8).\n  ")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (DEEP, "cannot be read as JSON: it is nested too deeply."),
        ('{"a": ' * 100_000, "cannot be read as JSON: it is nested too deeply."),
        ("{", "cannot be read as JSON"),
    ],
)
@pytest.mark.parametrize("command", [("settings", "set"), ("mapping", "preview", "--rules")])
async def test_a_file_that_is_no_json_is_told(
    work: Workplace, command: tuple[str, ...], text: str, says: str
) -> None:
    work.write(text, "rules.json")
    await work.failing(*command, "rules.json", code=2, says=says)


async def test_a_value_nested_deeply_is_text(work: Workplace) -> None:
    """As whatever is no JSON is; there is no such conflict."""
    said = ("conflicts", "resolve", "1", "--value", DEEP[:60_000])
    await work.failing(*said, code=64, says="no conflict with the number 1")


@pytest.mark.parametrize(
    "command",
    [("export", "products", "-o"), ("settings", "set"), ("mapping", "preview", "--rules")],
)
async def test_an_empty_name_of_a_file_is_told(work: Workplace, command: tuple[str, ...]) -> None:
    await work.failing(*command, "", code=2, says="The name of the file is empty.")


async def test_a_dash_means_standard_output(work: Workplace) -> None:
    assert (await work.run("export", "products", "-o", "-")).good().document == []
    assert not (work.folder / "-").exists()


@pytest.mark.parametrize("command", [("status",), ("doctor",), ("init", "--url", "x.example")])
async def test_a_settings_file_that_is_none_does_not_hang(
    work: Workplace, command: tuple[str, ...]
) -> None:
    os.mkfifo(work.folder / ".env.local")
    ended = await work.run(*command)
    assert ended.code == 78
    assert ".env.local is a pipe or a device, not a file." in ended.out + ended.err


@pytest.mark.parametrize("command", [("status",), ("init", "--no-check", "--url", "x.example")])
def test_a_working_folder_that_is_gone_is_named(work: Workplace, command: tuple[str, ...]) -> None:
    gone = work.folder / "gone"
    gone.mkdir()
    ended = subprocess.run(  # noqa: S603 - our own program
        ["/bin/sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *PROGRAM, *command],
        cwd=gone,
        env=work.environment | {"PYTHONPATH": str(Path(__file__).parents[2] / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 74, ended.stderr
    sentence, remedy = ended.stderr.splitlines()
    assert sentence == "woosync: The folder that this command was started in is gone."
    assert remedy.strip()


NAMES = ("product", "variation", "customer", "order", "refund", "stock")


@pytest.mark.parametrize(
    "command",
    [("conflicts", "list"), ("conflicts", "resolve", "--all", "--take", "ours")],
)
async def test_a_kind_that_conflicts_have_not_is_refused(
    work: Workplace, command: tuple[str, ...]
) -> None:
    ended = await work.failing(*command, "--entity", "nope", code=2, says="'nope'")
    assert all(f"'{name}'" in ended.err for name in NAMES)
    for name in NAMES:
        (await work.run(*command, "--entity", name)).good()


async def test_a_choice_that_is_refused_is_not_offered(work: Workplace) -> None:
    command = ("conflicts", "resolve", "1", "--take")
    ended = await work.failing(*command, "nope", code=2, says="'theirs', 'ours', 'suggested'")
    assert "'value'" not in ended.err
    await work.failing(*command, "value", code=2, says="'value' is not one of")


async def test_a_filter_that_nothing_fits_is_not_an_empty_log(
    work: Workplace, shop: woosim.Running
) -> None:
    assert (await work.run("history")).good().out == "Nothing has happened yet.\n"
    work.connect(shop)
    (await work.run("pull", "customers")).good()
    for asked in (
        ("--entity", "nope"),
        ("--event-type", "nope"),
        ("--entity", "order", "--run", "1"),
    ):
        said = (await work.run("history", *asked)).good().out
        assert "Nothing in the log fits" in said
        assert "woosync history --help" in said
    assert (await work.run("history", "--entity", "nope", "--json")).good().document == {
        "events": []
    }
    await work.failing("history", "--run", "99", code=64, says="no run with the number 99")


async def test_a_value_that_a_script_left_empty_empties_no_field(work: Workplace) -> None:
    ended = await work.run("conflicts", "resolve", "1", "--value", "", "--json")
    assert ended.code == 2
    assert "--value is empty" in ended.document["error"]["message"]
