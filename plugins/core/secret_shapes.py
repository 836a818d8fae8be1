r"""Secrets that are known by their own shape, wherever they stand: tokens of well-known services, hashes, keys.

Prefixes and lengths follow the published rules of detect-secrets and gitleaks, partly from memory; the expressions are
our own. Each pattern comes with what a line must hold, in lower case, to be worth it.
"""

from __future__ import annotations

import re

#: What a line must hold in lower case, one of them; the secret is the group of that name.
Pattern = tuple[tuple[str, ...], re.Pattern[str]]


def _prefixed(needles: str, pattern: str) -> Pattern:
    return tuple(needles.split()), re.compile(rf"(?<![A-Za-z0-9])(?P<secret>{pattern})")


_SCHEMES = (
    "bearer|basic|digest|negotiate|ntlm|sharedkey(?:lite)?|token|apikey|api-key|splunk|hmac-sha256|aws4-hmac-sha256"
)
#: Between a header's name and its value, in HTTP, JSON, and the dumps of Python, Go, Ruby and PHP; colours, too.
_BETWEEN = r"""(?:\\*["'\])]|\x1b\[[\d;]{0,9}m){0,4}\s{0,9}(?:=>|[=:,])(?:\s|\x1b\[[\d;]{0,9}m){0,9}[\[(\\"'bu]{0,6}"""

