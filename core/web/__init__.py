"""The web application: authentication, traversal, publishing, downloads (docs/web.md). Knows documents, no plugin."""
