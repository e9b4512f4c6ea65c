"""Settings of an installation: read from the environment, or from a TOML file named by LIMS_CONFIG.

Only this module reads the environment. A variable that starts with LIMS_ and is not known is an error at start, because
a misspelt one would otherwise be silently without effect. The environment wins over the file.
"""

from __future__ import annotations

import difflib
import os
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from lims.core.errors import ConfigurationError
from lims.core.mail import PORTS, MailSecurity, MailServer

PREFIX: Final = "LIMS_"
DEFAULT_PORT: Final = 8080
LANGUAGES: Final = ("vi", "en")
DEFAULT_TIMEZONE: Final = "Asia/Ho_Chi_Minh"
_CONFIG: Final = "LIMS_CONFIG"
_KEYS: Final = (
    "database_url",
    "data_dir",
    "secret_key",
    "queue_url",
    "base_url",
    "language",
    "timezone",
    "dcc_schema_dir",
    "dcc_trusted",
    "mail_host",
    "mail_port",
    "mail_security",
    "mail_user",
    "mail_password",
    "mail_from",
)
KNOWN: Final = (_CONFIG, *(PREFIX + key.upper() for key in _KEYS))
_SHORTEST_SECRET: Final = 32
_TRUSTED_FOLDER: Final = "dcc_trusted"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told from outside.

    `base_url` has no trailing slash; `queue_url` is where the task queue lives; `dcc_schema_dir` may be None.
    `dcc_trusted` are PEM files of the authorities whose signatures on digital certificates count; `mail` is None where
    no mail server was named (LIMS_MAIL_HOST, _PORT, _SECURITY, _USER, _PASSWORD, _FROM): reminders are only shown then.
    """

    data_dir: Path
    database_url: str
    queue_url: str
    secret_key: str
    base_url: str
    language: str = "vi"
    timezone: str = DEFAULT_TIMEZONE
    dcc_schema_dir: Path | None = None
    dcc_trusted: tuple[Path, ...] = ()
    mail: MailServer | None = None

    def __repr__(self) -> str:
        """Say where the data lies, but neither the key nor a password in an address."""
        return f"Settings(data_dir={str(self.data_dir)!r}, base_url={self.base_url!r}, language={self.language!r})"

    @property
    def serves_https(self) -> bool:
        """Whether people reach the application over https, so that its cookies may be marked secure."""
        return self.base_url.startswith("https://")


def load_settings(
    environment: Mapping[str, str] | None = None, *, data_dir: Path | None = None, port: int = DEFAULT_PORT
) -> Settings:
    """Read the settings; creates the data folder and the secret key on first start.

    `data_dir` (from a command's option) wins over every other source and then the database lies in it.
    Raises ConfigurationError naming the variable that is unknown or wrong.
    """
    given = _given(os.environ if environment is None else environment)
    if data_dir is not None:
        given = {key: text for key, text in given.items() if key not in {"database_url", "queue_url", "secret_key"}}
    folder = (data_dir or Path(given.get("data_dir", "lims-data"))).expanduser().resolve()
    _make_folder(folder)
    schema_dir = given.get("dcc_schema_dir")
    return Settings(
        data_dir=folder,
        database_url=_database_url(given.get("database_url") or _sqlite_url(folder / "lims.sqlite")),
        queue_url=given.get("queue_url") or _sqlite_url(folder / "queue.sqlite"),
        secret_key=_secret_key(given.get("secret_key"), folder),
        base_url=_base_url(given.get("base_url") or f"http://localhost:{port}"),
        language=_language(given.get("language", "vi")),
        timezone=_timezone(given.get("timezone", DEFAULT_TIMEZONE)),
        dcc_schema_dir=None if schema_dir is None else Path(schema_dir).expanduser().resolve(),
        dcc_trusted=_trusted(given.get("dcc_trusted"), folder),
        mail=_mail(given),
    )


def installed_language(environment: Mapping[str, str] | None = None) -> str:
    """Return the language that errors are told in, also where the settings cannot be read."""
    asked = (os.environ if environment is None else environment).get("LIMS_LANGUAGE", "")
    return asked if asked in LANGUAGES else LANGUAGES[0]


def certificate_checks(
    environment: Mapping[str, str] | None = None,
) -> tuple[Path | None, str, tuple[Path, ...]]:
    """Return where PTB's schema files lie, if anywhere, the time zone and the authorities trusted; nothing is created.

    Raises ConfigurationError as `load_settings` does.
    """
    given = _given(os.environ if environment is None else environment)
    folder = given.get("dcc_schema_dir")
    schema_folder = None if folder is None else Path(folder).expanduser().resolve()
    data_dir = Path(given.get("data_dir", "lims-data")).expanduser().resolve()
    return (
        schema_folder,
        _timezone(given.get("timezone", DEFAULT_TIMEZONE)),
        _trusted(given.get("dcc_trusted"), data_dir),
    )


def _trusted(given: str | None, data_dir: Path) -> tuple[Path, ...]:
    """Return the PEM files named (files or folders, divided as paths are), and those in the data folder."""
    named = [Path(text).expanduser().resolve() for text in (given or "").split(os.pathsep) if text.strip()]
    found: list[Path] = []
    for path in (*named, data_dir / _TRUSTED_FOLDER):
        found += sorted(path.glob("*.pem")) if path.is_dir() else [path] if path in named else []
    return tuple(found)


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    variables = {name: text for name, text in environment.items() if name.upper().startswith(PREFIX)}
    for name in sorted(variables):
        if name not in KNOWN:
            raise ConfigurationError("config.unknown_variable", name=name, nearest=_nearest(name.upper(), KNOWN))
    given = _from_file(Path(variables[_CONFIG])) if variables.get(_CONFIG) else {}
    given.update(
        (name.removeprefix(PREFIX).lower(), text) for name, text in variables.items() if name != _CONFIG and text
    )
    return given


def _from_file(path: Path) -> dict[str, str]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("config.file_unreadable", path=str(path)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError("config.file_not_toml", path=str(path), reason=str(error)) from error
    for key, value in content.items():
        if key not in _KEYS:
            raise ConfigurationError("config.unknown_key", name=key, nearest=_nearest(key, _KEYS), path=str(path))
        if not isinstance(value, str):
            raise ConfigurationError("config.not_text", name=key, path=str(path))
    return content


def _nearest(name: str, known: tuple[str, ...]) -> str:
    return difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError("config.data_dir", path=str(folder)) from error


def _secret_key(given: str | None, folder: Path) -> str:
    """Return the key given, else the one in the data folder, made on first start with owner-only rights."""
    if given is not None:
        return _long_enough(given, "LIMS_SECRET_KEY")
    path = folder / "secret_key"
    if not path.exists():
        _create_key_file(path)
    if path.stat().st_mode & 0o077:
        raise ConfigurationError("config.secret_key_open", path=str(path))
    return _long_enough(path.read_text(encoding="ascii").strip(), str(path))


def _create_key_file(path: Path) -> None:
    """Write a new key whole or not at all: two processes starting at once end up with the same key."""
    draft = path.with_name(f".secret_key.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass  # another process was first; its key counts
    finally:
        draft.unlink()


def _long_enough(key: str, source: str) -> str:
    if len(key) < _SHORTEST_SECRET:
        raise ConfigurationError("config.secret_key_short", name=source, shortest=_SHORTEST_SECRET)
    return key


def _database_url(url: str) -> str:
    try:
        make_url(url)
    except ArgumentError as error:
        raise ConfigurationError("config.database_url") from error
    return url


def _base_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment:
        raise ConfigurationError("config.base_url", text=text)
    return text.rstrip("/")


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise ConfigurationError("config.language", text=text, known=", ".join(LANGUAGES))
    return text


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (KeyError, ValueError, OSError) as error:
        raise ConfigurationError("config.timezone", text=text) from error
    return text


def _mail(given: Mapping[str, str]) -> MailServer | None:
    """Return the mail server, None where no host is named; refuses half of what belongs together."""
    host = given.get("mail_host")
    if host is None:
        others = sorted(key for key in given if key.startswith("mail_"))
        if others:
            raise ConfigurationError("config.mail_host", name=PREFIX + others[0].upper())
        return None
    text = given.get("mail_security", MailSecurity.STARTTLS)
    if text not in set(MailSecurity):
        raise ConfigurationError("config.mail_security", text=text, known=", ".join(MailSecurity))
    security = MailSecurity(text)
    port = given.get("mail_port", str(PORTS[security]))
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigurationError("config.mail_port", text=port)
    sender, user, password = given.get("mail_from"), given.get("mail_user"), given.get("mail_password")
    if sender is None or "@" not in sender or any(character in sender for character in "\r\n"):
        raise ConfigurationError("config.mail_from")
    if (user is None) != (password is None):
        raise ConfigurationError("config.mail_user")
    return MailServer(host, int(port), security, sender, user, password)
