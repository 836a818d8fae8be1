r"""Secrets that are known by what stands before them: a name (`plugins.core.secret_names`), however it is joined to its
value.

::

    password=x   "password": "x"   \"password\":\"x\"   {'password': ['x']}
    map[Password:[x]]   ["password"]=> string(1) "x"
    --password x   -Password x   setx DB_PASSWORD x   <Password><Value>x</Value>   {"name": "DB_PASSWORD", "value": "x"}
    password: |      and the indented lines below      password:     and one value below

A value goes to the end of its quotes. Without quotes it goes to white space or to the next assignment, so that it may
hold ``,``, ``;`` and ``&``; to the end of the line when its name begins the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from plugins.core.secret_arguments import WORD
from plugins.core.secret_names import LIKELY, NONE, STRONG, WEAK, is_plain_value, secret_level, surely
from plugins.core.secret_nearby import near, service_key

Spans = Iterator[tuple[int, int]]

_COLOUR = r"(?:\x1b|\\x1b|\\u001b|\\033|\\e)\[[\d;]{0,12}m"
_DOUBLED = r"''(?=[^\s'=,:)\]}])|(?<=\w)''(?=[\s=:,)\]}])"  # in a text of SQL or YAML: '{''password'':''x''}'
_QUOTE = rf"{_DOUBLED}|\\*[\"']|&quot;|&#3[49];|&#x2[27];|&apos;|\\u0022|\\x2[27]|%(?:25)?22"
#: Of a declaration, before the =: var dbPassword string = "x", dbPassword: str = "x", char password[25] = "x"
_TYPE = (
    r"(?:string|As String|!?:[ \t]?string|:[ \t]?String\?|\[\d{0,4}\]|:[ \t]?(?:str|String|string)(?="
    r"[ \t]*=)|n?(?:var)?char2?\(\w{1,5}\))[ \t]{0,9}(?==)"
)
_NAMED = re.compile(
    rf"(?<![\w.-])(?!(?<=<)secret:)(?P<name>[\w.-]++)(?P<close>(?:{_QUOTE}|[\])`}}]|\*\*|{_COLOUR}){{0,5}})("
    rf"?:[ \t\u3000]|\.{{2,60}}|{_COLOUR}){{0,12}}(?:{_TYPE})?"
    r"(?P<sep>=>|<-(?=[ \t]{0,9}[\"'])|~(?=[ \t]{0,9}\")|-->|[\uff1a\uff1d]|\.{3}(?=[ \t])|\\[=:](?=[^\\])|(?::{1,3}|"
    r"[?.+])?=(?!==)=?|[!=]={1,2}(?=[ \t]{0,9}[\"'])|:(?!:)|::(?=[ \t])|%(?:25)?3[aAdD]|</(?:td|dt|name|key|"
    r"b|strong)>:?(?:\s{0,9}<\w{1,20}>){0,3}|"
    r",(?=[ \t]{0,9}[bur(\[]{0,2}[\"'\\])|\|(?=[ \t])|->|REG_(?:EXPAND_)?SZ(?=[ \t]))"
    rf"(?:[ \t\u3000]|{_COLOUR}|\*\*){{0,20}}(?:</\w{{1,8}}>[ \t]*)?"
    r"(?:(?:Some\(|Secret(?:String)?\(){1,2}|string\(\d+\)[ \t]*|\(string\)[ \t]*(?:\(len=\d+\)[ \t]*)?|!!?"
    r"\w+[ \t]+|[burN@](?=\\*[\"'])|"
    r"\((?=[\"']))?"
)
_VALUE = re.compile(
    rf"(?P<q>{_QUOTE})(?P<secret>(?:(?!(?P=q))(?:\\.|[^\n])|(?P=q)(?P=q))++)"
    r"|\[(?P<list>[^\[\]{}\n]++)"
    r"|(?<==)\{(?P<braces>(?![A-Za-z_.\"' ]*[:=,}])(?:[^{}\n\"]|\}\})++)\}(?=;|\Z|\n|[\"'])"
    r"|(?P<bare>(?:\{\w{2,12}\}(?=[\w+/=]{16})|(?![\[{<]))(?:\\(?!\\*[\"']).|[^\s\"'<>\x1b,;&\\]|<(?![/\w])|>(?=[^\s<])|&(?!quot;|#3|apos;)(?=[^\s&])(?![\w.-]{1,40}+\s?[=:])"
    r"|[,;](?![\s,;\"'}\])]|[\w.-]{1,40}+[\"']?\s?[=:]|$)|(?<=[^\s\"'])[\"'](?=\w))++)"
)
_ITEM = re.compile(r"[^\s,\"'][^,\"'\n]*")
_MORE_QUOTES = re.compile(r"(?:\"[^\"\n]*\"|'[^'\n]*')++")
#: What may stand before a name that begins its line: then the rest of the line is the value.
_LINE_START = re.compile(
    r"[ \t]*(?:[-+>#*][ \t]*)?(?:export[ \t]+|set[ \t]+|setenv[ \t]+|declare[ \t]+-x[ \t]+)?[\"']?\Z"
)
_NEXT_ASSIGNMENT = re.compile(r"[ \t]+(?:[A-Za-z_][\w.-]{0,40}+\s?(?:=|:\s)|[|&]|#[ \t]|[->]{1,2}[ \t])")
_FLAG = re.compile(
    rf"(?<![\w-])--?(?P<name>[A-Za-z][\w.-]*+)(?:[ \t]|\\\r?\n|`\r?\n|\^\r?\n){{1,9}}(?!-[A-Za-z-]|\|){WORD}"
)
#: The same as items of a list, each in a line of its own.
_FLAG_ITEM = re.compile(
    rf"(?m)^[ \t]*(?:-[ \t]+)?[\"']?--?(?P<name>[A-Za-z][\w.-]*+)[\"']?,?[ \t]*\r?\n[ \t]*(?:-[ \t]+(?!-)|"
    rf"(?=[\"'])){WORD}"
)
_SET = re.compile(
    rf"\b(?:config(?:ure)?[ \t]+set(?:[ \t]+--secret)?|setx(?:[ \t]+/[mM])?|setenv|SetEnv|set[ \t]+-"
    rf"[a-zA-Z]+|ENV|ARG|fastcgi_param|"
    rf"git[ \t]+config(?:[ \t]+--\w+)*"
    rf"|(?:Set|New)-Item(?:[ \t]+-Path)?(?=[ \t]+[\"']?Env:)|define|requirepass|"
    rf"masterauth)[ \t]+(?:\([\"']|[\"'])?(?P<name>[^\s\"']++)[\"']?[ \t]+(?:-Value[ \t]+)?{WORD}"
)
#: A line of a configuration file: wpa-psk "home wifi", masterauth x1
_BESIDE = re.compile(
    r"(?m)[ \t]*(?!passwd[ \t]+\w+$)(?P<name>[\w.-]++)[ \t]+(?:(?P<q>[\"'])(?P<secret>[^\"'\n]++)[\"']|(?P<bare>(?=\S*"
    r"\d)(?=\S*[A-Za-z])[^\s:=;]{4,}+));?[ \t\r]*$"
)
#: With what a text must hold, in lower case, to be worth it.
_FLAGGED = (
    (_FLAG, ("-",)),
    (_SET, ("set", "env:", "config", "define", "env ", "arg ", "requirepass", "masterauth", "fastcgi_param")),
)
_NEWLINE = re.compile(r"\n")
_PAIR = re.compile(
    r"(?<![A-Za-z])(?:parameter)?(?:name|key|property|field|setting|variable|option|header|id)[\\\"']{0,4}[ \t]{0,"
    r"9}(?:=>|[:=>]|(?<=-name)(?=[ \t]))[\\\"' \t]{0,6}"
    r"(?P<name>[\w.-]++)(?:[^\w\n]{0,8}(?:/?(?:name|key)[>\\\"']{1,4})?|(?:[^\w\n]{1,8}(?:type|secure|sensitive|secret)\W{1,8}\w{1,20}){0,3}|)"
    r"[^\w]{1,60}?(?:secure|parameter)?(?:value|val|text|string)[\\\"']{0,4}\s{0,9}(?:=>|[:=>]|(?<=-value"
    r"[ \t]))[ \t]{0,9}",
    re.I,
)
#: {"adminPassword": {"value": "x"}} of ARM, variable "db_password" { default = "x" } of Terraform
_OBJECT = re.compile(
    r"(?<![\w.-])(?P<name>[\w.-]++)[\\\"']{0,4}[ \t]{0,9}[:=]?[ \t]{0,9}\{\s{0,40}"
    r"(?:[\\\"']{0,4}(?:type|sensitive|description|nullable|metadata)[\\\"']{0,4}\s{0,9}[:=]\s{0,9}[\\\"']{0,4}"
    r"[^\"'\\\n{}]{1,80}[\\\"']{0,4}[,\s]\s{0,40}){0,3}"
    r"[\\\"']{0,4}(?:secure|default)?(?:value|default)[\\\"']{0,4}\s{0,9}[:=]\s{0,9}",
    re.I,
)
#: <param name="apiToken">x</param>, <entry key="db.password">x</entry>
_ATTRIBUTE = re.compile(
    r"<[\w:.-]{1,60}\s[^<>\n]{0,120}?(?:name|key|id|n)\s?=\s?[\"'](?P<name>[\w.-]++)[\"'][^<>\n]{0,120}>(?P<secret>[^<\n]++)</",
    re.I,
)
#: <apiKey value="x"/>
_VALUED = re.compile(
    r"<(?:[\w.-]{1,40}:)?(?P<name>[\w.-]++)\s(?:[^<>\n]{0,80}\s)?value\s?=\s?([\"'])(?P<secret>[^<>\n]+?)\2", re.I
)
_PAIR_END = re.compile(r"(?:val|value|text|string)[\\\"']{0,4}(?:\s{0,9}[:=>]|[ \t])")
_PAIR_BACK = re.compile(
    r"(?<![A-Za-z])value[\\\"']{0,4}[ \t]{0,9}[:=][ \t]{0,9}(?:(?P<q>\\*[\"'])(?P<secret>[^\"'\\\n]++)\\*"
    r"[\"']|(?P<bare>[^\s\"'\\{}\[\],<>]++))[^\w]{1,40}"
    r"(?:name|key)[\\\"']{0,4}[ \t]{0,9}[:=][\\\"' \t]{0,6}(?P<name>[\w.-]++)",
    re.I,
)
#: if "x" == password
_COMPARED = re.compile(r"([\"'])(?P<secret>(?:(?!\1)[^\n])++)\1[ \t][!=]={1,2}[ \t](?P<name>[\w.-]++)")
_XML = re.compile(
    r"(?:<|&lt;)(?:[\w.-]{1,40}:)?(?P<name>\w[\w.-]*+)(?:\s[^<>\n]{0,200})?(?:>|&gt;)\s{0,40}"
    r"(?:(?:<|&lt;)(?:!\[CDATA\[|(?:[\w.-]{1,40}:)?(?:value|string|text|plaintext)(?:\s[^<>\n]{0,80})?(?:>|&gt;))\s{0,40})?"
    r"(?P<secret>[^<&\n]++(?:&(?!lt;)[^<&\n]*+)*)(?=<|&lt;|\]\]>|\Z|\n)",
    re.I,
)
_BLOCK = re.compile(
    r"(?m)^(?P<indent>[ \t]*(?:-[ \t]+)?)[\"']?(?P<name>[\w.-]++)[\"']?[ \t]*[:=][ \t]*(?P<style>(?:"
    r"![\w!]*[ \t]*)?[|>][+-]?\d?[+-]?|\\|[\"']?(?:\$\(cat[ \t]+)?<<[-~]?[\"'\\]?(?P<here>\w{1,32})[\"']?)?"
    r"[ \t]*(?:#[^\n]*)?\r?$"
)
_HERE = 4_000  # characters of a here-document
_MAPPING = re.compile(r"[ \t]*(?:-[ \t]+)?[\"']?[\w. -]{1,80}[\"']?[ \t]*:(?:[ \t]|$)")
_ALONE = re.compile(
    r"[ \t]*(?P<secret>(?=\S*[\d!@#$%^&*+/=~?_-])(?=\S*[A-Za-z])[^\s<>:{}\[\]()\"']{6,128})[ \t\r]*$", re.M
)


_ASSIGNMENT = re.compile(r"[A-Za-z_][\w.]*=")
_WORD = re.compile(r"[\w.-]+")
#: ~ password = "x" -> "y" of Terraform
_CHANGED = re.compile(r"\"{0,2}(?:\(sensitive value\))?[ \t]*[-=]>[ \t]*(?=\")")
#: A key by its padding: key = AQBx...== of Ceph
_PADDED = re.compile(r"[\"']?[A-Za-z0-9+/]{38,64}={1,2}(?![\w=])")
#: Names that are those of secrets as flags alone.
_FLAGS = frozenset(("key", "token", "pass", "apikey", "pin"))


@lru_cache(8192)
def _names_a_secret(word: str) -> bool:
    """Whether a word is such a name in any of the ways below: with dashes before it, or behind a colour code."""
    bare = word.strip("-.")
    return any(map(secret_level, (word, bare, re.sub(r"\A\d*m", "", word)))) or bare.lower() in _FLAGS


def names_a_secret(text: str, start: int, end: int) -> bool:
    """Whether a line has a secret's name: most with "pass" or "key" are about passing, monkeys and keyboards."""
    return any(map(_names_a_secret, _WORD.findall(text, start, end)))


