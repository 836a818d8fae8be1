"""Faults of the VM's proxy settings, and of the proxy."""

from __future__ import annotations

from lab.addresses import PROXY, PROXY_PORT, PROXY_URL
from lab.faults.net import NO_ENDPOINT
from lab.faults.registry import fault
from lab.plan import NO_PROXY_VARIABLES, PROXY_VARIABLES, VmPlan

_ALL_UNSET = {
    "PROXY-001[HTTPS_PROXY]": "fail",
    "PROXY-001[https_proxy]": "fail",
    "PROXY-001[HTTP_PROXY]": "warn",
    "PROXY-001[http_proxy]": "warn",
}


def _all(vm: VmPlan, value: str) -> None:
    for name in PROXY_VARIABLES:
        vm.environment[name] = value


def _exempt(vm: VmPlan, value: str) -> None:
    for name in NO_PROXY_VARIABLES:
        vm.environment[name] = value


@fault("proxy-unset", expects=_ALL_UNSET)
def proxy_unset(vm: VmPlan) -> None:
    """None of the four proxy variables is set anywhere."""
    for name in PROXY_VARIABLES:
        del vm.environment[name]


@fault("proxy-lower-case-only", expects={"PROXY-001[HTTPS_PROXY]": "fail", "PROXY-001[HTTP_PROXY]": "warn"})
def proxy_lower_case_only(vm: VmPlan) -> None:
    """Only the lower-case variables are set: curl works, other programs may not."""
    del vm.environment["HTTPS_PROXY"], vm.environment["HTTP_PROXY"]


@fault("proxy-wrong-host", expects=_ALL_UNSET)
def proxy_wrong_host(vm: VmPlan) -> None:
    """All four variables name the company's old proxy instead of the cloud services network's."""
    _all(vm, "http://10.0.0.99:3128")


@fault("proxy-quoted", expects=_ALL_UNSET)
def proxy_quoted(vm: VmPlan) -> None:
    """The values contain literal quotes, because they were quoted twice."""
    _all(vm, f"'\"{PROXY_URL}\"'")  # PAM removes one pair


@fault("proxy-trailing-slash", expects={})
def proxy_trailing_slash(vm: VmPlan) -> None:
    """The values end with a slash, which works everywhere."""
    _all(vm, f"{PROXY_URL}/")


@fault("proxy-upper-case-scheme", expects={})
def proxy_upper_case_scheme(vm: VmPlan) -> None:
    """The values begin with HTTP://, which works: a scheme may be in upper case."""
    _all(vm, PROXY_URL.replace("http", "HTTP"))


@fault("proxy-only-in-login-profile", expects=dict.fromkeys(_ALL_UNSET, "warn"))
def proxy_only_in_login_profile(vm: VmPlan) -> None:
    """A script in /etc/profile.d exports the proxy: a login shell has it, a service or a script has not."""
    for name in PROXY_VARIABLES:
        del vm.environment[name]
    vm.put("/etc/profile.d/proxy.sh", "".join(f"export {name}={PROXY_URL}\n" for name in PROXY_VARIABLES))


@fault("proxy-only-for-root", expects=_ALL_UNSET)
def proxy_only_for_root(vm: VmPlan) -> None:
    """Root's own profile exports the proxy: `sudo -i` has it, but the login user, who runs az, does not."""
    proxy_only_in_login_profile(vm)
    vm.files["/root/.profile"] = vm.files.pop("/etc/profile.d/proxy.sh")
    vm.login = "operator"


@fault("http-proxy-unset", expects={"PROXY-001[HTTP_PROXY]": "warn", "PROXY-001[http_proxy]": "warn"})
def http_proxy_unset(vm: VmPlan) -> None:
    """Only the HTTPS variables are set, as in one revision of the article."""
    del vm.environment["HTTP_PROXY"], vm.environment["http_proxy"]


@fault("no-proxy-lacks-imds", roots=("PROXY-002",), expects={"PROXY-002": "fail", "IMDS-003": "fail"})
def no_proxy_lacks_imds(vm: VmPlan) -> None:
    """NO_PROXY exempts localhost, but not the metadata service: requests to it go to the proxy, which refuses them."""
    _exempt(vm, "localhost,127.0.0.1,::1")


