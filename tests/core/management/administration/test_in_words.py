"""What transactions did, in words."""

from __future__ import annotations

import pytest

from wendelin.core.management.administration.in_words import in_words


@pytest.fixture
def document(site):
    site.portal_alarms.newContent(id="wind", portal_type="Alarm", title="Wind Check")


@pytest.mark.parametrize(
    ("description", "words"),
    [
        ("POST /erp5/portal_alarms/wind/view", "Wind Check (portal_alarms/wind) was edited"),
        ("POST /erp5/portal_alarms/wind/delete", "Wind Check (portal_alarms/wind) was deleted"),
        ("POST /erp5/portal_alarms/gone/delete", "portal_alarms/gone was deleted"),
        ("POST /erp5/portal_alarms/add_content", "A document was added to Alarms (portal_alarms)"),
        ("POST /erp5/portal_alarms/wind/run_now", "run_now of Wind Check (portal_alarms/wind)"),
        ("PUT /erp5/portal_alarms/wind", "Wind Check (portal_alarms/wind) was changed (PUT)"),
        ("activity: /portal_alarms/wind.sense", "Activity sense of Wind Check (portal_alarms/wind)"),
        ("undo: POST /erp5/portal_alarms/wind/view", "Undone: Wind Check (portal_alarms/wind) was edited"),
        ("POST /erp5/", "The site was changed (POST)"),
        ("wendelin shell", "Wendelin shell"),
        ("", ""),
    ],
)
def test_in_words(site, document, description, words):
    assert in_words(site, description) == words
