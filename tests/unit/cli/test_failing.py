import errno
import json
from pathlib import Path

import pytest

from woosync import errors
from woosync.entrypoints.cli import failing


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WOOSYNC_DATA", str(tmp_path / "data"))
    return tmp_path / "data"


def test_our_errors_are_told_as_they_are() -> None:
    error = errors.PermanentError("No.", remedy="Do.")
    assert failing.understood(error) is error


def test_an_error_of_ours_inside_groups_is_found() -> None:
    inner = errors.TemporaryError("Down.")
    group = ExceptionGroup("tasks", [ExceptionGroup("more", [inner])])
    assert failing.understood(group) is inner


def test_a_group_with_a_defect_in_it_is_a_defect() -> None:
    group = ExceptionGroup("tasks", [errors.TemporaryError("Down."), KeyError("x")])
    assert isinstance(failing.understood(group), failing.DefectError)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left", "a/b"), "The disk is full: a/b."),
        (PermissionError(errno.EACCES, "Permission denied", "a/b"), "Permission denied: a/b."),
    ],
)
def test_what_the_machine_refuses_is_no_defect(error: OSError, says: str) -> None:
    told = failing.understood(error)
    assert (told.message, told.exit_code) == (says, 74)


def test_a_defect_is_told_by_number_and_its_traceback_is_in_the_log_without_secrets(
    data: Path,
) -> None:
    try:
        {}["ck_canary0123456789"]
    except KeyError as error:
        told = failing.understood(error)
    assert told.exit_code == 70
    number = told.message.partition("number ")[2].rstrip(").")
    log = (data / "logs" / "woosync.log").read_text()
    assert f"defect {number}" in log
    assert "Traceback" in log
    assert "canary" not in log + told.message + told.remedy
    assert str(data / "logs") in told.remedy


def test_a_defect_with_broken_settings_is_still_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WOOSYNC_RETRIES", "many")
    assert failing.understood(KeyError("x")).exit_code == 70


def test_an_error_goes_to_stderr_and_as_json_to_stdout(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = failing.tell(errors.RefusedError("No.", remedy="Do."), as_json=True)
    said = capsys.readouterr()
    assert code == 64
    assert said.err == "woosync: No.\n  Do.\n"
    assert json.loads(said.out) == {
        "error": {"kind": "Refused", "message": "No.", "remedy": "Do.", "exit_code": 64}
    }
    failing.tell(errors.RefusedError("No."), as_json=False)
    assert capsys.readouterr() == ("", "woosync: No.\n")
