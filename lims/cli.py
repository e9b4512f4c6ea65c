"""The command line: `lims …`. Exit status 0 success, 1 the check failed, 2 wrong usage; errors go to standard error."""

from __future__ import annotations

import json
import signal
import sys
from collections.abc import Callable
from functools import partial, wraps
from pathlib import Path
from typing import Any, NoReturn

import click

from lims import messages
from lims.config import DEFAULT_PORT, Settings, certificate_checks, load_settings
from lims.core.db import Database, current_revision, upgrade
from lims.core.errors import ConfigurationError, InvalidInput, LimsError


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _on_sigterm)
    cli(prog_name="lims")


def _on_sigterm(_signal: int, _frame: object) -> NoReturn:
    sys.exit(0)


def _told(command: Callable[..., Any]) -> Callable[..., Any]:
    """Show a domain error as one line a person understands: status 2 for wrong set-up, 1 for anything else."""

    @wraps(command)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return command(*args, **kwargs)
        except LimsError as error:
            for line in messages.lines(error):
                click.echo(f"lims: {line}", err=True)
            sys.exit(2 if isinstance(error, ConfigurationError) else 1)

    return wrapped


def _connect(settings: Settings) -> Database:
    """Return the installation's database; its connections are closed when the command ends."""
    database = Database(settings.database_url)
    click.get_current_context().call_on_close(database.dispose)
    return database


def _open() -> tuple[Settings, Database]:
    """Open the installation. Raises ConfigurationError where no tables are."""
    settings = load_settings()
    database = _connect(settings)
    if current_revision(database) is None:
        raise ConfigurationError("cli.no_database", folder=str(settings.data_dir))
    return settings, database


@click.group()
@click.version_option(package_name="chuan-lims", prog_name="lims")
def cli() -> None:
    """Chuan LIMS: calibration-laboratory information management."""


@cli.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path, file_okay=False), required=True, help="Its folder.")
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True)
@click.option("--no-serve", is_flag=True, help="Only make it.")
@click.option("--full", is_flag=True, help="Also load the large sets whose kinds there are.")
@_told
def demo(folder: Path, port: int, no_serve: bool, full: bool) -> None:
    """Make a demonstration laboratory in a folder, issue its certificates, serve it on 127.0.0.1."""
    from lims.demo.build import open_demonstration
    from lims.server import require_free_port

    if not no_serve:
        require_free_port("127.0.0.1", port)
    demonstration = open_demonstration(
        folder, port=port, full=full, say=lambda code, **values: click.echo(f"  {messages.words(code, values)}")
    )
    for line in demonstration.lines(port=None if no_serve else port):
        click.echo(line)
    if not no_serve:
        _serve(demonstration.settings(port), "127.0.0.1", port)


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=DEFAULT_PORT, show_default=True)
@_told
def serve(host: str, port: int) -> None:
    """Serve the web application, with a worker process beside it."""
    from lims.server import require_free_port

    require_free_port(host, port)
    _serve(load_settings(port=port), host, port)


def _serve(settings: Settings, host: str, port: int) -> None:
    from lims.app import create_app
    from lims.core.task_queue import TaskQueue
    from lims.server import serve as serve_forever

    database = _connect(settings)
    if current_revision(database) is None:
        upgrade(settings.database_url)
    TaskQueue(settings.queue_url, settings.secret_key).attach(database)
    ready = messages.words("cli.ready", {"address": settings.base_url})
    app = create_app(settings, database=database)
    serve_forever(app, settings, host=host, port=port, ready=lambda: click.echo(ready))


@cli.command()
@click.option("--parent", type=int, help="End when this process is gone.")
@_told
def worker(parent: int | None) -> None:
    """Run background tasks."""
    from lims.worker import WorkerContext, run_worker

    settings, database = _open()
    run_worker(WorkerContext(database, settings), parent=parent)


@cli.group()
def db() -> None:
    """The database."""


@db.command("upgrade")
@_told
def db_upgrade() -> None:
    """Bring the database to the newest version of its tables."""
    settings = load_settings()
    upgrade(settings.database_url)
    click.echo(messages.words("cli.up_to_date"))


@db.command("check")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_told
def db_check(as_json: bool) -> None:
    """Check every stored hash and reference; status 1 if anything is wrong."""
    from lims import integrity
    from lims.core.anchors import read_anchors

    settings, database = _open()
    report = integrity.check_database(database, read_anchors(settings.data_dir))
    if as_json:
        click.echo(integrity.as_json(report))
    else:
        for name, count in report.checked.items():
            click.echo(f"{count:8}  {messages.words(f'cli.checked.{name}')}")
        for problem in report.problems:
            click.echo(messages.words(problem.code, problem.values), err=True)
        found = {"count": len(report.problems)}
        click.echo(messages.words("cli.problems" if report.problems else "cli.holds", found))
    sys.exit(1 if report.problems else 0)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--with-secret-key", is_flag=True, help="Take the key along that sessions are signed with.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_told
