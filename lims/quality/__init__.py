"""The quality system: nonconforming work, from stopping the use of a standard to the release by somebody else."""
