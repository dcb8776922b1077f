"""Counts the words of a text and rates how hard it is to read (LIX: C. H. Björnsson, "Läsbarhet", 1968).

A service of Reprise as docs/protocol.md describes it. `derive` does the work; the rest is the same for every service.
"""
import json
import os
import re
import signal
import socket
import time

import redis

SERVICE = os.environ.get("SERVICE", "words")
# The name stays the same over a restart, so that the instance finds what it had not finished. Two instances on one
# machine need two names.
INSTANCE = os.environ.get("INSTANCE", socket.gethostname())
CHANNEL = f"{SERVICE}.in"
# With a namespace, names in Redis begin with it.
NAMESPACE = os.environ.get("REPRISE_NAMESPACE", "")
LOG = f"{NAMESPACE}:reprise:log:{CHANNEL}" if NAMESPACE else f"reprise:log:{CHANNEL}"
FUNCTIONS = f"{NAMESPACE}_reprise" if NAMESPACE else "reprise"
FACTS = {"version": "1.0", "inputs": [CHANNEL], "outputs": [SERVICE]}
PARAMS = {"long_word_letters": 7}
AT_ONCE = 50
# Longer than AT_ONCE events take: an instance that has held events for this long is dead.
DEAD_AFTER_MS = 10_000


def derive(data, params):
    """Derives data from data. If it raises, the event is retried, and finally becomes a dead letter."""
    words = re.findall(r"\w+", data["text"])
    sentences = max(1, len(re.findall(r"[.!?:]+(?:\s|$)", data["text"])))
    long_words = sum(len(word) >= params["long_word_letters"] for word in words)
    lix = len(words) / sentences + 100 * long_words / len(words) if words else 0
    return {**data, "words": len(words), "sentences": sentences, "lix": round(lix, 1)}


class Service:
    def __init__(self, db):
        self.db = db
        self.setup = None
        self.beat_at = 0.0
        self.looks_back = True
        self.ends = False

    def run(self):
        """Runs until a signal ends it. It survives a Redis that is away: unfinished events come again."""
        while not self.ends:
            try:
                self.beat()
                entries = self.read() if self.setup["state"] == "running" else time.sleep(0.1) or []
                for entry, fields in entries:
                    self.handle(entry, fields.get("e"))
                    self.beat()
            except redis.RedisError as error:
                if re.search("NOGROUP|UNBLOCKED", str(error)):  # The group was never created, or Redis was flushed.
                    self.join()
                else:
                    print(f"{SERVICE}: {error}; trying again in a second", flush=True)
                    time.sleep(1)
                self.looks_back = True
        self.call("alive", SERVICE, INSTANCE, json.dumps({**FACTS, "state": "stopped"}))

    def call(self, name, *arguments):
        """Calls a function of the protocol."""
        return self.db.fcall(f"{FUNCTIONS}_{name}", 0, *arguments)

    def beat(self):
        """Reports once a second that the service is alive, and learns how it is set up."""
        if time.monotonic() - self.beat_at >= 1:
            self.setup = json.loads(self.call("alive", SERVICE, INSTANCE, json.dumps(FACTS)))
            self.beat_at = time.monotonic()

    def join(self):
        """Creates the consumer group, which reads the log from its beginning."""
        try:
            self.db.xgroup_create(LOG, SERVICE, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def read(self):
        """Reads unfinished events first, then new ones; when there are none, it claims those of dead instances."""
        start = "0" if self.looks_back else ">"
        found = self.db.xreadgroup(SERVICE, INSTANCE, {LOG: start}, count=AT_ONCE, block=500)
        entries = found[0][1] if found else []
        if not entries:
            self.looks_back = False
        if not entries and start == ">":
            self.looks_back = bool(self.db.xautoclaim(LOG, SERVICE, INSTANCE, DEAD_AFTER_MS, count=AT_ONCE)[1])
        return entries

    def handle(self, entry, text):
        """Finishes one event. A single call writes the output, the acknowledgement, the trace and the count."""
        try:
            event = json.loads(text)
            own = json.loads(event.get("params", "{}")).get(SERVICE, {})
            data = derive(event["data"], {**PARAMS, **self.setup["params"], **own})
            output = json.dumps(data)
        except Exception as error:  # Report every error.
            self.call("fail", SERVICE, CHANNEL, entry, f"{type(error).__name__}: {error}")
            return
        while True:
            try:
                self.call("done", SERVICE, CHANNEL, entry, SERVICE, output)
                return
            except redis.ResponseError as error:
                if str(error).startswith("REFUSED"):
                    self.call("fail", SERVICE, CHANNEL, entry, str(error))
                    return
                if not str(error).startswith("FULL"):
                    raise
                time.sleep(0.1)  # The next service must read first.
                self.beat()


if __name__ == "__main__":
    service = Service(redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), decode_responses=True))
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: setattr(service, "ends", True))
    service.run()
