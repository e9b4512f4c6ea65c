"""`lims evaluate`: worked examples in TOML files, evaluated by the core without a database."""
