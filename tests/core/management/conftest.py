"""The web fixtures, for the tests of this folder."""

from tests.web_fixtures import *  # noqa: F403
