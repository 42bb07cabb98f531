"""Business templates: folders of text that bring portal types, workflows, skins, modules and documents to a site, and
can be removed again without a trace.

- `text`: reading the files of a template. `checking`: what their data is checked against. `items`: the kinds of things
  that a template brings. Each imports only those named before it, and the modules below import all three.
- `template`: a template as read from its folder. `repository`: the templates that plugins registered. `dependencies`:
  which templates are needed, and in which order.
- `validation`: every problem of a set of templates, found before anything is written. `installation`: installing and
  removing. `user_data`: what users made that would go with a template.
- `business_template`: the document that remembers an installed template. `tool`: ``portal_templates``, which holds
  those documents.
- `site_dump`: a site as plain data, to compare two states of it. `offered_configurations`: what plugins offer on
  "Configure your Site".

The format of templates is in docs/extend/business-templates.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wendelin.core.business_templates.dependencies import resolve
from wendelin.core.business_templates.installation import bootstrap, install, uninstall
from wendelin.core.business_templates.site_dump import dump

if TYPE_CHECKING:
    from wendelin.core.business_templates.tool import RepositoryTemplate
    from wendelin.core.model.objects.site import Site

__all__ = ["available", "bootstrap", "dump", "install", "resolve", "uninstall"]


def available(site: Site) -> list[RepositoryTemplate]:
    """Every template that is registered or installed, by title, with its state in this site."""
    templates: list[RepositoryTemplate] = site.portal_templates.getRepositoryBusinessTemplateList()
    return templates
