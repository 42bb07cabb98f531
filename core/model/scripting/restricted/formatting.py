"""``str.format`` for restricted code: ``"{0.title}"`` and ``"{0[key]}"`` go through the guards."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from string import Formatter
from typing import Any


class GuardedFormatter(Formatter):
    """Walks format fields with guarded access. Subclasses of str are read as plain str, whatever they override."""

    def __init__(self, get_attribute: Callable[[Any, str], Any], get_item: Callable[[Any, Any], Any]) -> None:
        self.get_attribute = get_attribute
        self.get_item = get_item

    def get_field(self, field_name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[Any, int | str]:
        """The value of ``0.title`` or ``name[key]``, and the argument that it begins with."""
        from _string import formatter_field_name_split  # what string.Formatter itself uses

        first, rest = formatter_field_name_split(field_name)
        found = self.get_value(first, args, kwargs)
        for is_attribute, key in rest:
            found = self.get_attribute(found, key) if is_attribute else self.get_item(found, key)
        return found, first


class BoundFormat:
    """What ``text.format`` is in restricted code."""

    def __init__(self, formatter: GuardedFormatter, text: str, takes_mapping: bool) -> None:
        self._formatter, self._text, self._takes_mapping = formatter, str.__str__(text), takes_mapping

    def __call__(self, *args: Any, **kw: object) -> str:
        """The formatted text; for ``format_map`` the only argument is the mapping."""
        if self._takes_mapping:
            (mapping,) = args
            return self._formatter.vformat(self._text, (), mapping)
        return self._formatter.vformat(self._text, args, kw)


def guarded_format(formatter: GuardedFormatter, text: str | type[str], name: str) -> Callable[..., str]:
    """The guarded ``format`` or ``format_map`` of a str instance, or of the class (then the text comes first)."""
    takes_mapping = name == "format_map"
    if isinstance(text, str):
        return BoundFormat(formatter, text, takes_mapping)
    return lambda value, *args, **kw: BoundFormat(formatter, value, takes_mapping)(*args, **kw)
