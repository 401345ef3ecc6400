#!/usr/bin/env python3
"""How fast pages and answers of `serve` are over a large archive, with readers at once and a writer going.

    cargo build --release
    python3 benches/million.py [--sources 1000000] [--keep FOLDER]

An archive is made of one source that was visited for real and is copied with its rows, until there are enough: a million sources on 20,000
hosts, five visits each, copies of one in ten, 50,000 posts. Its index of words is that of the one source. Then `serve` is started
(until it answers: the start), and 20 readers ask for one page or answer a second each, while sources are marked by hand as fast as that
goes. Printed are the median and the 99th of a hundred for each, and the peak memory of `serve`.
"""

import argparse
import http.server
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCEKEEP = os.environ.get("SOURCEKEEP_BINARY") or os.path.join(ROOT, "target", "release", "sourcekeep")
READERS = 20
SECONDS = 30


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        found = self.path != "/robots.txt"
        body = b"<!doctype html><title>A page</title><p>" + b"Words of a page that is cited. " * 100 if found else b""
        self.send_response(200 if found else 404)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def columns(archive, table):
    return [row[1] for row in archive.execute(f"pragma table_info({table})")]


def copy(archive, table, many, changed, where="1"):
    """Copies the first row of a table so often; `changed` are the columns that are others, as SQL over the number `i`."""
    names = columns(archive, table)
    values = ", ".join(changed.get(name, f"t.{name}") for name in names)
    archive.execute(
        f"with recursive n(i) as (select 1 union all select i + 1 from n where i < {many}) "
        f"insert into {table} ({', '.join(names)}) select {values} from n, (select * from {table} where {where} limit 1) t")


