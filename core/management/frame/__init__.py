"""What every page has around its content.

- `layout`: menus and breadcrumbs. `offers`: actions as links. `messages`: what one page leaves for the next to say.
- `main_page`, with the `panels` of plugins. `login`: log in and out.
"""
