"""The renderer of ``.pt`` files: pyramid_chameleon's, with templates that are compiled alone
(`core.bigdata.arrays.python_parsing`).
"""

from __future__ import annotations

from functools import cached_property

from pyramid.config import Configurator
from pyramid.renderers import RendererHelper
from pyramid_chameleon.renderer import template_renderer_factory
from pyramid_chameleon.zpt import PyramidPageTemplateFile, ZPTTemplateRenderer

from wendelin.core.bigdata.arrays.python_parsing import parsing_alone


class PageTemplateFile(PyramidPageTemplateFile):
    """A template; compiled at its first use, which may be in any thread. What it uses is of the same class."""

    def cook(self, body: str) -> None:
        """Compile the text."""
        with parsing_alone():
            super().cook(body)


class Renderer(ZPTTemplateRenderer):
    """What Pyramid calls for a view's ``renderer="….pt"``."""

    @cached_property
    def template(self) -> PageTemplateFile:
        """The template of the renderer's file; read and compiled when it is first used."""
        lookup = self.lookup
        return PageTemplateFile(
            self.path,
            auto_reload=lookup.auto_reload,
            debug=lookup.debug,
            translate=lookup.translate,
            macro=self.macro,
        )


def renderer_factory(info: RendererHelper) -> ZPTTemplateRenderer:
    """The renderer for one file."""
    return template_renderer_factory(info, Renderer)


def includeme(config: Configurator) -> None:
    """Register the renderer for the ending ``.pt``."""
    config.add_renderer(".pt", renderer_factory)
