"""A whole installation in one file, made while it is in use, and put back on either kind of database."""
