"""The panel of the main page that names the policies which refused something lately."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pyramid.request import Request

from wendelin.core.management.frame.panels import Panel, PanelEntry
from wendelin.core.model.objects.site import Site
from wendelin.core.security import MODIFY, check_permission
from wendelin.core.web.requests.urls import url
from wendelin.plugins.ingestion.policies.addresses import TOOL
from wendelin.plugins.ingestion.policies.policy import IngestionPolicy, IngestionPolicyTool
from wendelin.plugins.ingestion.policies.policy_log import LENGTH, REPEATED

SHOWN = 8
HOURS = 24


def panel(site: Site, request: Request) -> Panel | None:
    """The policies with refusals of the last day, the latest first, for those who may read their logs."""
    tool = site.get_child(TOOL)
    if not isinstance(tool, IngestionPolicyTool):
        return None
    found = list(refusing_policies(tool, time.time() - HOURS * 3600))
    entries = [
        PanelEntry(policy.getTitle(), url(request, policy, "log"), describe(count), "warning")
        for policy, count in found[:SHOWN]
    ]
    if not entries:
        return None
    more = f"{len(found) - SHOWN} more policies refused something. " if len(found) > SHOWN else ""
    return Panel("Refused chunks", entries, f"{more}In the last {HOURS} hours; the log of each policy says why.")


def refusing_policies(tool: IngestionPolicyTool, since: float) -> Iterator[tuple[IngestionPolicy, int]]:
    """Policies that the user may change, and how many refusals of that time their logs have."""
    lately = [(moment, id) for id, moment in (tool.refusal_times or {}).items() if moment >= since]
    begin = datetime.fromtimestamp(since, UTC) - timedelta(seconds=1)
    for _, id in sorted(lately, reverse=True):
        policy = tool.get_child(id)
        if isinstance(policy, IngestionPolicy) and check_permission(MODIFY, policy):
            count = sum(entry.kind != REPEATED and entry.time >= begin for entry in policy.log().entries)
            if count:
                yield policy, count


def describe(count: int) -> str:
    """``1 refused``, ``12 refused``; a log keeps the last `LENGTH` entries only."""
    return f"{count}{'+' if count >= LENGTH else ''} refused"
