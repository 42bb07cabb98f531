"""Big files and big arrays in the object database."""
