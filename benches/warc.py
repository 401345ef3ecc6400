#!/usr/bin/env python3
"""Measures `import` and `export warc`, in MB of WARC a second.

    cargo build --release
    python3 benches/warc.py [--pages 1000] [--folder FOLDER]

A crawl of pages of some 60 KB, each with eight pictures of some 20 KB that do not compress, is written as a WARC file, and
compressed by record. Both are imported, each into an archive of its own, and exported, plain and compressed; what was
exported is imported once more. Best of three; each time over the size of the plain file. Writing the file is not counted.
"""

import argparse
import gzip
import hashlib
import os
import random
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCEKEEP = os.environ.get("SOURCEKEEP", os.path.join(ROOT, "target", "release", "sourcekeep"))
WORDS = [a + b for a in ("bel", "cor", "dan", "fer", "gal", "hul", "mor", "nev", "ost", "pra")
         for b in ("a", "eth", "im", "on", "ur", "is", "ane", "oly", "ud", "es")]


def page(dice, number):
    def text(words):
        return " ".join(dice.choice(WORDS) for _ in range(words)).capitalize() + "."

    pictures = "".join(f'<img src="/{number}/{n}.png">' for n in range(8))
    article = "".join(f'<p class="text">{text(90)}</p>' for _ in range(110))
    return (f"<!doctype html><html lang=en><head><title>{text(6)}</title></head>"
            f"<body><main><h1>{text(4)}</h1>{pictures}{article}</main></body></html>").encode()


def record(url, media_type, body):
    block = f"HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    digest = hashlib.sha256(body).hexdigest()
    name = hashlib.md5(url.encode()).hexdigest()
    return (f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:x:{name}>\r\nWARC-Date: 2026-01-05T08:00:00Z\r\n"
            f"WARC-Target-URI: {url}\r\nWARC-Payload-Digest: sha256:{digest}\r\n"
            f"Content-Type: application/http;msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n").encode() \
        + block + b"\r\n\r\n"


def write(folder, pages):
    dice = random.Random(1)
    plain, packed = os.path.join(folder, "crawl.warc"), os.path.join(folder, "crawl.warc.gz")
    with open(plain, "wb") as out, open(packed, "wb") as gz:
        for number in range(pages):
            host = f"http://site{number % 100}.test"
            records = [record(f"{host}/{number}", "text/html; charset=utf-8", page(dice, number))]
            for n in range(8):
                body = b"\x89PNG\r\n\x1a\n" + dice.randbytes(20_000)
                records.append(record(f"{host}/{number}/{n}.png", "image/png", body))
            for one in records:
                out.write(one)
                gz.write(gzip.compress(one, 6))
    return plain, packed


def best(what, command, size, folder, fresh=None):
    times = []
    for _ in range(3):
        if fresh:
            for end in ("", "-wal", "-shm", ".lock"):
                if os.path.exists(fresh + end):
                    os.remove(fresh + end)
        begun = time.monotonic()
        done = subprocess.run([SOURCEKEEP, *command, "--quiet"], cwd=folder, capture_output=True, text=True)
        times.append(time.monotonic() - begun)
        if done.returncode != 0:
            sys.exit(f"{what}: {done.stderr}")
    print(f"{what:<34}{min(times):7.2f} s{size / min(times) / 1e6:9.1f} MB/s")


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--pages", type=int, default=1000)
    args.add_argument("--folder")
    args = args.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        plain, packed = write(folder, args.pages)
        size = os.path.getsize(plain)
        print(f"{args.pages} pages, {9 * args.pages} records, {size / 1e6:.0f} MB, compressed {os.path.getsize(packed) / 1e6:.0f} MB")
        db = os.path.join(folder, "a.db")
        best("import, compressed", ["import", packed, "--db", db], size, folder, db)
        best("import, plain", ["import", plain, "--db", db], size, folder, db)
        best("export, plain", ["export", "warc", "-o", "out.warc", "--db", db], size, folder)
        best("export, compressed", ["export", "warc", "-o", "out.warc.gz", "--db", db], size, folder)
        again = os.path.join(folder, "b.db")
        best("import of our own, plain", ["import", "out.warc", "--db", again], size, folder, again)


if __name__ == "__main__":
    main()
