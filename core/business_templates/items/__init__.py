"""The kinds of things that a business template brings, one module each."""
