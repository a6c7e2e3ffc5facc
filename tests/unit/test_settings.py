import base64
import stat
from pathlib import Path

import pytest

from woosync import settings
from woosync.settings import keyfile

KEY, SECRET = "ck_canary0123456789", "cs_canary9876543210"


def load(
    folder: Path, *, local: str = "", plain: str = "", **environment: str
) -> settings.Settings:
    if local:
        (folder / ".env.local").write_text(local, encoding="utf-8")
    if plain:
        (folder / ".env").write_text(plain, encoding="utf-8")
    return settings.load(folder, environment)


def refused(folder: Path, **given: str) -> settings.BadSettingsError:
    with pytest.raises(settings.BadSettingsError) as caught:
        load(folder, **given)
    error = caught.value
    assert error.exit_code == 78
    assert error.remedy
    assert "canary" not in f"{error.message} {error.remedy}"
    assert error.__cause__ is None or "canary" not in str(error.__cause__)
    return error


def test_nothing_set_gives_the_defaults(tmp_path: Path) -> None:
    assert load(tmp_path) == settings.Settings()


def test_local_file_wins_over_plain_file_and_environment_over_both(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        plain="WOOSYNC_RETRIES=1\nWOOSYNC_TIMEOUT=1\nWOOSYNC_BACKOFF=1\n",
        local="WOOSYNC_RETRIES=2\nWOOSYNC_TIMEOUT=2\n",
        WOOSYNC_RETRIES="3",
    )
    assert (loaded.retries, loaded.timeout, loaded.backoff) == (3, 2.0, 1.0)


def test_an_empty_value_means_not_set_and_hides_the_file_below(tmp_path: Path) -> None:
    loaded = load(tmp_path, plain="DATABASE_URL=postgresql://h/name", local="DATABASE_URL=\n")
    assert loaded.database_url is None


MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
EVERYTHING = f"""\

WOOCOMMERCE_SITE_URL=https://shop.example
WOOCOMMERCE_CONSUMER_KEY={KEY}
WOOCOMMERCE_CONSUMER_SECRET={SECRET}
WOOCOMMERCE_WEBHOOK_SECRET=hush
WOOCOMMERCE_DEBUG_LOGGING=yes
WOOCOMMERCE_CA_FILE=ca.pem
WOOSYNC_ALLOW_PRIVATE_STORES=true
WOOSYNC_DATA=data
DATABASE_URL=postgres://u:p@h:5432/name
REPLICA_DATABASE_URL=postgresql://h2/name
WOOSYNC_SECRET_KEY={MASTER_KEY}
WOOSYNC_TIMEOUT=2.5
WOOSYNC_RETRIES=0
WOOSYNC_BACKOFF=0.1
WOOSYNC_RATE_LIMIT=5
WOOSYNC_CONCURRENCY=3
WOOSYNC_BATCH_SIZE=50
WOOSYNC_LOG_FORMAT=JSON
"""


def test_every_variable_is_read(tmp_path: Path) -> None:
    loaded = load(tmp_path, local=EVERYTHING)
    assert loaded == settings.Settings(
        site_url="https://shop.example",
        consumer_key=KEY,
        consumer_secret=SECRET,
        webhook_secret="hush",
        debug_logging=True,
        ca_file=tmp_path / "ca.pem",
        allow_private_stores=True,
        data=tmp_path / "data",
        database_url="postgres://u:p@h:5432/name",
        replica_database_url="postgresql://h2/name",
        secret_keys=(bytes(range(32)),),
        timeout=2.5,
        retries=0,
        backoff=0.1,
        rate_limit=5.0,
        concurrency=3,
        batch_size=50,
        log_format="json",
    )


def test_the_text_of_settings_shows_no_secret(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        local=f"WOOCOMMERCE_SITE_URL=https://shop.example\nWOOCOMMERCE_CONSUMER_KEY={KEY}\n"
        f"WOOCOMMERCE_CONSUMER_SECRET={SECRET}\n"
        "DATABASE_URL=postgresql://u:canary@h/name\n",
    )
    assert "canary" not in repr(loaded)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("WOOCOMMERCE_DEBUG_LOGGING=perhaps canary", "neither true nor false"),
        ("WOOSYNC_RETRIES=three", "whole number from 0 to 20"),
        ("WOOSYNC_BATCH_SIZE=101", "whole number from 1 to 100"),
        ("WOOSYNC_TIMEOUT=nan", "not a number from 1 to 3600"),
        ("WOOSYNC_TIMEOUT=0.5", "not a number from 1 to 3600"),
        ("WOOSYNC_RATE_LIMIT=0.001", "not a number from 0.1 to 1000"),
        ("WOOSYNC_RATE_LIMIT=inf", "not a number from 0.1 to 1000"),
        ("WOOSYNC_BACKOFF=0", "not a number from 0.01 to 300"),
        ("WOOSYNC_LOG_FORMAT=xml", "not console or json"),
        ("WOOSYNC_SECRET_KEY=canary", "not base64 of 32 bytes"),
        ("DATABASE_URL=mysql://canary@h/name", "no address of a PostgreSQL"),
        ("DATABASE_URL=postgresql://u:canary@h:port/name", "no address of a database"),
        ("DATABASE_URL=postgresql://u:canary@h:5432", "names no database"),
        ('WOOCOMMERCE_SITE_URL="https://shop. example"', "has blanks in it"),
        ("WOOCOMMERCE_SITE_URL=“https://shop.example”", "has quotation marks in it"),
    ],
)
def test_a_wrong_value_is_told_with_file_line_and_variable(
    tmp_path: Path, line: str, says: str
) -> None:
    error = refused(tmp_path, local=f"# settings\n\n{line}\n")
    assert error.message.startswith(f"{line.partition('=')[0]} (.env.local, line 3) ")
    assert says in error.message


