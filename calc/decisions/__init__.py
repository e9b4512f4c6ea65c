"""Decision rules, specific and global risks of deciding wrongly, and what is known of a measurand beforehand."""
