"""The invented company of `up --demo`: 5,000 invented people on reserved domains (RFC 2606, JPRS's examples)."""

import random
import secrets
from datetime import datetime, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction

from tashika.accounts import users, verifying
from tashika.accounts.models import Role, User
from tashika.contents import drafting
from tashika.core.actors import SYSTEM
from tashika.core.models import OrganisationSettings
from tashika.people.addresses import address_hash, address_key, masked
from tashika.people.companies import company_key
from tashika.people.models import Company, Consent, Contact, CustomField, Source, Suppression, Tag, Tagging

EMAIL = "demo@mirai-keisoku.example.jp"
PEOPLE = 5000
_FAMILY = (
    "佐藤:サトウ:sato 鈴木:スズキ:suzuki 高橋:タカハシ:takahashi 田中:タナカ:tanaka 伊藤:イトウ:ito "
    "渡辺:ワタナベ:watanabe 山本:ヤマモト:yamamoto 中村:ナカムラ:nakamura 小林:コバヤシ:kobayashi "
    "加藤:カトウ:kato 吉田:ヨシダ:yoshida 山田:ヤマダ:yamada 佐々木:ササキ:sasaki 松本:マツモト:matsumoto "
    "井上:イノウエ:inoue 木村:キムラ:kimura 林:ハヤシ:hayashi 清水:シミズ:shimizu 山崎:ヤマザキ:yamazaki "
    "池田:イケダ:ikeda 阿部:アベ:abe 森:モリ:mori 橋本:ハシモト:hashimoto 石川:イシカワ:ishikawa "
    "前田:マエダ:maeda 藤田:フジタ:fujita 岡田:オカダ:okada 長谷川:ハセガワ:hasegawa "
    "髙橋:タカハシ:takahashi"
)
_GIVEN = (
    "翔太:ショウタ:shota 美咲:ミサキ:misaki 健一:ケンイチ:kenichi 陽子:ヨウコ:yoko 大輔:ダイスケ:daisuke "
    "恵:メグミ:megumi 直樹:ナオキ:naoki 由美:ユミ:yumi 誠:マコト:makoto 愛:アイ:ai 拓也:タクヤ:takuya "
    "香織:カオリ:kaori 浩:ヒロシ:hiroshi 真由美:マユミ:mayumi 隆:タカシ:takashi さくら:サクラ:sakura "
    "剛:ツヨシ:tsuyoshi 千尋:チヒロ:chihiro 悠斗:ユウト:yuto 葵:アオイ:aoi"
)
_FIRST = [
    "青葉",
    "東都",
    "北斗",
    "みなと",
    "大和",
    "光洋",
    "三河",
    "信濃",
    "瀬戸",
    "若松",
    "星野",
    "緑川",
    "朝日野",
    "白鷺",
    "富士見",
    "桜台",
    "常盤",
    "日向",
    "美濃",
    "浜松",
]
_TRADE = ["精機", "工業", "電子", "化学", "製作所", "食品", "システム", "物流", "計装", "エンジニアリング"]
_DEPARTMENTS = [
    "品質保証部",
    "生産技術部",
    "購買部",
    "設備保全課",
    "研究開発部",
    "情報システム部",
    "営業企画部",
    "製造部",
]
_TITLES = ["部長", "課長", "係長", "主任", "担当", "マネージャー"]
_PREFECTURES = [
    "東京都",
    "東京都",
    "東京都",
    "神奈川県",
    "神奈川県",
    "大阪府",
    "大阪府",
    "愛知県",
    "愛知県",
    "埼玉県",
    "千葉県",
    "静岡県",
    "兵庫県",
    "福岡県",
    "北海道",
    "広島県",
    "宮城県",
    "京都府",
]
_DOMAINS = ("example.jp", "example.com", "example.ne.jp", "example.org")
_TAGS = ("展示会2026", "資料請求", "セミナー参加", "既存顧客", "代理店")


