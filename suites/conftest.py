"""The probes, as fixtures of every check: a check takes a probe by the name of its argument."""

from __future__ import annotations

from suites.probes.az_login import az_login
from suites.probes.az_version import az_version
from suites.probes.azcmagent import agent, agent_show
from suites.probes.azcmagent_check import agent_check
from suites.probes.azcmagent_config import agent_config
from suites.probes.azcmagent_connect import enroll_connect, enroll_disconnect, enroll_gone, enroll_machine, enroll_show
from suites.probes.azcmagent_logs import agent_logs
from suites.probes.azcmagent_services import agent_services
from suites.probes.cloud_init import cloudinit
from suites.probes.cloud_init_output import cloudinit_output
from suites.probes.guest_system import guest, system
from suites.probes.imds import healthz, imds_compute, ping
from suites.probes.imds_as_is import healthz_as_is
from suites.probes.imds_token import arm_token
from suites.probes.login_and_clock import clock, root_id
from suites.probes.name_resolution import resolved
from suites.probes.proxy_environment import curl_version, login_env, session_env, sudo_env, systemd_env, written
from suites.probes.proxy_tunnel import proxy_port, tunnel
