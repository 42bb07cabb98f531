from typing import TypeVar

from pyramid.renderers import RendererHelper
from pyramid_chameleon.zpt import ZPTTemplateRenderer

Renderer = TypeVar("Renderer", bound=ZPTTemplateRenderer)

def template_renderer_factory(info: RendererHelper, impl: type[Renderer]) -> Renderer: ...
