#!/usr/bin/env python3
"""Measures sourcekeep against lychee on a web on loopback, side by side in the same minutes.

    cargo build --release
    python3 benches/speed.py FOLDER [--rounds 5] [--only links|size|start|fair]

FOLDER holds the web: a copy of ../shared/speedweb in which gen.py was run (see the README there). nginx and lychee
(`cargo install lychee`) have to be installed; nginx has to be started as root. Delays are off on both sides, and both may
have 128 requests under way; everything but `fair`, which measures the default politeness.

Machines are noisy, so what counts are the ratios; both tools take turns in each round.
"""

import argparse
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCEKEEP = os.path.join(ROOT, "target", "release", "sourcekeep")
FAST = ["--no-requisites", "--allow-private", "127.0.0.0/8", "--host-delay", "0", "--concurrency", "128", "--host-concurrency", "8"]
LYCHEE = ["lychee", "-n", "-q", "--max-retries", "0", "--host-request-interval", "0ms", "--host-concurrency", "1000",
          "--max-concurrency", "128"]


def measure(command, cwd):
    """Runs a command. Gives its wall time in seconds, CPU seconds, peak memory in MB, and exit code."""
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)


def sourcekeep(folder, *args):
    wall, cpu, peak, code = measure([SOURCEKEEP, "--quiet", "--db", os.path.join(folder, "s.db"), *FAST, *args], folder)
    if code != 0:
        sys.exit(f"sourcekeep {' '.join(args)} ended with {code}")
    return wall, cpu, peak


def lychee(folder, post):
    wall, cpu, peak, code = measure([*LYCHEE, post], folder)
    # 2: some links are broken, as they are here.
    if code not in (0, 2):
        sys.exit(f"lychee ended with {code}")
    return wall, cpu, peak


def middle(rows, column):
    return statistics.median(row[column] for row in rows)


def size(folder):
    return os.path.getsize(os.path.join(folder, "s.db"))


def say(what, rows, links):
    walls = [row[0] for row in rows]
    print(f"  {what:<28} {middle(rows, 0):7.2f} s ({min(walls):.2f}-{max(walls):.2f}) {links / middle(rows, 0):9,.0f} links/s"
          f"  {middle(rows, 1):6.2f} CPU s  {max(row[2] for row in rows):6.0f} MB", flush=True)


def ratio(what, rows, others, column=0, inverse=False):
    pairs = [other[column] / row[column] if inverse else row[column] / other[column] for row, other in zip(rows, others)]
    print(f"  {what:<58} {statistics.median(pairs):5.2f} ({min(pairs):.2f}-{max(pairs):.2f})", flush=True)


def post_rounds(web, post, links, rounds, with_lychee=True):
    """The first run, the re-check and lychee, in turns."""
    first, again, rival, growth = [], [], [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=web) as folder:
            path = os.path.join(web, "posts", post)
            if with_lychee:
                rival.append(lychee(folder, path))
            first.append(sourcekeep(folder, "run", path))
            before = size(folder)
            again.append(sourcekeep(folder, "check", "--all"))
            growth.append((size(folder) - before) / links)
    print(f"{post}, {rounds} rounds:")
    say("sourcekeep run", first, links)
    say("sourcekeep check --all", again, links)
    if with_lychee:
        say("lychee", rival, links)
        ratio("re-check: links/s, times lychee's (at least 2)", again, rival, 0, True)
        ratio("re-check: peak memory, of lychee's (at most 0.25)", again, rival, 2)
        ratio("first run: wall time, times lychee's (at most 3)", first, rival, 0)
        ratio("first run: peak memory, of lychee's", first, rival, 2)
    print(f"  {'the file grows by (at most 120 bytes an unchanged visit)':<58} {statistics.median(growth):5.1f} bytes")
    return first, again


