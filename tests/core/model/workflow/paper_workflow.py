"""The data of a small workflow, and what tests make of it."""

from __future__ import annotations

from typing import Any

#: A small workflow with a pair of method and action, a guard of each kind, scripts, and an automatic transition.
PAPER: dict[str, Any] = {
    "title": "Paper Workflow",
    "state_variable": "paper_state",
    "initial_state": "draft",
    "state": [
        {
            "id": "draft",
            "title": "Draft",
            "transitions": ["submit", "submit_action", "sign_action", "tear"],
            "permissions": {"View": ["Owner", "Manager"], "Modify portal content": ["Owner", "Manager"]},
        },
        {
            "id": "submitted",
            "title": "Submitted",
            "transitions": ["accept", "accept_action", "retract"],
            "permissions": {"View": ["Assignee", "Owner", "Manager"], "Modify portal content": ["Assignor"]},
        },
        {"id": "accepted", "title": "Accepted", "permissions": {"View": ["Anonymous"]}},
        {"id": "torn", "inherit": True},
    ],
    "transition": [
        {"id": "submit", "title": "Submit", "new_state": "submitted", "permission": "Modify portal content"},
        {
            "id": "submit_action",
            "title": "Submit",
            "trigger": "user",
            "method": "submit",
            "roles": ["Owner", "Manager"],
        },
        {"id": "accept", "new_state": "accepted", "roles": ["Assignor"], "condition": "here.getId() != 'bad'"},
        {"id": "accept_action", "title": "Accept", "trigger": "user", "method": "accept", "roles": ["Assignee"]},
        {"id": "sign_action", "title": "Sign", "trigger": "user", "new_state": "submitted", "hidden": True},
        {"id": "retract", "new_state": "draft"},
        {"id": "tear", "new_state": "torn"},
    ],
}


def changed(data: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of workflow data in which transitions or states have other keys: ``submit={"before_script": "x"}``."""
    parts = {
        part: [{**entry, **changes.get(entry["id"], {})} for entry in data[part]] for part in ("state", "transition")
    }
    return {**data, **parts}