def named_values(text: str, start: int, end: int) -> Spans:
    """The values behind names of secrets, in the line between `start` and `end`, and in the lines below it."""
    yield from _assigned(text, start, end)
    near = min(end + 400, len(text))
    low = text[max(0, start - 200) : near].lower()  # most lines have nothing of what most patterns need
    flags = [pattern for pattern, needles in _FLAGGED if any(needle in low for needle in needles)]
    lines = [start, *(found.end() for found in _NEWLINE.finditer(text, start, end))]
    if (prefix := text.find(": ", start, min(end, start + 120))) >= 0:  # /etc/x.conf: secret "x", and a log's stamp
        lines.append(prefix + 2)
    beside = filter(None, (_BESIDE.match(text, at, end) for at in lines))
    for found in (*(found for pattern in flags for found in pattern.finditer(text, start, end)), *beside):
        yield from _judged(found["name"], text, *found.span("secret" if found["q"] else "bare"), flag=True)
    if ("val" in low or "text" in low or "string" in low) and _PAIR_END.search(low):
        for found in _PAIR.finditer(text, start, near):
            if found.start() < end and (level := surely(secret_level(found["name"]))):
                yield from _value(text, found["name"], found.end(), near, level)[0]
    if "{" in low:
        covered = start
        for found in _OBJECT.finditer(text, start, near):
            if covered <= found.start() < end and (level := surely(secret_level(found["name"]))):
                spans, covered = _value(text, found["name"], found.end(), near, level)
                yield from spans
    if "value" in low:
        for found in _PAIR_BACK.finditer(text, max(0, start - 200), end):
            yield from _judged(found["name"], text, *found.span("secret" if found["q"] else "bare"), flag=True)
    if "= " in low:
        for found in _COMPARED.finditer(text, start, end):
            yield from _judged(found["name"], text, *found.span("secret"))
    if "<" in low or "&lt;" in low:
        marked = (*_XML.finditer(text, start, near), *_ATTRIBUTE.finditer(text, start, end))
        for found in (*marked, *_VALUED.finditer(text, start, end)):
            if found.start() < end and re.search(r"\w", found["secret"]):
                yield from _judged(found["name"], text, *found.span("secret"))
    if "-" in low and (item := _FLAG_ITEM.match(text, start, near)):
        yield from _judged(item["name"], text, *item.span("secret" if item["q"] else "bare"), flag=True)
    if found_block := _BLOCK.match(text, start, end):
        yield from _below(text, found_block)


