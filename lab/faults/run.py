"""Faults of COMMAND's machine: of the operator's declarations, and of the Azure CLI."""

from __future__ import annotations

from lab.faults.registry import run_fault
from lab.plan import RunPlan

_PROFILE = 'name = "lab"\nbase = "2510"\n'


@run_fault("bundle-too-old", expects={"PLATFORM-002": "fail"})
def bundle_too_old(run: RunPlan) -> None:
    """The operator declares management bundle 2509.1, from before the feature."""
    run.profile = f'{_PROFILE}[declared]\nmanagement_bundle = "2509.1"\n'


@run_fault("bundle-below-the-newest-article", expects={"PLATFORM-002": "warn"})
def bundle_below_the_newest_article(run: RunPlan) -> None:
    """The operator declares management bundle 2510.1: enough, but older than the newest article requires."""
    run.profile = f'{_PROFILE}[declared]\nmanagement_bundle = "2510.1"\n'


@run_fault("bundle-not-declared", expects={"PLATFORM-002": "warn"})
def bundle_not_declared(run: RunPlan) -> None:
    """The operator does not declare the management bundle: it can only be inferred from the platform's API versions."""
    run.profile = _PROFILE


@run_fault("runner-az-too-old", expects={"CLI-002": "warn"})
def runner_az_too_old(run: RunPlan) -> None:
    """The Azure CLI of the runner is 2.60.0."""
    run.az = "2.60.0"


@run_fault("runner-az-broken", roots=("CLI-002",), expects={"CLI-002": "unknown", "CLI-003": "unknown"})
def runner_az_broken(run: RunPlan) -> None:
    """The Azure CLI of the runner does not start, because an upgrade removed its Python."""
    run.az = "broken"


@run_fault("runner-networkcloud-beta", expects={"CLI-003": "warn"})
def runner_networkcloud_beta(run: RunPlan) -> None:
    """The runner's networkcloud extension is the first beta that supports managed identities."""
    run.networkcloud = "4.0.0b1"


@run_fault("runner-networkcloud-too-old", expects={"CLI-003": "fail"})
def runner_networkcloud_too_old(run: RunPlan) -> None:
    """The runner's networkcloud extension is 3.0.0, which does not support managed identities."""
    run.networkcloud = "3.0.0"


@run_fault("runner-networkcloud-missing", expects={"CLI-003": "fail"})
def runner_networkcloud_missing(run: RunPlan) -> None:
    """The runner has the Azure CLI without its networkcloud extension."""
    run.networkcloud = ""
