"""`plugins.gates.policy`: for each policy the result, the exit code and the sentence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plugins.gates.policy import Facts, GateError, evaluate, parse
from plugins.model import Vm

FLEET = [
    *(Vm(f"c{number}", tags={"ring": "canary", "site": "berlin"}) for number in range(4)),
    *(Vm(f"w{number}", tags={"ring": "wide", "site": "berlin", "part": "canaries"}) for number in range(4)),
    *(Vm(f"r{number}", tags={"site": "bonn", "image": "registry:22.04", "part": "berlin"}) for number in range(992)),
]
SINCE = {"against": "20261120T221500Z-ab12", "regressions": []}


def states(**words: str) -> dict[str, str]:
    """All VMs are ready, except for those given by name, or by the beginning of their names and a count: r_16="not ready"."""
    readiness = {vm.name: "ready" for vm in FLEET}
    for name, word in words.items():
        group, _, count = name.partition("_")
        for vm in [f"{group}{number}" for number in range(int(count))] if count else [name]:
            readiness[vm] = word
    return readiness


def said(
    policy: str, found: dict[str, str], changes: dict[str, Any] | None = None, *unfinished: str
) -> tuple[int, str]:
    gate = evaluate(parse(policy, FLEET, changes is not None), Facts(found, changes, unfinished))
    assert gate["passed"] is (gate["exit"] == 0)
    assert gate["passed"] is all(rule["passed"] for rule in gate["rules"])
    assert [rule["rule"] for rule in gate["rules"]] == gate["policy"].split(",")
    assert gate["sentence"].endswith(".")
    return gate["exit"], gate["sentence"][:-1]


TABLE = [
    ("all", states(), 0, "GATE PASSED (all): 1,000 of 1,000 VMs ready"),
    ("all", states(c0="not ready"), 1, "GATE NOT PASSED (all): 999 of 1,000 VMs ready, all needed (1 not ready)"),
    ("all", states(c0="unknown"), 10, "GATE NOT PASSED (all): 999 of 1,000 VMs ready, all needed (1 could not be judged)"),
    ("all", states(c0="not ready", c1="unknown"), 1, "GATE NOT PASSED (all): 998 of 1,000 VMs ready, all needed (1 not ready, 1 could not be judged)"),
    ("98%", states(r_20="not ready"), 0, "GATE PASSED (98%): 980 of 1,000 VMs (98.0 %) ready, 98 % needed"),
    ("98%", states(r_21="not ready"), 1, "GATE NOT PASSED (98%): 979 of 1,000 VMs (97.9 %) ready, 98 % needed (21 not ready)"),
    ("98%", states(r_21="unknown"), 10, "GATE NOT PASSED (98%): 979 of 1,000 VMs (97.9 %) ready, 98 % needed (21 could not be judged)"),
    ("98.05%", states(r_20="not ready"), 1, "GATE NOT PASSED (98.05%): 980 of 1,000 VMs (98.00 %) ready, 98.05 % needed (20 not ready)"),
    ("100%", states(r_1="not ready"), 1, "GATE NOT PASSED (100%): 999 of 1,000 VMs (99.9 %) ready, 100 % needed (1 not ready)"),
    # An unknown VM never counts as ready, but it could be: the gate is not passed, with exit code 10.
    ("99%", states(r_10="not ready", c0="unknown"), 10, "GATE NOT PASSED (99%): 989 of 1,000 VMs (98.9 %) ready, 99 % needed (10 not ready, 1 could not be judged)"),
    ("99%", states(r_11="not ready", c0="unknown"), 1, "GATE NOT PASSED (99%): 988 of 1,000 VMs (98.8 %) ready, 99 % needed (11 not ready, 1 could not be judged)"),
    ("canary=all,rest=98%", states(r_16="not ready"), 0, "GATE PASSED (canary=all,rest=98%): canary 4 of 4 ready; rest 980 of 996 (98.3 %) ready, 98 % needed"),
    ("canary=all,rest=98%", states(r_20="not ready"), 1, "GATE NOT PASSED (canary=all,rest=98%): rest 976 of 996 (97.9 %) ready, 98 % needed (20 not ready); canary 4 of 4 ready"),
    ("canary=all,rest=98%", states(c1="not ready"), 1, "GATE NOT PASSED (canary=all,rest=98%): canary 3 of 4 ready, all needed (1 not ready); rest 996 of 996 (100.0 %) ready, 98 % needed"),
    ("rest=98%,ring:canary=75%,wide=1%", states(c1="not ready"), 0, "GATE PASSED (rest=98%,ring:canary=75%,wide=1%): rest 992 of 992 (100.0 %) ready, 98 % needed; ring:canary 3 of 4 (75.0 %) ready, 75 % needed; wide 4 of 4 (100.0 %) ready, 1 % needed"),
    (" canary = all , 50% ", states(r_400="not ready"), 0, "GATE PASSED (canary=all,50%): canary 4 of 4 ready; 600 of 1,000 VMs (60.0 %) ready, 50 % needed"),
    ("canary=all,98%,rest=1%", states(), 0, "GATE PASSED (canary=all,98%,rest=1%): canary 4 of 4 ready; 1,000 of 1,000 VMs (100.0 %) ready, 98 % needed; rest 996 of 996 (100.0 %) ready, 1 % needed"),
    ("registry:22.04=all", states(r0="not ready"), 1, "GATE NOT PASSED (registry:22.04=all): registry:22.04 991 of 992 ready, all needed (1 not ready)"),
    ("image:registry:22.04=all", states(), 0, "GATE PASSED (image:registry:22.04=all): image:registry:22.04 992 of 992 ready"),
    ("unknown=0", states(c_4="not ready"), 0, "GATE PASSED (unknown=0): 0 of 1,000 VMs could not be judged, none allowed"),
    ("unknown=0", states(c0="unknown"), 10, "GATE NOT PASSED (unknown=0): 1 of 1,000 VMs could not be judged, none allowed"),
    ("unknown=3", states(c_3="unknown"), 0, "GATE PASSED (unknown=3): 3 of 1,000 VMs could not be judged, 3 allowed"),
    ("unknown=2%", states(r_20="unknown"), 0, "GATE PASSED (unknown=2%): 20 of 1,000 VMs (2.0 %) could not be judged, 2 % allowed"),
    ("unknown=2%", states(r_21="unknown"), 10, "GATE NOT PASSED (unknown=2%): 21 of 1,000 VMs (2.1 %) could not be judged, 2 % allowed"),
    ("97%,unknown=0", states(r_20="not ready", c0="unknown"), 10, "GATE NOT PASSED (97%,unknown=0): 1 of 1,000 VMs could not be judged, none allowed; 979 of 1,000 VMs (97.9 %) ready, 97 % needed"),
    # Failures outweigh unknown results, and come first in the sentence.
    ("unknown=0,canary=all", states(c0="not ready", c1="unknown"), 1, "GATE NOT PASSED (unknown=0,canary=all): canary 2 of 4 ready, all needed (1 not ready, 1 could not be judged); 1 of 1,000 VMs could not be judged, none allowed"),
    ("chosen", states(r_2="not ready", c0="unknown"), 1, "GATE NOT PASSED (chosen): the chosen checks passed on 997 of 1,000 VMs, 0 of 0 required checks"),
    # A selection may have no VM of a group.
    ("canary=all", {"r0": "ready"}, 10, "GATE NOT PASSED (canary=all): canary 0 of 0 ready, because none was judged"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "found", "exit_code", "sentence"), TABLE, ids=[f"{n}-{row[0]}" for n, row in enumerate(TABLE)]
)
def test_a_policy(policy: str, found: dict[str, str], exit_code: int, sentence: str) -> None:
    assert said(policy, found) == (exit_code, sentence)


def worse(vm: str, id: str, was: str, now: str, parameter: str = "") -> dict[str, Any]:
    return {"vm": vm, "id": id, "parameter": parameter, "was": was, "now": now, "message": "m"}


FAILED = worse("c0", "NET-001", "pass", "fail", "management.azure.com")
LOST = worse("c1", "SSH-001", "pass", "unknown")
NEW = worse("c2", "VM-001", "", "fail")
HEAD = "GATE NOT PASSED (no-regressions): "


@pytest.mark.parametrize(
    ("regressions", "unfinished", "exit_code", "sentence"),
    [
        ([], [], 0, "GATE PASSED (no-regressions): no regressions since 20261120T221500Z-ab12"),
        ([FAILED], [], 1, f"{HEAD}1 regression since 20261120T221500Z-ab12: c0 NET-001 [management.azure.com] was pass, is fail"),
        ([LOST], [], 10, f"{HEAD}1 regression since 20261120T221500Z-ab12: c1 SSH-001 was pass, is unknown"),
        ([LOST, FAILED, NEW, LOST], [], 1, f"{HEAD}4 regressions since 20261120T221500Z-ab12: c1 SSH-001 was pass, is unknown, c0 NET-001 [management.azure.com] was pass, is fail, c2 VM-001 was not judged, is fail and 1 more"),
        ([], ["c3"], 10, f"{HEAD}no regression seen since 20261120T221500Z-ab12, but some checks were not judged on c3"),
    ],
)  # fmt: skip
def test_no_regressions(regressions: list[Any], unfinished: list[str], exit_code: int, sentence: str) -> None:
    # The number of ready VMs does not matter for this rule.
    actual = states(r_500="not ready")
    assert said("no-regressions", actual, {**SINCE, "regressions": regressions}, *unfinished) == (exit_code, sentence)


FORMS = "A rule is all, 98%, GROUP=all, GROUP=98%, unknown=0, unknown=2%, no-regressions or chosen (docs/gates.md)."
KNOWN = "Known are ring:canary, site:berlin, ring:wide, part:canaries, site:bonn, image:registry:22.04, part:berlin."


@pytest.mark.parametrize(
    ("policy", "error"),
    [
        ("", f"'' is not a rule. {FORMS}"),
        ("all,", f"'' is not a rule. {FORMS}"),
        ("98", f"'98' is not a rule. {FORMS}"),
        ("ALL", f"'ALL' is not a rule. {FORMS}"),
        ("canary", f"'canary' is not a rule. A group needs a condition: canary=all. {FORMS}"),
        ("rest", f"'rest' is not a rule. A group needs a condition: rest=all. {FORMS}"),
        ("all,chosen", "chosen cannot be combined with other rules. Use it alone."),
        ("=all", f"a rule has no group before its '='. {FORMS}"),
        ("canary=", f"canary=: '' is neither 'all' nor a percentage such as 98%. {FORMS}"),
        ("canary=4", f"canary=4: '4' is neither 'all' nor a percentage such as 98%. {FORMS}"),
        ("-1%", f"-1%: '-1%' is neither 'all' nor a percentage such as 98%. {FORMS}"),
        ("1e2%", f"1e2%: '1e2%' is neither 'all' nor a percentage such as 98%. {FORMS}"),
        ("canary=101%", "canary=101%: 101% is more than 100 %. Give at most 100%."),
        ("100.001%", "100.001%: 100.001% is more than 100 %. Give at most 100%."),
        ("0%", "0%: 0% is always met. Give a percentage above 0, or drop the rule."),
        ("unknown=101%", "unknown=101%: 101% is more than 100 %. Give at most 100%."),
        ("unknown=all", "unknown=all: 'all' is not a number of VMs. Give unknown=0, another number, or a percentage (2%)."),
        ("unknown=-1", "unknown=-1: '-1' is not a number of VMs. Give unknown=0, another number, or a percentage (2%)."),
        ("canry=all", f"no VM has the tag 'canry'. Did you mean 'canary'? {KNOWN}"),
        ("ring:wid=all", f"no VM has the tag 'ring:wid'. Did you mean 'ring:wide'? {KNOWN}"),
        ("zzz=98%", f"no VM has the tag 'zzz'. {KNOWN}"),
        ("berlin=all", "'berlin' is a value of more than one tag. Write site:berlin or part:berlin."),
        ("all,98%", "all and 98% are two rules for the same group. Keep one of them."),
        ("canary=all,rest=1%,ring:canary=98%", "canary=all and ring:canary=98% are two rules for the same group. Keep one of them."),
        ("canary=all,rest=1%,rest=all", "rest=1% and rest=all are two rules for the same group. Keep one of them."),
        ("unknown=0,unknown=2%", "unknown=0 and unknown=2% are two rules for the same group. Keep one of them."),
        ("rest=98%", "rest=98%: no rule names a group that this could be the rest of. Write 98%."),
        ("site:berlin=all,bonn=all,rest=98%", "rest=98%: every VM is in a group that another rule names. Drop this rule."),
        ("no-regressions", "no-regressions needs a run to compare with. Add --against=RUN."),
        ("no-regression=all", f"no VM has the tag 'no-regression'. {KNOWN}"),
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_used(policy: str, error: str) -> None:
    with pytest.raises(GateError) as caught:
        parse(policy, FLEET, baseline=False)
    assert str(caught.value) == error


def test_a_rule_about_the_same_vms_by_another_tag_is_another_rule() -> None:
    few = [Vm("a", tags={"ring": "canary", "site": "berlin"})]
    assert len(parse("canary=all,berlin=50%", few, baseline=False).rules) == 2


def test_no_tags_at_all_and_too_many_of_them() -> None:
    with pytest.raises(GateError, match=r"^no VM has the tag 'x': no VM has tags\. Add `tags` to the inventory\.$"):
        parse("x=all", [Vm("a")], baseline=False)
    racks = [Vm(f"vm{number}", tags={"rack": f"{number:03}"}) for number in range(30)]
    with pytest.raises(GateError, match=r"Known are rack:000, .*, rack:019 and 10 more\.$"):
        parse("x=all", racks, baseline=False)


@given(st.text(alphabet="alrest98%=,:unkow0-gi. canyd", max_size=30))
def test_any_text_is_a_policy_or_refused(policy: str) -> None:
    try:
        gate = parse(policy, FLEET[:9], baseline=True)
    except GateError:
        return
    assert evaluate(gate, Facts(states(), SINCE))["exit"] in (0, 10)


@given(st.integers(1, 2000), st.integers(0, 2000), st.integers(0, 2000), st.decimals(1, 100, places=2))
def test_the_percentage_shown_never_contradicts_the_verdict(total: int, ready: int, unknown: int, need: Any) -> None:
    ready = min(ready, total)
    unknown = min(unknown, total - ready)
    fleet = [Vm(str(number)) for number in range(total)]
    words = ["ready"] * ready + ["unknown"] * unknown + ["not ready"] * (total - ready - unknown)
    gate = evaluate(
        parse(f"{need}%", fleet, baseline=False), Facts(dict(zip((vm.name for vm in fleet), words, strict=True)))
    )
    shown = float(gate["sentence"].partition("VMs (")[2].partition(" %")[0])
    assert (shown >= float(need)) is gate["passed"] is (ready * 100 >= need * total)
    assert gate["exit"] == (0 if gate["passed"] else 10 if (ready + unknown) * 100 >= need * total else 1)
