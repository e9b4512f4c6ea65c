"""Settings: what is read from where, and what is refused at start."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from lims.config import certificate_checks, load_settings
from lims.core import messages
from lims.core.errors import ConfigurationError
from lims.core.mail import MailSecurity, MailServer


def test_defaults_lie_in_the_data_folder(tmp_path: Path) -> None:
    """Without any setting everything is beside each other in one folder, in Vietnamese, on localhost."""
    settings = load_settings({"LIMS_DATA_DIR": str(tmp_path)}, port=8123)
    assert settings.database_url == f"sqlite:///{tmp_path}/lims.sqlite"
    assert settings.queue_url == f"sqlite:///{tmp_path}/queue.sqlite"
    assert (settings.base_url, settings.language) == ("http://localhost:8123", "vi")
    assert settings.timezone == "Asia/Ho_Chi_Minh"
    assert not settings.serves_https


def test_an_unknown_variable_is_named_with_the_nearest_known_one(tmp_path: Path) -> None:
    """A misspelt variable does not pass silently."""
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"LIMS_DATA_DIR": str(tmp_path), "LIMS_LANGAUGE": "en"})
    assert refused.value.code == "config.unknown_variable"
    assert refused.value.values == {"name": "LIMS_LANGAUGE", "nearest": "LIMS_LANGUAGE"}
    assert messages.error_message(refused.value) == (
        "LIMS_LANGAUGE is not a known setting. Did you mean LIMS_LANGUAGE?"
    )


def test_a_known_variable_in_small_letters_is_refused_as_well(tmp_path: Path) -> None:
    """lims_language would have no effect either."""
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"LIMS_DATA_DIR": str(tmp_path), "lims_language": "en"})
    assert refused.value.values["nearest"] == "LIMS_LANGUAGE"


def test_the_secret_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    """Two starts have the same key, two installations do not, and nobody else may read it."""
    first = load_settings({"LIMS_DATA_DIR": str(tmp_path / "one")})
    again = load_settings({"LIMS_DATA_DIR": str(tmp_path / "one")})
    other = load_settings({"LIMS_DATA_DIR": str(tmp_path / "two")})
    assert first.secret_key == again.secret_key != other.secret_key
    assert len(first.secret_key) >= 48
    path = tmp_path / "one" / "secret_key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [item.name for item in path.parent.iterdir()] == ["secret_key"]
    assert first.secret_key not in repr(first)


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    """A key file opened up by mistake stops the start."""
    load_settings({"LIMS_DATA_DIR": str(tmp_path)})
    (tmp_path / "secret_key").chmod(0o644)
    with pytest.raises(ConfigurationError, match=r"config\.secret_key_open"):
        load_settings({"LIMS_DATA_DIR": str(tmp_path)})


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("LIMS_LANGUAGE", "fr", "config.language"),
        ("LIMS_TIMEZONE", "Hanoi", "config.timezone"),
        ("LIMS_TIMEZONE", "../../etc/passwd", "config.timezone"),
        ("LIMS_BASE_URL", "lims.example.vn", "config.base_url"),
        ("LIMS_BASE_URL", "ftp://lims.example.vn", "config.base_url"),
        ("LIMS_SECRET_KEY", "secret", "config.secret_key_short"),
        ("LIMS_DATABASE_URL", "nonsense", "config.database_url"),
        ("LIMS_CONFIG", "/nowhere/lims.toml", "config.file_unreadable"),
    ],
)
def test_wrong_values_are_refused(tmp_path: Path, name: str, value: str, code: str) -> None:
    """Each wrong value is refused at start with the code of its own words."""
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"LIMS_DATA_DIR": str(tmp_path), name: value})
    assert refused.value.code == code
    assert refused.value.code in messages.known_codes()


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A TOML file named by LIMS_CONFIG is read; a variable of the same name counts more; an empty one not at all."""
    file = tmp_path / "lims.toml"
    file.write_text(f'data_dir = "{tmp_path}"\nlanguage = "en"\nbase_url = "https://lims.example.vn/"\n')
    settings = load_settings({"LIMS_CONFIG": str(file), "LIMS_LANGUAGE": "vi", "LIMS_BASE_URL": ""})
    assert (settings.language, settings.base_url) == ("vi", "https://lims.example.vn")
    assert settings.serves_https


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("langauge = 'en'", "config.unknown_key"),
        ("language = 5", "config.not_text"),
        ("language =", "config.file_not_toml"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, text: str, code: str) -> None:
    """The file is held to the same rules as the environment."""
    file = tmp_path / "lims.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"LIMS_CONFIG": str(file), "LIMS_DATA_DIR": str(tmp_path)})
    assert refused.value.code == code


