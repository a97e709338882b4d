"""Does a refusal say that the *user* does not exist? In doubt it does not: who is gone is removed from the state.

No `ErrorCode` and no message is published for this, so the wordings are a guess. They have to stand on their own: an
own word before "user", nothing but the user's id after it, and nowhere a word for a group, a department, a meeting, a
permission or the caller.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_LONGEST = 1000

# Words that make it doubtful whose absence is meant.
_DOUBT = re.compile(
    r"部门|企业|公司|组织|群|组|会议|房间|角色|租户|权限|无权|授权|登录|当前|操作(?!失败)|主账号|子账号|调用(?!失败)|创建者|创建人|管理员|主持"
    r"|\b(?:ram|sub)\b|group|depart|compan|enterprise|organi[sz]ation|tenant|meeting|conference|room|role|polic"
    r"|permission|authori[sz]|access|denied|log+ed|login|current|caller|operator|creator|owner|host|admin|account|parent",
    re.IGNORECASE,
)
_THIS_ZH = r"该|此|这个|指定的?|所查的?|查询的?|请求的?|目标|对应的?|相关的?"
_BEFORE_ZH = rf"(?:^|[\s:：,，.。;；!！\[【(（'\"“]|{_THIS_ZH})"
_AFTER_ZH = r"(?=$|[\s,，.。;；!！\]】)）'\"”:：]|或已被?(?:删除|注销))"
_GONE_ZH = r"(?:已经?)?(?:不存在|未找到|找不到|没有找到|未查到|查不到|已经?被?(?:删除|注销)|被(?:删除|注销))"
_NOBODY_ZH = r"(?:找不到|未找到|没有找到|没有|查无|未查到|查询不到|查不到|不存在)"
_BEFORE_EN = (
    r"(?:^|[:：,，.;；!\[(\"'/]\s*"
    r"|\b(?:the|this|that|such|specified|requested|target|given|a|an|error|failed)\s+)"
)
_GONE_EN = (
    r"(?:(?:does|do|did)\s*(?:not|n['’]?t)\s*exists?"
    r"|(?:(?:is|was|are|were)\s*)?(?:not|n['’]t)[\s_.]*(?:exist(?:s|ed|ing)?|found)"
    r"|(?:can\s*not|can['’]?t|could\s*not|couldn['’]?t)\s*be\s*found"
    r"|no\s*longer\s*exists)(?![^\W_])"
)
_NOBODY_EN = (
    r"\b(?:no\s+such|unknown"
    r"|(?:can\s*not|can['’]?t|could\s*not|couldn['’]?t|did\s*not|unable\s+to)\s+find(?:\s+the|\s+this)?)\s+user"
)
_OPENING, _CLOSING = r"['\"“‘\[(（【<]", r"['\"”’\])）】>]"


# Stands for the id, so that the patterns are the same for every user: compiling some for each would take as long as
# the rest of the call.
_ID = "\0"
_WORD = r"\s*(?:id|编号|信息|记录)?"
_NAMED = rf"(?:{_WORD}\s*[:：=]?\s*{_OPENING}?{_ID}{_CLOSING}?|{_WORD})\s*[,，:：]?\s*"
_SAYS_SO = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_BEFORE_ZH}(?:用户|user){_NAMED}{_GONE_ZH}{_AFTER_ZH}",
        rf"{_NOBODY_ZH}(?:{_THIS_ZH})?用户{_NAMED}{_AFTER_ZH}",
        rf"{_BEFORE_EN}user[\s_.]?{_NAMED}[\s_.]*{_GONE_EN}",
        rf"{_NOBODY_EN}{_NAMED}(?=$|[\s.,;:!])",
        r"\bno\s+user(?:\s+(?:was|is))?\s+found(?![^\W_])",
    )
]


def says_user_not_found(message: str, user_ids: Sequence[str]) -> bool:
    """Say whether *message* states that one of *user_ids*, the users of the request, does not exist."""
    message = message[:_LONGEST].replace(_ID, " ").lower()
    ids = sorted({user_id.lower() for user_id in user_ids if user_id.lower() in message}, key=len, reverse=True)
    if _DOUBT.search(_without_ids(message, ids)):
        return False
    marked = message
    for user_id in ids:
        marked = marked.replace(user_id, _ID)
    # Also as it came, for an id that is a part of the words themselves.
    return any(pattern.search(text) for pattern in _SAYS_SO for text in (marked, message))


def _without_ids(message: str, user_ids: Sequence[str]) -> str:
    """Take the ids out, or ``group-7`` would raise doubt; but ``group`` in the open may be the service's own word."""
    for user_id in user_ids:
        if any(char.isdigit() for char in user_id):
            message = message.replace(user_id, " ")
        else:
            message = re.sub(f"{_OPENING}{re.escape(user_id)}{_CLOSING}", " ", message)
    return message
