"""Reports of a run: each is rendered from the plain ``results`` dict of `results.json`.

::

    results (schema: plugins/results/results.schema.json)
       ├── html      the page of the rollout meeting, written by pytest-html and extended through its hooks
       ├── junit     for CI servers: one suite per VM
       ├── formats   the files that are one text each: summary.md, fixes.md and .sh, ActionPlan.csv, CTRF, SARIF, ...
       └── terminal  the last lines a person sees

No report recomputes a verdict or trusts its text: a VM wrote part of it, so all of it goes
through `plugins.core.sanitize`, and then through the escaping of its own format.
"""
