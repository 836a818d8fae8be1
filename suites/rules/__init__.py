"""Rules that several checks share: pure functions over what the probes read."""
