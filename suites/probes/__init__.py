"""Probes of a VM: commands, pure readers of their output, and a sample above each reader."""
