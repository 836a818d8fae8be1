"""Requirement profiles: those of the project, the user's own, and errors with file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.model import Target, Vm
from plugins.requirements import profile_file
from plugins.requirements.profile import ProfileError
from plugins.requirements.profile_file import load_profile


def vm(location: str | None = None, cloud: str = "AzureCloud") -> Vm:
    return Vm("vm-a", target=Target(location=location, cloud=cloud))


@pytest.mark.parametrize(
    ("name", "runtime", "bundle", "api"),
    [("2510", "4.7.0", "2510.1", "2025-07-01-preview"), ("2602", "4.9.0", "2602.1", "2025-09-01")],
)
def test_the_profiles_of_the_project(name: str, runtime: str, bundle: str, api: str) -> None:
    profile = load_profile(name)
    assert str(profile) == name
    assert (profile.floors.runtime, profile.floors.management_bundle, profile.floors.api_version) == (
        runtime,
        bundle,
        api,
    )
    assert profile.floors.azure_cli == "2.75.0"
    assert (profile.proxy_host, profile.proxy_port, profile.imds) == ("169.254.0.11", 3128, "169.254.169.254")
    assert profile.clock_limit == 120


def test_2510_is_the_default() -> None:
    assert load_profile() == load_profile("2510")


def test_the_region_is_filled_in() -> None:
    hosts = [str(endpoint) for endpoint in load_profile().endpoints(vm("East US"), "always")]
    assert "eastus.login.microsoft.com" in hosts
    assert "eastus-gas.guestconfiguration.azure.com" in hosts


def test_without_a_location_regional_endpoints_are_left_out() -> None:
    endpoints = load_profile().endpoints(vm())
    assert endpoints
    assert not [endpoint for endpoint in endpoints if "region" in endpoint.host or "-gas." in endpoint.host]


@pytest.mark.parametrize(
    ("cloud", "arm"),
    [
        ("AzureCloud", "management.azure.com"),
        ("AzureUSGovernment", "management.usgovcloudapi.net"),
        ("AzureChinaCloud", "management.chinacloudapi.cn"),
    ],
)
def test_every_cloud_has_its_resource_manager(cloud: str, arm: str) -> None:
    profile = load_profile()
    assert profile.resource_manager(vm(cloud=cloud)).host == arm
    assert all(endpoint.purpose and endpoint.source and endpoint.date for endpoint in profile.endpoints(vm("x", cloud)))


def test_an_unknown_cloud_names_the_vm() -> None:
    with pytest.raises(ProfileError, match=r"^VM vm-a: target.cloud 'AzureClod' .* Did you mean 'AzureCloud'\?"):
        load_profile().endpoints(vm(cloud="AzureClod"))


def test_the_articles_hosts_are_all_there() -> None:
    hosts = {str(endpoint) for endpoint in load_profile().endpoints(vm("eastus"))}
    assert {
        "management.azure.com",
        "login.microsoftonline.com",
        "pas.windows.net",
        "san-af-eastus-prod.azurewebsites.net",
    } <= hosts


def test_the_management_bundle_is_declared_or_not(tmp_path: Path) -> None:
    assert load_profile().declared_bundle is None
    declared = own(tmp_path, 'base = "2602"\n[declared]\nmanagement_bundle = "2602.1"')
    assert load_profile(declared).declared_bundle == "2602.1"


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return path


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    path = own(
        tmp_path,
        """
        name = "corp"
        base = "2602"
        asked = ["install", "sql"]
        [no_proxy]
        recommended = ["localhost"]
        [tls.trusted_issuers]
        "Corp Proxy" = "our inspection, accepted by security on 2026-03-01"
        [clouds.AzureCloud.endpoints."mirror.corp.example"]
        need = "install"
        purpose = "our package mirror"
        port = 8443
        certainty = "recalled"
        """,
    )
    profile = load_profile(path)
    assert (profile.name, profile.floors.runtime, profile.asked) == ("corp", "4.9.0", ("install", "sql"))
    assert profile.no_proxy_recommended == ("localhost",)
    assert profile.no_proxy_required == ("169.254.169.254",)
    assert {"Corp Proxy", "Microsoft Corporation"} <= set(profile.trusted_issuers)
    mirror = profile.endpoints(vm(), "install")[-1]
    assert (str(mirror), mirror.url) == ("mirror.corp.example", "https://mirror.corp.example:8443/")


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        (
            '[proxy]\nurl = "169.254.0.11:3128"',
            ["3: proxy.url: expected http://ADDRESS:PORT, found '169.254.0.11:3128'."],
        ),
        ('[proxy]\nurl = "http://a:1/;rm"', ["3: proxy.url: expected http://ADDRESS:PORT, found 'http://a:1/;rm'."]),
        ('[proxy]\nurl = "http://a:1\\n"', ["3: proxy.url: expected http://ADDRESS:PORT, found 'http://a:1\\n'."]),
        ("[clok]\nlimit = 1", ["2: clok: unknown key. Did you mean 'clock'?"]),
        ("[clock]\nlimt = 1", ["3: clock.limt: unknown key. Did you mean 'limit'?"]),
        (
            '[clock]\n\n# two minutes\nlimit = "2 min"',
            ["5: clock.limit: expected a whole number from 1 to 86400, found '2 min'."],
        ),
        ("[clock]\nlimit = true", ["3: clock.limit: expected a whole number from 1 to 86400, found true."]),
        ("[timeouts]\nimds = 60", ["3: timeouts.imds: expected a whole number from 1 to 5, found 60."]),
        ("timeouts.total = 0", ["2: timeouts.total: expected a whole number from 1 to 10, found 0."]),
        ("clock = 120", ["2: clock: expected a table, found 120."]),
        ('[imds]\naddress = "metadata"', ["3: imds.address: expected an IPv4 address, found 'metadata'."]),
        (
            '[imds]\naddress = "169.254.169.256"',
            ["3: imds.address: expected an IPv4 address, found '169.254.169.256'."],
        ),
        ("[imds.address]\na = 1", ["2: imds.address: expected an IPv4 address, found a table."]),
        (
            "[floors]\nruntime = 4.7",
            ['3: floors.runtime: expected a version in quotes, for example "4.7.0", found 4.7.'],
        ),
        (
            '[floors]\nruntime = "2510.1"',
            ["3: floors.runtime: expected a version in quotes, for example \"4.7.0\", found '2510.1'."],
        ),
        (
            '[floors]\napi_version = "2025-9-1"',
            [
                "3: floors.api_version: expected a version in quotes, for example \"2025-07-01-preview\", found '2025-9-1'."
            ],
        ),
        (
            '[floors]\napi_version_recommended = "2025-09-01-preview"',
            [
                '3: floors.api_version_recommended: expected a version in quotes, for example "2025-09-01", found '
                "'2025-09-01-preview'."
            ],
        ),
        (
            '[floors]\nazure_cli = "new"',
            ["3: floors.azure_cli: expected a version in quotes, for example \"2.75.0\", found 'new'."],
        ),
        (
            '[floors]\nnetworkcloud_extension = "4"',
            ["3: floors.networkcloud_extension: expected a version in quotes, for example \"4.0.0b1\", found '4'."],
        ),
        (
            '[declared]\nmanagement_bundle = "4.7.0"',
            ["3: declared.management_bundle: expected a version in quotes, for example \"2510.1\", found '4.7.0'."],
        ),
        (
            '[declared]\nbundle = "2510.1"',
            [
                '2: declared.management_bundle: is missing, expected a version in quotes, for example "2510.1".',
                "3: declared.bundle: unknown key. Known are management_bundle.",
            ],
        ),
        (
            'asked = "install"',
            ["2: asked: expected a list of words out of install, sql, obsolete, found 'install'."],
        ),
        ('asked = ["always"]', ["2: asked[0]: 'always' is not known. Expected one of install, sql, obsolete."]),
        ('no_proxy.required = [" "]', ["2: no_proxy.required[0]: expected text, found ' '."]),
        ('date = "today"', ["2: date: expected a date, for example 2025-09-30, found 'today'."]),
        (
            "date = 2025-09-30T10:00:00",
            ["2: date: expected a date, for example 2025-09-30, found '2025-09-30T10:00:00'."],
        ),
        ('tls.minimum = "1.1"', ['2: tls.minimum: expected "1.2" or "1.3", found \'1.1\'.']),
        (
            '[tls.trusted_issuers]\n"Corp" = ""',
            ["3: tls.trusted_issuers.Corp: expected the reason to trust it, found ''."],
        ),
        (
            '[clouds.AzureCloud.endpoints."a.example"]\nneed = "now"\npurpose = "x"',
            [
                '3: clouds.AzureCloud.endpoints."a.example".need: expected always, connect, install, sql, obsolete or egress, '
                "found 'now'."
            ],
        ),
        (
            '[clouds.AzureCloud.endpoints."a.example"]\nneed = "install"',
            ['2: clouds.AzureCloud.endpoints."a.example".purpose: is missing, expected text.'],
        ),
        (
            '[clouds.AzureCloud.endpoints."a b;c"]\nneed = "install"\npurpose = "x"',
            ['2: clouds.AzureCloud.endpoints."a b;c": expected a host name, which may contain {region}.'],
        ),
        (
            '[clouds.AzureCloud.endpoints."-a.example"]\nneed = "install"\npurpose = "x"',
            ['2: clouds.AzureCloud.endpoints."-a.example": expected a host name, which may contain {region}.'],
        ),
        (
            '[clouds.Own]\nsource = "x"\ndate = 2026-01-01\n[clouds.Own.endpoints]',
            ['5: clouds.Own.endpoints: no endpoint has need = "connect" (Azure Resource Manager).'],
        ),
    ],
)
def test_every_error_has_its_file_line_and_key(tmp_path: Path, text: str, errors: list[str]) -> None:
    path = own(tmp_path, f'base = "2510"\n{text}')
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert str(caught.value).splitlines() == [f"{path}:{error}" for error in errors]


def test_all_errors_are_reported_in_the_order_of_the_file(tmp_path: Path) -> None:
    path = own(tmp_path, 'base = "2510"\n[clock]\nlimit = 0\n[imds]\naddress = 5\nport = 80')
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert str(caught.value).splitlines() == [
        f"{path}:3: clock.limit: expected a whole number from 1 to 86400, found 0.",
        f"{path}:5: imds.address: expected an IPv4 address, found 5.",
        f"{path}:6: imds.port: unknown key. Known are address.",
    ]


def test_without_a_base_a_profile_states_everything(tmp_path: Path) -> None:
    path = own(tmp_path, 'name = "x"')
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    errors = str(caught.value).splitlines()
    assert f"{path}:1: proxy: is missing, expected a table." in errors
    assert f"{path}:1: date: is missing, expected a date, for example 2025-09-30." in errors
    assert len(errors) == 11


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('base = "2409"', ":1: base: there is no profile '2409' in this project (it has endpoints, 2510, 2602)."),
        (
            '\nbase = "endpoint"',
            ":2: base: there is no profile 'endpoint' in this project (it has endpoints, 2510, 2602). Did you mean "
            "'endpoints'?",
        ),
        ("base = 2510", ":1: base: expected the name of a profile of this project, found 2510."),
        ("name = ", ": cannot be read: Invalid value (at end of document)"),
    ],
)
def test_a_profile_that_cannot_be_read(tmp_path: Path, text: str, message: str) -> None:
    path = own(tmp_path, text)
    with pytest.raises(ProfileError) as caught:
        load_profile(path)
    assert str(caught.value) == f"{path}{message}"


def test_a_profile_that_is_its_own_base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_file, "FOLDER", tmp_path)
    first, second = tmp_path / "profile-one.toml", tmp_path / "profile-two.toml"
    first.write_text('base = "two"')
    second.write_text('base = "one"')
    with pytest.raises(ProfileError) as caught:
        load_profile("one")
    assert str(caught.value) == f"{first}: base: the profile is its own base ({first} <- {second})"


def test_an_unknown_name() -> None:
    with pytest.raises(
        ProfileError, match=r"--profile=2511: neither a profile .* \(2510, 2602\) nor a file\. Did you mean"
    ):
        load_profile("2511")