def start(web, rounds):
    """How long it takes to the first request, with 100,000 sources in the file."""
    print("start to first request, 100,000 sources in the file:")
    with tempfile.TemporaryDirectory(dir=web) as folder:
        post = os.path.join(folder, "post.md")
        with open(post, "w", encoding="utf-8") as file:
            file.writelines(f"[a](http://h{n % 5000}.test/{n})\n" for n in range(100_000))
        subprocess.run([SOURCEKEEP, "--quiet", "--db", "s.db", "run", "--limit", "0", post], cwd=folder, check=True)
        for command in (["check"], ["run"]):
            times = []
            for _ in range(rounds * 3):
                listener = socket.create_server(("127.0.0.1", 0))
                port = listener.getsockname()[1]
                begun = time.monotonic()
                process = subprocess.Popen(
                    [SOURCEKEEP, "--quiet", "--db", "s.db", "--resolve", f"*=127.0.0.1:{port}", *command, "--limit", "1"],
                    cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                connection, _ = listener.accept()
                connection.recv(1)
                times.append((time.monotonic() - begun) * 1000)
                # It is left to end by itself: after a kill, the next one waits for every host.
                connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                connection.close()
                process.wait()
                listener.close()
            print(f"  {command[0]:<28} {statistics.median(times):7.1f} ms ({min(times):.1f}-{max(times):.1f})"
                  "   (under 50 ms)", flush=True)


def fair(web):
    """2,000 links on one host with the default politeness beside 2,000 on other hosts."""
    conf = f"""
worker_processes 1; worker_rlimit_nofile 20000; pid {web}/fair.pid; error_log {web}/fair-error.log crit; daemon on;
events {{ worker_connections 8192; }}
http {{ log_format when '$msec $host'; access_log {web}/fair.log when; client_body_temp_path {web}/tmp;
proxy_temp_path {web}/tmp; fastcgi_temp_path {web}/tmp; uwsgi_temp_path {web}/tmp; scgi_temp_path {web}/tmp;
server {{ listen 127.0.0.1:8820; default_type text/html; location / {{ return 200 "<title>t</title><p>some words</p>"; }}
location = /robots.txt {{ return 404; }} }} }}
"""
    path = os.path.join(web, "fair.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(conf)
    os.makedirs(os.path.join(web, "tmp"), exist_ok=True)
    others = [f"[a](http://h{n}.test/)\n" for n in range(2000)]
    one = [f"[a](http://one.test/{n})\n" for n in range(2000)]
    # Interleaved, and all of the one first.
    mixed = [line for pair in zip(one, others) for line in pair]
    print("2,000 links on one host, default politeness, beside 2,000 on others; until the last of the others was asked:")
    times = {}
    for _ in range(3):
        for name, lines in (("alone", others), ("beside", mixed), ("behind", one + others)):
            log = os.path.join(web, "fair.log")
            if os.path.exists(log):
                os.remove(log)
            subprocess.run(["nginx", "-c", path], check=True)
            with tempfile.TemporaryDirectory(dir=web) as folder:
                with open(os.path.join(folder, "post.md"), "w", encoding="utf-8") as file:
                    file.writelines(lines)
                begun = time.time()
                subprocess.run([SOURCEKEEP, "--quiet", "--db", "s.db", "--resolve", "*=127.0.0.1:8820", "run", "--max-time",
                                "25s", "post.md"], cwd=folder, stdout=subprocess.DEVNULL, check=True)
            pid = os.path.join(web, "fair.pid")
            with open(pid, encoding="utf-8") as file:
                os.kill(int(file.read()), 15)
            while os.path.exists(pid):
                time.sleep(0.05)
            with open(log, encoding="utf-8") as file:
                lines = [line.split() for line in file]
            when = [float(at) for at, host in lines if host != "one.test"]
            of_one = len(lines) - len(when)
            # Each host is asked for its page and for robots.txt.
            if len(when) != 4000:
                sys.exit(f"{len(when)} requests to the others instead of 4000")
            times.setdefault(name, []).append(max(when) - begun)
            if name != "alone" and of_one > 27:
                sys.exit(f"the one host was asked {of_one} times in 25 s")
    for name, seconds in times.items():
        print(f"  {name:<28} {statistics.median(seconds):7.2f} s ({min(seconds):.2f}-{max(seconds):.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder", help="a copy of speedweb in which gen.py was run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=["links", "size", "start", "fair"])
    args = parser.parse_args()
    web = os.path.abspath(args.folder)
    if not os.path.exists(SOURCEKEEP):
        sys.exit("build it first: cargo build --release")
    if not os.path.exists(os.path.join(web, "nginx.conf")):
        sys.exit(f"{web}: no nginx.conf; run gen.py there first")
    for tool in ("nginx", "lychee"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is not installed")
    rival = subprocess.run(["lychee", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{rival}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if subprocess.run(["nginx", "-c", os.path.join(web, "nginx.conf")], stderr=subprocess.DEVNULL).returncode != 0:
        sys.exit("nginx did not start: is it running already?")
    try:
        ten = None
        if args.only in (None, "links"):
            ten = post_rounds(web, "post10k.html", 10_000, args.rounds)
        if args.only in (None, "size"):
            ten = ten or post_rounds(web, "post10k.html", 10_000, 3, False)
            hundred = post_rounds(web, "post100k.html", 100_000, 1, False)
            for what, small, large in (("first run", ten[0], hundred[0]), ("re-check", ten[1], hundred[1])):
                print(f"  {what}, 100k to 10k: time {middle(large, 0) / middle(small, 0):.1f} times (at most 11), "
                      f"peak memory {max(row[2] for row in large) / max(row[2] for row in small):.2f} times (at most 1.5)")
        if args.only in (None, "start"):
            start(web, args.rounds)
        if args.only in (None, "fair"):
            fair(web)
    finally:
        with open(os.path.join(web, "nginx.pid"), encoding="utf-8") as file:
            os.kill(int(file.read()), 15)


if __name__ == "__main__":
    main()
