#!/usr/bin/env python3
"""Measures `sourcekeep links` against `lychee --dump` over the same files, side by side in the same minutes.

    cargo build --release
    python3 benches/gather.py FOLDER [--rounds 7] [--lychee PATH]

FOLDER holds HTML and Markdown files, packed by gzip or not (../shared/corpus); they are unpacked into a folder of their
own, from which both tools read. What sourcekeep prints has each link's words, sentence, headings and quote; lychee's has
its address only, and lychee takes internal links and images too.

Machines are noisy, so what counts are the ratios; both tools take turns in each round.
"""

import argparse
import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCEKEEP = os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "sourcekeep")
ENDINGS = (".html", ".htm", ".md", ".markdown")


def unpack(corpus, folder):
    """Copies what is read, with names of its own. Gives the number of files, their bytes, and those of the largest."""
    count = total = largest = 0
    for path, _, names in sorted(os.walk(corpus)):
        for name in sorted(names):
            plain = name.removesuffix(".gz")
            if not plain.endswith(ENDINGS):
                continue
            with open(os.path.join(path, name), "rb") as file:
                data = file.read()
            if name.endswith(".gz"):
                try:
                    data = gzip.decompress(data)
                except (EOFError, OSError):
                    continue
            with open(os.path.join(folder, f"{count:05}-{plain[-60:]}"), "wb") as file:
                file.write(data)
            count, total, largest = count + 1, total + len(data), max(largest, len(data))
    return count, total, largest


def measure(command, out, codes=(0,)):
    """Runs a command. Gives its wall time in seconds, CPU seconds and peak memory in MB."""
    begun = time.monotonic()
    with open(out, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    code = os.waitstatus_to_exitcode(status)
    if code not in codes:
        sys.exit(f"{' '.join(command)} ended with {code}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def lines(path):
    with open(path, "rb") as file:
        return sum(1 for _ in file)


def say(what, rows, total, out):
    walls = [row[0] for row in rows]
    wall = statistics.median(walls)
    print(f"  {what:<28} {wall:6.3f} s ({min(walls):.3f}-{max(walls):.3f}) {total / wall / 1e6:6.0f} MB/s"
          f"  {statistics.median(row[1] for row in rows):6.3f} CPU s  {max(row[2] for row in rows):5.0f} MB"
          f"  {lines(out):7,} links", flush=True)


def ratio(what, rows, others, column):
    pairs = [row[column] / other[column] for row, other in zip(rows, others)]
    print(f"  {what:<58} {statistics.median(pairs):5.2f} ({min(pairs):.2f}-{max(pairs):.2f})", flush=True)


def compare(title, target, total, args, scratch):
    """All formats of ours and lychee, in turns."""
    rival = [args.lychee, "--dump", "-n", "--base-url", "http://127.0.0.1:8800/", target]
    ours = {name: [SOURCEKEEP, "--quiet", "links", "--format", name, target] for name in ("jsonl", "text")}
    out = {name: os.path.join(scratch, name) for name in ("lychee", *ours)}
    rows = {name: [] for name in out}
    for _ in range(args.rounds):
        # 2: what cannot be parsed.
        rows["lychee"].append(measure(rival, out["lychee"], (0, 2)))
        for name, command in ours.items():
            rows[name].append(measure(command, out[name], (0, 3)))
    print(f"{title}, {args.rounds} rounds:")
    for name, found in rows.items():
        say("lychee --dump" if name == "lychee" else f"sourcekeep links, {name}", found, total, out[name])
    ratio("jsonl: wall time, times lychee's (at most 1.25)", rows["jsonl"], rows["lychee"], 0)
    ratio("text: wall time, times lychee's", rows["text"], rows["lychee"], 0)
    ratio("jsonl: CPU time, times lychee's", rows["jsonl"], rows["lychee"], 1)
    ratio("jsonl: peak memory, of lychee's", rows["jsonl"], rows["lychee"], 2)
    return max(row[2] for row in rows["jsonl"] + rows["text"])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", help="holds HTML and Markdown files, packed or not")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--lychee", default=shutil.which("lychee"))
    args = parser.parse_args()
    if not os.path.exists(SOURCEKEEP):
        sys.exit("build it first: cargo build --release")
    if args.lychee is None:
        sys.exit("lychee is not installed")
    version = subprocess.run([args.lychee, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{version}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as scratch:
        files = os.path.join(scratch, "files")
        os.mkdir(files)
        count, total, largest = unpack(args.folder, files)
        title = f"{count:,} files, {total / 1e6:.1f} MB, the largest {largest / 1e6:.1f} MB"
        peak = compare(title, files, total, args, scratch)
        allowed = 48 + 6 * largest / 2**20
        print(f"  {'peak memory (at most 48 MB and six times the largest)':<58} {peak:5.0f} of {allowed:.0f} MB")


if __name__ == "__main__":
    main()
