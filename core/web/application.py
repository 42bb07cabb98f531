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

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from pyramid.config import Configurator
from pyramid.path import DottedNameResolver
from pyramid.router import Router
from pyramid.settings import asbool

from wendelin.core.database import Database, open_database
from wendelin.core.registry import Registry, get_registry
from wendelin.core.web.access.cookie_secret import read_secret

PARTS = (
    "wendelin.core.web.page_templates",
    "wendelin.core.web.requests.connections",
    "wendelin.core.web.requests.form_bounds",
    "wendelin.core.web.access.authentication",
    "wendelin.core.web.access.csrf",
    "wendelin.core.web.access.sessions",
    "wendelin.core.web.traversal",
    "wendelin.core.web.error_views",
    "wendelin.core.web.answers.response_headers",
    "wendelin.core.web.metrics_view",
    "wendelin.core.web.views",
    "wendelin.core.web.publishing",
)


def main(global_config: dict[str, str], **settings: Any) -> WSGIApplication:
    """The paste application factory: opens the database that the settings name."""
    here = Path(settings.get("here") or global_config.get("here") or ".")
    database = open_database(str(here / settings["wendelin.database"]))
    return make_application(database, here / settings.get("wendelin.var", "var"), settings)


def make_application(
    database: Database,
    var: Path | None = None,
    settings: dict[str, Any] | None = None,
    registry: Registry | None = None,
) -> WSGIApplication:
    """A WSGI application on an open `wendelin.core.database.Database`.

    Without ``var`` the signing key is a new one, so logins end with the process: for tests. What stands before it (the
    entrances that plugins registered) is around it already.
    """
    config = _configure(database, var, settings or {}, registry or get_registry())
    application: WSGIApplication = SeekableBody(config.make_wsgi_app())
    for registration in config.registry["wendelin.registry"].get_list("entrance"):
        application = DottedNameResolver().resolve(registration.value)(application)
    return application


def _configure(database: Database, var: Path | None, settings: dict[str, Any], registry: Registry) -> Configurator:
    """All parts of the application, and those that plugins registered (``add_web_part``), in one configuration."""
    settings = {"retry.attempts": 10, "tm.annotate_user": False} | settings
    settings["tm.manager_hook"] = "pyramid_tm.explicit_manager"
    settings["tm.commit_veto"] = "pyramid_tm.default_commit_veto"
    settings["wendelin.https"] = asbool(settings.get("wendelin.https", False))
    config = Configurator(settings=settings)
    config.registry["wendelin.database"] = database
    config.registry["wendelin.secret"] = read_secret(var)
    config.registry["wendelin.registry"] = registry
    added = (registration.value for registration in registry.get_list("web_part"))
    for part in ("pyramid_tm", "pyramid_retry", *PARTS, *added):
        config.include(part)
    config.commit()
    return config


class SeekableBody:
    """Tells WebOb that the server's body file can be rewound, so that a retry needs no second copy of an upload."""

    def __init__(self, router: Router) -> None:
        self.application: WSGIApplication = router
        self.registry = router.registry

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request of WSGI."""
        body = environ.get("wsgi.input")
        seekable = getattr(body, "seekable", None)
        if seekable is not None and seekable():
            environ["webob.is_body_seekable"] = True
        return self.application(environ, start_response)
