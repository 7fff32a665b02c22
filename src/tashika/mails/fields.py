"""The standard merge fields: their names, and their labels in both languages.

Left out on purpose: the internal note, consent and sources, which are not the recipient's business.
"""

CONTACT_FIELDS: dict[str, tuple[str, str]] = {
    "family_name": ("姓", "Family name"),
    "given_name": ("名", "Given name"),
    "family_kana": ("セイ", "Family name (kana)"),
    "given_kana": ("メイ", "Given name (kana)"),
    "company_name": ("会社名", "Company"),
    "department": ("部署", "Department"),
    "job_title": ("役職", "Job title"),
    "email": ("メールアドレス", "Email address"),
    "phone": ("電話番号", "Phone"),
    "mobile": ("携帯電話", "Mobile"),
    "postal_code": ("郵便番号", "Postal code"),
    "prefecture": ("都道府県", "Prefecture"),
    "address": ("住所", "Address"),
    "external_id": ("外部ID", "External ID"),
    "owner_name": ("担当者", "Owner"),
}

ORGANISATION_FIELDS: dict[str, tuple[str, str]] = {
    "name": ("自社名", "Organisation's name"),
    "postal_address": ("自社の住所", "Organisation's address"),
    "contact": ("自社の問い合わせ先", "Organisation's contact"),
}

OPT_OUT_URL = "opt_out_url"
OPT_OUT_LABEL = ("配信停止ページのURL", "Opt-out page")
