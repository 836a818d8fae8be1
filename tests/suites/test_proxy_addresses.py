"""Which spellings of a proxy's address mean the same proxy."""

from __future__ import annotations

import pytest

from suites.rules.proxy_address import same_proxy
from tests.suites.rows_proxy_agent import CSN


@pytest.mark.parametrize("value", [CSN, CSN + "/", CSN.upper(), "169.254.0.11:3128"])
def test_the_same_proxy(value: str) -> None:
    assert same_proxy(value, CSN)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "https://169.254.0.11:3128",
        "http://169.254.0.11",
        "http://169.254.0.11:x",
        "http://u@169.254.0.11:3128",
        "http://169.254.0.11:3128\x00",
    ],
)
def test_another_proxy(value: str) -> None:
    assert not same_proxy(value, CSN)
