"""Files and images: content of any size, names and types."""

from __future__ import annotations

import io
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from wendelin.core.errors import BadRequest
from wendelin.core.security import ANONYMOUS, VIEW, User, check_permission


def test_a_new_file_is_empty(site: Any) -> None:
    file = site.document_module.newContent(portal_type="File")
    assert file.getSize() == 0
    assert file.getData() == b""
    assert file.getData(default=None) == b""
    assert not file.hasData()
    assert list(file.iterate()) == []
    assert file.read(0, 10) == b""
    assert file.getContentType() == "application/octet-stream"
    assert file.getFilename() == file.getId()


@pytest.mark.parametrize("module", ["document_module", "image_module"])
def test_content(site: Any, commit: Callable[[], None], module: str) -> None:
    content = bytes(range(256)) * 10_000
    file = site[module].newContent(title="Some data", filename="a.png", data=content[:1000])
    commit()
    file.appendData(content[1000:])
    commit()
    assert file.getSize() == len(content)
    assert file.getData() == content
    assert file.read(1_000_000, 5) == content[1_000_000:1_000_005]
    assert b"".join(file.iterate(500, 2_000_000)) == content[500:2_000_000]
    assert file.getContentType() == "image/png"
    assert file.getValidationState() == "draft"
    file.setData(b"short")
    assert (file.getSize(), file.getData()) == (5, b"short")
    file.edit(data=None)
    assert not file.hasData()


def test_an_upload(site: Any) -> None:
    upload = SimpleNamespace(file=io.BytesIO(b"x" * 3_000_000), filename="C:\\sounds\\bell.wav")
    file = site.document_module.newContent(portal_type="File", file=upload)
    assert file.getSize() == 3_000_000
    assert file.getFilename() == "bell.wav"
    assert file.getContentType() in ("audio/x-wav", "audio/wav", "audio/vnd.wave")
    file.setFile(io.BytesIO(b"other"))
    assert file.getData() == b"other"
    assert file.getFilename() == "bell.wav"
    with pytest.raises(BadRequest, match="must be open for reading"):
        file.setFile("a path")


def test_a_type_that_is_given_wins(site: Any) -> None:
    file = site.document_module.newContent(portal_type="File", filename="a.png", content_type="text/x-special")
    assert file.getContentType() == "text/x-special"


def test_size_and_type_are_found(site: Any) -> None:
    site.document_module.newContent(portal_type="File", reference="big", filename="a.css", data=b"12345")
    row = site.portal_catalog(reference="big")[0]
    assert (row.size, row.content_type) == (5, "text/css")
    row.getObject().appendData(b"67890")
    assert site.portal_catalog(reference="big")[0].size == 10


def test_a_copy_has_its_own_content(site: Any) -> None:
    file = site.document_module.newContent(portal_type="File", data=b"one")
    copy = file.Base_createCloneDocument()
    copy.appendData(b" two")
    assert (file.getData(), copy.getData()) == (b"one", b"one two")


def test_who_may_see_it(site: Any) -> None:
    image = site.image_module.newContent(portal_type="Image", reference="logo.png")
    assert not check_permission(VIEW, image, ANONYMOUS)
    assert not check_permission(VIEW, image, User("somebody"))
    image.publish_alive()
    assert check_permission(VIEW, image, ANONYMOUS)
