"""Registers the plugins, nothing else."""

# pytest asks the last one first, and it is plugins.options that begins the run.
pytest_plugins = ["plugins.collection", "plugins.session", "plugins.options"]
