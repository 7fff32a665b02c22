"""Companies: contacts joined by the normalised name. The written form is kept for display."""

import re
import unicodedata

from tashika.people.models import Company

_FORMS = (
    "株式会社",
    "有限会社",
    "合同会社",
    "合資会社",
    "合名会社",
    "一般社団法人",
    "公益社団法人",
    "一般財団法人",
    "公益財団法人",
    "医療法人社団",
    "医療法人",
    "学校法人",
    "社会福祉法人",
    "特定非営利活動法人",
    "カブシキガイシャ",
    "(株)",
    "(有)",
    "(同)",
    "co.,ltd.",
    "co., ltd.",
    "inc.",
    "ltd.",
)


def company_key(name: str) -> str:
    """What makes two spellings one company: width, case, spaces and legal form aside. Empty for an empty name.

    NFKC turns ㈱ into (株) and ㍿ into 株式会社; used for comparison only, never for display.
    """
    key = unicodedata.normalize("NFKC", name).lower()
    for form in _FORMS:
        key = key.replace(form, "")
    key = re.sub(r"[\s\u3000・.,'’\-‐－―ー]+", "", key)
    return key[:300] or re.sub(r"\s+", "", unicodedata.normalize("NFKC", name).lower())[:300]


def of_name(name: str) -> Company | None:
    """The company of a name, made if there is none yet; None for an empty name."""
    key = company_key(name)
    if not key:
        return None
    company, _ = Company.objects.get_or_create(key=key, defaults={"name": name.strip()})
    return company
