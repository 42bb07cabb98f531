"""Pages of weather stations."""

from pyramid.request import Request

from wendelin.core.interfaces import IDocument


def show_readings(context: IDocument, request: Request) -> dict[str, object]:
    """``<station>/readings``: what the template ``readings.pt`` shows."""
    return {"station": context, "readings": context.readings, "summary": context.WeatherStation_getSummary()}
