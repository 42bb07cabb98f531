"""What is kept between two pages of one browser: messages and the clipboard, in a signed cookie. No server state."""

from __future__ import annotations

from pyramid.config import Configurator
from pyramid.session import SignedCookieSessionFactory


def includeme(config: Configurator) -> None:
    """``request.session``."""
    factory = SignedCookieSessionFactory(
        config.registry["wendelin.secret"],
        cookie_name="wendelin_session",
        httponly=True,
        secure=config.registry.settings["wendelin.https"],
        samesite="Lax",
        timeout=None,
        set_on_exception=False,
    )
    config.set_session_factory(factory)