def _assigned(text: str, start: int, end: int) -> Spans:
    covered = start
    for word in _WORD.finditer(text, start, end):
        if word.start() < covered or not _names_a_secret(word[0]):
            continue  # the first: in a value
        found = _NAMED.match(text, word.start(), end)
        if found is None or not _joined(found, text[start : found.end()], start):
            yield from near(text, word[0], word.end(), end)
            continue
        name = found["name"]
        level = secret_level(name)
        if level == NONE and text[found.start() - 2 : found.start()].endswith("["):
            level = secret_level(re.sub(r"\A\d*m", "", name))  # behind a colour code
        if level == NONE and name.lstrip("-").lower() in _FLAGS:
            level = LIKELY if name[:1] == "-" else service_key(text, word.end())
            level = STRONG if name == "key" and _PADDED.match(text, found.end(), end) else level
        if level == NONE:
            continue
        begins = found.start() - start < 40 and bool(_LINE_START.match(text[start : found.start()]))
        spans, covered = _value(text, name, found.end(), end, level, begins=begins)
        yield from spans
        if not spans and covered - found.end() < 200:
            covered = found.end()  # "password" => env("DB_PASSWORD", "x")
        if changed := _CHANGED.match(text, covered, end):
            yield from _value(text, name, changed.end(), end, level)[0]


