"""The document class of weather stations."""

from statistics import fmean

from wendelin.core.model.objects.events import DocumentModified, notify
from wendelin.core.model.objects.folder import Folder
from wendelin.core.security import ACCESS, MODIFY, protected


class WeatherStation(Folder):
    """A station with its latest readings, in degrees Celsius."""

    portal_type = "Weather Station"
    readings: tuple[float, ...] = ()  # class attributes are the defaults of old records: never remove one

    @protected(ACCESS)
    def getReadingCount(self) -> int:
        """How many readings there are; the catalog has it as the column ``reading_count``."""
        return len(self.readings)

    @protected(ACCESS)
    def getMeanTemperature(self) -> float | None:
        """The mean of all readings, or None."""
        return fmean(self.readings) if self.readings else None

    @protected(MODIFY)
    def addReading(self, temperature: float) -> None:
        """Keep one more reading, and let the catalog know."""
        self.readings = (*self.readings, float(temperature))  # assign, never change in place
        notify(DocumentModified(self, frozenset(("reading_count",))))
