r"""Tokens of well-known services, which their issuer marks with a prefix.

Prefixes and lengths follow the published rules of detect-secrets, gitleaks and trufflehog; the expressions are our own.
Lengths are shorter than a whole token's where the prefix is plain enough: a log may have cut it off.
"""

from __future__ import annotations

import re
from functools import cache

#: Prefixes, and what stands behind them. ``#`` is a look ahead: the word has a digit.
TOKENS: tuple[tuple[str, str], ...] = (
    # code and its delivery: GitHub, GitLab, Bitbucket, Atlassian, Azure DevOps (by its signature), CircleCI,
    # Buildkite, Octopus, Harness, SonarQube, Snyk, Sourcegraph, Infracost, Endor, Prefect, Artifactory, Scalingo
    ("ghp_ gho_ ghu_ ghs_ ghr_", r"\w{16,}"),
    ("github_pat_", r"\w{20,}"),
    ("glpat- gldt- glrt- glcbt- glptt- glft- glagent- glsoat- gloas- glimt- glffct- GR1348941", r"[\w.-]{16,}"),
    ("_gitlab_session=", r"\w{16,}"),
    ("ATATT3 ATCTT3 BBDC-", r"[\w=+/@-]{20,}"),
    ("ATBB", r"#\w{20,}"),
    ("CCIPAT_ CCIPRJ_ bkua_ squ_ sqp_ sqa_ sqco_ pnu_ slk_", r"#\w{20,}"),
    ("API-", r"#[A-Z0-9]{25,27}(?!\w)"),
    ("pat. sat.", r"[\w-]{22}\.[A-Za-z0-9]{24}\.\w{20}"),
    ("snyk_", r"#[a-z]{3}[_.][\w.-]{20,}"),
    ("sgp_", r"#(?:local_)?[A-Fa-f0-9_]{40,}"),
    ("ico-", r"(?<!\.ico-)#[A-Za-z0-9]{32}(?!\w)"),
    ("endr+", r"[\w-]{16,}"),
    ("AKC", r"[A-Za-z0-9]{10,}"),
    ("AP", r"[0-9A-F]#[A-Za-z0-9]{20,}(?![A-Za-z0-9+/])"),
    ("cmVmd", r"#[A-Za-z0-9]{50,}"),
    ("tk-us-", r"#[\w-]{40,}"),
    # chat and mail: Slack, Discord is by its address, SendGrid, Mailgun, Brevo, Mailchimp is below, Twilio, Resend
    ("xoxa- xoxb- xoxc- xoxd- xoxe- xoxp- xoxr- xoxe.xoxb- xoxe.xoxp-", r"[\w-]{8,}"),
    ("xoxo- xoxs-", r"\d[\w-]{6,}"),
    ("xapp-", r"\d-[\w-]{8,}"),
    ("SG.", r"(?:[\w-]{16,}\.[\w-]{16,}|[\w=.-]{60,})"),
    ("key- pubkey-", r"[a-f0-9]{32}"),
    ("xkeysib- xsmtpsib-", r"#[\w-]{60,}"),
    ("SK AC", r"[0-9a-fA-F]{32}(?!\w)"),
    ("re_", r"#[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"),
    # registries of packages: npm, PyPI, RubyGems, crates.io, Docker Hub, NuGet, Clojars, Hugging Face
    ("npm_ hf_ api_org_", r"(?:#[A-Za-z0-9]{20,}|[A-Za-z]{34}(?!\w))"),
    ("pypi-", r"[\w-]{16,}"),
    ("rubygems_", r"[a-z0-9]{32,}"),
    ("dckr_pat_ dckr_oat_", r"[\w-]{16,}"),
    ("cio", r"[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("oy2", r"#[a-z0-9]{43}"),
    ("CLOJARS_", r"#\w{40,}"),
    # clouds: AWS, Google, Alibaba, Yandex, DigitalOcean, Cloudflare, Databricks, Fly.io, Heroku, Netlify, Render,
    # PlanetScale, Neon, Supabase, Deno, OpenShift, NVIDIA, Salad, Tencent
    (
        "AKIA ASIA ABIA ACCA AGPA AIDA AROA AIPA ANPA ANVA",
        r"[A-Z0-9]{16}(?![A-Za-z0-9])",
    ),
    ("A3T", r"[A-Z0-9]{17}(?![A-Za-z0-9])"),
    ("ABSK", r"#[\w+/=]{80,}"),
    ("bedrock-api-key-", r"[\w+/=]{16,}"),
    ("AIza", r"[\w-]{35}"),
    ("ya29.", r"[\w-]{20,}"),
    ("GOCSPX-", r"[\w-]{20,}"),
    ("LTAI", r"[A-Za-z0-9]{16,24}(?![A-Za-z0-9])"),
    ("AKID", r"#[A-Za-z0-9]{32}(?![A-Za-z0-9])"),
    ("AQVN", r"#[\w-]{35,}"),
    ("dop_v1_ doo_v1_ dor_v1_", r"[a-f0-9]{40,}"),
    ("v1.0-", r"[0-9A-Za-z-]{120,}"),
    ("cfut_ cfat_ cfk_", r"#\w{40,}"),
    ("dapi", r"[a-f0-9]{32}(?:-\d)?"),
    ("fo1_ fm1a_ fm1r_ fm2_", r"#[\w.~+/=,-]{20,}"),
    ("HRKU-", r"[\w-]{20,}"),
    ("nfp_ rnd_ npg_ sb_secret_", r"#[\w-]{20,}"),
    ("pscale_tkn_ pscale_pw_ pscale_oauth_", r"#[\w.=-]{20,}"),
    ("sbp_", r"[a-z0-9]{40}"),
    ("ddp_ ddo_ ddw_", r"#[A-Za-z0-9]{30,}"),
    ("sha256~", r"#[\w-]{20,}"),
    ("nvapi-", r"#[\w-]{60,}"),
    ("salad_cloud_", r"#\w{9,}"),
    # payment and shops: Stripe, Square, Shopify, Plaid, EasyPost, Flutterwave, Shippo, Duffel, GoCardless, Lob, Adyen,
    # Paystack, Razorpay, Ramp, Pagar.me, Coinbase is by its names
    ("sk_live_ sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ ak_live_", r"\w{10,}"),
    ("sk_", r"#(?:[a-z]+_)?[A-Za-z0-9]{29,}"),
    ("whsec_", r"[\w+/=]{16,}"),
    ("pi_", r"[A-Za-z0-9]{24}_secret_[A-Za-z0-9]{20,}"),
    ("sq0", r"[a-z]{3}-[\w\\-]{20,}"),
    ("EAAA", r"#[\w-]{22,}"),
    ("shpat_ shpca_ shppa_ shpss_", r"[a-fA-F0-9]{32}"),
    ("access-sandbox- access-development- access-production-", r"[0-9a-f-]{36}"),
    ("EZAK EZTK", r"#[A-Za-z0-9]{40,}"),
    ("FLWSECK- FLWSECK_TEST-", r"#[\w-]{12,}"),
    ("shippo_live_ shippo_test_ duffel_live_ duffel_test_", r"#[\w-]{20,}"),
    ("live_ test_", r"#[0-9a-f]{35}(?!\w)"),
    ("live_", r"#[A-Za-z0-9-]{38,}"),
    ("rzp_live_ ramp_sec_ flb_live_ shltm_", r"#[\w-]{14,}"),
    # models: OpenAI, Anthropic, OpenRouter, Groq, xAI, Replicate, Perplexity, Pinecone, LangSmith, Tavily, Fireworks,
    # Cerebras, Comet, LlamaIndex, ElevenLabs is with Stripe
    ("sk-", r"(?!ssh-|ecdsa-)(?:[a-z]+-)?[\w-]{20,}"),
    ("gsk_ xai- r8_ pplx-", r"[\w-]{20,}"),
    ("rpa_ pcsk_ lsv2_pt_ lsv2_sk_ fw_ lmtk_", r"#\w{20,}"),
    ("tvly-", r"#[\w-]{24,}"),
    ("csk-", r"#[a-z0-9]{40,}"),
    ("llx- CMPT-", r"#[A-Za-z0-9]{20,}"),
    # secrets and infrastructure: Vault, Terraform is below, Pulumi, Doppler, 1Password, Tailscale, age, ngrok, Meraki
    ("hvs. hvb. hvr.", r"[\w-]{20,}"),
    ("s.", r"#(?=\d*[A-Za-z])[A-Za-z0-9]{24}(?![\w.])"),
    ("fm1r_ fm1a_ fm2_ fm3_", r"[\w+/=,-]{40,}"),
    ("thog-key-", r"[0-9a-f]{16}"),
    ("pul-", r"[a-z0-9]{40}"),
    ("SWMTKN-1-", r"[a-z0-9]{40,}-[a-z0-9]{20,}"),
    ("K10", r"[0-9a-f]{64}::[\w-]{1,40}:[\w+/=.-]{16,}"),
    ("tr_dev_ tr_prod_ tr_stg_", r"#[A-Za-z0-9]{20,}"),
    ("waka_", r"[0-9a-f-]{36}"),
    ("FwoGZXIvYXdz IQoJb3JpZ2lu", r"[\w+/=]{60,}"),
    ("dp.pt. dp.st. dp.ct. dp.sa. dp.scim. dp.audit.", r"[\w.-]{20,}"),
    ("ops_eyJ", r"[\w+/=-]{20,}"),
    ("A3-", r"#[A-Z0-9]{6}(?:-[A-Z0-9]{5,11}){4,5}(?![A-Z0-9])"),
    ("tskey-", r"[\w-]{10,}"),
    ("AGE-SECRET-KEY-1 AGE-PLUGIN-", r"[A-Z0-9-]{20,}"),
    ("dnkey-", r"#[\w=-]{26}-[\w=-]{52}"),
    ("authress_ sc_ ext_ scauth_", r"#[A-Za-z0-9]{5,30}\.[a-z0-9]{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{30,}"),
    # seeing and measuring: Grafana, New Relic, Dynatrace, Sentry, PostHog, LaunchDarkly, ClickHouse, Rootly, Nightfall
    ("glc_ glsa_", r"[\w+/=]{20,}"),
    ("NRAK- NRII- NRIQ- NRJS- NRBR-", r"#[\w-]{19,}"),
    ("dt0c01. dt0s01. dt0s02.", r"[A-Za-z0-9]{20,}\.[A-Za-z0-9]{20,}"),
    ("sntrys_ sntryu_", r"[\w+/=-]{20,}"),
    ("phc_ phx_ phs_", r"#\w{20,}"),
    ("sdk- api- mob-", r"[0-9a-z]{8}-[0-9a-z]{4}-4[0-9a-z]{3}-[0-9a-z]{4}-[0-9a-z]{12}"),
    ("4b1d", r"#[A-Za-z0-9]{38}(?![A-Za-z0-9])"),
    ("rootly_ NF-", r"#[A-Za-z0-9]{32,}"),
    # work: Linear, Notion, Figma, Postman, Typeform, ReadMe, HubSpot, Airtable, Asana is by its names, Apify, Adafruit,
    # Contentful, Dropbox, Mapbox, Frame.io, Adobe, 42, SettleMint, Salesforce, Zoho, Close, Klaviyo, PubNub, Robinhood
    ("lin_api_ lin_oauth_", r"\w{20,}"),
    ("secret_", r"#[A-Za-z0-9]{40,}"),
    ("ntn_ tfp_ rdme_ apify_api_ aio_ figd_ figp_ CFPAT-", r"#[\w=-]{20,}"),
    ("BBFF-", r"[A-Za-z0-9]{30}(?!\w)"),
    ("PMAK-", r"[\w-]{20,}"),
    ("pat-na1- pat-eu1-", r"[0-9A-Za-z-]{36}"),
    ("pat", r"[A-Za-z0-9]{14}\.[a-f0-9]{64}"),
    ("sl.", r"#[\w-]{60,}"),
    ("sk.", r"#(?:eyJ)?[\w.-]{40,}"),
    ("fio-u-", r"#[\w=-]{60,}"),
    ("p8e-", r"#[A-Za-z0-9]{32}"),
    ("s-s4t2ud- s-s4t2af-", r"[a-f0-9]{64}"),
    ("sm_aat_ sm_pat_ sm_sat_", r"\w{16,}"),
    ("3MVG9 5Aep861", r"[\w.+/=]{60,}"),
    ("1000.", r"[a-f0-9]{32}\.[a-f0-9]{32}"),
    ("api_", r"#[A-Za-z0-9.]{45}"),
    ("pk_ bb_pr_ bb_ma_", r"#(?:[A-Za-z0-9]{6}_)?[0-9a-f]{30,34}(?!\w)"),
    ("sec-c-", r"[A-Za-z0-9-]{36,}"),
    ("rh-api-", r"[0-9A-Fa-f-]{36}"),
    ("zpka_", r"#\w{20,}"),
    ("EAACEdEose0cBA", r"[A-Za-z0-9]{20,}"),
    ("EAAM EAAC", r"#[A-Za-z0-9]{80,}"),
    ("AAAAAAAAAAAAAAAAAAAAAA", r"#[A-Za-z0-9%]{50,}"),
    ("VF.", r"(?:(?:DM|WS)\.)?[a-fA-F0-9]{24}\.[A-Za-z0-9]{16}"),
)


@cache
def token_pattern(prefix: str, body: str) -> re.Pattern[str]:
    """The pattern of one prefix; its text goes first, since that is how a pattern is looked for fast."""
    plain, tail = re.escape(prefix), body.replace("#", r"(?=[\w.~+/=-]{0,80}\d)")
    if not prefix[-1].isalnum():
        return re.compile(rf"{plain}(?<![A-Za-z0-9+]{plain}){tail}")
    # base64, as of a certificate, may have it, too
    return re.compile(rf"{plain}(?<![A-Za-z0-9+/]{plain})(?>{tail})" + ("" if "(?!" in body else "(?![+/])"))
