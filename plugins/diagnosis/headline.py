"""The headline of a fix: an action and its object, as an operator would write it.

A check, or one outcome of it, declares a template; a cause fills it in::

    Start {vms:is|are} powered off               Start vm5, which is powered off
                                                 Start 13 VMs that are powered off
    Add {items} to the egress list of {name}     Add .his.arc.azure.com to the egress list of csn-a
    Let {vms} reach {items}{where}               Let 7 VMs reach pas.windows.net on cloud services network csn-a
    Upgrade the runtime of {thing}               Upgrade the runtime of cluster berlin

Templates are constants of this program. Names and items come from outside: they are only values.
"""

from __future__ import annotations

from collections.abc import Sequence

from plugins.core.wording import first_few
from plugins.diagnosis.component_labels import component_label

#: The headline of a check that declares none.
ACTION = "Fix {thing}"

_OWN = ("guest", "vm")  # kinds of which each VM has its own


class _Vms:
    """VMs in a template: ``{vms}`` counts or names them, ``{vms:is|are}`` begins a clause about them."""

    def __init__(self, vms: Sequence[str], image: str) -> None:
        self._one = len(vms) == 1
        self._text = vms[0] if self._one else f"{len(vms):,} VMs" + (f" of image {image}" if image else "")

    def __format__(self, verbs: str) -> str:
        if not verbs:
            return self._text
        one, _, many = verbs.partition("|")
        return f"{self._text}, which {one}" if self._one else f"{self._text} that {many}"


def headline(action: str, kind: str, name: str, vms: Sequence[str], items: Sequence[str]) -> str:
    """`action` with its values: the component's kind and name, its VMs, and the missing or wrong items."""
    named = _Vms(vms, name if kind == "image" else "")
    own = kind in (*_OWN, "image")
    label = "" if own else component_label(kind, name)
    return action.format(
        vms=named,
        thing=label or named,
        name=named if own else name or label,
        where=_where(kind, name, label) if label else "",
        items=first_few(items, 2),
    )


def _where(kind: str, name: str, label: str) -> str:
    match kind:
        case "identity":
            return f", {name}"
        case "jump host":
            return f" behind {label}"
        case _:
            return f" on {label}"


def question(problem: str) -> str:
    """The action when it is not known whether the problem exists; `problem` begins with a singular noun."""
    return f"Find out whether the {problem} ({{thing}})" if problem else ACTION
