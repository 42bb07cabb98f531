"""What a plugin offers on the page "Configure your Site": plain values for ``config.add_configuration`` and
``config.add_configuration_option``, which the configurator reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from wendelin.core.model.objects.site import Site

WENDELIN = "Wendelin Configuration"


@dataclass(frozen=True)
class ConfigurationOption:
    """A box to tick: its business templates are installed when it is on.

    ``configuration`` is the title of the configuration that it belongs to. A ``fixed`` option is always on: that is how
    a plugin has its templates installed with a configuration of another plugin. ``warning`` is shown beside the box.
    """

    id: str
    title: str
    business_templates: tuple[str, ...]
    description: str = ""
    default: bool = False
    configuration: str = WENDELIN
    fixed: bool = False
    warning: str = ""


@dataclass(frozen=True)
class Configuration:
    """A choice of business templates that make a site ready for a purpose.

    ``business_templates`` are installed where they are available, with all that they depend on. ``finish(site)`` is
    the last step, in a transaction of its own: it sets what no template sets (the site's title, preferences).
    """

    title: str
    description: str
    business_templates: tuple[str, ...]
    options: tuple[ConfigurationOption, ...] = ()
    finish: Callable[[Site], None] | None = None
