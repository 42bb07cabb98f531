"""Analysis: arrays larger than memory as documents, looked at in the browser and read over HTTP by range.

- `data_array`: the documents Data Array and Data Array Line. `array_types`: the shapes that all rooms here count on.
- `index_text`: indexes written as text. `array_bytes`: an array as bytes. `plain_values`: elements as
  text and numbers. `csv_export`: an array as CSV. `interchange`: arrays in messages.
- `csv_import`: CSV text of a Data Stream into a Data Array. `skins`: scripts that make and fill a Data Array.
- `views`: the addresses of a Data Array, and its page; `plots`: the picture on it.
- ``template/`` is the business template ``erp5_wendelin_analysis``, ``templates/`` what the page is made of.
"""

from __future__ import annotations

from pathlib import Path

from wendelin.core.business_templates.offered_configurations import ConfigurationOption
from wendelin.core.registry import PluginConfig

TITLE = "erp5_wendelin_analysis"
VIEWS = "wendelin.plugins.analysis.views"
# What makes a request for a Data Array's own address one for its data, not for its page.
DATA_REQUESTS = ({"request_param": "format"}, {"request_param": "slice_index.start:records:int"}, {"header": "Range"})


def includeme(config: PluginConfig) -> None:
    """The business template, installed with every Wendelin configuration, and the views."""
    config.add_business_template(Path(__file__).parent / "template")
    config.add_configuration_option(ConfigurationOption("analysis", "Data Arrays", (TITLE,), fixed=True))
    for portal_type in ("Data Array", "Data Array Line"):
        config.add_view(f"{VIEWS}:get_data", "getData", portal_type)
        for options in DATA_REQUESTS:
            config.add_view(f"{VIEWS}:get_data", "", portal_type, **options)
    config.add_view(
        f"{VIEWS}:preview", "preview", "Data Array", renderer="wendelin.plugins.analysis:templates/preview.pt"
    )
