"""What to ask a VM and how to read its answer: commands, pure readers, and a sample above each reader."""