SHAPES: tuple[Pattern, ...] = (
    # eyJ0eXAiOiJKV1Qi.eyJhdWQiOiJodHRw.c2lnbmF0dXJl: a JWT; its signature may have been cut off
    _prefixed("eyj", r"eyJ[\w-]{8,}+(?:\.{1,2}[\w-]++){0,4}\.?"),
    # GitHub: classic, OAuth, user, server, refresh and fine-grained tokens
    _prefixed("ghp_ gho_ ghu_ ghs_ ghr_ github_pat_", r"gh[pousr]_\w{16,}+|github_pat_\w{20,}+"),
    # GitLab: personal, deploy, runner, CI job, trigger, feed, agent, SCIM, OAuth
    _prefixed(
        "glpat- gldt- glrt- glcbt- glptt- glft- glagent- glsoat- gloas- >gr1348941",
        r"gl(?:pat|dt|rt|cbt|ptt|ft|agent|soat|oas|imt|ffct)-[\w.-]{16,}+|GR1348941[\w-]{16,}+",
    ),
    # Slack: tokens, app tokens, and addresses of hooks
    _prefixed("xox xapp-", r"xox[a-z](?:\.xox[a-z])?-[\w-]{10,}+|xapp-\d-[\w-]{10,}+"),
    (
        ("hooks.slack.com", "webhook.office.com", "discord.com", "discordapp.com"),
        re.compile(
            r"(?:hooks\.slack\.com/(?:services|workflows|triggers)/|webhook\.office\.com/webhookb2/|"
            r"discord(?:app)?\.com/api/webhooks/)(?P<secret>[\w/@.+-]{12,}+)"
        ),
    ),
    # Hugging Face, npm, PyPI, RubyGems, crates.io, Docker Hub, Vercel
    _prefixed(
        "hf_ api_org_ npm_ pypi- rubygems_ dckr_ >cio",
        r"(?:hf|api_org)_[A-Za-z0-9]{20,}+|npm_[A-Za-z0-9]{20,}+|pypi-[\w-]{16,}+|rubygems_[a-f0-9]{32,}+|"
        r"dckr_(?:pat|oat)_[\w-]{16,}+|cio[A-Za-z0-9]{32}",
    ),
    # AWS: ids of keys, and session ids; Google: API keys, OAuth; Alibaba
    _prefixed(
        ">akia >asia >agpa >aida >aroa >aipa >anpa >anva >a3t >aiza ya29. gocspx- >ltai",
        r"(?:A3T[A-Z0-9]|AKIA|ASIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA)[A-Z0-9]{16}(?![A-Za-z0-9])|"
        r"AIza[\w-]{35}|ya29\.[\w-]{20,}+|GOCSPX-[\w-]{20,}+|LTAI[A-Za-z0-9]{16,24}(?![A-Za-z0-9])",
    ),
    # Stripe, SendGrid, Twilio, Mailgun, Mailchimp, Square, Shopify
    _prefixed(
        "sk_ rk_ whsec_ sg. key- >sq0 >shp >-us",
        r"(?:sk|rk)_(?:live|test|prod)_\w{10,}+|whsec_[\w+/=]{16,}+|SG\.[\w-]{16,}+\.[\w-]{16,}+|key-[a-f0-9]{32}|"
        r"sq0(?:atp|csp|idp)-[\w-]{20,}+|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|[0-9a-f]{32}-us\d{1,2}(?!\w)",
    ),
    # OpenAI and Anthropic, Groq, xAI, Replicate, Perplexity
    _prefixed(
        "sk- gsk_ xai- r8_ pplx-", r"sk-(?:[a-z]+-)?[\w-]{20,}+|gsk_\w{20,}+|xai-\w{20,}+|r8_\w{20,}+|pplx-\w{20,}+"
    ),
    # HashiCorp Vault and Terraform, DigitalOcean, Databricks, Pulumi, Doppler, Grafana, New Relic, Dynatrace, Linear
    _prefixed(
        "hvs. hvb. hvr. atlasv1. _v1_ >dapi pul- dp. glc_ glsa_ nrak- dt0c01. lin_api_ pmak- ops_ sntrys_ figd_ tskey-",
        r"hv[sbr]\.[\w-]{20,}+|[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}+|do[opr]_v1_[a-f0-9]{40,}+|dapi[a-f0-9]{32}(?:-\d)?|"
        r"pul-[a-f0-9]{40}|dp\.(?:pt|st|ct|sa|scim|audit)\.[\w.-]{20,}+|glc_[\w+/=]{20,}+|glsa_\w{20,}+|"
        r"NRAK-[A-Z0-9]{20,}+|dt0c01\.[A-Z0-9]{20,}+\.[A-Z0-9]{20,}+|lin_api_\w{20,}+|PMAK-[\w-]{20,}+|"
        r"ops_eyJ[\w+/=-]{20,}+|sntrys_[\w+/=-]{20,}+|figd_[\w-]{20,}+|tskey-[\w-]{10,}+",
    ),
    # Notion, Typeform, Sourcegraph, Render, Fly.io, Snyk, Supabase, Brevo, PostHog, Contentful, CircleCI, Buildkite,
    # Netlify, PlanetScale, Neon, SonarQube, Sentry, NuGet, Prefect, LangSmith, ReadMe, Shippo, Duffel, EasyPost,
    # Flutterwave, Plaid, Harness, HubSpot, OpenShift, Yandex, Dropbox, Mapbox, Frame.io, Clojars, Deno, Pinecone: one
    # that has a digit
    _prefixed(
        "secret_ ntn_ tfp_ sgp_ slk_ rnd_ fo1_ fm1a_ fm1r_ fm2_ snyk_ sbp_ sb_secret_ xkeysib- xsmtpsib- phx_ cfpat- "
        "ccipat_ "
        "cciprj_ bkua_ nfp_ pscale_ npg_ squ_ sqp_ sqa_ sntryu_ >oy2 pnu_ lsv2_ rdme_ shippo_ duffel_ >ezak >eztk "
        "flwseck access- pat. pat-na pat-eu sha256~ >aqvn sl. sk.eyj fio-u- clojars_ ddp_ ddo_ pcsk_ dnkey- "
        ">cmvmd >atctt3 zpka_ lmtk_",
        r"(?:(?=\S{0,60}\d)(?:secret_[A-Za-z0-9]{40,}+|(?:ntn|tfp|slk|rnd|fo1|fm1[ar]|fm2|snyk_[a-z]{3}|phx|CCIPAT|CCIPRJ|"
        r"bkua|nfp|npg|sq[upa]|pnu|lsv2_[a-z]{2}|rdme|shippo_(?:live|test)|duffel_(?:live|test)|pscale_(?:tkn|pw|oauth)|"
        r"ddp|ddo|pcsk|zpka|sb_secret|lmtk)[_.][\w.~+/=-]{20,}+|sgp_[a-f0-9_]{40,}+|sbp_[a-f0-9]{40}|sntryu_[a-f0-9]{64}|"
        r"x(?:key|smtp)sib-[a-f0-9]{64}-\w{16}|CFPAT-[\w-]{40,}+|oy2[a-z0-9]{43}|EZ[AT]K[A-Za-z0-9]{40,}+|"
        r"FLWSECK(?:_TEST)?-[\w-]{20,}+|access-(?:sandbox|development|production)-[0-9a-f-]{36}|pat\.[\w-]{22}\.[0-9a-f]{24}\.\w{20}|"
        r"pat-(?:na|eu)\d-[0-9a-fA-F-]{36}|sha256~[\w-]{20,}+|AQVN[\w-]{35,}+|"
        r"sl\.[\w-]{60,}+|sk\.eyJ[\w.-]{40,}+|fio-u-[\w=-]{60,}+|CLOJARS_[a-z0-9]{60}|"
        r"dnkey-[\w=-]{26}-[\w=-]{52}|cmVmdGtu[A-Za-z0-9]{50,}+|ATCTT3[\w=-]{20,}+))",
    ),
    # Airtable, PostHog's projects, Twilio, Linear's OAuth, Facebook, X, NVIDIA, Tavily, Fireworks, Cerebras, Comet,
    # Resend, Adobe, Scalingo, New Relic, MaxMind, 42, SettleMint, Bedrock
    _prefixed(
        ">pat phc_ >sk lin_oauth_ >eaa >aaaaaaaaaaaaaaaaaaaaaa nvapi- tvly- fw_ csk- cmpt- re_ p8e- "
        "tk-us- nrii- nrjs- _mmk s-s4t2ud- sm_aat_ >absk",
        r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}|(?=\S{0,60}\d)(?:phc_\w{40,}+|SK[0-9a-f]{32}(?![A-Za-z0-9])|lin_oauth_\w{32,}+|"
        r"EAA(?:CEdEose0cBA[A-Za-z0-9]{20,}+|[MC][A-Za-z0-9]{80,}+)|A{22}[A-Za-z0-9%]{50,}+|nvapi-[\w-]{60,}+|"
        r"tvly-[\w-]{24,}+|fw_[A-Za-z0-9]{20,}+|csk-[a-z0-9]{40,}+|CMPT-[A-Za-z0-9]{20,}+|re_[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}+|"
        r"p8e-[A-Za-z0-9]{32}|tk-us-[\w-]{40,}+|NR(?:II|JS)-[\w-]{19,}+|[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk|"
        r"s-s4t2ud-[a-f0-9]{64}|sm_aat_\w{16,}+|ABSK[\w+/=]{80,}+)",
    ),
    # Cloudflare's Origin CA
    _prefixed("v1.0-", r"v1\.0-[0-9a-f]{20,}-[0-9a-f]{100,}+"),
    # Google's and Entra ID's refresh tokens, and codes of a login; a key of Functions in an address
    (
        ("1//0", ">.agabaa"),
        re.compile(r"(?<![\w.-])(?P<secret>1//0[\w-]{30,}+|[01]\.A[\w-]{20,}+\.[\w-]{60,}+)"),
    ),
    (("code=",), re.compile(r"code=(?<![A-Za-z0-9_-]code=)(?P<secret>(?=[^\s&]{0,80}\d)[\w.%+/=-]{20,}+)")),
    # ?Signature=x of S3 and of Google's storage, and the signature of a signed request
    (("signature=",), re.compile(r"(?<![A-Za-z])Signature=(?P<secret>(?=[^\s&]{0,80}\d)[\w%+/=-]{16,}+)")),
    # Digest username="u", response="0123456789abcdef0123456789abcdef"
    (("response=",), re.compile(r"\bresponse=\\?\"?(?P<secret>[0-9a-f]{32,64})\b")),
    # ConvertFrom-SecureString: with DPAPI (as hexadecimal and as base64), and with a key
    (
        ("d08c9ddf0115d111", ">aqaaancmnd8bfd", "76492d1116743f04"),
        re.compile(
            r"(?P<secret>01000000d08c9ddf0115d111[0-9a-f]{16,}+|AQAAANCMnd8BFd[A-Za-z0-9+/]{8,}+={0,2}|76492d1116743f0423413b16050a5345[\w+/=|]{16,}+)",
            re.I,
        ),
    ),
    (("atlasv1.",), re.compile(r"(?P<secret>[A-Za-z0-9]{14}\.atlasv1\.[\w-]{20,}+)")),
    # Atlassian, Artifactory, Heroku, Telegram, age, WireGuard-like WEP is by its name; Azure DevOps
    _prefixed(
        ">atatt3 >atbb >akc hrku- age-secret-key-",
        r"ATATT3[\w=-]{20,}+|ATBB\w{20,}+|AKC[a-zA-Z0-9]{20,}+|HRKU-[\w-]{20,}+|AGE-SECRET-KEY-1[A-Z0-9]{20,}+",
    ),
    ((">:aa",), re.compile(r"(?<!\d)(?P<secret>\d{8,10}:AA[\w-]{32,34})(?![\w-])")),
    # Azure: keys that carry a signature of their service (AzCa, +ASt, +ACR, AIoT, ASbE, AzFu, AzSe...), DevOps' AZDO
    (
        (">jqqj99", ">azca", ">acdb", ">+ast", ">+acr", ">aiot", ">+asb", ">azfu", ">azse", ">azdo", ">+aeh", ">apim"),
        re.compile(
            r"(?<![A-Za-z0-9+/])(?P<secret>[A-Za-z0-9]{52}JQQJ99[A-Za-z0-9]{26}|"
            r"[A-Za-z0-9+/]{32,76}(?:\+ASt|AzCa|ACDb|\+ACR|AIoT|\+ASb|\+AEh|AzFu|AzSe|APIM|AZDO)[A-Za-z0-9+/]{4,8}={0,2})"
            r"(?![A-Za-z0-9+/=])"
        ),
    ),
    # abc8Q~defghijklmnopqrstuvwxyz0123456789AB: a client secret of Entra ID
    (("q~",), re.compile(r"(?<![\w~.-])(?P<secret>[\w~.-]{2,3}\dQ~[\w~.-]{31,40})(?![\w~.-])")),
    # ...?sv=2023-01-03&sig=abc%3D: a shared access signature; also as JSON and forms write it, \u0026sig= and %26sig%3D
    (("sig=", "sig%3d"), re.compile(r"(?<![A-Za-z])sig(?:=|%3D)(?P<secret>[\w%+/=-]{6,})", re.I)),
    # A storage account's key: 64 bytes as base64
    (("==",), re.compile(r"(?<![A-Za-z0-9+/])(?P<secret>[A-Za-z0-9+/]{86}==)")),
    # $6$salt$hash: a password's hash, as in /etc/shadow, in cloud-init's user data, and in .htpasswd ($apr1$)
    (
        ("$",),
        re.compile(
            r"(?P<secret>\$(?:1|2[abxy]|5|6|7|8|9|y|gy|apr1|argon2\w{1,2}|pbkdf2[\w-]{0,12})\$[./A-Za-z0-9$=,+-]{16,})"
        ),
    ),
    # {SSHA}x of LDAP and htpasswd, grub.pbkdf2.sha512.10000.x.y
    (
        ("sha}", "sha256}", "sha384}", "sha512}", "md5}", "crypt}", "grub.pbkdf2"),
        re.compile(
            r"(?P<secret>\{(?:S?SHA\d{0,3}|S?MD5|CRYPT)\}[\w+/=.$-]{8,}+|grub\.pbkdf2\.sha\d+\.\d+\.[0-9A-F.]{16,}+)",
            re.I,
        ),
    ),
    # a DES hash, which has no mark: anna:XYabcDEF0123.:19700:0:99999:7:::
    ((":99999:",), re.compile(r"(?m)^[\w.-]+:!{0,2}(?P<secret>[./A-Za-z0-9]{13}):\d*:\d*:\d*:")),
    # .pgpass, host:port:database:user:password
    (
        (":5432:", ":*:"),
        re.compile(
            r"(?m)^[ \t]*(?:[\w.-]+|\*):(?:5432|\*):(?:\*|[A-Za-z_][\w.-]*+):[\w.@*-]++:(?P<secret>\S+)[ \t\r]*$"
        ),
    ),
    # : PSK "x" and : EAP "x" of ipsec.secrets, a login of chap-secrets
    (
        (' psk "', ' eap "', ' xauth "', ':psk "'),
        re.compile(r"(?:^|[:\s])(?:PSK|EAP|XAUTH|NTLM)[ \t]+\"(?P<secret>[^\"\n]+)"),
    ),
    # jdbc:oracle:thin:scott/tiger@h
    (("jdbc:oracle",), re.compile(r"jdbc:oracle:\w+:[^\s/@:]+/(?P<secret>[^\s/@]+)@")),
    # Authorization: Bearer abc / "Proxy-Authorization": "Basic abc" / ('Authorization', 'Basic abc') / Bearer abc
    (
        ("authorization", "bearer", "basic "),
        re.compile(
            rf"(?:authorization{_BETWEEN}(?:{_SCHEMES})\s{{1,9}}|\bbearer(?=\s\S{{16}})(?!\s\w+=\")\s{{1,9}}|"
            rf"\bbasic\s{{1,3}}(?=[A-Za-z0-9+/]{{8,}}={{1,2}}|(?-i:(?=[A-Za-z]*\d)[A-Za-z0-9+/]{{12,}})))(?P<secret>[^\s'\"\])]+)|"
            rf"authorization{_BETWEEN}(?P<bare>[\w+/=.~-]{{16,}}+)",
            re.I,
        ),
    ),
)
