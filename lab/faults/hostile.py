"""VMs that cannot be trusted: their output is false, or contains secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from lab import addresses
from lab.faults.imds import NO_TOKEN
from lab.faults.registry import fault
from lab.plan import AgentPlan, CloudInitPlan, GuestFile, VmPlan


def _token(who: str) -> str:
    """A token in the right form, without a valid signature."""
    parts = [json.dumps(part).encode() for part in ({"typ": "JWT", "alg": "RS256"}, {"aud": "https://lab", "sub": who})]
    return ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (*parts, b"signed by nobody but " + who.encode())
    )


def _key(who: str) -> str:
    """A text in the form of a private key; its bytes are words."""
    body = base64.b64encode(
        f"the private key of {who}, which is only words and opens nothing at all".encode() * 2
    ).decode()
    lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
    return f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n"


#: The planted secrets, by place. None of them may occur in the files or the output of a run.
CANARIES: Mapping[str, str] = {
    "environment": "Canary-pa/ss+w0rd%one",
    "profile": "canary-of-the-profile-7f3b",
    "profile_secret": "Xy8Q~canary.of.the.profile.0123456789abcd",
    "systemd": "canary-of-systemd-2c1d",
    "unit": "canary-of-the-unit-9e4f",
    "agent_proxy": "canary-of-the-agents-proxy-5a6b",
    "agent_details": "canary-of-show-c0ffee-77",
    "agent_log": _token("the agent's log"),
    "agent_signature": "canaryc2lnbmF0dXJlLW9mLXRoZS1sb2c%3D",
    "journal": "canary-of-the-journal-41e8",
    "cloud_init": "canary-of-cloud-init/5e5e+%",
    "output": "canary-of-the-output-3d2c",
    "key": "".join(_key("cloud-init").splitlines()[1:-1])[:64],
    "user_data": "canary-of-the-user-data-8b7a",
    "az": "canary-of-az-1a2b3c4d",
    "az_token": _token("az"),
    "metadata": "canary-of-the-metadata-service-66aa",
    "account_key": base64.b64encode(b"a canary that looks like the key of a storage account, of 64 bytes").decode()[:86]
    + "==",
    "resource": "canary-of-the-resource-d00d",
    "tag": "canary-of-the-tag-feed",
    "resource_user_data": "canary-of-the-resources-user-data-abcd",
}

_LOGIN = f"{addresses.PROXY}:{addresses.PROXY_PORT}"


@fault(
    "secrets-everywhere",
    roots=("CLOUDINIT-001", "PROXY-004", "PROXY-001"),
    expects={
        "PROXY-001[HTTPS_PROXY]": "warn",
        "PROXY-001[https_proxy]": "warn",
        "PROXY-001[http_proxy]": "warn",
        "PROXY-004": "fail",
        "PROXY-006": "warn",
        "AGENT-005": "fail",
        "AGENT-006": "warn",
        "CLOUDINIT-001": "fail",
        "CLOUDINIT-002": "fail",
    },
)
def secrets_everywhere(vm: VmPlan) -> None:
    """Everything that a probe reads contains a secret: the environment, settings, logs, Azure's answers."""
    c = CANARIES
    vm.sshd.append("LogLevel DEBUG1")
    login = f"http://alice:Canary-pa%2Fss%2Bw0rd%25one@{_LOGIN}"
    vm.environment |= {"HTTPS_PROXY": login, "https_proxy": login, "AZURE_CLIENT_SECRET": c["environment"]}
    vm.put(
        "/etc/profile.d/proxy.sh",
        f"export AZURE_CLIENT_SECRET='{c['profile_secret']}'\nexport http_proxy=http://alice:{c['profile']}@{_LOGIN}\n",
    )
    vm.put(
        "/var/lib/lab/units.environment",
        f"LANG=C.UTF-8\nHTTPS_PROXY=http://alice:{c['systemd']}@{_LOGIN}\nDB_PASSWORD={c['systemd']}\n",
    )
    vm.agent = AgentPlan(
        status="Error",
        config={"proxy.url": f"http://alice:{c['agent_proxy']}@{_LOGIN}"},
        environment={"HTTPS_PROXY": f"http://alice:{c['unit']}@{_LOGIN}", "CLIENT_SECRET": c["unit"]},
        shown={
            "Agent Error Code": "AZCM0042",
            "Agent Error Details": f"POST https://x/?password={c['agent_details']} said 401",
        },
        services={"himdsd": "active", "gcad": "active", "extd": "active", "arcproxyd": "active"},
        log=[
            (50, "error", f"AZCM0026: Network Error: authorization: Bearer {c['agent_log']}"),
            (40, "error", f"AZCM0026: Network Error: GET https://x/log?sv=2023&sig={c['agent_signature']}"),
        ],
        journal=[(30, f"dial tcp: network is unreachable: connecting with --service-principal-secret {c['journal']}")],
    )
    vm.cloud_init = CloudInitPlan(
        status="error",
        errors=[f"('scripts_user', ProcessExecutionError('Command: chpasswd, password: {c['cloud_init']}'))"],
        exit=1,
        output=[
            f"E: failed: curl --proxy-password={c['output']} https://x",
            "ERROR: could not load this key:",
            *_key("cloud-init").splitlines(),
            f"ERROR: AccountKey={c['account_key']};",
        ],
    )
    vm.put("/var/lib/cloud/instance/user-data.txt", f"#cloud-config\npassword: {c['user_data']}\n", 0o600)
    hidden = base64.b64encode(f"#cloud-config\npassword: {c['resource_user_data']}\n".encode()).decode()
    vm.azure.set(
        "vm",
        userData=hidden,
        userDataContent=hidden,
        detailedStatusMessage=f"pulled with http://puller:{c['resource']}@registry.example/image",
    )
    vm.azure.edit("vm", lambda document: document.update(tags={"adminPassword": c["tag"]}))


