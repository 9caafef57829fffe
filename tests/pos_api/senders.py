"""What the processes of the concurrency tests do. They start without Django: only the standard library and psycopg2."""

import json
import multiprocessing
import urllib.request
from typing import Any
from urllib.error import HTTPError

import psycopg2

# Processes that inherit no connection of ours.
fresh = multiprocessing.get_context("spawn")

Answer = tuple[int, bytes]


def post(address: str, path: str, credential: str, body: dict[str, Any], key: str = "") -> Answer:
    headers = {"Authorization": f"Api-Key {credential}", "Content-Type": "application/json"}
    if key:
        headers["Idempotency-Key"] = key
    request = urllib.request.Request(address + path, json.dumps(body).encode(), headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def sell_each(job: tuple[str, str, list[dict[str, Any]]]) -> list[Answer]:
    """Send sales one after the other."""
    address, credential, documents = job
    return [post(address, "sales/", credential, document) for document in documents]


def sell_in_processes(address: str, credential: str, several: list[list[dict[str, Any]]]) -> list[Answer]:
    """Send each list of sales from a process of its own, all at once."""
    with fresh.Pool(len(several)) as pool:
        answers = pool.map_async(
            sell_each, [(address, credential, documents) for documents in several], chunksize=1
        )
        return [answer for one in answers.get(timeout=120) for answer in one]


def read_then_write(url: str, barrier: Any) -> None:
    """What settlement must not do: read a counter, compare, write what it read plus one."""
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        for _round in range(5):
            barrier.wait(60)
            cursor.execute("SELECT used, maximum FROM campaigns_campaigncounter")
            used, maximum = cursor.fetchone()
            if used < maximum:
                cursor.execute("UPDATE campaigns_campaigncounter SET used = %s", [used + 1])
                cursor.execute("INSERT INTO granted DEFAULT VALUES")
            connection.commit()
    connection.close()
