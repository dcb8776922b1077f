"""Counts the words of a text and rates how hard it is to read (LIX: C. H. Björnsson, "Läsbarhet", 1968).

A service of Reprise as docs/protocol.md has it. `derive` is what it does; the rest is the same for every service.
"""
import json
import os
import re
import signal
import socket
import time

import redis

SERVICE = os.environ.get("SERVICE", "words")
# A name that stays: what it had in hand when it was killed, it finds again. Two on one machine need two names.
INSTANCE = os.environ.get("INSTANCE", socket.gethostname())
CHANNEL = f"{SERVICE}.in"
LOG = f"reprise:log:{CHANNEL}"
FACTS = {"version": "1.0", "inputs": [CHANNEL], "outputs": [SERVICE]}
PARAMS = {"long_word_letters": 7}
AT_ONCE = 50
# Longer than AT_ONCE events take: what another instance has held for so long, it will not finish.
DEAD_AFTER_MS = 10_000


def derive(data, params):
    """One datum from one datum. Raises where it can't: the event comes again, and goes to the dead letters in the end."""
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
        """Until it is told to end. Whatever is wrong with Redis passes: what was not finished comes again."""
        while not self.ends:
            try:
                self.beat()
                entries = self.read() if self.setup["state"] == "running" else time.sleep(0.1) or []
                for entry, fields in entries:
                    self.handle(entry, fields.get("e"))
                    self.beat()
            except redis.RedisError as error:
                if re.search("NOGROUP|UNBLOCKED", str(error)):  # Never there, or flushed.
                    self.join()
                else:
                    print(f"{SERVICE}: {error}; trying again in a second", flush=True)
                    time.sleep(1)
                self.looks_back = True
        self.db.fcall("reprise_alive", 0, SERVICE, INSTANCE, json.dumps({**FACTS, "state": "stopped"}))

    def beat(self):
        """Says once a second that it is alive, and hears how it is set up."""
        if time.monotonic() - self.beat_at >= 1:
            self.setup = json.loads(self.db.fcall("reprise_alive", 0, SERVICE, INSTANCE, json.dumps(FACTS)))
            self.beat_at = time.monotonic()

    def join(self):
        """Its group reads what the log has, and all that comes."""
        try:
            self.db.xgroup_create(LOG, SERVICE, id="0", mkstream=True)
        except redis.ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    def read(self):
        """First what it has in hand, then what is new; and, when there is nothing, what an instance that is gone has left."""
        start = "0" if self.looks_back else ">"
        found = self.db.xreadgroup(SERVICE, INSTANCE, {LOG: start}, count=AT_ONCE, block=500)
        entries = found[0][1] if found else []
        if not entries:
            self.looks_back = False
        if not entries and start == ">":
            self.looks_back = bool(self.db.xautoclaim(LOG, SERVICE, INSTANCE, DEAD_AFTER_MS, count=AT_ONCE)[1])
        return entries

    def handle(self, entry, text):
        """Finishes one event: what is derived, the acknowledgement, the trace and the count are one call."""
        try:
            event = json.loads(text)
            own = json.loads(event.get("params", "{}")).get(SERVICE, {})
            data = derive(event["data"], {**PARAMS, **self.setup["params"], **own})
            output = json.dumps(data)
        except Exception as error:  # Whatever it is, it is told.
            self.db.fcall("reprise_fail", 0, SERVICE, CHANNEL, entry, f"{type(error).__name__}: {error}")
            return
        while True:
            try:
                self.db.fcall("reprise_done", 0, SERVICE, CHANNEL, entry, SERVICE, output)
                return
            except redis.ResponseError as error:
                if str(error).startswith("REFUSED"):
                    self.db.fcall("reprise_fail", 0, SERVICE, CHANNEL, entry, str(error))
                    return
                if not str(error).startswith("FULL"):
                    raise
                time.sleep(0.1)  # The next one in the row has to read on first.
                self.beat()


if __name__ == "__main__":
    service = Service(redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://127.0.0.1:6379"), decode_responses=True))
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: setattr(service, "ends", True))
    service.run()
