"""The checks, one module per area of the catalogue; each check is a page: its question, probe, judgement and remedy."""
