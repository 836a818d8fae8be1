"""The checks: one ``test_<area>.py`` for each area, the probes they take, and the rules that several of them share."""

#: How a Nexus VM enrolls with its managed identity: the source of most checks.
ARTICLE = (
    "https://learn.microsoft.com/azure/operator-nexus/troubleshoot-virtual-machines-arc-enroll-with-managed-identities"
)
