"""A plugin of a distribution of its own: installed, found by its entry point, used, and removed without a trace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.example_plugin import SOURCE

PROGRAM = """
import json
from webtest import TestApp
from wendelin.core.business_templates import available, bootstrap, dump, install, uninstall
from wendelin.core.database import Database
from wendelin.core.registry import get_registry
from wendelin.core.security import SYSTEM, as_user
from wendelin.core.model.objects.site import create_site, get_site
from wendelin.core.web.application import make_application

database = Database.memory()
found = {}
with as_user(SYSTEM), database.transaction() as connection:
    site = create_site(connection.root())
    bootstrap(site)
    site.acl_users.add_user("zope", "secret", ["Manager"])
with as_user(SYSTEM), database.transaction() as connection:
    site = get_site(connection)
    before = dump(site, documents=True)
    found["state"] = {row.title: row.state for row in available(site)}["weather"]
    install(site, "weather")
    station = site.weather_station_module.newContent(portal_type="Weather Station", title="Hill", reference="hill")
    station.build()
    station.addReading(10)
client = TestApp(make_application(database))
client.authorization = ("Basic", ("zope", "secret"))
path = f"/erp5/weather_station_module/{station.getId()}"
found["added"] = client.post(f"{path}/WeatherStation_addReading", {"temperature": "20"}).text
found["summary"] = client.get(f"{path}/WeatherStation_getSummary").text
found["page"] = client.get(f"{path}/readings").text
found["bad"] = client.post(f"{path}/WeatherStation_addReading", {"temperature": "-300"}, status="*").status_int
client.authorization = None
found["anonymous"] = client.get(f"{path}/readings", status="*").status_int
with as_user(SYSTEM), database.transaction() as connection:
    site = get_site(connection)
    zero = site.weather_station_module["zero"]
    found["zero"] = [zero.getWeatherStationState(), zero.getClimateTitle(), zero.getAltitude()]
    found["short"] = zero.getSummary()
    rows = site.portal_catalog(reading_count={"query": 1, "range": "min"}, portal_type="Weather Station")
    found["catalog"] = [(row.title, row.reading_count) for row in rows]
    uninstall(site, "weather", remove_user_data=True)
    found["nothing_left"] = dump(site, documents=True) == before
found["places"] = sorted(
    entry.kind for entry in get_registry().all() if entry.plugin == "weather" and entry.file.endswith("__init__.py")
)
print(json.dumps(found))
"""


@pytest.mark.slow
def test_a_plugin_from_outside(installed_example: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(installed_example)}
    result = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    assert found["state"] == "New"
    assert found["added"] == "2"
    assert found["summary"] == "Hill: 15.0 degrees in 2 readings"
    assert "<h1>Hill</h1>" in found["page"]
    assert "<li>20.0</li>" in found["page"]
    assert found["bad"] == 400
    assert found["anonymous"] == 401
    assert found["zero"] == ["measuring", "Temperate", 0.0]
    assert found["short"] == "Station Zero has no readings yet"
    assert found["catalog"] == [["Hill", 2]]
    assert found["places"] == ["business_template", "catalog_column", "view"]
    assert found["nothing_left"]


@pytest.mark.slow
def test_the_data_of_a_plugin_is_part_of_its_package(installed_example: Path) -> None:
    def listed(folder: Path) -> list[str]:
        files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        return sorted(path.relative_to(folder).as_posix() for path in files)

    assert listed(installed_example / "weather") == listed(SOURCE / "weather")