def test_a_folder_given_by_a_command_keeps_away_from_the_other_database(tmp_path: Path) -> None:
    """`lims demo --dir` must never write into the laboratory's own database."""
    settings = load_settings({"LIMS_DATABASE_URL": "postgresql://localhost/real"}, data_dir=tmp_path / "demo")
    assert settings.database_url == f"sqlite:///{tmp_path}/demo/lims.sqlite"


def test_a_mail_server_is_named_whole_or_not_at_all(tmp_path: Path) -> None:
    """Nothing set: no mail. The usual port belongs to the protection; the password is in no text of the settings."""

    def mail(**settings: str) -> MailServer | None:
        named = {f"LIMS_MAIL_{name.upper()}": text for name, text in settings.items()}
        return load_settings({"LIMS_DATA_DIR": str(tmp_path), **named}).mail

    assert mail() is None
    secure = mail(host="mail.mau.test", **{"from": "lims@mau.test"}, user="lims", password="bí mật")
    assert secure is not None
    assert (secure.port, secure.security) == (587, MailSecurity.STARTTLS)
    assert "bí mật" not in repr(secure)
    plain = mail(host="localhost", **{"from": "lims@mau.test"}, security="none", port="2525")
    assert plain == MailServer("localhost", 2525, MailSecurity.NONE, "lims@mau.test")


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"PORT": "25"}, "config.mail_host"),
        ({"HOST": "m"}, "config.mail_from"),
        ({"HOST": "m", "FROM": "nobody"}, "config.mail_from"),
        ({"HOST": "m", "FROM": "a@b.test", "PORT": "0"}, "config.mail_port"),
        ({"HOST": "m", "FROM": "a@b.test", "SECURITY": "ssl"}, "config.mail_security"),
        ({"HOST": "m", "FROM": "a@b.test", "USER": "lims"}, "config.mail_user"),
    ],
    ids=["no host", "no sender", "sender", "port", "security", "user"],
)
def test_half_a_mail_server_is_refused(tmp_path: Path, settings: dict[str, str], code: str) -> None:
    named = {f"LIMS_MAIL_{name}": text for name, text in settings.items()}
    with pytest.raises(ConfigurationError) as refused:
        load_settings({"LIMS_DATA_DIR": str(tmp_path), **named})
    assert refused.value.code == code


def test_trusted_authorities_are_named_or_lie_in_the_data_folder(tmp_path: Path) -> None:
    beside, folder = tmp_path / "beside.pem", tmp_path / "more"
    own = tmp_path / "data" / "dcc_trusted"
    for path in (beside, folder / "a.pem", folder / "not.txt", own / "own.pem"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    environment = {"LIMS_DATA_DIR": str(tmp_path / "data"), "LIMS_DCC_TRUSTED": f"{beside}{os.pathsep}{folder}"}
    expected = (beside, folder / "a.pem", own / "own.pem")
    assert load_settings(environment).dcc_trusted == expected
    assert certificate_checks(environment)[2] == expected
    assert load_settings({"LIMS_DATA_DIR": str(tmp_path / "empty")}).dcc_trusted == ()
