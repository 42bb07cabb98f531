"""Alarms: methods that are called again and again, by whichever worker notices first that it is time.

    site.portal_alarms.newContent(portal_type="Alarm", active_sense_method_id="Alarm_handleAnalysis",
                                  periodicity_minute_frequency=5, enabled=True)

A worker that finds an alarm due stores an activity for it and the time of the next run, in one transaction; two workers
that notice at once change the same record, and only one commits.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from wendelin.core.database import is_own_fault
from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import ISite
from wendelin.core.model.activities.message import State, as_utc
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import MANAGE, MANAGER_PERMISSION_MAP, SYSTEM, User, as_user, private, protected

logger = logging.getLogger(__name__)

UNITS = {"minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}


class AlarmTool(Folder):
    """``portal_alarms``."""

    permission_map = MANAGER_PERMISSION_MAP


class Alarm(Folder):
    """Calls ``active_sense_method_id`` on itself every ``periodicity_<unit>_frequency`` minutes, hours, days or weeks.

    The runs lie on a grid that begins at ``periodicity_start_date`` (else at the creation date); what a stopped site
    missed is made up for by one run.
    """

    portal_type = "Alarm"
    permission_map = MANAGER_PERMISSION_MAP
    enabled: bool = False
    active_sense_method_id: str = ""
    periodicity_minute_frequency: int = 0
    periodicity_hour_frequency: int = 0
    periodicity_day_frequency: int = 0
    periodicity_week_frequency: int = 0
    periodicity_start_date: datetime | None = None
    periodicity_stop_date: datetime | None = None
    last_run: datetime | None = None

    editable_attributes = frozenset(
        {
            "enabled",
            "active_sense_method_id",
            *(f"periodicity_{unit}_frequency" for unit in UNITS),
            "periodicity_start_date",
            "periodicity_stop_date",
        }
    )

    @protected(MANAGE)
    def isSubscribed(self) -> bool:
        """Whether the alarm is switched on."""
        return bool(self.enabled)

    @protected(MANAGE)
    def subscribe(self) -> None:
        """Switch the alarm on."""
        self.edit(enabled=True)

    @protected(MANAGE)
    def unsubscribe(self) -> None:
        """Switch the alarm off."""
        self.edit(enabled=False)

    @private
    def period(self) -> timedelta:
        """The time between two runs; zero when none is set."""
        seconds = sum(int(getattr(self, f"periodicity_{unit}_frequency") or 0) * UNITS[unit] for unit in UNITS)
        return timedelta(seconds=seconds)

    @private
    def run_after(self, moment: datetime) -> datetime | None:
        """The first point of the grid after ``moment``; None when the alarm never runs again."""
        period = self.period()
        start = as_utc(self.periodicity_start_date) or as_utc(self.creation_date) or moment
        stop = as_utc(self.periodicity_stop_date)
        if moment < start and self.periodicity_start_date:
            found: datetime | None = start
        elif not period:
            found = None
        else:
            found = start + (int((moment - start) / period) + 1) * period
        return None if found is None or (stop is not None and found > stop) else found

    @protected(MANAGE)
    def getAlarmDate(self) -> datetime | None:
        """When the alarm runs next; None when it is off or has nothing to do."""
        if not self.enabled or not self.active_sense_method_id:
            return None
        return self.run_after(self.last_run or as_utc(self.creation_date) or datetime.now(UTC))

    @private
    def is_due(self, now: datetime) -> bool:
        """Whether a run is due, or overdue."""
        moment = self.getAlarmDate()
        return moment is not None and moment <= now

    @protected(MANAGE)
    def activeSense(self, fixit: int = 0, params: Any = None) -> None:
        """Call the method, by an activity that starts as soon as a worker is free."""
        if not self.active_sense_method_id:
            raise BadRequest(f"{self.getPath()} has no active_sense_method_id")
        keywords = {"params": params} if params is not None else {}
        proxy = self.activate(serialization_tag=f"alarm {self.getUid()}", tag=f"alarm {self.getId()}")
        proxy.sense(**keywords)

    @private
    def sense(self, **kw: Any) -> Any:
        """Call the method now, in this transaction."""
        return getattr(self, self.active_sense_method_id)(**kw)

    @private
    def user(self) -> User:
        """On whose behalf the alarm runs: its owner; the platform for one that a business template brought."""
        return User(self.getOwner()) if self.getOwner() else SYSTEM

    @private
    def start(self, now: datetime) -> bool:
        """Store the activity of a run that is due; False while the run before is not over.

        A run that failed makes room for the next one: the list of failures shows the last error of an alarm.
        """
        self.last_run = now
        tool = self.getPortalObject().portal_activities
        before = tool.getMessageList(path=self.getRelativeUrl(), method_id="sense")
        for message in before:
            if message.state is State.FAILED:
                tool.drop(message)
        if any(message.state is State.PENDING for message in before):
            return False
        with as_user(self.user()):
            self.activeSense()
        return True


def run_due_alarms(site: ISite, now: datetime) -> int:
    """Start every alarm that is due; returns how many. The caller commits, or aborts on a conflict."""
    tool = site.get_child("portal_alarms")
    due = [alarm for alarm in tool.iterate() if isinstance(alarm, Alarm) and _is_due(alarm, now)] if tool else []
    for alarm in due:
        try:
            alarm.start(now)
        except Exception as error:  # `last_run` is set already: it is tried again when it is due again
            if not is_own_fault(error):
                raise
            logger.exception("%s could not be started", alarm.getPath())
    return len(due)


def _is_due(alarm: Alarm, now: datetime) -> bool:
    """As `Alarm.is_due`; one alarm whose settings make no sense must not stop the others."""
    try:
        return alarm.is_due(now)
    except Exception as error:
        if not is_own_fault(error):
            raise
        logger.error("%s cannot run: %s", alarm.getPath(), error)
        return False
