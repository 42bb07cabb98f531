"""Pages of weather stations."""


def show_readings(context, request):
    """``<station>/readings``: what the template ``readings.pt`` shows."""
    return {"station": context, "readings": context.readings, "summary": context.WeatherStation_getSummary()}
