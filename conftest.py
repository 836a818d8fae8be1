"""Registers the plugins, nothing else."""

# pytest asks the last one first: --explain needs no VM, and it is plugins.options that begins a run,
# after plugins.discreet has seen to it that nothing secret is written.
pytest_plugins = ["plugins.collection", "plugins.judging", "plugins.session", "plugins.options"]
pytest_plugins += ["plugins.explain", "plugins.discreet"]
