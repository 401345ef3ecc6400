#!/usr/bin/env python3
"""Measures how fast whole pages are kept, beside wget and monolith, and what they and their further versions take.

    cargo build --release
    python3 benches/capture.py FOLDER [--rounds 3] [--monolith PROGRAM]

FOLDER holds the web: a copy of ../shared/speedweb in which gen.py was run (see the README there); a page of each article in it is
changed for the time of the measurement. nginx and wget have to be installed; nginx has to be started as root.

wget runs 8 at a time, `wget -p --warc-file` for each page, and takes turns with us; it keeps pages, and neither reads nor
judges them. Monolith, which puts each page with all it needs into one HTML file, runs 8 at a time too, where it is installed
(`cargo install monolith`). What counts are the ratios.
"""

import argparse
import contextlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlparse

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCEKEEP = os.path.join(ROOT, "target", "release", "sourcekeep")
FAST = ["--allow-private", "127.0.0.0/8", "--host-delay", "0"]
WGET = 'h=$(echo {} | md5sum | cut -c1-12); wget -q -p -P f$h --warc-file=$h --delete-after {}'
MONOLITH = "h=$(echo {} | md5sum | cut -c1-12); %s -q -o $h.html {}"


def sourcekeep(folder, now, *args):
    command = [SOURCEKEEP, "--db", "s.db", "--now", f"2026-01-{now}Z", *args]
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    return done.stdout


def size(folder):
    return os.path.getsize(os.path.join(folder, "s.db"))


def index(folder):
    """What of the file the index of words takes, which no rival has."""
    with contextlib.closing(sqlite3.connect(os.path.join(folder, "s.db"))) as file:
        tables = "name like 'search_index%'"
        return file.execute(f"select sum(pgsize) from dbstat where {tables}").fetchone()[0]


def nginx(web, *args):
    """Started anew after files have changed, for it keeps them open."""
    subprocess.run(["nginx", "-c", os.path.join(web, "nginx.conf"), *args], stderr=subprocess.DEVNULL, check=True)


def restart(web):
    nginx(web, "-s", "stop")
    pid = os.path.join(web, "nginx.pid")
    while os.path.exists(pid):
        time.sleep(0.05)
    nginx(web)


def change(web, addresses):
    """Gives each article another paragraph and another date; gives the articles as they were."""
    before = {}
    for n, address in enumerate(addresses):
        url = urlparse(address)
        path = os.path.join(web, "www", url.hostname, url.path.lstrip("/"))
        with open(path, encoding="utf-8") as file:
            before[path] = text = file.read()
        paragraphs = list(re.finditer(r"<p[^>]*>([^<]{200,}.*?)</p>", text, re.S))
        paragraphs = paragraphs or list(re.finditer(r"<p[^>]*>(.*?)</p>", text, re.S))
        paragraph = paragraphs[len(paragraphs) // 2]
        words = re.sub(r"<[^>]+>", "", paragraph.group(1)).split()
        random.Random(n).shuffle(words)
        text = text[: paragraph.start(1)] + " ".join(words) + text[paragraph.end(1) :]
        with open(path, "w", encoding="utf-8") as file:
            file.write(re.sub(r"20\d\d-\d\d-\d\d", "2026-02-02", text))
    return before


def rival(folder, name, command, addresses, suffix):
    """Runs another program for each address, 8 at a time; gives pages a second, and bytes of what it leaves."""
    theirs = os.path.join(folder, name)
    shutil.rmtree(theirs, ignore_errors=True)
    os.mkdir(theirs)
    begun = time.monotonic()
    command = ["xargs", "-P8", "-I{}", "sh", "-c", command]
    # Whoever misses something that a page needs says so by its exit code.
    subprocess.run(command, cwd=theirs, input="\n".join(addresses), text=True, stderr=subprocess.DEVNULL, check=False)
    seconds = time.monotonic() - begun
    left = [os.path.getsize(os.path.join(theirs, name)) for name in os.listdir(theirs) if name.endswith(suffix)]
    if len(left) < len(addresses):
        print(f"{name} left {len(left)} files of {len(addresses)} pages")
    return len(addresses) / seconds, sum(left)


def speed(folder, addresses, rounds, monolith):
    """Gives the bytes that wget leaves, and monolith."""
    single = 0
    for _ in range(rounds):
        for name in os.listdir(folder):
            if name.startswith("s.db"):
                os.remove(os.path.join(folder, name))
        done = json.loads(sourcekeep(folder, "01T00:00:00", "run", "--as", "list", "list.txt", *FAST, "--format", "json"))
        ours = len(addresses) / done["seconds"]
        theirs, kept = rival(folder, "wget", WGET, addresses, ".gz")
        print(
            f"pages/s {ours:6.0f}   wget {theirs:6.0f}   ratio {ours / theirs:.1f} (at least 4)   "
            f"{done['run']['requisites']} requisites, {done['peak_memory_bytes'] >> 20} MB (under 250)",
            flush=True,
        )
        if monolith:
            theirs, single = rival(folder, "monolith", MONOLITH % monolith, addresses, ".html")
            print(f"               monolith {theirs:6.0f}   ratio {ours / theirs:.1f} (at least 4)", flush=True)
    return kept, single


def room(web, folder, addresses, kept, single):
    sourcekeep(folder, "01T02:00:00", "compact")
    whole, words = size(folder), index(folder)
    print(f"bytes a page after compaction: {whole / len(addresses):.0f}, {words / len(addresses):.0f} of them the index of words")
    print(f"  of wget's .warc.gz: {whole / kept:.2f} (at most 1)")
    if single:
        print(f"  of monolith's files: {whole / single:.2f} (at most 0.60)")
    sourcekeep(folder, "03T00:00:00", "check", "--all", *FAST)
    same = size(folder)
    print(f"bytes a page, unchanged: {(same - whole) / len(addresses):.0f} (under 200)")
    before = change(web, addresses)
    try:
        restart(web)
        sourcekeep(folder, "20T00:00:00", "check", "--all", *FAST)
    finally:
        for path, text in before.items():
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    sourcekeep(folder, "20T02:00:00", "reindex", "--due")
    sourcekeep(folder, "20T03:00:00", "compact")
    grown, words = size(folder) - same, index(folder) - words
    apart = (grown - words) / len(addresses)
    print(f"bytes a page, a paragraph and the date changed: {apart:.0f} (under 1500), and {words / len(addresses):.0f} in the index")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", help="a copy of speedweb in which gen.py was run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--monolith", default=shutil.which("monolith"), help="the program, if it is not on the path")
    args = parser.parse_args()
    web = os.path.abspath(args.folder)
    if not os.path.exists(SOURCEKEEP):
        sys.exit("build it first: cargo build --release")
    for tool in ("nginx", "wget", "xargs"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed")
    with open(os.path.join(web, "urls1k-req.txt"), encoding="utf-8") as file:
        addresses = [line.split()[0] for line in file if line.strip()]
    nginx(web)
    try:
        with tempfile.TemporaryDirectory(dir=web) as folder:
            with open(os.path.join(folder, "list.txt"), "w", encoding="utf-8") as file:
                file.write("\n".join(addresses))
            kept, single = speed(folder, addresses, args.rounds, args.monolith)
            room(web, folder, addresses, kept, single)
    finally:
        nginx(web, "-s", "stop")


if __name__ == "__main__":
    main()
