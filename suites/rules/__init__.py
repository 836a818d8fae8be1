"""Rules that several checks share: pure functions over probe results."""
