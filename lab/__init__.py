"""A small Operator Nexus: real sshd, curl, squid and dnsmasq in namespaces of their own, with planted faults.

`python -m lab --help` starts here; lab/README.md draws it. Neither the suites nor the plugins import this package.
"""
