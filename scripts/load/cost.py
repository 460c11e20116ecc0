"""What taking batches in costs the office by processor time, without a broker: verify and store.

python -m scripts.load.cost [--database URL] [--size 7] [--events 60000] [--together 200]
"""

import argparse
import cProfile
import json
import os
import pstats
import resource
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from nacl.signing import SigningKey

from gate.sync.link import Message
from office.home import Home
from office.receiving.gate_status import Watch
from office.receiving.message_intake import MessageIntake
from office.store.database import OfficeStore
from scripts.load.signed_batches import enrol, rounds


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--database")
    asked.add_argument("--size", type=int, default=7)
    asked.add_argument("--events", type=int, default=60_000)
    asked.add_argument("--together", type=int, default=200)
    asked.add_argument("--gates", type=int, default=1000)
    asked.add_argument("--profile", action="store_true")
    args = asked.parse_args()
    with TemporaryDirectory(dir="/var/tmp") as folder:
        home = Home(Path(folder))
        enrol(home, args.gates)
        batches = islice(rounds(args.gates, args.size), args.events // args.size)
        messages = [Message(topic, p, retained=False, mid=1) for topic, _, p in batches]
        with OfficeStore(args.database or home.database) as store:
            generation = store.begin_generation(1)
            intake = MessageIntake(home, store, generation, SigningKey(b"\x07" * 32), Watch())
            intake.begin()
            profile = cProfile.Profile()
            begun, cpu = time.perf_counter(), time.process_time()
            if args.profile:
                profile.enable()
            for at in range(0, len(messages), args.together):
                _, after = intake.take(messages[at : at + args.together])
                for tell in after:
                    tell()
            profile.disable()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - begun
            stored = intake.counts.events
    if args.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(30)
    print(
        json.dumps(
            {
                "size": args.size,
                "together": args.together,
                "events": stored,
                "microseconds": round(1e6 * cpu / stored, 1),
                "events_per_cpu_second": round(stored / cpu),
                "events_per_second": round(stored / wall),
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "load": os.getloadavg()[0],
            }
        )
    )


if __name__ == "__main__":
    main()
