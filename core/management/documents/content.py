"""The content of File and Image documents over HTTP."""

from __future__ import annotations

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.model.objects.files import File
from wendelin.core.web.answers.downloads import respond


def get_data(context: File, request: Request) -> Response:
    """The bytes, in ranges if wanted; images and text are shown by the browser, ``?download=1`` saves them."""
    modified = context.getModificationDate()
    return respond(
        request,
        context.iterate,
        context.getSize(),
        content_type=context.getContentType(),
        filename=context.getFilename(),
        etag=context.revision(),
        last_modified=modified,
        inline="download" not in request.GET,
    )