def prepare(*, now: datetime) -> tuple[str, str]:
    """Fill the database if it is empty, and give the administrator a new password. Returns address and password."""
    password = secrets.token_urlsafe(12)
    with transaction.atomic():
        admin = User.objects.filter(email=EMAIL).first()
        if admin is None:
            admin = users.create(
                email=EMAIL, name="未来 花子", password=password, role=Role.ADMINISTRATOR, by=SYSTEM, now=now
            )
            verifying.by_word(user=admin, by=admin, now=now)
        else:
            admin.password = make_password(password)
            admin.save(update_fields=["password"])
        if not Contact.objects.exists():
            _organisation()
            _people(now)
            _contents(admin, now)
    return EMAIL, password


def _organisation() -> None:
    OrganisationSettings.objects.update_or_create(
        id=1,
        defaults={
            "name": "みらい計測システム株式会社",
            "postal_address": "〒100-0000 東京都千代田区見本町1-2-3 みらいビル5階",
            "contact": "お問い合わせ窓口 info@mirai-keisoku.example.jp",
            "demo": True,
        },
    )


def _people(now: datetime) -> None:
    dice = random.Random(20261124)
    source = Source.objects.create(kind="system", ref="demo", label="デモ用の架空データ", at=now)
    CustomField.objects.bulk_create(
        [
            CustomField(key="plant", label="工場名", type="text", position=1),
            CustomField(key="employees", label="従業員数", type="number", position=2),
            CustomField(
                key="interest",
                label="関心のある製品",
                type="choice",
                choices=["圧力計", "流量計", "温度計"],
                position=3,
            ),
        ]
    )
    names = [f"株式会社{first}{trade}" for first in _FIRST for trade in _TRADE]
    companies = Company.objects.bulk_create([Company(name=name, key=company_key(name)) for name in names])
    contacts = Contact.objects.bulk_create(
        [_contact(dice, n, companies, source, now) for n in range(1, PEOPLE + 1)], batch_size=1000
    )
    _consents(contacts, source)
    tags = Tag.objects.bulk_create([Tag(name=name, created_at=now) for name in _TAGS])
    Tagging.objects.bulk_create(
        [
            Tagging(contact=c, tag=tag, at=c.created_at, source=source)
            for c in contacts
            for tag in tags
            if dice.random() < 0.2
        ],
        batch_size=2000,
    )
    Suppression.objects.bulk_create(
        [
            Suppression(
                address_hash=c.address_hash,
                masked=masked(c.email),
                reason="hard_bounce",
                detail="550 5.1.1 User unknown",
                since=now,
                source=source,
            )
            for c in contacts[::83]
        ]
    )


def _contact(dice: random.Random, number: int, companies: list[Company], source: Source, now: datetime) -> Contact:
    family, family_kana, family_latin = dice.choice(_FAMILY.split()).split(":")
    given, given_kana, given_latin = dice.choice(_GIVEN.split()).split(":")
    place = dice.randrange(len(companies))
    company = companies[place]
    email = f"{given_latin}.{family_latin}{number}@c{place + 1}.{_DOMAINS[place % len(_DOMAINS)]}"
    consent = dice.choices(["given", "none", "withdrawn"], [92, 5, 3])[0]
    since = now - timedelta(days=dice.randrange(5, 900))
    return Contact(
        email=email,
        email_key=address_key(email),
        address_hash=address_hash(address_key(email)),
        family_name=family,
        given_name=given if dice.random() > 0.02 else "",
        family_kana=family_kana,
        given_kana=given_kana,
        company_name=company.name,
        company=company,
        department=dice.choice(_DEPARTMENTS),
        job_title=dice.choice(_TITLES),
        prefecture=dice.choice(_PREFECTURES),
        consent=consent,
        opted_out_at=since if consent == "withdrawn" else None,
        custom={
            "employees": dice.choice([30, 80, 200, 600, 2000]),
            "interest": dice.choice(["圧力計", "流量計", "温度計"]),
        },
        source=source,
        created_at=since,
        updated_at=since,
    )


