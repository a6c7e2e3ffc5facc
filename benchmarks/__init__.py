"""Pull against a simulated store, beside merely fetching the same pages: `make bench`."""
