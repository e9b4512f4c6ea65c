"""Serving: the web application in this process, the background worker in a process of its own beside it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import structlog
from flask import Flask
from waitress.server import create_server

from lims.config import Settings
from lims.core.errors import ConfigurationError

log = structlog.get_logger(__name__)

THREADS: Final = 8
RESTART_AFTER_S: Final = 2.0
STOP_WITHIN_S: Final = 20.0


def require_free_port(host: str, port: int) -> None:
    """Raise ConfigurationError if the address is taken: found out before anything else is done."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigurationError(
                "server.port_taken", host=host, port=port, other=port + 1, reason=error.strerror
            ) from error


def serve(app: Flask, settings: Settings, *, host: str, port: int, ready: Callable[[], None]) -> None:
    """Serve until interrupted; `ready` is called once requests are answered."""
    try:
        server = create_server(app, host=host, port=port, threads=THREADS, ident=None)
    except OSError as error:
        raise ConfigurationError(
            "server.port_taken", host=host, port=port, other=port + 1, reason=error.strerror
        ) from error
    with worker_process(settings):
        ready()
        try:
            server.run()
        except (KeyboardInterrupt, SystemExit):
            log.info("stopping")
        finally:
            server.close()


@contextmanager
def worker_process(settings: Settings) -> Iterator[None]:
    """Keep one worker process running; it is started again if it dies, and ends with this process."""
    stopping = threading.Event()
    thread = threading.Thread(target=_keep_worker, args=(settings, stopping), name="worker-keeper", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(timeout=STOP_WITHIN_S + 5)


def _keep_worker(settings: Settings, stopping: threading.Event) -> None:
    command = [sys.executable, "-m", "lims.cli", "worker", "--parent", str(os.getpid())]
    environment = {**_without_settings(os.environ), **_environment(settings)}
    while not stopping.is_set():
        with subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL) as process:
            while process.poll() is None and not stopping.wait(0.2):
                pass
            if process.poll() is None:
                _stop(process)
                return
            log.error("the worker process ended by itself; it is started again", status=process.returncode)
        stopping.wait(RESTART_AFTER_S)


def _environment(settings: Settings) -> dict[str, str]:
    """Return the settings as the variables that a worker process reads."""
    return {
        "LIMS_DATA_DIR": str(settings.data_dir),
        "LIMS_DATABASE_URL": settings.database_url,
        "LIMS_QUEUE_URL": settings.queue_url,
        "LIMS_SECRET_KEY": settings.secret_key,
        "LIMS_BASE_URL": settings.base_url,
        "LIMS_LANGUAGE": settings.language,
        "LIMS_TIMEZONE": settings.timezone,
    }


def _without_settings(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith("LIMS_")}


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        log.warning("the worker process did not stop in time and is killed; its task is done again at the next start")
        process.kill()
