import errno
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from woosync import settings
from woosync.settings import BadSettingsError, dotenv


def parse(text: str) -> dict[str, str]:
    return {name: found.value for name, found in dotenv.parse(text, shown=".env").items()}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("  export A = b  ", "b"),
        ("A=", ""),
        ("A=b # comment", "b"),
        ("A=b#c", "b#c"),
        ("A='b # c'", "b # c"),
        ('A="b \\"c\\"\\n" # comment', 'b "c"\n'),
        ('A="b\nc"', "b\nc"),
        ("A=b=c", "b=c"),
        ("A=it's", "it's"),
        ("A=b\r\n", "b"),
    ],
)
def test_lines_are_read_as_a_shell_would(line: str, value: str) -> None:
    assert parse(line) == {"A": value}


def test_the_last_line_of_a_name_counts_and_places_are_kept() -> None:
    found = dotenv.parse('# c\nA="1\n2"\n\nB=3\nB=4', shown=".env")
    assert found["A"].place == ".env, line 2"
    assert (found["B"].value, found["B"].place) == ("4", ".env, line 6")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("A=1\nnonsense\n", ".env, line 2, is not of the form NAME=value."),
        ("A=1\n= x\n", ".env, line 2, is not of the form NAME=value."),
        ('\nA="canary\n', "A (.env, line 2) cannot be read: its quotation marks do not match."),
        ("A='canary' x\n", "A (.env, line 1) cannot be read: its quotation marks do not match."),
        ("1A=canary\n", ".env, line 1, is not of the form NAME=value."),
    ],
)
def test_a_line_that_cannot_be_read_is_told_with_its_number(text: str, says: str) -> None:
    with pytest.raises(BadSettingsError) as caught:
        parse(text)
    assert caught.value.message == says
    assert "canary" not in caught.value.remedy


def test_a_missing_file_is_empty(tmp_path: Path) -> None:
    assert dotenv.read(tmp_path / ".env", shown=".env") == {}


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"\xef\xbb\xbfA=b\n")
    assert dotenv.read(tmp_path / ".env", shown=".env")["A"].value == "b"


@pytest.mark.parametrize("content", ["A=b\n".encode("utf-16"), b"A=\xff\n"])
def test_another_encoding_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / ".env").write_bytes(content)
    with pytest.raises(BadSettingsError, match=r"\.env is not saved as UTF-8"):
        dotenv.read(tmp_path / ".env", shown=".env")


def test_a_folder_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(BadSettingsError, match=r"\.env is a folder"):
        dotenv.read(tmp_path / ".env", shown=".env")


def test_a_pipe_in_the_place_of_the_file_is_told(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".env")
    with pytest.raises(BadSettingsError, match=r"\.env is a pipe or a device, not a file"):
        dotenv.read(tmp_path / ".env", shown=".env")


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="a device of Unix")
def test_a_link_to_a_device_without_end_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").symlink_to("/dev/zero")
    with pytest.raises(BadSettingsError, match=r"\.env is a pipe or a device, not a file"):
        dotenv.read(tmp_path / ".env", shown=".env")


def test_no_more_is_read_than_a_settings_file_can_hold(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"#" * (dotenv.SIZE_LIMIT + 1))
    with pytest.raises(BadSettingsError, match=r"\.env is larger than"):
        dotenv.read(tmp_path / ".env", shown=".env")


def test_a_folder_that_takes_no_changes_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)
    with pytest.raises(BadSettingsError, match="cannot be written: read-only file system"):
        dotenv.write(tmp_path / ".env", {"A": "b"}, shown=".env")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads all files")
def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    (tmp_path / ".env").touch(mode=0)
    with pytest.raises(BadSettingsError, match=r"\.env cannot be read"):
        dotenv.read(tmp_path / ".env", shown=".env")


def test_writing_changes_the_named_lines_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env.local"
    path.write_text("# mine\nA=1\nOTHER='x y'\nexport A=2\n")
    dotenv.write(path, {"A": "3", "B": "four five"}, shown=".env.local")
    assert path.read_text() == "# mine\nA=3\nOTHER='x y'\nB=\"four five\"\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == [".env.local"]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=30))
def test_whatever_is_written_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    dotenv.write(path, {"A": value, "B": "b"}, shown=".env")
    assert dotenv.read(path, shown=".env")["A"].value == value
    assert dotenv.read(path, shown=".env")["B"].value == "b"


def test_nothing_may_be_laid_over_a_settings_file(tmp_path: Path) -> None:
    """As containers do it."""
    (tmp_path / ".env.local").symlink_to(os.devnull)
    assert settings.load(tmp_path, {}).site_url == ""
