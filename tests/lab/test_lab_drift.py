"""Drift in the lab: of three VMs, two are the same, and exactly the differences of the third are reported."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.conftest import Groups, read_results

pytestmark = pytest.mark.lab

ARTICLE = "127.0.0.1,169.254.169.254,::1,localhost"


def test_the_odd_one_out_is_found_with_all_that_is_odd(group: Groups, tmp_path: Path) -> None:
    vms = group("drift")
    data = read_results(tmp_path, vms.judge(tmp_path))
    odd = vms.names[1]
    calls = {
        entry["fact"]: (entry["majority"], [(other["value"], other["vms"]) for other in entry["outliers"]])
        for entry in data["drift"]
    }
    system = data["vms"][0]["facts"]["operating system"]
    names = "HTTPS_PROXY https_proxy HTTP_PROXY http_proxy"
    assert calls == {
        "Azure CLI": ("not installed", [("2.76.0", [odd])]),
        "operating system": (system, [("Slackware 15.0", [odd])]),
        "cloud-init": ("25.1.4", [("22.1", [odd])]),
        "proxy variables": (f"{names}=http://169.254.0.11:3128", [(f"{names}=http://10.0.0.99:3128", [odd])]),
        "agent proxy.bypass": ("none", [("AAD, Arc", [odd])]),
    }
    assert {(entry["group"], entry["count"], entry["of"]) for entry in data["drift"]} == {("cluster lab-cluster", 2, 3)}
    assert data["vms"][2]["facts"] == {
        **data["vms"][0]["facts"],
        "NO_PROXY": f"NO_PROXY no_proxy={ARTICLE}",
        "agent version": "1.67.03510.1024",
        "agent proxy.url": "http://169.254.0.11:3128",
        "agent config.mode": "full",
        "image": "contoso.azurecr.io/debian:12",
        "clock": "within 5 s",
    }
