"""What every page has around its content: `page`, the `main_page` with its `panels`, and `login`."""
