"""Every class that claims a shape of `core/interfaces.py` has it: its attributes, its methods, and their parameters."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from wendelin.configurator.wendelin_configuration import CONFIGURATION
from wendelin.core import interfaces
from wendelin.core.bigdata import BigFile
from wendelin.core.business_templates.offered_configurations import Configuration
from wendelin.core.model.objects.document import Document
from wendelin.core.model.objects.files import File
from wendelin.core.model.objects.folder import Folder
from wendelin.core.model.objects.site import Site
from wendelin.core.model.portal_types.types import TypeInformation
from wendelin.core.model.scripting.skins import SkinMethod
from wendelin.plugins.ingestion.documents.data_stream import DataStream

IMPLEMENTATIONS = {
    interfaces.IDocument: (Document, Folder, File, Site, DataStream),
    interfaces.IFolder: (Folder, Site),
    interfaces.ISite: (Site,),
    interfaces.ITypeInformation: (TypeInformation,),
    interfaces.ISkinMethod: (SkinMethod,),
    interfaces.IByteReader: (BigFile, File, DataStream),
    interfaces.IBigFile: (BigFile,),
    interfaces.IConfiguration: (Configuration,),
}


def members(protocol: type) -> dict[str, Any]:
    """What a protocol and those it extends demand: methods, properties, and annotated attributes (as None)."""
    found: dict[str, Any] = {}
    for cls in protocol.__mro__:
        if getattr(cls, "_is_protocol", False):
            found |= dict.fromkeys(vars(cls).get("__annotations__", {}))
            found |= {
                name: value
                for name, value in vars(cls).items()
                if (inspect.isfunction(value) or isinstance(value, property)) and not name.startswith(("_no", "__init"))
            }
    found.pop("__subclasshook__", None)
    return found


def has_attribute(cls: type, name: str) -> bool:
    return hasattr(cls, name) or name in getattr(cls, "__dataclass_fields__", {})


PAIRS = [(protocol, cls) for protocol, classes in IMPLEMENTATIONS.items() for cls in classes]


@pytest.mark.parametrize(("protocol", "cls"), PAIRS, ids=lambda value: value.__name__)
def test_a_class_has_what_its_shape_demands(protocol: type, cls: type) -> None:
    for name, member in members(protocol).items():
        assert has_attribute(cls, name), f"{cls.__name__} has no {name}"
        if inspect.isfunction(member) and not name.startswith("__"):
            wanted = inspect.signature(member).parameters
            given = inspect.signature(getattr(cls, name)).parameters
            if any(parameter.kind is parameter.VAR_KEYWORD for parameter in given.values()):
                continue
            named = [id for id, parameter in wanted.items() if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
            missing = [id for id in named if id not in given]
            assert not missing, f"{cls.__name__}.{name} does not take {missing}"
            assert len(given) >= len(wanted) or any(p.kind is p.VAR_POSITIONAL for p in given.values())


def test_every_shape_has_somebody_who_fits() -> None:
    declared = {value for name, value in vars(interfaces).items() if name.startswith("I") and isinstance(value, type)}
    assert declared - {interfaces.Iterable, interfaces.Iterator} == set(IMPLEMENTATIONS)


def test_shapes_tell_objects_apart(site: Site) -> None:
    assert isinstance(site, interfaces.ISite) and isinstance(site["portal_types"], interfaces.IFolder)
    assert isinstance(BigFile(), interfaces.IBigFile) and not isinstance(b"bytes", interfaces.IByteReader)
    assert isinstance(CONFIGURATION, interfaces.IConfiguration)