@fault("secrets-of-az", roots=("TOKEN-001",), expects={**NO_TOKEN, "TOKEN-004": "fail"})
def secrets_of_az(vm: VmPlan) -> None:
    """az and the metadata service fail with secrets in their messages; the login is a user who may use sudo."""
    c = CANARIES
    vm.sshd.append("LogLevel DEBUG1")
    vm.login = "operator"
    vm.az = "2.76.0"
    vm.files["/usr/bin/az"] = GuestFile(
        "#!/bin/sh\n"
        'case $1 in version) echo \'{"azure-cli-core": "2.76.0"}\' ;;\n'
        f"*) echo 'ERROR: az login --password {c['az']} failed; accessToken {c['az_token']}' >&2; exit 1 ;; esac\n",
        0o755,
    )
    why = f"client_secret={c['metadata']} was refused"
    vm.azure.token_error = (400, {"error": "invalid_request", "error_description": why})


@fault("profile-replays-frames", expects={})
def profile_replays_frames(vm: VmPlan) -> None:
    """A start file of root's shell prints the output of an earlier session, and clears the screen."""
    nonce = "NEXUS0123456789abcdef0123456789abcdef"
    frames = (
        f"\\n{nonce} hello\\n\\n{nonce} o 1\\nx\\n{nonce} e 1 e 0 1.00 2.00\\n\\n{nonce} end\\n\\033[2J\\033]0;x\\007"
    )
    vm.put("/root/.bashrc", f"printf '{frames}'\nprintf '{frames}' >&2\n")


@fault("sudo-lies", roots=("SSH-002",), expects={"SSH-002": "fail", "CLOUDINIT-002": "unknown", "AGENT-006": "unknown"})
def sudo_lies(vm: VmPlan) -> None:
    """sudo exits with 0 for an ordinary user, prints terminal sequences, and runs nothing."""
    vm.login = "operator"
    vm.replace_program("sudo", "printf '\\033[2J\\033[31mroot!\\n' >&2\nexit 0\n")
