"""``portal_configurator``: starts the installation of a configuration and remembers it."""

from __future__ import annotations

from collections.abc import Mapping

from wendelin.configurator.choices import complete_options, get_configuration, plan
from wendelin.configurator.driver import drive
from wendelin.configurator.running_installation import Installation
from wendelin.core.database import Database
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import MANAGER_PERMISSION_MAP, private

TAG = "configurator"


class ConfiguratorTool(Folder):
    """The tool. ``installation`` is the last one that was started, running or not."""

    permission_map = MANAGER_PERMISSION_MAP
    installation: Installation | None = None

    @private
    def start(self, title: str, options: Mapping[str, bool] | None = None) -> Installation:
        """Plan an installation and keep it, unless one is running: then that one. The caller commits, then drives."""
        if self.installation is not None and self.installation.is_running:
            return self.installation
        configuration = get_configuration(title)
        complete = complete_options(configuration, options or {})
        titles = plan(self.getPortalObject(), configuration, complete)
        self.installation = Installation(configuration.title, complete, titles)
        return self.installation

    @private
    def retry(self) -> None:
        """Go on with an installation that failed."""
        if self.installation is not None:
            self.installation.retry()

    @private
    def hand_to_worker(self) -> None:
        """Let a worker do the installation, from the next commit on."""
        self.activate(tag=TAG, serialization_tag=TAG).drive_installation()

    @private
    def drive_installation(self) -> None:
        """The activity: every step commits by itself, so a worker that is killed leaves the rest to the next one."""
        drive(Database(self._p_jar.db()))
