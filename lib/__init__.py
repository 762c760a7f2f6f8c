"""Thin, tested library behind the notebooks: case modules, shared methods, and the workflow that runs them."""
