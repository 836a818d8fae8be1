"""A small Operator Nexus: real sshd, curl, squid and dnsmasq in separate namespaces, with planted faults.

lab/README.md describes it; `python -m lab --help` lists its commands. The suites and plugins do not import it.
"""
