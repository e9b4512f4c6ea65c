"""The web application: one factory, one list of blueprints."""

from __future__ import annotations

from importlib import import_module, util
from pathlib import Path
from typing import Final

from flask import Flask
from flask_bootstrap import Bootstrap5

from lims.config import Settings
from lims.core import messages
from lims.core.clock import Clock, SystemClock
from lims.core.db import Database
from lims.core.web import Runtime, init_web
from lims.people import queries as people_queries

_ROOT: Final = Path(__file__).resolve().parent
_VIEWS: Final = (
    "lims.people.home_views",
    "lims.people.account_views",
    "lims.people.views",
    "lims.people.person_views",
    "standards.views",
    "lims.procedures.views",
    "lims.jobs.views",
    "lims.calibrations.views",
    "certificates.views",
    "lims.portal.views",
)
_MESSAGES: Final = (
    "lims.people.messages",
    "standards.messages",
    "lims.procedures.messages",
    "lims.jobs.messages",
    "lims.calibrations.messages",
    "certificates.messages",
    "lims.portal.messages",
)


def create_app(settings: Settings, clock: Clock | None = None, database: Database | None = None) -> Flask:
    """Return the application for an installation; `clock` and `database` may be handed in, by tests for example."""
    app = Flask(
        "lims",
        root_path=str(_ROOT),
        template_folder=str(_ROOT.parent / "templates"),
        static_folder=str(_ROOT / "static"),
    )
    app.config["SECRET_KEY"] = settings.secret_key
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(_ROOT / "translations")
    app.config["BOOTSTRAP_SERVE_LOCAL"] = True
    context = Runtime(
        database=database or Database(settings.database_url),
        clock=clock or SystemClock(),
        timezone=settings.timezone,
        language=settings.language,
        base_url=settings.base_url,
        load_account=people_queries.account,
    )
    init_web(app, context, secure_cookies=settings.serves_https)
    Bootstrap5(app)
    register_messages()
    for name in _VIEWS:
        if util.find_spec(name):
            app.register_blueprint(import_module(name).bp)
    return app


def register_messages() -> None:
    """Take in the words of every package's codes; may be called again."""
    for name in _MESSAGES:
        if util.find_spec(name):
            words = import_module(name)
            messages.register(words.MESSAGES, words.LABELS)
