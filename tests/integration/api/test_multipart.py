"""/api/s3/multipart in the words of Uppy's companion client."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from integration.api.conftest import LimitUploads, Look, Person
from subiteya.db.models import Upload
from subiteya.services.resources import Resources
from subiteya.storage import OpenUpload


@dataclass(slots=True)
class Uploading:
    """A browser that sends a file in parts."""

    api: httpx2.AsyncClient
    browser: httpx2.AsyncClient
    data: bytes
    key: str
    id: str
    part_size: int

    @property
    def path(self) -> str:
        return f"/api/s3/multipart/{self.id}"

    @property
    def query(self) -> dict[str, str]:
        return {"key": self.key}

    @property
    def count(self) -> int:
        return -(-len(self.data) // self.part_size)

    def part(self, number: int) -> bytes:
        return self.data[(number - 1) * self.part_size : number * self.part_size]

    async def send(self, number: int) -> dict[str, Any]:
        signed = await self.api.get(f"{self.path}/{number}", params=self.query)
        assert signed.status_code == 200, signed.text
        assert 0 < signed.json()["expires"] <= 900
        answer = await self.browser.put(signed.json()["url"], content=self.part(number))
        assert answer.status_code == 200, answer.text
        return {"PartNumber": number, "ETag": answer.headers["etag"]}

    async def complete(self, parts: list[dict[str, Any]]) -> httpx2.Response:
        return await self.api.post(f"{self.path}/complete", params=self.query, json={"parts": parts})


async def begin(api: httpx2.AsyncClient, browser: httpx2.AsyncClient, data: bytes) -> Uploading:
    answer = await api.post(
        "/api/s3/multipart",
        json={"filename": "pan.mp4", "type": "video/mp4", "metadata": {"size": str(len(data))}},
    )
    assert answer.status_code == 200, answer.text
    started = answer.json()
    return Uploading(api, browser, data, started["key"], started["uploadId"], started["partSize"])


@pytest.fixture
async def uploading(api: httpx2.AsyncClient, browser: httpx2.AsyncClient, big_clip: bytes) -> Uploading:
    return await begin(api, browser, big_clip)


async def test_parts_sent_side_by_side_become_a_video(uploading: Uploading, look: Look) -> None:
    parts = await asyncio.gather(*(uploading.send(number) for number in range(1, uploading.count + 1)))

    completed = await uploading.complete(list(parts))
    video = await uploading.api.post("/api/videos", json={"key": uploading.key, "title": "Pan"})

    assert uploading.count == 3
    assert completed.status_code == 200, completed.text
    assert completed.json()["key"] == uploading.key
    assert completed.json()["location"].endswith(uploading.key)
    assert video.status_code == 201, video.text
    assert await look.bytes((await look.video(video.json()["id"])).source_key) == uploading.data
    assert len(await look.keys()) == 1


async def test_an_upload_that_broke_off_sends_only_what_is_missing(uploading: Uploading) -> None:
    await uploading.send(1)
    await uploading.send(3)

    listed = (await uploading.api.get(uploading.path, params=uploading.query)).json()

    assert [(part["PartNumber"], part["Size"]) for part in listed] == [
        (1, uploading.part_size),
        (3, len(uploading.part(3))),
    ]
    missing = await uploading.send(2)
    kept = [{"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in listed]
    assert (await uploading.complete([*kept, missing])).status_code == 200


async def test_parts_can_be_signed_in_one_request(uploading: Uploading) -> None:
    answer = await uploading.api.get(
        f"{uploading.path}/batch", params={**uploading.query, "partNumbers": "1,2,3"}
    )

    urls = answer.json()["presignedUrls"]
    assert sorted(urls) == ["1", "2", "3"]
    assert (await uploading.browser.put(urls["2"], content=uploading.part(2))).status_code == 200
    assert (await uploading.browser.put(urls["3"], content=uploading.part(2))).status_code == 403


async def test_parts_that_do_not_exist_are_not_signed(uploading: Uploading) -> None:
    for numbers in ["", "1,,2", "x", "1,2,4", "0", "²", ",".join("1" * 101)]:
        answer = await uploading.api.get(
            f"{uploading.path}/batch", params={**uploading.query, "partNumbers": numbers}
        )
        assert answer.status_code == 422, numbers
    for number in ["0", "4", "10001", "x"]:
        answer = await uploading.api.get(f"{uploading.path}/{number}", params=uploading.query)
        assert answer.status_code == 422, number


async def test_the_upload_stays_open_until_every_part_is_there(uploading: Uploading, look: Look) -> None:
    first, third = await uploading.send(1), await uploading.send(3)

    answer = await uploading.complete([first, third])

    assert (answer.status_code, answer.json()["code"]) == (422, "upload_incomplete")
    assert answer.json()["parts"] == [2]
    assert (await look.upload(uploading.key)).status == "open"
    assert (await uploading.complete([first, await uploading.send(2), third])).status_code == 200


async def test_a_part_that_is_not_the_one_that_was_sent_is_refused(uploading: Uploading) -> None:
    parts = [await uploading.send(number) for number in (1, 2, 3)]
    parts[1]["ETag"] = '"00000000000000000000000000000000"'

    answer = await uploading.complete(parts)

    assert (answer.status_code, answer.json()["parts"]) == (422, [2])


async def test_a_video_is_not_made_of_an_unfinished_upload(uploading: Uploading) -> None:
    await uploading.send(1)

    answer = await uploading.api.post("/api/videos", json={"key": uploading.key})

    assert (answer.status_code, answer.json()["state"]) == (409, "open")


async def test_completing_again_gives_the_same_answer(uploading: Uploading) -> None:
    parts = [await uploading.send(number) for number in (1, 2, 3)]

    first = await uploading.complete(parts)
    second = await uploading.complete(parts)
    await uploading.api.post("/api/videos", json={"key": uploading.key})
    third = await uploading.complete(parts)

    assert [answer.status_code for answer in (first, second, third)] == [200, 200, 200]
    assert first.json() == second.json() == third.json()


async def test_an_upload_whose_completion_was_not_heard_of_is_not_lost(
    uploading: Uploading, resources: Resources, look: Look
) -> None:
    parts = [await uploading.send(number) for number in (1, 2, 3)]
    row = await look.upload(uploading.key)
    opened = OpenUpload(row.key, str(row.s3_upload_id), int(row.size_bytes or 0), int(row.part_size or 0))
    await resources.storage.multipart.complete(opened)

    answer = await uploading.complete(parts)

    assert answer.status_code == 200, answer.text
    assert (await look.upload(uploading.key)).status == "completed"


async def test_an_aborted_upload_leaves_nothing_and_can_be_aborted_again(
    uploading: Uploading, look: Look
) -> None:
    await uploading.send(1)

    answers = [await uploading.api.delete(uploading.path, params=uploading.query) for _ in range(2)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, {}), (200, {})]
    assert await look.unfinished() == 0
    late = await uploading.api.get(f"{uploading.path}/2", params=uploading.query)
    assert (late.status_code, late.json()["state"]) == (409, "aborted")
    made = await uploading.api.post("/api/videos", json={"key": uploading.key})
    assert (made.status_code, made.json()["state"]) == (409, "aborted")


async def test_a_finished_upload_can_still_be_given_up(uploading: Uploading, look: Look) -> None:
    await uploading.complete([await uploading.send(number) for number in (1, 2, 3)])

    answer = await uploading.api.delete(uploading.path, params=uploading.query)

    assert answer.status_code == 200
    assert await look.keys() == []


async def test_an_upload_that_became_a_video_cannot_be_given_up(
    api: httpx2.AsyncClient, browser: httpx2.AsyncClient, clip: bytes, look: Look
) -> None:
    uploading = await begin(api, browser, clip)
    await uploading.complete([await uploading.send(1)])
    await api.post("/api/videos", json={"key": uploading.key})

    answer = await api.delete(uploading.path, params=uploading.query)

    assert (answer.status_code, answer.json()["state"]) == (409, "used")
    assert len(await look.keys()) == 1


async def test_an_upload_without_a_size_is_refused(api: httpx2.AsyncClient) -> None:
    sizes: list[dict[str, Any]] = [{}, {"metadata": {"size": "²"}}, {"size": -1}, {"size": 0}]
    for size in sizes:
        answer = await api.post("/api/s3/multipart", json={"filename": "a.mp4", "type": "video/mp4", **size})
        assert answer.status_code == 422, size


async def test_an_upload_above_the_limit_is_refused(
    api: httpx2.AsyncClient, limit_uploads: LimitUploads, look: Look
) -> None:
    limit_uploads(1000)

    answer = await api.post("/api/s3/multipart", json={"filename": "a.mp4", "size": 1001})

    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert await look.count(Upload) == 0
    assert await look.unfinished() == 0


async def test_the_key_must_be_the_uploads_own(
    uploading: Uploading, api: httpx2.AsyncClient, browser: httpx2.AsyncClient, clip: bytes
) -> None:
    other = await begin(api, browser, clip)

    answer = await api.get(uploading.path, params=other.query)

    assert answer.status_code == 404


async def test_anothers_upload_does_not_exist(uploading: Uploading, ben: Person) -> None:
    requests: list[tuple[str, str, Any]] = [
        ("GET", uploading.path, None),
        ("GET", f"{uploading.path}/1", None),
        ("GET", f"{uploading.path}/batch?partNumbers=1", None),
        ("POST", f"{uploading.path}/complete", {"parts": []}),
        ("DELETE", uploading.path, None),
    ]
    for method, path, body in requests:
        joint = "&" if "?" in path else "?"
        answer = await ben.client.request(method, f"{path}{joint}key={uploading.key}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert (await uploading.api.get(uploading.path, params=uploading.query)).status_code == 200