@fault("no-proxy-cidr", expects={})
def no_proxy_cidr(vm: VmPlan) -> None:
    """NO_PROXY exempts the metadata service by 169.254.0.0/16, which only curl 7.86 and later understand.

    The VM's curl is this machine's; with one older than 7.86 PROXY-002 and IMDS-003 fail.
    """
    _exempt(vm, "localhost,127.0.0.1,::1,169.254.0.0/16")


@fault("no-proxy-spaces", expects={})
def no_proxy_spaces(vm: VmPlan) -> None:
    """NO_PROXY has a space after every comma: curl skips them."""
    _exempt(vm, "localhost, 127.0.0.1, ::1, 169.254.169.254")


@fault("no-proxy-star", expects={"PROXY-002": "fail"})
def no_proxy_star(vm: VmPlan) -> None:
    """NO_PROXY is `*`: it also exempts the endpoints that only the proxy can reach."""
    _exempt(vm, "*")


@fault("no-proxy-lacks-localhost", expects={"PROXY-002": "warn"})
def no_proxy_lacks_localhost(vm: VmPlan) -> None:
    """NO_PROXY exempts only the metadata service: requests to the agent's ports on localhost go to the proxy."""
    _exempt(vm, "169.254.169.254")


_PROXY_GONE = {"PROXY-003": "fail", **NO_ENDPOINT}


@fault("proxy-port-refused", roots=("PROXY-003",), expects=_PROXY_GONE)
def proxy_port_refused(vm: VmPlan) -> None:
    """The proxy's address refuses connections on port 3128: the proxy is not running."""
    vm.from_csn(PROXY, f"tcp dport {PROXY_PORT} reject with tcp reset")


@fault("proxy-port-dropped", roots=("PROXY-003",), expects=_PROXY_GONE)
def proxy_port_dropped(vm: VmPlan) -> None:
    """Port 3128 of the proxy does not answer: packets on the VM's cloud services network are lost."""
    vm.from_csn(PROXY, f"tcp dport {PROXY_PORT} drop")


@fault("proxy-wants-login", roots=("NET-001",), expects=NO_ENDPOINT)
def proxy_wants_login(vm: VmPlan) -> None:
    """The proxy requires a login (407): it is not the CSN's, or another proxy is in front of it."""
    vm.proxy_wants_login = True


def _odd(behaviour: str, story: str, port: str = "pass") -> None:
    """Register the fault of a behaviour of `lab.odd_proxy`; `port` is the expected status of PROXY-003."""

    def plant(vm: VmPlan) -> None:
        vm.odd_proxy = behaviour

    plant.__doc__ = story
    roots = ("NET-001", "NET-002") if port == "pass" else ("NET-001", "PROXY-003")
    expects = NO_ENDPOINT if port == "pass" else {"PROXY-003": port, **NO_ENDPOINT}
    fault(f"proxy-{behaviour}", expects, roots=roots)(plant)


_odd("silent", "The proxy accepts connections and sends nothing: it hangs.", "warn")
_odd("half-head", "The proxy sends only the beginning of an answer.", "warn")
_odd("hang-up", "The proxy closes every connection as soon as it has read the request.", "warn")
_odd("reset", "The proxy resets every connection as soon as it has read the request.", "warn")
_odd("garbage", "The server on the proxy's port does not speak HTTP: it is an SSH server.", "warn")
_odd("tunnel-close", "The proxy opens every tunnel, and closes it at the first TLS message: a filter by name.")
_odd("tunnel-reset", "The proxy opens every tunnel, and resets it at the first TLS message.")
_odd("tunnel-silent", "The proxy opens every tunnel, but the tunnel transmits nothing: large packets are lost.")
_odd("tunnel-plain-text", "The proxy opens every tunnel, and answers TLS with a page that the site is blocked.")
_odd("tunnel-alert", "The proxy opens every tunnel, and a device behind it answers TLS with an alert.")