def backup(file: Path, with_secret_key: bool, as_json: bool) -> None:
    """Write a consistent copy of the whole installation to FILE while it is in use, and read it back."""
    from lims.backup import command
    from lims.core.clock import SystemClock

    settings, database = _open()
    now = SystemClock().now()
    command.backup(database, settings, file, with_key=with_secret_key, as_json=as_json, say=click.echo, now=now)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--check", "only_check", is_flag=True, help="Only check the file, restore nothing.")
@click.option("--replace", is_flag=True, help="Also where there is something; that is kept under another name.")
@click.option("--despite-problems", is_flag=True, help="Also what was damaged before the backup was made.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_told
def restore(file: Path, only_check: bool, replace: bool, despite_problems: bool, as_json: bool) -> None:
    """Make this installation what it was when FILE was written; on either kind of database, whole or not at all."""
    from lims.backup import command
    from lims.backup.restoring import RestoreBackup
    from lims.core.clock import SystemClock

    settings = load_settings()
    if only_check:
        command.check(settings, file, as_json=as_json, say=click.echo)
        return
    asked = RestoreBackup(file, settings.database_url, settings.data_dir, replace, despite_problems)
    now = SystemClock().now()
    holds = command.restore(settings, asked, as_json=as_json, say=click.echo, tell=_complain, now=now)
    sys.exit(0 if holds else 1)


@cli.group()
def user() -> None:
    """Accounts."""


@user.command("add")
@click.option("--sign-in", required=True, help="Name to sign in with.")
@click.option("--full-name", required=True)
@click.option("--role", default="administrator", show_default=True)
@click.option("--laboratory", help="Name of the laboratory, needed for the very first account.")
@click.option("--site-code", default="01", show_default=True, help="Code of its first site.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@_told
def user_add(**options: Any) -> None:
    """Add an account; the first one also names the laboratory."""
    from lims.accounts import AddAccount, add_account

    settings = load_settings()
    upgrade(settings.database_url)
    if options.pop("password_stdin"):
        password = sys.stdin.readline().rstrip("\n")
    else:
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    account = AddAccount(password=password, **options)
    person = add_account(_connect(settings), account, timezone=settings.timezone)
    click.echo(messages.words("cli.account_added", {"name": person.full_name, "sign_in": options["sign_in"]}))


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_told
def recompute(as_json: bool) -> None:
    """Run every stored evaluation again and report any difference; status 1 on one."""
    from lims.calibrations.recompute import recompute as run_again

    _, database = _open()
    with database.reading() as session:
        outcomes = list(run_again(session))
    differing = [outcome for outcome in outcomes if not outcome.holds]
    if as_json:
        rows = [
            {"evaluation": o.evaluation_id, "run": o.run_number, "verdict": str(o.verdict), "holds": o.holds}
            for o in outcomes
        ]
        click.echo(json.dumps({"evaluations": rows, "differences": len(differing)}, ensure_ascii=False))
    else:
        for outcome in differing:
            click.echo(f"{outcome.run_number}: {messages.words(f'recompute.{outcome.verdict}', {})}", err=True)
        click.echo(messages.words("cli.recomputed", {"count": len(outcomes), "differences": len(differing)}))
    sys.exit(1 if differing else 0)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@click.option("--monte-carlo", "trials", type=click.IntRange(100, 100_000_000), help="Trials of a Monte Carlo beside.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Of the random numbers.")
@_told
def evaluate(files: tuple[Path, ...], as_json: bool, trials: int | None, seed: int) -> None:
    """Evaluate measurement models and other cases in TOML files; status 1 if one is refused or a figure not met."""
    from lims.evaluation.command import EvaluateFiles, evaluate_files

    request = EvaluateFiles(files, trials, seed)
    complain = partial(click.echo, err=True)
    sys.exit(0 if evaluate_files(request, as_json=as_json, say=click.echo, complain=complain) else 1)


@cli.command()
@click.argument("calibration", metavar="STANDARD-CALIBRATION")
@click.option("--shift", default="", help="By how much it is off, such as '0.05 %' (of reading) or '0.4 kPa'.")
@click.option(
    "--of",
    "sense",
    type=click.Choice(["indication", "value"]),
    help="What the shift is of. Default: the indication of what indicates (it showed too much), else the value.",
)
@click.option("--from", "onset", type=click.DateTime(["%Y-%m-%d"]), help="First day in doubt.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Last day in doubt; of a drift the day it was whole.")
@click.option("--drift", is_flag=True, help="It grew evenly instead of coming at once.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
@_told
def impact(calibration: str, as_json: bool, **doubt: Any) -> None:
    """Every certificate that a calibration of a standard reached, with how far each result moves.

    Named by its key, its certificate's number, CODE/NUMBER, or CODE alone for the standard's last one.
    """
    from certificates.impact_command import impact as work_out
    from lims.core.clock import SystemClock, local_date

    settings, database = _open()
    messages.prepare()
    today = local_date(SystemClock().now(), settings.timezone)
    with database.reading() as session:
        try:
            work_out(session, _doubt(calibration, doubt), today=today, as_json=as_json, say=click.echo)
        except InvalidInput as error:
            raise click.UsageError("; ".join(messages.lines(error))) from error


def _doubt(calibration: str, doubt: dict[str, Any]) -> Any:
    from certificates.impact_command import AskImpact
    from certificates.impact_facts import Course, Sense

    onset, until = (None if doubt[name] is None else doubt[name].date() for name in ("onset", "until"))
    sense = None if doubt["sense"] is None else Sense(doubt["sense"])
    course = Course.DRIFT if doubt["drift"] else Course.STEP
    return AskImpact(calibration, doubt["shift"], sense, onset, until, course)


@cli.group()
def audit() -> None:
    """The audit chain."""


@audit.command("verify")
@_told
def audit_verify() -> None:
    """Walk the audit chain; status 1 and the first bad entry if it does not hold."""
    from lims.core.anchors import read_anchors
    from lims.core.audit import chain_heads, verify_chains

    settings, database = _open()
    with database.reading() as session:
        fault = verify_chains(session, read_anchors(settings.data_dir))
        heads = chain_heads(session)
    if fault is not None:
        where = {"site_id": fault.site_id, "sequence": fault.sequence}
        click.echo(messages.words(fault.reason, where), err=True)
        sys.exit(1)
    entries = sum(head.sequence for head in heads)
    click.echo(messages.words("cli.chains_hold", {"entries": entries, "chains": len(heads)}))


@cli.group()
def procedure() -> None:
    """Procedures as TOML files."""


@procedure.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_told
def procedure_import(file: Path) -> None:
    """Take a procedure in, as a draft that somebody has to approve."""
    from lims.accounts import laboratory_id
    from lims.core.actor import SYSTEM
    from lims.core.clock import SystemClock
    from lims.procedures.files import import_file

    _, database = _open()
    text = file.read_text(encoding="utf-8", errors="replace")
    with database.transaction() as session:
        organisation_id, now = laboratory_id(session), SystemClock().now()
        version = import_file(session, SYSTEM, text, organisation_id=organisation_id, now=now)
    values = {"code": version.code, "version": version.version}
    click.echo(messages.words("cli.procedure_imported", values))


@procedure.command("export")
@click.argument("code")
@click.option("--version", "number", help="Default: the one in force, else the newest.")
@_told
def procedure_export(code: str, number: str | None) -> None:
    """Print a procedure as TOML."""
    from lims.accounts import laboratory_id
    from lims.core.clock import SystemClock, local_date
    from lims.procedures.files import export_file

    settings, database = _open()
    today = local_date(SystemClock().now(), settings.timezone)
    with database.reading() as session:
        text = export_file(session, code, number, organisation_id=laboratory_id(session), on=today)
    click.echo(text, nl=False)


@procedure.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_told
def procedure_check(file: Path) -> None:
    """Say what is wrong with a procedure file; status 1 if anything is."""
    from lims.procedures.files import check_file

    faults = check_file(file.read_text(encoding="utf-8", errors="replace"))
    for fault in faults:
        click.echo(f"{fault.field}: {messages.words(fault.code, fault.values)}", err=True)
    if not faults:
        click.echo(messages.words("cli.holds"))
    sys.exit(1 if faults else 0)


@cli.group()
def dcc() -> None:
    """Digital calibration certificates as XML files."""


_dcc_file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
_trusted = click.option(
    "--trusted",
    multiple=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="PEM file of authorities or signers to trust; may be given again.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


@dcc.command("read")
@_dcc_file
@_as_json
@_trusted
@_told
def dcc_read(file: Path, as_json: bool, trusted: tuple[Path, ...]) -> None:
    """Show all that a certificate says, each value with its place; status 1 if it is refused."""
    from lims.dcc.command import read_file

    accepted = read_file(_dcc_request(file, trusted), as_json=as_json, say=click.echo, complain=_complain)
    sys.exit(0 if accepted else 1)


@dcc.command("check")
@_dcc_file
@_as_json
@_trusted
@_told
def dcc_check(file: Path, as_json: bool, trusted: tuple[Path, ...]) -> None:
    """Check a certificate and its signature; status 1 if it is invalid or the signature is broken."""
    from lims.dcc.command import check_file

    accepted = check_file(_dcc_request(file, trusted), as_json=as_json, say=click.echo, complain=_complain)
    sys.exit(0 if accepted else 1)


def _dcc_request(file: Path, trusted: tuple[Path, ...]) -> Any:
    from lims.core.clock import SystemClock, local_date
    from lims.dcc.command import ReadFile

    messages.prepare()
    schema_folder, timezone, known = certificate_checks()
    now = SystemClock().now()
    return ReadFile(file, local_date(now, timezone), now, (*trusted, *known), schema_folder)


def _complain(line: str) -> None:
    click.echo(line, err=True)


@cli.group()
def certificate() -> None:
    """Certificates."""


@certificate.command("verify")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@_told
def certificate_verify(file: Path) -> None:
    """Hash and status of a certificate's file; status 1 if anything is wrong."""
    from certificates.verification import verify_file

    _, database = _open()
    with database.reading() as session:
        verdict = verify_file(session, file.read_bytes())
    click.echo(messages.words(f"verification.{verdict.status}", verdict.values()), err=not verdict.holds)
    sys.exit(0 if verdict.holds else 1)


if __name__ == "__main__":
    main()
