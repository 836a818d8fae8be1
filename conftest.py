"""Registers the suite's pytest plugin, nothing else."""

pytest_plugins = ["plugins.pytest_adapter.plugin"]
