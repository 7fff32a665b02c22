"""Who may do what. One table; every way in asks `require`."""

from tashika.accounts.models import Role
from tashika.core.errors import NotAllowed
from tashika.core.text import Text, t

_RANK = {Role.VIEWER: 0, Role.EDITOR: 1, Role.PUBLISHER: 2, Role.ADMINISTRATOR: 3}

# The least role for each ability. Stopping fails open: whoever can see may stop (G14).
ABILITIES: dict[str, Role] = {
    "see": Role.VIEWER,
    "stop": Role.VIEWER,
    "edit": Role.EDITOR,
    "import": Role.EDITOR,
    "export": Role.EDITOR,
    "publish": Role.PUBLISHER,
    "release": Role.PUBLISHER,
    "administer": Role.ADMINISTRATOR,
}

NAMES: dict[str, Text] = {
    Role.VIEWER: t("閲覧者", "Viewer"),
    Role.EDITOR: t("編集者", "Editor"),
    Role.PUBLISHER: t("公開者", "Publisher"),
    Role.ADMINISTRATOR: t("管理者", "Administrator"),
}


def may(role: str, ability: str) -> bool:
    """Whether a role reaches to an ability. Raises KeyError for an ability that is not in the table."""
    return _RANK[Role(role)] >= _RANK[ABILITIES[ability]]


def require(role: str, ability: str) -> None:
    """Raises NotAllowed, saying which role it takes, unless the role reaches to the ability."""
    if not may(role, ability):
        needed = NAMES[ABILITIES[ability]]
        raise NotAllowed(
            t("この操作には「{role}」以上の権限が必要です。", "This takes the role “{role}” or higher.", role=needed),
            fix=t("管理者に権限の変更を依頼してください。", "Ask an administrator to change your role."),
        )
