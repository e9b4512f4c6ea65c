"""Scripts that make an installation ready and keep its shipped files up to date."""
