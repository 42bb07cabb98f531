"""Business templates: folders of text that bring portal types, workflows, skins, modules and documents to a site, and
can be removed again without a trace.

``manifest``, ``versions`` and ``resolution`` say what a template is and needs; ``template`` and ``items`` read it;
``validation`` finds every problem before anything is written; ``installation`` and ``user_data`` change the site;
``dump`` describes a site for comparison; ``tool`` is ``portal_templates``. The format is in
docs/extend/business-templates.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wendelin.core.business_templates.dependencies import resolve
from wendelin.core.business_templates.installing import bootstrap, install, uninstall
from wendelin.core.business_templates.site_dump import dump

if TYPE_CHECKING:
    from wendelin.core.business_templates.tool import RepositoryTemplate
    from wendelin.core.model.objects.site import Site

__all__ = ["available", "bootstrap", "dump", "install", "resolve", "uninstall"]


def available(site: Site) -> list[RepositoryTemplate]:
    """Every template that is registered or installed, by title, with its state in this site."""
    return site.portal_templates.getRepositoryBusinessTemplateList()
