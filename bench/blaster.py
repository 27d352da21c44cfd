"""The baseline of the fan-out: bare aiohttp that posts bodies with 128 in flight, and nothing else.

`python -m bench.blaster URL TOKEN FILE` sends each line of the file for every line "go" it reads, and prints messages a
second. Raises when one is not accepted.
"""

import asyncio
import sys
import time
from collections import deque
from pathlib import Path

import aiohttp
import uvloop

IN_FLIGHT = 128


async def blast(http: aiohttp.ClientSession, url: str, bodies: list[bytes]) -> float:
    """Messages a second."""
    waiting = deque(bodies)

    async def sender() -> None:
        while waiting:
            async with http.post(url, data=waiting.popleft()) as answer:
                await answer.read()
                if answer.status != 200:
                    raise RuntimeError(await answer.text())

    started = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(IN_FLIGHT)))
    return len(bodies) / (time.perf_counter() - started)


async def main(url: str, token: str, bodies: list[bytes]) -> None:
    """One measurement for each line."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
    async with aiohttp.ClientSession(connector=connector, headers=headers) as http:
        while await asyncio.to_thread(sys.stdin.readline):
            print(await blast(http, url, bodies), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).read_bytes().splitlines()))
