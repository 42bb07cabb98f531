"""Forms of documents: `forms`, their `fields`, and files that come with them (`uploads`)."""
