"""The runner's login to Azure and its connection, each failure as one message."""

from __future__ import annotations

import socket
import time
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.identity import ClientSecretCredential, CredentialUnavailableError

from plugins.azure.clouds import Cloud
from plugins.azure.credential import Login, default_credential
from plugins.azure.fetch import fetch
from plugins.azure.vm_view import AzureVmView
from tests.azure.reading import look, stopped
from tests.support.arm_server import TENANT, Arm, FakeCredential
from tests.support.azure_site import options, populate


def test_a_service_principal_signs_in(arm: Arm) -> None:
    vms = populate(arm, 2)
    authority = arm.cloud.authority
    right = ClientSecretCredential(TENANT, "client", "right", authority=authority, disable_instance_discovery=True)
    assert look(arm, vms, credential=lambda cloud: right).vm is not None


def test_the_default_credential_takes_the_environment(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    vms = populate(arm, 1)
    monkeypatch.setenv("AZURE_TENANT_ID", TENANT)
    monkeypatch.setenv("AZURE_CLIENT_ID", "client")
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "right")
    assert look(arm, vms, credential=default_credential).vm is not None


def test_a_wrong_secret_is_one_clear_message(arm: Arm) -> None:
    vms = populate(arm, 1)
    authority = arm.cloud.authority
    wrong = ClientSecretCredential(TENANT, "client", "hunter2", authority=authority, disable_instance_discovery=True)
    view = look(arm, vms, credential=lambda cloud: wrong)
    problem = stopped(view, "vm")
    assert "AADSTS7000215: Invalid client secret" in problem.message
    assert "hunter2" not in problem.message
    assert "az login" in problem.remedy
    assert view.fleet.calls == []


class NotSignedIn:
    """azure-identity's error without a login, after a delay."""

    asked = 0

    def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
        self.asked += 1
        raise CredentialUnavailableError(
            "DefaultAzureCredential failed to retrieve a token from the included credentials.\nAttempted credentials:\n"
            "\tAzureCliCredential: Azure CLI not found on path"
        )


def test_a_login_that_cannot_be_set_up_is_a_message_too(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "NoSuchCredential")
    problem = stopped(look(arm, populate(arm, 1), credential=default_credential), "vm")
    assert "Invalid value for AZURE_TOKEN_CREDENTIALS: nosuchcredential" in problem.message
    assert "az login" in problem.remedy


def test_without_a_login_no_request_is_sent(arm: Arm) -> None:
    vms = populate(arm, 5)
    nobody = NotSignedIn()
    facts = fetch(vms, options(arm, credential=lambda cloud: nobody))
    view = AzureVmView(vms[0], facts)
    problem = stopped(view, "vm")
    assert problem.message == "Azure was not queried: the runner is not signed in to AzureCloud."
    assert "az login" in problem.remedy
    assert "not signed in" in stopped(view, "arc_machine").message
    assert nobody.asked == 1
    assert arm.requests == []


def test_a_token_is_requested_once(arm: Arm) -> None:
    credential = FakeCredential()
    fetch(populate(arm, 5), options(arm, credential=lambda cloud: credential))
    assert credential.asked == 1


def test_a_token_that_ends_soon_is_replaced() -> None:
    class Short:
        asked = 0

        def get_token(self, *scopes: str, **kwargs: Any) -> AccessToken:
            self.asked += 1
            return AccessToken("t", int(time.time()) + 60)

    credential = Short()
    login = Login(lambda: credential)
    login.get_token("scope")
    login.get_token("scope")
    assert credential.asked == 2


def test_a_certificate_that_is_not_trusted(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    problem = stopped(look(arm, populate(arm, 1)), "vm")
    assert "the TLS connection to localhost failed" in problem.message
    assert "certificate verify failed" in problem.message
    assert "REQUESTS_CA_BUNDLE" in problem.remedy


def test_a_closed_port_is_one_problem_for_all_requests(arm: Arm) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        arm.port = free.getsockname()[1]
        view = look(arm, populate(arm, 1))
        problem = stopped(view, "vm")
        assert stopped(view, "arc_machine").message == problem.message
        assert len(view.fleet.calls) == 3  # one request, which is not repeated
        assert problem.message == "Azure was not reached: no connection to localhost: Connection refused."


def test_a_name_that_does_not_resolve(arm: Arm) -> None:
    vms = populate(arm, 1)
    cloud = Cloud("AzureCloud", "https://arm.invalid", "https://login.invalid")
    fetch_options = options(arm)
    facts = fetch(vms, type(fetch_options)(clouds={"AzureCloud": cloud}, credential=fetch_options.credential))
    problem = stopped(AzureVmView(vms[0], facts), "vm")
    assert "the name arm.invalid was not resolved" in problem.message


def test_a_proxy_that_refuses(arm: Arm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    problem = stopped(look(arm, populate(arm, 1)), "vm")
    assert "the proxy refused the runner's connection to localhost" in problem.message
    assert "HTTPS_PROXY" in problem.remedy
