"""Trusted methods: functions that documents have as methods. The first argument is the document."""

from wendelin.core.errors import BadRequest
from wendelin.core.interfaces import IDocument
from wendelin.core.security import MODIFY, require_permission, trusted_method

COLDEST = -273.15


@trusted_method
def add_reading(context: IDocument, temperature: str) -> str:
    """``WeatherStation_addReading``: reached by URL with POST; it checks for itself what its caller sends."""
    require_permission(MODIFY, context)
    try:
        value = float(temperature)
    except ValueError as error:
        raise BadRequest(f"temperature must be a number, not {temperature!r}") from error
    if value < COLDEST:
        raise BadRequest(f"{value} is below absolute zero")
    context.addReading(value)
    return str(context.getReadingCount())
