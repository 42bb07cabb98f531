"""The configuration "Wendelin Configuration": which templates make a site Wendelin."""

from __future__ import annotations

from wendelin.core.business_templates.offered_configurations import WENDELIN, Configuration, ConfigurationOption

CONFIGURATION = Configuration(
    title=WENDELIN,
    description=(
        "The Wendelin Configuration will allow you to have quickly the Wendelin analytics platform: "
        "ingestion, data streams and all that belongs to them."
    ),
    business_templates=("erp5_wendelin", "erp5_web_renderjs_ui"),
    options=(
        ConfigurationOption(
            "wendelin_tutorial",
            "Set Wendelin tutorial",
            ("erp5_wendelin_tutorial",),
            description="What the tutorial needs: the gadgets and libraries that its web app uses.",
            default=True,
        ),
        ConfigurationOption(
            "data_notebook",
            "Set up Data Notebook module",
            ("erp5_data_notebook",),
            description="Notebooks in Jupyter that work on the documents of this site.",
            default=True,
            warning="People with the permission to run notebooks can run any program on this server.",
        ),
        ConfigurationOption(
            "data_sample",
            "Sample data",
            ("erp5_wendelin_data_sample",),
            description="Arrays and notebooks to try things out.",
        ),
    ),
)
