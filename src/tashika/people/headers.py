"""Headers matched by name: the Japanese and English ones of the tools that people come from."""

import re
import unicodedata

from tashika.core.text import Text, t

_NAMES: dict[str, str] = {
    "email": "メールアドレス メール Eメール E-mail email emailaddress mail mailaddress pcメール メアド 電子メール メールアドレス1 pcmail 勤務先メールアドレス",
    "family_name": "姓 苗字 名字 氏 lastname familyname surname 姓漢字 お名前姓 氏名姓 担当者姓 last",
    "given_name": "名 firstname givenname 名漢字 お名前名 氏名名 下の名前 担当者名前 first 名前名",
    "family_kana": "セイ せい 姓カナ 姓かな 姓フリガナ 姓ふりがな 苗字ふりがな 苗字フリガナ lastnamekana フリガナ姓 カナ姓 familykana 氏カナ",
    "given_kana": "メイ めい 名カナ 名かな 名フリガナ 名ふりがな 名前ふりがな 名前フリガナ firstnamekana フリガナ名 カナ名 givenkana",
    "full_name": "氏名 お名前 名前 name fullname 顧客名 担当者氏名 ご担当者名 担当者名",
    "company_name": "会社名 企業名 法人名 会社 企業 勤務先 勤務先名 貴社名 御社名 組織名 company companyname organization organisation 取引先名 団体名",
    "department": "部署 部署名 部課 所属 部門 department division",
    "job_title": "役職 役職名 肩書 肩書き 職位 jobtitle title position",
    "phone": "電話番号 電話 tel phone phonenumber 勤務先電話番号 勤務先電話 会社電話番号 固定電話",
    "mobile": "携帯電話 携帯番号 携帯 携帯電話番号 mobile mobilephone 勤務先携帯",
    "postal_code": "郵便番号 〒 zip zipcode postalcode postcode",
    "prefecture": "都道府県 都道府県名 prefecture state",
    "address": "住所 所在地 住所1 address street streetaddress 市区町村以降",
    "external_id": "外部ID 顧客ID 会員ID 顧客番号 会員番号 id externalid contactid customerid",
    "note": "備考 メモ note notes memo コメント",
    "owner": "担当者 営業担当 担当営業 owner contactowner 担当者メールアドレス",
    "tags": "タグ タグ名 tag tags",
}
LABELS: dict[str, Text] = {
    "email": t("メールアドレス", "Address"),
    "family_name": t("姓", "Family name"),
    "given_name": t("名", "Given name"),
    "full_name": t("氏名（1列）→ 空白で分ける", "Whole name (split at the space)"),
    "family_kana": t("セイ", "Family name (kana)"),
    "given_kana": t("メイ", "Given name (kana)"),
    "company_name": t("会社名", "Company"),
    "department": t("部署", "Department"),
    "job_title": t("役職", "Job title"),
    "phone": t("電話番号", "Phone"),
    "mobile": t("携帯電話", "Mobile"),
    "postal_code": t("郵便番号", "Postal code"),
    "prefecture": t("都道府県", "Prefecture"),
    "address": t("住所", "Street address"),
    "external_id": t("外部ID", "External ID"),
    "note": t("備考", "Note"),
    "owner": t("担当者（社員のアドレス）", "Owner (staff address)"),
    "tags": t("タグ（; で区切る）", "Tags (separated by ;)"),
}


def _plain(words: str) -> str:
    return re.sub(r"[\s　_\-（）()【】\[\]・:：]", "", unicodedata.normalize("NFKC", words)).lower()


_BY_NAME = {_plain(name): field for field, names in _NAMES.items() for name in names.split()}


def suggested(header: list[str], custom: dict[str, str]) -> list[str]:
    """The field of each column, '' where none is known; a field is given to one column only. `custom` is label → key."""
    known = _BY_NAME | {_plain(label): f"custom.{key}" for label, key in custom.items()}
    known |= {_plain(key): f"custom.{key}" for key in custom.values()}
    taken: set[str] = set()
    mapping: list[str] = []
    for words in header:
        field = known.get(_plain(words.lstrip("\ufeff")), "")
        mapping.append("" if field in taken else field)
        taken.add(field)
    if "family_name" in taken and "full_name" in mapping:
        # With 姓 there, a bare 名前 is the given name (SATORI: 苗字・名前).
        index = mapping.index("full_name")
        mapping[index] = "" if "given_name" in taken else "given_name"
    return mapping
