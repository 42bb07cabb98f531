"""The content of File and Image documents: over HTTP, and on their pages."""

from __future__ import annotations

from dataclasses import dataclass

from pyramid.request import Request
from pyramid.response import Response

from wendelin.core.database import is_own_fault
from wendelin.core.model.objects.files import File
from wendelin.core.web.answers.downloads import respond
from wendelin.core.web.answers.media_types import served_type
from wendelin.core.web.requests.urls import url

#: A larger picture is not loaded by the page that is about it; a click shows it.
LARGEST_PICTURE = 32 << 20


@dataclass(frozen=True)
class Content:
    """What a page says of the content: where it is shown and saved, and whether it is a picture to show right there."""

    name: str
    size: str
    type: str
    show_url: str
    download_url: str
    is_picture: bool


def content_of(context: object, request: Request) -> Content | None:
    """The content of a file or a picture; None for others, where nothing was uploaded yet, and for one that is damaged.

    The form below says what cannot be read, and why.
    """
    if not isinstance(context, File):
        return None
    try:
        return _content_of(context, request) if context.getSize() else None
    except Exception as error:
        if not is_own_fault(error):
            raise
        return None


def _content_of(context: File, request: Request) -> Content:
    media_type, may_show = served_type(context.getContentType())
    return Content(
        context.getFilename(),
        context.getFormattedSize(),
        media_type,
        url(request, context, "getData", v=context.revision()) if may_show else "",
        url(request, context, "getData", download=1),
        may_show and media_type.startswith("image/") and context.getSize() <= LARGEST_PICTURE,
    )


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
