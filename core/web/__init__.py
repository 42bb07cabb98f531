"""The web application. It knows documents, no plugin and no page (docs/extend/web.md).

- `application`: putting it together. `traversal`: from a path to a document and a view. `views`: what was registered.
- `publishing`: methods and dialogs that have an address. `page_templates`: the renderer of ``.pt`` files.
- `error_views`: what a client sees when something goes wrong. `metrics_view`: ``/metrics``.
- `requests`: what every request has. `answers`: how answers are sent. `access`: who asks. `server`: the web server.
- `svg`: parts of drawings.
"""
