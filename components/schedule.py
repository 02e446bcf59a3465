"""Work that comes round."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from components.naming import labels
from components.options import AT_ONCE, children
from components.way import Way, WayArgs
from components.workload import WorkloadArgs, pod

# A run that is late by more than this is left out; without it, a hundred missed ones would stop
# all that follow.
_LATE = 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class ScheduleArgs:
    """What runs, and when: as cron spells it, in UTC."""

    at: str
    runs: WorkloadArgs


class Schedule(pulumi.ComponentResource):
    """Run one image at its times, never two of them at once."""

    def __init__(
        self, name: str, args: ScheduleArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("openvault:components:Schedule", name, None, opts)
        child = children(self, opts)

        way = Way(name, WayArgs(asks=args.runs.asks, reach=args.runs.reach), opts=child)
        ready = pulumi.ResourceOptions(depends_on=[way, *args.runs.after])
        k8s.batch.v1.CronJob(
            name,
            metadata={"name": name, "labels": labels(name), "annotations": AT_ONCE},
            spec=_cron(name, args),
            opts=pulumi.ResourceOptions.merge(child, ready),
        )

        self.register_outputs({})


def _cron(name: str, args: ScheduleArgs) -> k8s.batch.v1.CronJobSpecArgsDict:
    spec = pod(name, args.runs)
    spec["restart_policy"] = "Never"
    return {
        "schedule": args.at,
        "time_zone": "Etc/UTC",
        "concurrency_policy": "Forbid",
        "starting_deadline_seconds": _LATE,
        "successful_jobs_history_limit": 1,
        "failed_jobs_history_limit": 3,
        "job_template": {
            "spec": {
                "backoff_limit": 2,
                "template": {"metadata": {"labels": labels(name)}, "spec": spec},
            }
        },
    }
