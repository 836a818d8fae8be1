"""Registers the plugins, nothing else."""

# pytest asks the last one first: --explain needs no VM, and it is plugins.pytest_adapter.options that begins a run,
# after plugins.pytest_adapter.log_redaction has seen to it that nothing secret is written.
pytest_plugins = [
    "plugins.pytest_adapter.collection",
    "plugins.pytest_adapter.loop",
    "plugins.pytest_adapter.session",
    "plugins.pytest_adapter.options",
]
pytest_plugins += ["plugins.pytest_adapter.explain", "plugins.pytest_adapter.log_redaction"]
