"""What each kind of change means, a rule for each kind of resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from components.roster import companions
from operations.plan import Change, Inputs
from operations.verdict import Said, Severity, Verdict

# Of one kind of resource: an operation → what it means. What is not there is unknown.
Rule = Mapping[str, "Said | Callable[[Change], Said]"]

# Services that the site does without.
_OPTIONAL = {"jumpbox", *companions()}

# What people miss while a service is away.
_MISSED = {
    "db": "the site",
    "ov-wag": "the site and the admin",
    "ov-frontend": "the site",
    "ov-nginx": "the site and the admin",
}

_SIZE = "spec.resources.requests.storage"


def judge(change: Change) -> Verdict:
    """Return what *change* means; of what is not known here, the worst that it could."""
    meaning = RULES.get(change.kind, _UNKNOWN).get(change.operation, _UNKNOWN["delete"])
    severity, sentence = meaning(change) if callable(meaning) else meaning
    words = {"name": change.name, "title": change.title, "missed": _missed(change.name)}
    return Verdict(
        change=change,
        severity=severity,
        service=_whose(change),
        sentence=sentence.format(**words),
    )


def _whose(change: Change) -> str:
    """Return who is restarted, or away for a moment."""
    if change.kind in {"Secret", "ConfigMap"}:
        return "its readers"
    # The migration is a part of the back end.
    return change.name.removesuffix("-migrate")


def _missed(service: str) -> str:
    return _MISSED.get(service, f"what needs {service}")


def _deployment(change: Change) -> Said:
    """Return what an update of a Deployment means."""
    if change.touches("spec.template", "spec.strategy"):
        if _at(change.new, "spec.strategy.type") == "Recreate":
            return Severity.OUTAGE, "{name} stops before it starts again: {missed} is away."
        return (
            Severity.RESTARTS,
            "{name} is restarted pod by pod: the old one serves until the next is ready.",
        )
    if change.touches("spec.replicas"):
        old, new = _at(change.old, "spec.replicas"), _at(change.new, "spec.replicas")
        return Severity.HARMLESS, f"{{name}} runs {new} pods instead of {old}."
    return Severity.HARMLESS, "{name} is described anew; its pods go on."


def _taken_away(change: Change) -> Said:
    """Return what it means that a service is not declared any more."""
    if change.name in _OPTIONAL:
        return Severity.HARMLESS, "{name} is taken away; the site does without it."
    return Severity.FORBIDDEN, "{name} would be taken away, and {missed} with it."


_RESTARTED: Said = (
    Severity.OUTAGE,
    "{name} is stopped and started again on the same volume: {missed} is away for some seconds.",
)


def _database(change: Change) -> Said:
    """Return what an update of a StatefulSet means."""
    if change.touches("spec.template"):
        return _RESTARTED
    return Severity.HARMLESS, "{name} is described anew; it goes on."


def _volume(change: Change) -> Said:
    """Return what an update of a claim means."""
    if change.touches(_SIZE):
        old, new = _at(change.old, _SIZE), _at(change.new, _SIZE)
        return Severity.DATA, f"Volume {{name}} goes from {old} to {new}, and never shrinks again."
    if change.touches("spec"):
        return Severity.DATA, "Volume {name} is asked to be another one than it is."
    return Severity.HARMLESS, "Volume {name} gets other marks; what it holds stays."


_LEFT = "it stays with all it holds, and nothing looks after it any more."


def _deleted(what: str) -> Callable[[Change], Said]:
    """Return what the end of something that holds data means."""

    def meaning(change: Change) -> Said:
        if change.retained:
            return Severity.DATA, f"The program forgets {what} {{name}}; {_LEFT}"
        return Severity.FORBIDDEN, f"{what.capitalize()} {{name}} would go with all it holds."

    return meaning


def _holds_all(what: str) -> Rule:
    """Return the rule of what everything else is in."""
    return {
        "create": (Severity.HARMLESS, f"{what.capitalize()} {{name}} is made."),
        "update": (
            Severity.HARMLESS,
            f"{what.capitalize()} {{name}} gets other marks or limits; what is in it goes on.",
        ),
        "replace": (
            Severity.FORBIDDEN,
            f"{what.capitalize()} {{name}} would be deleted with all that is in it, volumes too.",
        ),
        "delete": _deleted(what),
    }


def _address(change: Change) -> Said:
    """Return what an update of a Service means."""
    if change.touches("spec"):
        return Severity.OUTAGE, "{name} is asked in another way; requests fail until all know."
    return Severity.HARMLESS, "The address of {name} stays as it is."


_DOOR: Said = (
    Severity.OUTAGE,
    "The public door gets other addresses or another certificate; the old ones lead nowhere.",
)


def _door(change: Change) -> Said:
    """Return what an update of an Ingress means."""
    if change.touches("spec"):
        return _DOOR
    return Severity.HARMLESS, "The public door gets other marks; it stays open."


def _read_at_start(what: str) -> Rule:
    """Return the rule of what pods read when they start."""
    listed = "; who reads it is listed by itself."
    return {
        "create": (Severity.HARMLESS, f"{what} {{name}} is made{listed}"),
        "update": (Severity.HARMLESS, f"{what} {{name}} gets another value{listed}"),
        "replace": (Severity.HARMLESS, f"{what} {{name}} is made anew{listed}"),
        "delete": (
            Severity.OUTAGE,
            f"{what} {{name}} goes away: a pod that still reads it cannot start.",
        ),
    }


_MIGRATED: Said = (
    Severity.RESTARTS,
    "The database is migrated before the next back end serves; going back may need a backup.",
)

_TALK: Said = (Severity.HARMLESS, "Who may talk to whom changes: {name}.")


def _policy_gone(change: Change) -> Said:
    """Return what the end of a NetworkPolicy means."""
    if change.name.startswith("default-"):
        return Severity.FORBIDDEN, "The namespace would be open to everybody in the cluster."
    return _TALK


def _provider_gone(change: Change) -> Said:
    """Return what the end of a provider means."""
    if change.type.endswith(":docker"):
        return Severity.HARMLESS, "Nothing is built here any more."
    return _ELSEWHERE


_ELSEWHERE: Said = (
    Severity.FORBIDDEN,
    "Everything would be deleted here and made anew, as if in another cluster.",
)

_REACHED: Said = (Severity.HARMLESS, "How {title} is reached changes, and nothing else by that.")

_BUILT: Said = (Severity.HARMLESS, "The image of {name} is built and pushed.")


def _unnoticed(what: str) -> Rule:
    """Return the rule of what nobody notices."""
    changes: Said = (Severity.HARMLESS, f"{what} changes; what runs goes on.")
    return {
        "create": (Severity.HARMLESS, f"{what} is said; what runs goes on."),
        "update": changes,
        "replace": changes,
        "delete": (Severity.HARMLESS, f"{what} is not said any more; what runs goes on."),
    }


_UNKNOWN: Rule = {
    "create": (Severity.HARMLESS, "{title} is made."),
    "update": (Severity.OUTAGE, "{title} changes; nothing here knows what that means."),
    "replace": (Severity.FORBIDDEN, "{title} would go; nothing here knows what it holds."),
    "delete": (Severity.FORBIDDEN, "{title} would go; nothing here knows what it holds."),
}

RULES: Mapping[str, Rule] = {
    "Deployment": {
        "create": (Severity.HARMLESS, "{name} is started."),
        "update": _deployment,
        "replace": (
            Severity.OUTAGE,
            "{name} is stopped before the next one starts: {missed} is away meanwhile.",
        ),
        "delete": _taken_away,
    },
    "StatefulSet": {
        "create": (Severity.HARMLESS, "{name} is started."),
        "update": _database,
        "replace": _RESTARTED,
        "delete": _taken_away,
    },
    "PersistentVolumeClaim": {
        "create": (Severity.HARMLESS, "Volume {name} is made."),
        "update": _volume,
        "replace": (
            Severity.FORBIDDEN,
            "Volume {name} would be deleted with all it holds, and an empty one be made.",
        ),
        "delete": _deleted("volume"),
    },
    "Namespace": _holds_all("namespace"),
    "Project": _holds_all("project"),
    "Service": {
        "create": (Severity.HARMLESS, "{name} gets an address inside the cluster."),
        "update": _address,
        "replace": (
            Severity.OUTAGE,
            "{name} gets another address; requests fail until all know it.",
        ),
        "delete": _taken_away,
    },
    "Ingress": {
        "create": (Severity.HARMLESS, "The site gets its public door."),
        "update": _door,
        "replace": _DOOR,
        "delete": (Severity.FORBIDDEN, "The site would have no public door any more."),
    },
    "Secret": _read_at_start("Secret"),
    "ConfigMap": _read_at_start("ConfigMap"),
    "Job": {
        "create": _MIGRATED,
        "update": _MIGRATED,
        "replace": _MIGRATED,
        "delete": (Severity.HARMLESS, "The record of a finished migration goes away."),
    },
    "NetworkPolicy": {
        "create": _TALK,
        "update": _TALK,
        "replace": _policy_gone,
        "delete": _policy_gone,
    },
    "Image": {
        "create": _BUILT,
        "update": _BUILT,
        "replace": _BUILT,
        "delete": (
            Severity.HARMLESS,
            "The image of {name} is not built here any more; the registry keeps it.",
        ),
    },
    "Provider": {
        "create": _REACHED,
        "update": _REACHED,
        "replace": _provider_gone,
        "delete": _provider_gone,
    },
    "CronJob": _unnoticed("Scheduled work"),
    "ResourceQuota": _unnoticed("How much the namespace may take"),
    "LimitRange": _unnoticed("What a container gets that asks for nothing"),
    "PodDisruptionBudget": _unnoticed("How many pods may leave a node at once"),
    "HorizontalPodAutoscaler": _unnoticed("How many pods run under load"),
    "ProjectRoleTemplateBinding": _unnoticed("Who may do what in the project"),
}


def _at(inputs: Inputs, path: str) -> object:
    """Return the value at a path of keys; None where there is none."""
    value: object = inputs
    for key in path.split("."):
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(key)
    return value
