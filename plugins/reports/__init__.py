"""What a run leaves behind: every report is rendered from the plain ``results`` dict of `results.json`.

::

    results (schema: plugins/data/results.schema.json)
       ├── html      the page of the rollout meeting, written by pytest-html and extended through its hooks
       ├── junit     for CI servers: one suite per VM
       ├── markdown  for a job summary: aggregated, small for any fleet
       └── terminal  the last lines a person sees

No report recomputes a verdict, and none trusts a word in it: a VM wrote part of the text, so all of it goes
through `safe`, and then through the escaping of its own format.
"""