def make(folder, sources):
    """The archive."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with open(os.path.join(folder, "post.md"), "w", encoding="utf-8") as file:
        file.write("# A post\n\nSee [a page](http://one.test/page), which is cited.\n")
    db = os.path.join(folder, "s.db")
    subprocess.run([SOURCEKEEP, "--quiet", "--db", db, "--resolve", f"*=127.0.0.1:{server.server_port}", "run", "post.md"],
                   cwd=folder, check=True, stdout=subprocess.DEVNULL)
    server.shutdown()
    archive = sqlite3.connect(db)
    archive.executescript("pragma synchronous = off; pragma journal_mode = wal; pragma cache_size = -200000;")
    hosts, posts = max(sources // 50, 1), max(sources // 20, 1)
    copy(archive, "host", hosts, {"id": "i + 10", "name": "'h' || i || '.test'", "site": "'h' || i || '.test'"})
    copy(archive, "post", posts, {"id": "i + 10", "address": "'posts/' || i || '.md'", "title": "'Post number ' || i"})
    standing = "case when i % 50 = 0 then 'dead' when i % 37 = 0 then 'failing' when i % 41 = 0 then 'uncertain' else 'alive' end"
    verdict = ("case when i % 50 = 0 then 'not-found' when i % 37 = 0 then 'timeout' when i % 41 = 0 then 'blocked' "
               "when i % 23 = 0 then 'drifted' when i % 19 = 0 then 'moved' else 'alive' end")
    at = "1600000000000 + i * 150000"
    copy(archive, "source", sources, {
        "id": "i + 10", "address": f"'http://h' || (i % {hosts} + 1) || '.test/page/' || i", "host_id": f"i % {hosts} + 11",
        "standing": standing, "verdict": verdict, "standing_since": at, "verdict_since": at,
        "cited_since": "1262304000000 + (i % 5400) * 86400000", "next_visit_at": f"{at} + 200000000000",
        "last_visit_id": f"i + 10 + 4 * {sources}", "verdict_visit_id": f"i + 10 + 4 * {sources}", "fine_visit_id": f"i + 10 + 4 * {sources}",
        "last_capture_id": "iif(i % 10 = 0, i + 10, null)", "baseline_id": "iif(i % 10 = 0, i + 10, null)"})
    copy(archive, "citation", sources, {"id": "i + 10", "post_id": f"i % {posts} + 11", "source_id": "i + 10", "key": "i"})
    for turn in range(5):
        copy(archive, "visit", sources, {"id": f"i + 10 + {turn} * {sources}", "source_id": "i + 10", "at": f"{at} + {turn} * 86400000"})
        copy(archive, "verdict", sources, {"visit_id": f"i + 10 + {turn} * {sources}", "code": verdict})
    copy(archive, "capture", sources, {"id": "i + 10", "source_id": "i + 10", "visit_id": "i + 10", "at": at})
    archive.execute("delete from capture where id > 10 and (id - 10) % 10 <> 0")
    copy(archive, "event", sources // 10, {
        "id": "i + 1000", "at": at, "kind": "'standing-changed'", "source_id": "i + 10", "detail": "'{\"from\":\"alive\",\"to\":\"failing\"}'"},
        "1") if archive.execute("select count(*) from event").fetchone()[0] else None
    # As the migration to this schema does it.
    with open(os.path.join(ROOT, "src", "store", "schema", "0020_listed.sql"), encoding="utf-8") as file:
        rows = file.read().split("insert into listed ", 1)[1].split("-- Parts", 1)[0]
    archive.executescript("delete from listed; delete from tally; insert into listed " + rows)
    with open(os.path.join(ROOT, "src", "store", "schema", "0022_worked_off.sql"), encoding="utf-8") as file:
        work = "update listed set work = " + file.read().split("update listed set work = ", 1)[1].split(";", 1)[0]
    archive.execute(work)
    archive.execute("insert into tally (what, key, standing, verdict, many) select 'work', 0, work, '', count(*) from listed "
                    "where work is not null group by work")
    archive.executescript("delete from listed_due; delete from search_due; analyze;")
    archive.commit()
    archive.execute("pragma wal_checkpoint(truncate)")
    archive.close()
    return db


def peak(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith("VmHWM"))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--sources", type=int, default=1_000_000)
    parser.add_argument("--keep", help="a folder for the archive, which is used again where it is there")
    args = parser.parse_args()
    folder = args.keep or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    db = os.path.join(folder, "s.db")
    if not os.path.exists(db):
        begun = time.monotonic()
        make(folder, args.sources)
        print(f"made in {time.monotonic() - begun:.0f} s: {os.path.getsize(db) / 1e6:,.0f} MB")
    begun = time.monotonic()
    serve = subprocess.Popen([SOURCEKEEP, "--db", db, "serve", "--listen", "127.0.0.1:0", "--format", "json"], stdout=subprocess.PIPE)
    base = json.loads(serve.stdout.readline())["ui"].rstrip("/")
    with urllib.request.urlopen(base + "/healthz") as answer:
        answer.read()
    print(f"start: {1000 * (time.monotonic() - begun):.0f} ms")
    many = args.sources
    pages = {
        "/": lambda: "/",
        "/sources": lambda: "/sources",
        "/sources?of=dead": lambda: "/sources?of=dead",
        "/sources?of=broken&sort=address": lambda: "/sources?of=broken&sort=address",
        "/sources?host=": lambda: f"/sources?host=h{random.randrange(1, many // 50)}.test",
        "/sources?q= (words)": lambda: f"/sources?q=page/{random.randrange(many)}",
        "/sources?input=": lambda: "/sources?input=post.md&of=dead",
        "/sources?after=": lambda: f"/sources?after={1600000000000 + random.randrange(many) * 150000}.5",
        "/sources?place= &checked-before=": lambda: "/sources?place=body&checked-before=2021-01-01",
        "/sources?sort=added": lambda: "/sources?sort=added",
        "/repairs": lambda: "/repairs",
        "/repairs?of=moved": lambda: "/repairs?of=moved",
        "/repairs/decided": lambda: "/repairs/decided",
        "/api/v1/repairs": lambda: "/api/v1/repairs?of=drifted",
        "/api/v1/stats": lambda: "/api/v1/stats",
        "/api/v1/runs": lambda: "/api/v1/runs",
        "/api/v1/news": lambda: "/api/v1/news",
        "/sources/ID/timeline": lambda: f"/sources/{random.randrange(11, many)}/timeline",
        "/sources/ID/text": lambda: f"/sources/{random.randrange(2, many // 10) * 10}/text",
        "/sources/ID/compare": lambda: f"/sources/{random.randrange(2, many // 10) * 10}/compare",
        "/sources/ID": lambda: f"/sources/{random.randrange(11, many)}",
        "/posts": lambda: "/posts",
        "/posts/ID": lambda: f"/posts/{random.randrange(11, many // 20)}",
        "/search": lambda: "/search?q=words+cited",
        "/inputs": lambda: "/inputs",
        "/health": lambda: "/health",
        "/api/v1/sources": lambda: "/api/v1/sources?of=failing",
        "/api/v1/events": lambda: "/api/v1/events",
        "/feed.atom": lambda: "/feed.atom",
        "/metrics": lambda: "/metrics",
    }
    times = {name: [] for name in pages}
    failed = []
    until = time.monotonic() + SECONDS

    def read(number):
        names = list(pages)
        at = number
        while time.monotonic() < until:
            name = names[at % len(names)]
            at += 1
            path = pages[name]()
            begun = time.monotonic()
            try:
                with urllib.request.urlopen(base + path) as answer:
                    answer.read()
            except urllib.error.HTTPError as error:
                failed.append((path, error.code))
            took = time.monotonic() - begun
            times[name].append(1000 * took)
            time.sleep(max(0, 1 - took))

    def write():
        number = 0
        while time.monotonic() < until:
            number += 1
            subprocess.run([SOURCEKEEP, "--quiet", "--db", db, "mark", f"http://h{number % (many // 50) + 1}.test/page/{number}", "dead" if number % 2 else "alive"],
                           stdout=subprocess.DEVNULL, check=False)

    readers = [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    writer = threading.Thread(target=write)
    for thread in (*readers, writer):
        thread.start()
        time.sleep(1 / READERS)
    for thread in (*readers, writer):
        thread.join()
    print(f"{'page':<34}{'median':>9}{'99th':>9} ms")
    for name, all in sorted(times.items(), key=lambda row: -sorted(row[1])[len(row[1]) // 2]):
        all.sort()
        print(f"{name:<34}{all[len(all) // 2]:9.1f}{all[min(len(all) - 1, int(len(all) * 0.99))]:9.1f}   ({len(all)})")
    whole = sorted(took for all in times.values() for took in all)
    print(f"{'all':<34}{whole[len(whole) // 2]:9.1f}{whole[int(len(whole) * 0.99)]:9.1f}   ({len(whole)})   (under 50 and 150)")
    print(f"peak memory of serve: {peak(serve.pid):.0f} MB (under 150)")
    if failed:
        print("failed:", failed[:5])
    serve.terminate()
    serve.wait()


if __name__ == "__main__":
    sys.exit(main())
