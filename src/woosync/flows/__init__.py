"""One file, one flow; flows share `ingest` and nothing else."""
