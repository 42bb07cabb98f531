"""The web application: authentication, traversal, publishing, downloads. Knows no plugin (docs/extend/web.md)."""