def _consents(contacts: list[Contact], source: Source) -> None:
    Consent.objects.bulk_create(
        [
            Consent(
                contact_id=c.pk,
                address_hash=c.address_hash,
                state=c.consent,
                ground="form",
                detail="製品情報のメールを受け取る",
                at=c.created_at,
                source=source,
            )
            for c in contacts
            if c.consent != "none"
        ],
        batch_size=2000,
    )


def _contents(admin: User, now: datetime) -> None:
    segments = [
        ("東京都のお客様", [{"field": "prefecture", "test": "is", "value": "東京都"}]),
        ("資料請求された方", [{"field": "tag", "test": "has", "value": "資料請求"}]),
        ("品質保証部の方", [{"field": "department", "test": "contains", "value": "品質保証"}]),
        (
            "展示会2026の来場者（代理店を除く）",
            [
                {"field": "tag", "test": "has", "value": "展示会2026"},
                {"field": "tag", "test": "has_not", "value": "代理店"},
            ],
        ),
    ]
    rows = [
        drafting.create(kind="segment", name=name, draft={"rule": {"op": "and", "rules": rules}}, by=admin, now=now)
        for name, rules in segments
    ]
    mails = [
        drafting.create(kind="mail", name=name, draft=_mail(subject, text), by=admin, now=now)
        for name, subject, text in _MAILS
    ]
    for name, segment, mail in (
        ("オンラインセミナーのご案内", rows[0], mails[0]),
        ("資料請求のお礼", rows[1], mails[1]),
        ("展示会ご来場のお礼", rows[3], mails[2]),
    ):
        draft = {"type": "broadcast", "segment": segment.public_id, "mail": mail.public_id, "send_at": None}
        drafting.create(kind="scenario", name=name, draft=draft, by=admin, now=now)


def _mail(subject: str, text: str) -> dict[str, object]:
    greeting = (
        '{{ contact.company_name | default: "" }}\n'
        '{{ contact.family_name | default: "ご担当者" }} 様\n\nいつもお世話になっております。みらい計測システムです。\n\n'
    )
    return {
        "subject": subject,
        "preheader": "",
        "from_name": "みらい計測システム",
        "from_email": "news@mirai-keisoku.example.jp",
        "reply_to": "info@mirai-keisoku.example.jp",
        "format": "text",
        "mjml": "",
        "text": greeting + text + "\n",
        "category": "commercial",
        "track_opens": True,
        "track_clicks": True,
    }


_MAILS = (
    (
        "セミナー案内",
        "【12月10日】流量計の校正を基礎から学ぶオンラインセミナー",
        "現場でよくいただくご質問をもとに、校正の考え方と記録の残し方を60分でご紹介します。\n\n"
        "日時: 2026年12月10日（木）14:00〜15:00\n参加費: 無料\nお申し込み: https://www.mirai-keisoku.example.jp/seminar\n\n"
        "皆さまのご参加をお待ちしております。",
    ),
    (
        "資料請求お礼",
        "資料をご請求いただきありがとうございます",
        "このたびは資料をご請求いただき、誠にありがとうございます。\n下記よりご覧いただけます。\n\n"
        "https://www.mirai-keisoku.example.jp/library\n\nご不明な点は、このメールにそのままご返信ください。",
    ),
    (
        "展示会お礼",
        "展示会へのご来場ありがとうございました",
        "先日はお忙しいなか、弊社ブースへお立ち寄りいただき、誠にありがとうございました。\n"
        "当日ご紹介した製品の資料をまとめております。\n\nhttps://www.mirai-keisoku.example.jp/exhibition",
    ),
    (
        "年末年始のお知らせ",
        "年末年始の休業について",
        "誠に勝手ながら、2026年12月29日から2027年1月4日まで休業いたします。\n"
        "休業中のお問い合わせには、1月5日より順次お答えいたします。",
    ),
)