def _joined(found: re.Match[str], line: str, start: int) -> bool:
    """A comma joins only what is in quotes and in brackets, a bar only cells of a table."""
    separator = found["sep"]
    if separator in ",|" and (found["name"].lower() == "pass" or re.search(r"-\d{3}\Z", found["name"])):
        return False  # ["pass", "fail"] are results, TOKEN-001 is a check
    if separator == ",":
        before = found.string[max(0, found.start() - 6) : found.start()]
        return bool(re.search(r"[\"';]", found["close"]) and re.search(r"[(\[{]\s?[bu]?\\?[\"']\Z", before))
    return separator != "|" or bool(
        re.match(r"[ \t]*\|(?:[^\n]*\|)?[ \t]*[\"'`*]{0,3}\Z", line[: found.start() - start])
    )


def _value(
    text: str, name: str, at: int, end: int, level: int, *, begins: bool = False
) -> tuple[list[tuple[int, int]], int]:
    """The secrets in the value that begins at `at`, and where that value ends."""
    found = _VALUE.match(text, at, end)
    if found is None:
        return [], at
    if found["q"]:
        first, last = found.span("secret")
        if text[first] == " " and text.count(found["q"], max(0, text.rfind("\n", 0, at), at - 400), first) % 2 == 0:
            return [], first  # it was the end of a text in quotes: read -p "Password: " answer
        if (more := _MORE_QUOTES.match(text, last + len(found["q"]), end)) is not None:
            last = more.end()
        return [] if is_plain_value(name, text[first:last], level, quoted=True) else [(first, last)], last
    if found["list"] is not None:
        first, last = found.span("list")
        items = [item for item in _ITEM.finditer(text, first, last) if not is_plain_value(name, item[0], level)]
        return [item.span() for item in items], last
    if found["braces"] is not None:  # of ODBC: PWD={a;b}
        return [found.span("braces")], found.end()
    first, last = found.span("bare")
    if begins:
        rest = _NEXT_ASSIGNMENT.search(text, last, end)
        stops = (text.find(stop, last, end) for stop in ("\n", "<secret:"))
        last = min(rest.start() if rest else end, *(stop for stop in stops if stop >= 0), end)
    value = text[first:last].rstrip()
    stripped = value.rstrip(".,;:)]}>") or value
    after = text[last : last + 80].split("\n")[0] if text[at - 2 : at] == ": " and text[last : last + 1] == " " else ""
    if is_plain_value(name, stripped, level, after=after) or is_plain_value(name, value, level):
        return [], last
    return [(first, first + len(stripped))], last


