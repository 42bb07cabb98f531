"""The WSGI application: `main` is what ``development.ini`` names, `make_application` what tests and the launcher call.

Settings (all optional but the first)::

    wendelin.database   the ZConfig file of the database engine
    wendelin.var        the folder of this instance's state; the key that signs cookies is kept there
    wendelin.site       the id of the site (erp5)
    wendelin.https      "true" behind a TLS proxy: cookies are then sent over HTTPS only
    wendelin.metrics    "loopback": /metrics answers this machine without a login (not behind a reverse proxy here)
    retry.attempts      how often a request is tried when others changed the same objects (10)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.path import DottedNameResolver
from pyramid.settings import asbool

from wendelin.core.registry import Registry, get_registry
from wendelin.core.web.access.cookie_secret import read_secret

PARTS = (
    "wendelin.core.web.page_templates",
    "wendelin.core.web.requests.connections",
    "wendelin.core.web.access.authentication",
    "wendelin.core.web.access.csrf",
    "wendelin.core.web.access.sessions",
    "wendelin.core.web.traversal",
    "wendelin.core.web.error_views",
    "wendelin.core.web.answers.response_headers",
    "wendelin.core.web.metrics_view",
    "wendelin.core.web.views",
    "wendelin.core.management.frame.page",
)


def main(global_config: dict[str, str], **settings: Any) -> Any:
    """The paste application factory: opens the database that the settings name."""
    from wendelin.core.database import open_database

    here = Path(settings.get("here") or global_config.get("here") or ".")
    database = open_database(str(here / settings["wendelin.database"]))
    return make_application(database, here / settings.get("wendelin.var", "var"), settings)


def make_application(
    database: Any, var: Path | None = None, settings: dict[str, Any] | None = None, registry: Registry | None = None
) -> Any:
    """A WSGI application on an open `wendelin.core.database.Database`.

    Without ``var`` the signing key is a new one, so logins end with the process: for tests.
    """
    settings = {"retry.attempts": 10, "tm.annotate_user": False} | (settings or {})
    settings["tm.manager_hook"] = "pyramid_tm.explicit_manager"
    settings["tm.commit_veto"] = "pyramid_tm.default_commit_veto"
    settings["wendelin.https"] = asbool(settings.get("wendelin.https", False))
    config = Configurator(settings=settings)
    config.registry["wendelin.database"] = database
    config.registry["wendelin.secret"] = read_secret(var)
    config.registry["wendelin.registry"] = registry or get_registry()
    for library in ("pyramid_tm", "pyramid_retry"):
        config.include(library)
    for part in PARTS:
        config.include(part)
    config.commit()
    application: Any = SeekableBody(config.make_wsgi_app())
    for registration in config.registry["wendelin.registry"].get_list("entrance"):
        application = DottedNameResolver().resolve(registration.value)(application)
    return application


class SeekableBody:
    """Tells WebOb that the server's body file can be rewound, so that a retry needs no second copy of an upload."""

    def __init__(self, application: Any) -> None:
        self.application = application
        self.registry = application.registry

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        body = environ.get("wsgi.input")
        seekable = getattr(body, "seekable", None)
        if seekable is not None and seekable():
            environ["webob.is_body_seekable"] = True
        return self.application(environ, start_response)
