"""Who signs a posted form."""

from gate.core.json_types import JsonObject
from gate.web.sessions import Session


def signed_as(form: dict[str, str], session: Session | None) -> JsonObject:
    """Who acts: the one who is named in the form, else who is signed in; and the PIN, if any."""
    by = form.get("by", "").strip() or (session.by if session else "") or ""
    pin = form.get("pin", "")
    return {"by": by, "pin": pin} if pin else {"by": by}