def _judged(name: str, text: str, first: int, last: int, *, flag: bool = False) -> Spans:
    level = secret_level(name)
    if flag and name.lower() in _FLAGS:
        level = STRONG
    if flag and not name.endswith("s"):
        level = surely(level)
    if level and not is_plain_value(name, text[first:last], level):
        yield first, last


def _below(text: str, head: re.Match[str]) -> Spans:
    """The value of a name that has none in its own line: a block of YAML, or one word."""
    name, level = head["name"], secret_level(head["name"])
    if level < WEAK or name.lower() == "chpasswd":
        return
    indent, at = len(head["indent"]), head.end() + 1
    if head["here"]:
        last = re.compile(rf"^[ \t]*{head['here']}\b", re.M).search(text, at, at + _HERE)
        yield at, at + len(text[at : last.start() if last else at + _HERE].rstrip())
        return
    first = True
    while at < len(text):
        stop = text.find("\n", at)
        stop = len(text) if stop < 0 else stop
        line = text[at:stop]
        body = line.strip()
        deep = len(line) - len(line.lstrip())
        listed = deep == indent and body.startswith("- ") and "-" not in head["indent"]
        if body and not listed and deep <= indent - 2 * ("-" in head["indent"]):
            if first and (alone := _ALONE.match(text, at, stop)) and not _ASSIGNMENT.match(alone["secret"]):
                yield alone.span("secret")
            return
        if body and not (head["style"] is None and _MAPPING.match(line)):
            bare = body.removeprefix("- ").strip("\"'")
            if not is_plain_value(name, bare, level) or head["style"]:
                begin = at + line.index(bare) if bare else at
                yield begin, begin + len(bare)
        elif body:
            return
        first = first and not body
        at = stop + 1
