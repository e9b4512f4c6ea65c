"""The web application: one factory, one list of blueprints."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from flask import Blueprint, Flask
from flask_bootstrap import Bootstrap5

from certificates import impact_messages
from certificates import messages as certificate_messages
from certificates import views as certificate_views
from lims.calibrations import messages as calibration_messages
from lims.calibrations import views as calibration_views
from lims.config import Settings
from lims.core import messages
from lims.core.clock import Clock, SystemClock
from lims.core.db import Database
from lims.core.web import Runtime, init_web
from lims.dcc import messages as dcc_messages
from lims.dcc.trust import read_trusted
from lims.jobs import messages as job_messages
from lims.jobs import views as job_views
from lims.people import account_views, home_views, person_views, room_views
from lims.people import messages as people_messages
from lims.people import queries as people_queries
from lims.people import views as organisation_views
from lims.portal import messages as portal_messages
from lims.portal import views as portal_views
from lims.procedures import messages as procedure_messages
from lims.procedures import views as procedure_views
from lims.quality import messages as quality_messages
from lims.quality import views as quality_views
from standards import between_messages
from standards import calibration_messages as standard_calibration_messages
from standards import messages as standard_messages
from standards import register_messages as standard_register_messages
from standards import views as standard_views

_ROOT: Final = Path(__file__).resolve().parent
BLUEPRINTS: Final[tuple[Blueprint, ...]] = (
    home_views.bp,
    account_views.bp,
    organisation_views.bp,
    person_views.bp,
    room_views.bp,
    standard_views.bp,
    procedure_views.bp,
    job_views.bp,
    calibration_views.bp,
    certificate_views.bp,
    quality_views.bp,
    portal_views.bp,
)
MESSAGES: Final = (
    dcc_messages,
    people_messages,
    standard_messages,
    between_messages,
    standard_register_messages,
    standard_calibration_messages,
    procedure_messages,
    job_messages,
    calibration_messages,
    certificate_messages,
    impact_messages,
    quality_messages,
    portal_messages,
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
    app.config["LIMS_MAIL_SET"] = settings.mail is not None
    app.config["LIMS_DCC_SCHEMA_DIR"] = settings.dcc_schema_dir
    app.config["LIMS_DCC_TRUSTED"] = read_trusted(settings.dcc_trusted)
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
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def register_messages() -> None:
    """Take in the words of every package's codes; may be called again."""
    for words in MESSAGES:
        messages.register(words.MESSAGES, words.LABELS)
