"""Methods that are data, edited in the site.

- `skins`: layers, and how a method is found by name. `skin_items`: what a layer holds.
- `scripts`: Python scripts. `templates`: page templates. `script_header`: the leading comments of both.
- `logs`: lines in the log for scripts. `tracebacks`: where in scripts an error came from.
- `standard_methods`: what every document has by ERP5's names. `site_tools`: tools that scripts of ERP5 ask.
- `restricted`: the guards of the code in them.
"""