def test_a_wrong_value_of_the_environment_is_told_as_such(tmp_path: Path) -> None:
    error = refused(tmp_path, WOOSYNC_RETRIES="many")
    assert error.message.startswith("WOOSYNC_RETRIES (the environment) ")


@pytest.mark.parametrize("half", ["KEY=ck_canary1", "SECRET=cs_canary1"])
def test_half_of_a_key_pair_is_told(tmp_path: Path, half: str) -> None:
    error = refused(tmp_path, local=f"WOOCOMMERCE_CONSUMER_{half}\n")
    assert "is set (.env.local, line 1), but WOOCOMMERCE_CONSUMER_" in error.message


def test_swapped_halves_are_told(tmp_path: Path) -> None:
    error = refused(
        tmp_path,
        local=f"WOOCOMMERCE_CONSUMER_KEY={SECRET}\nWOOCOMMERCE_CONSUMER_SECRET={KEY}\n",
    )
    assert "are swapped" in error.message


def test_the_same_half_twice_is_told(tmp_path: Path) -> None:
    error = refused(
        tmp_path, local=f"WOOCOMMERCE_CONSUMER_KEY={KEY}\nWOOCOMMERCE_CONSUMER_SECRET={KEY}\n"
    )
    assert "WOOCOMMERCE_CONSUMER_SECRET (.env.local, line 2) holds the consumer key" in (
        error.message
    )


def test_a_key_that_is_none_is_told(tmp_path: Path) -> None:
    text = "WOOCOMMERCE_CONSUMER_KEY=canary\nWOOCOMMERCE_CONSUMER_SECRET=cs_canary\n"
    assert "does not begin with ck_" in refused(tmp_path, local=text).message


def test_the_filled_in_example_can_be_read_and_the_untouched_one_says_what_is_missing(
    tmp_path: Path,
) -> None:
    example = (Path(__file__).parents[2] / ".env.woocommerce.example").read_text("utf-8")
    assert set(settings.VARIABLES) == {
        line.partition("=")[0]
        for line in example.splitlines()
        if "=" in line and not line.startswith("#")
    }
    error = refused(tmp_path, local=example)
    assert "WOOCOMMERCE_CONSUMER_KEY" in error.message
    assert "still holds the example's text" in error.message
    filled = example.replace("ck_your_key_here", KEY).replace("cs_your_secret_here", SECRET)
    assert load(tmp_path, local=filled).consumer_key == KEY


def test_the_key_file_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    first = keyfile.load(folder)
    assert keyfile.load(folder) == first
    assert [len(key) for key in first] == [32]
    assert stat.S_IMODE((folder / keyfile.NAME).stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == [keyfile.NAME]


def test_a_damaged_key_file_is_told_and_kept(tmp_path: Path) -> None:
    (tmp_path / keyfile.NAME).write_text("canary")
    with pytest.raises(settings.BadSettingsError, match="does not hold a key"):
        keyfile.load(tmp_path)
    assert (tmp_path / keyfile.NAME).read_text() == "canary"


def test_a_key_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(settings.BadSettingsError, match="cannot be used"):
        keyfile.load(tmp_path / "file")


def test_keys_without_an_address_are_told(tmp_path: Path) -> None:
    keys = f"WOOCOMMERCE_CONSUMER_KEY={KEY}\nWOOCOMMERCE_CONSUMER_SECRET={SECRET}\n"
    error = refused(tmp_path, local=keys)
    assert "(.env.local, line 1), but WOOCOMMERCE_SITE_URL is not." in error.message


def test_names_that_look_like_settings_and_are_none_are_told(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        local="WOOCOMERCE_SITE_URL=x\nWOOSYNC_COLOUR=canary\nDATABSE_URL=x\nPATH=x\nTITLE=x\n",
        WOOCOMMERCE_CONSUMERKEY="canary",
        WOO_URL="x",
        DATABASE_URL_OF_ANOTHER_PROGRAM="x",
    )
    address, key = "WOOCOMMERCE_SITE_URL", "WOOCOMMERCE_CONSUMER_KEY"
    assert loaded.unknown == (
        "DATABSE_URL (.env.local, line 3) is not a setting of woosync; DATABASE_URL is.",
        f"WOOCOMERCE_SITE_URL (.env.local, line 1) is not a setting of woosync; {address} is.",
        f"WOOCOMMERCE_CONSUMERKEY (the environment) is not a setting of woosync; {key} is.",
        "WOOSYNC_COLOUR (.env.local, line 2) is not a setting of woosync.",
    )
