"""Titles on the page for scenarios, unions, groups of rules and labs."""

from __future__ import annotations

TITLES = {
    "eu-status-quo": "Europe today",
    "essay-reform": "The essay's reform",
    "reform-with-access": "The reform with access",
    "us-private": "One lab decides",
    "china-state": "One ministry decides",
    "us-observed": "The United States as observed",
    "china-observed": "China as observed",
    "gigafactories": "Gigafactories",
    "federal-europe": "A federal Europe",
    "unanimous-europe": "Everyone must agree",
    "juste-retour-strict": "Fair returns, strictly",
    "eurohpc-pre-exascale-2019": "Pre-exascale call of 2019",
    "eurohpc-petascale-2019": "Petascale call of 2019",
    "eurohpc-exascale-2022": "Exascale call of 2022",
    "eurohpc-mid-range-2022": "Mid-range call of 2022",
    "eurohpc-exascale-2023": "Exascale call of 2023",
}

UNIONS = {
    "us_observed": "The United States",
    "china_observed": "China",
}  # other unions: the name of their folder

ELSEWHERE = {  # titles when another union is shown
    "eu-status-quo": "Europe's rules of today",
    "federal-europe": "A federation",
}

GROUPS = {
    "placement": "Who decides where",
    "funding": "Who pays",
    "procurement": "How it is bought and built",
    "operations": "How it is run",
    "pooling": "How sites train together",
    "access": "Who may use it",
    "standing": "Who may use older machines",
    "standing_operations": "How older machines are run",
    "money": "When the money comes",
}

LABS = {
    "openai": "OpenAI",
    "xai": "xAI",
    "deepseek": "DeepSeek",
    "google_deepmind": "Google DeepMind",
    "open_euro_llm": "OpenEuroLLM",
    "black_forest": "Black Forest Labs",
    "silo": "Silo AI",
    "alibaba_qwen": "Alibaba Qwen",
    "public_research": "Public research",
}


def lab_title(name: str) -> str:
    """A lab's name as the lab spells it.

    >>> lab_title("openai"), lab_title("aleph_alpha")
    ('OpenAI', 'Aleph Alpha')
    """
    return LABS.get(name, name.replace("_", " ").title())
