"""The scaling rules speak of what exists, and are those that the simulation plays."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from _service import Load, Service
from subiteya.config import EditSettings, UploadSettings
from subiteya.domain.states import JobStatus
from subiteya.queue.names import QueueName

SCALING = Path(__file__).parents[3] / "deploy" / "scaling"


def documents(name: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all((SCALING / name).read_text(encoding="utf-8")) if each]


def rules() -> dict[QueueName, dict[str, Any]]:
    """Each queue's rule."""
    found = {
        each["metadata"]["name"]: each["spec"]
        for each in documents("keda.yaml")
        if "triggers" in each["spec"]
    }
    return {queue: found[f"subiteya-worker-{queue.kind}"] for queue in QueueName}


@pytest.mark.parametrize("queue", QueueName)
def test_each_queue_has_a_rule_that_asks_for_it_and_for_states_that_exist(queue: QueueName) -> None:
    rule = rules()[queue]
    assert rule["scaleTargetRef"]["name"] == f"subiteya-worker-{queue.kind}"
    [trigger] = rule["triggers"]
    query = trigger["metadata"]["query"]
    named = re.findall(r"(queue|status) = '([^']+)'", query)
    assert {word for column, word in named if column == "queue"} == {queue.value}
    assert {word for column, word in named if column == "status"} == {JobStatus.ACTIVE, JobStatus.QUEUED}
    assert trigger["authenticationRef"]["name"] == documents("keda.yaml")[0]["metadata"]["name"]


def test_the_rules_are_those_that_are_simulated() -> None:
    service, load = Service(), Load(1, 1, 1)
    targets = {QueueName.EDIT: load.jobs_per_edit_worker, QueueName.UPLOAD: load.jobs_per_upload_worker}
    for queue, rule in rules().items():
        assert float(rule["triggers"][0]["metadata"]["targetQueryValue"]) == targets[queue]
        assert rule["pollingInterval"] == service.poll_s
        down = rule["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]["scaleDown"]
        assert down["stabilizationWindowSeconds"] == service.calm_s
        assert rule["minReplicaCount"] == 1


def test_a_rule_gives_each_worker_what_it_can_have_in_hand() -> None:
    concurrency = {QueueName.EDIT: EditSettings().concurrency, QueueName.UPLOAD: UploadSettings().concurrency}
    for queue, rule in rules().items():
        assert int(rule["triggers"][0]["metadata"]["targetQueryValue"]) == concurrency[queue]


def test_the_api_never_goes_down_to_one() -> None:
    [rule] = documents("hpa.yaml")
    assert (rule["kind"], rule["spec"]["scaleTargetRef"]["name"]) == (
        "HorizontalPodAutoscaler",
        "subiteya-api",
    )
    assert 2 <= rule["spec"]["minReplicas"] < rule["spec"]["maxReplicas"]
