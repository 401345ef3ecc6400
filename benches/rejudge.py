#!/usr/bin/env python3
"""Measures `rejudge`: from stored features, and from bodies.

    cargo build --release
    python3 benches/rejudge.py [--sources 100000] [--pages 200] [--bodies 3000] [--folder FOLDER]

Pages of some 100 KB on loopback are visited for real; then each source is copied, with its visits, facts, features and
capture, until there are enough. One source in five was lost later, and a judge of before took that for fine in one of
four, so that histories are counted up again. The archives are measured, and thrown away.
"""

import argparse
import http.server
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCEKEEP = os.path.join(ROOT, "target", "release", "sourcekeep")
WORDS = [a + b for a in ("bel", "cor", "dan", "fer", "gal", "hul", "mor", "nev", "ost", "pra")
         for b in ("a", "eth", "im", "on", "ur", "is", "ane", "oly", "ud", "es")]


def page(number):
    """A page of some 100 KB: an article, what surrounds it, and as much script and style again."""
    dice = random.Random(number)

    def text(words):
        return " ".join(dice.choice(WORDS) for _ in range(words)).capitalize() + "."

    menu = "".join(f'<li><a href="/{dice.choice(WORDS)}/{n}">{text(3)}</a></li>' for n in range(150))
    article = "".join(f'<p class="text">{text(90)}</p>' + (f"<h2>{text(4)}</h2>" if n % 5 == 4 else "") for n in range(40))
    filler = "".join(f"function f{n}(a){{return a+{dice.random()};}}\n" for n in range(900))
    title = text(6)
    return (f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
            f'<link rel="canonical" href="/{number}"><script>{filler}</script></head><body><nav><ul>{menu}</ul></nav>'
            f"<main><article><h1>{title}</h1>{article}</article></main><footer>{text(40)}</footer></body></html>").encode()


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        if self.path == "/robots.txt":
            body, status = b"", 404
        else:
            body, status = page(int(self.path.strip("/"))), 200
        self.send_response(status)
        self.send_header("content-type", "text/html; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def sourcekeep(db, *args):
    """Runs it. Gives wall time, peak memory in MB, and the last lines of what it said."""
    begun = time.monotonic()
    process = subprocess.Popen([SOURCEKEEP, "--db", db, *args], stdout=subprocess.PIPE, cwd=os.path.dirname(db))
    said = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"sourcekeep {' '.join(args)} ended with {status}")
    return time.monotonic() - begun, usage.ru_maxrss / 1024, said


def visit(db, pages):
    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web)
    threading.Thread(target=web.serve_forever, daemon=True).start()
    urls = [f"http://127.0.0.1:{web.server_port}/{n}" for n in range(pages)]
    sourcekeep(db, "--quiet", "--allow-private", "127.0.0.0/8", "--host-delay", "0", "check", *urls)
    web.shutdown()


def multiply(db, wanted):
    """Copies sources until there are so many."""
    archive = sqlite3.connect(db)
    archive.execute("pragma synchronous = off")

    def rows(table, ids):
        columns = [row[1] for row in archive.execute(f"pragma table_info({table})")]
        return columns, [dict(zip(columns, row)) for row in archive.execute(f"select * from {table} where {ids}")]

    def put(table, row):
        archive.execute(f"insert into {table} ({','.join(row)}) values ({','.join('?' * len(row))})", list(row.values()))

    _, sources = rows("source", "baseline_id is not null")
    model = []
    for source in sources:
        root = rows("visit", f"id = {source['fine_visit_id']}")[1][0]
        model.append((source, root, rows("outcome", f"id = {root['outcome_id']}")[1][0],
                      rows("features", f"outcome_id = {root['outcome_id']}")[1][0],
                      rows("verdict", f"visit_id = {root['id']}")[1][0],
                      rows("visit_text", f"visit_id = {root['id']}")[1][0],
                      rows("capture", f"id = {source['baseline_id']}")[1][0]))
    if not model:
        sys.exit("no page was kept")
    next_id = 10_000_000
    dice = random.Random(1)
    lost = '{"way":"plain","hops":[{"url":"%s","status":404,"protocol":"HTTP/1.1"}]}'
    for number in range(wanted - len(model)):
        source, root, outcome, features, verdict, text, capture = (dict(row) for row in model[number % len(model)])
        next_id += 10
        address = f"{source['address']}/{next_id}"
        outcome.update(id=next_id, sha256=os.urandom(32), text_of=next_id)
        text.update(visit_id=next_id, facts=text["facts"].replace(source["address"], address))
        features["outcome_id"] = next_id
        root.update(id=next_id, source_id=next_id, outcome_id=next_id)
        verdict["visit_id"] = next_id
        capture.update(id=next_id, source_id=next_id, visit_id=next_id)
        source.update(id=next_id, address=address, fine_visit_id=next_id, last_visit_id=next_id, baseline_id=next_id,
                      verdict_visit_id=next_id, last_capture_id=next_id, visits=4)
        put("source", source)
        for table, row in (("outcome", outcome), ("features", features), ("visit", root), ("verdict", verdict),
                           ("visit_text", text), ("capture", capture)):
            put(table, row)
        for later in range(1, 4):
            put("visit", {**root, "id": next_id + later, "at": root["at"] + later * 86_400_000, "confirms": next_id})
        if number % 5 == 0:
            gone = next_id + 4
            put("outcome", {**outcome, "id": gone, "sha256": os.urandom(32), "status": 404, "text_of": gone,
                            "body_sha256": None})
            put("visit", {**root, "id": gone, "at": root["at"] + 4 * 86_400_000, "outcome_id": gone})
            code = "alive" if dice.random() < 0.25 else "not-found"
            put("verdict", {**verdict, "visit_id": gone, "code": code})
            put("visit_text", {**text, "visit_id": gone, "facts": lost % address})
            archive.execute("update source set last_visit_id = ?1, verdict_visit_id = ?1, visits = 5 where id = ?2",
                            (gone, next_id))
    archive.commit()
    archive.close()


def measure(what, db, count, *args):
    wall, peak, said = sourcekeep(db, "rejudge", *args)
    said = [line for line in said.splitlines() if "judged in" in line or "read again" in line]
    print(f"  {what:<34} {wall:7.2f} s {count / wall:10,.0f}/s {peak:6.0f} MB   {'; '.join(said)}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sources", type=int, default=100_000)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--bodies", type=int, default=3000)
    parser.add_argument("--folder")
    args = parser.parse_args()
    print(f"pages of {len(page(0)) / 1000:.0f} KB, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        db = os.path.join(folder, "s.db")
        visit(db, args.pages)
        multiply(db, args.bodies)
        measure("from bodies", db, args.bodies, "--from-bodies", "--dry-run")
        os.remove(db)
        visit(db, args.pages)
        multiply(db, args.sources)
        print(f"  the archive has {os.path.getsize(db) / 1e6:.0f} MB")
        measure("from features, dry run", db, args.sources, "--dry-run")
        measure("from features, with all changes", db, args.sources)
        measure("once more, nothing to change", db, args.sources)


if __name__ == "__main__":
    main()
