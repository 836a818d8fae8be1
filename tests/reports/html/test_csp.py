"""The page's content security policy allows only our scripts and styles, and pytest-html's."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

import pytest

from plugins.reports.html.csp import seal
from tests.support.report_builder import saved
from tests.support.report_page import write_page

PAGE = """<!DOCTYPE html>
<html>
  <head>
    <meta charset="utf-8"/>
    <style type="text/css">td { color: black }</style>
  </head>
  <body>
    <div onclick="location.reload()"></div>
    <style>
p { color: red }
</style>
    <script type="application/json">{}</script>
    <script>
own();
</script>
    <script>alert("of a VM")</script><style>* { display: none }</style>
  </body>
</html>
"""


def digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def policy(page: str) -> dict[str, list[str]]:
    (matches,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    return {words[0]: words[1:] for words in (part.split() for part in matches.split("; "))}


def test_only_known_words_get_a_hash() -> None:
    allowed = policy(seal(PAGE, ("own();", "p { color: red }")))
    assert allowed["default-src"] == ["'none'"]
    assert allowed["script-src"] == [digest("\nown();\n")]
    assert allowed["style-src"] == [digest("\np { color: red }\n"), digest("td { color: black }")]
    assert allowed["base-uri"] == allowed["form-action"] == ["'none'"]


def test_the_policy_comes_before_anything_it_is_about_and_the_handler_goes() -> None:
    sealed = seal(PAGE, ())
    assert sealed.index("Content-Security-Policy") < sealed.index("<style")
    assert "onclick" not in sealed and '<html lang="en">' in sealed


@pytest.mark.parametrize("page", ["<p>else</p>", PAGE.replace(' onclick="location.reload()"', "")])
def test_a_page_of_another_make_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="not a page of pytest-html 4"):
        seal(page, ())


def test_the_real_page_has_two_scripts_two_styles_and_no_handler(tmp_path: Path) -> None:
    page = write_page(tmp_path, saved("six-vms")).read_text(encoding="utf-8")
    allowed = policy(page)
    assert len(allowed["script-src"]) == len(allowed["style-src"]) == 2
    assert "'unsafe-inline'" not in str(allowed)
    blocks = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert [digest(block) for block in blocks] == allowed["script-src"]
    markup = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    assert not re.search(r"<[^>]*\s(style|on\w+)=", markup)


def test_the_sealed_page_is_the_page_with_another_head() -> None:
    sealed = seal(PAGE, ("own();", "p { color: red }"))
    before, after = PAGE.split("\n"), sealed.split("\n")
    assert after[1] == '<html lang="en">'
    assert after[4:8] == [
        re.sub(
            r'content=".*"',
            'content="' + "; ".join(f"{name} {' '.join(words)}" for name, words in policy(sealed).items()) + '"',
            after[4],
        ),
        '    <meta name="referrer" content="no-referrer"/>',
        '    <meta name="viewport" content="width=device-width, initial-scale=1"/>',
        '    <meta name="color-scheme" content="light dark"/>',
    ]
    assert list(policy(sealed)) == ["default-src", "script-src", "style-src", "base-uri", "form-action"]
    assert [policy(sealed)[name] for name in ("base-uri", "form-action")] == [["'none'"]] * 2
    assert after[8:] == [line.replace(' onclick="location.reload()"', "") for line in before[4:]]


@pytest.mark.parametrize(
    "page",
    [
        PAGE.replace(' onclick="location.reload()"', ""),
        PAGE + ' onclick="location.reload()"',
        PAGE.replace("<html>", "<html >"),
        PAGE.replace('<meta charset="utf-8"/>', ""),
        " " * 200 + PAGE,
        PAGE.replace("<head>", f"<head>{' ' * 400}"),
    ],
)
def test_another_page_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match=r"^this is not a page of pytest-html 4$"):
        seal(page, ())
