"""The HTTP API: `app.create_app` makes it, `routes` has one file a noun, `access` guards it."""
