"""Weather stations: an example of a plugin, which docs/extend/plugins.md walks through."""

from pathlib import Path

HERE = Path(__file__).parent


def includeme(config):
    """What the code brings; portal types, workflows, skins and modules are data in the folder ``template``."""
    config.add_business_template(HERE / "template")
    config.add_view(
        "weather.views:show_readings", "readings", "Weather Station", renderer="weather:templates/readings.pt"
    )
    config.add_catalog_column("reading_count", "number", getter="reading_count")
