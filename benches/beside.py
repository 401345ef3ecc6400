#!/usr/bin/env python3
"""Whether `serve`, under rough clients, slows a run on the same archive.

    cargo build --release
    python3 benches/beside.py [BINARY] [--rounds 7] [--sources 2000]

A web on loopback, of a process of its own, answers for every host. In each round, a new archive is filled by `sourcekeep run` twice, in
turns: while `serve` of that archive is left alone, and while it is beset by 1,000 idle connections, 20 heads and 20 bodies that come a
byte a second, and 20 readers that ask for a page each second. Printed are the times of the runs and the ratio of their medians: at most 1.10.
"""

import argparse
import json
import multiprocessing
import os
import resource
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
IDLE, SLOW, READERS = 1000, 20, 20
PAGES = ["/", "/sources", "/sources?of=dead", "/posts", "/health", "/search?q=words", "/api/v1/sources", "/metrics"]


class Web(socketserver.StreamRequestHandler):
    """Answers for every host, with keep-alive."""

    def handle(self):
        while True:
            line = self.rfile.readline().split()
            if len(line) < 2:
                return
            while self.rfile.readline().strip():
                pass
            path = line[1].decode()
            words = " ".join(f"Words {path} {number} of a page that is cited." for number in range(40))
            body = b"" if path == "/robots.txt" else f"<!doctype html><title>Page {path}</title><p>{words}".encode()
            status = "200 OK" if body else "404 Not Found"
            self.wfile.write(f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads, allow_reuse_address, request_queue_size = True, True, 512

    def handle_error(self, *_):
        pass


def web(ready):
    with Server(("127.0.0.1", 0), Web) as server:
        ready.put(server.server_address[1])
        server.serve_forever()


def beset(hosts, ready, done):
    """Holds the connections, and asks, until it is told to end; a process of its own."""
    (ui, copies), held = hosts, []
    for number in range(IDLE):
        held.append(socket.create_connection((ui, copies)[number % 2]))
    name = f"{ui[0]}:{ui[1]}"
    slow = []
    for number in range(2 * SLOW):
        slow.append(None)
    failed = []

    def drip():
        while not done.is_set():
            for number, one in enumerate(slow):
                try:
                    one.sendall(b"x")
                except (OSError, AttributeError):
                    # It was ended, and begins again.
                    one = slow[number] = socket.create_connection(ui)
                    head = b"GET / HTTP/1.1\r\nX: " if number % 2 else (
                        f"POST /login HTTP/1.1\r\nHost: {name}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9999\r\n\r\n".encode())
                    one.sendall(head)
            for number, one in enumerate(held):
                one.setblocking(False)
                try:
                    is_ended = one.recv(1) == b""
                except BlockingIOError:
                    is_ended = False
                except OSError:
                    is_ended = True
                if is_ended:
                    one.close()
                    held[number] = socket.create_connection((ui, copies)[number % 2])
            done.wait(1)

    def read(number):
        at = number
        while not done.is_set():
            begun = time.monotonic()
            try:
                with socket.create_connection(ui) as one:
                    one.sendall(f"GET {PAGES[at % len(PAGES)]} HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n".encode())
                    start = one.recv(12)
                    while one.recv(65536):
                        pass
                if start != b"HTTP/1.1 200":
                    failed.append(start)
            except OSError as error:
                failed.append(error)
            at += 1
            done.wait(max(0.0, 1 - (time.monotonic() - begun)))

    threads = [threading.Thread(target=drip)] + [threading.Thread(target=read, args=(number,)) for number in range(READERS)]
    for thread in threads:
        thread.start()
    ready.set()
    for thread in threads:
        thread.join()
    if failed:
        print(f"  {len(failed)} readers were not answered: {failed[0]!r}", flush=True)


def run(binary, folder, port, is_beset):
    """The seconds that a first run takes, beside `serve` of its archive."""
    quiet = {"cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
    # The archive is there, and `serve` with it, before the run begins.
    subprocess.run([binary, "--quiet", "--db", "s.db", "--browser=never", "run", "none.md"], **quiet)
    serve = subprocess.Popen([binary, "--db", "s.db", "serve", "--listen", "127.0.0.1:0", "--format", "json"], cwd=folder,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    rough = None
    try:
        hosts = [(host, int(at)) for host, at in (one.split(":") for one in json.loads(serve.stdout.readline())["listening"])]
        done = multiprocessing.Event()
        if is_beset:
            ready = multiprocessing.Event()
            rough = multiprocessing.Process(target=beset, args=(hosts, ready, done))
            rough.start()
            if not ready.wait(60):
                sys.exit("the rough clients did not begin")
        begun = time.monotonic()
        subprocess.run([binary, "--quiet", "--db", "s.db", "--browser=never", "--no-requisites", "--host-delay", "0", "--concurrency", "64",
                        "--resolve", f"*=127.0.0.1:{port}", "run", "post.md"], **quiet)
        took = time.monotonic() - begun
        done.set()
        if rough:
            rough.join()
        return took
    finally:
        serve.terminate()
        serve.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("binary", nargs="?", default=os.path.join(ROOT, "target", "release", "sourcekeep"))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--sources", type=int, default=2000)
    args = parser.parse_args()
    binary = os.path.abspath(args.binary)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    told = multiprocessing.Queue()
    server = multiprocessing.Process(target=web, args=(told,), daemon=True)
    server.start()
    port = told.get()
    alone, beside = [], []
    for number in range(args.rounds):
        # Who is first changes, for what follows may find more in the caches.
        for is_beset in (number % 2 == 0, number % 2 == 1):
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "none.md"), "w", encoding="utf-8") as file:
                    file.write("No links.\n")
                with open(os.path.join(folder, "post.md"), "w", encoding="utf-8") as file:
                    file.writelines(f"See [page {n}](http://h{n % 100}.test/{n}).\n\n" for n in range(args.sources))
                (beside if is_beset else alone).append(run(binary, folder, port, is_beset))
        print(f"  round {number + 1}: {alone[-1]:.2f} s alone, {beside[-1]:.2f} s beside rough clients", flush=True)
    server.terminate()
    for what, times in (("alone", alone), ("beside rough clients", beside)):
        print(f"{what:<24}{statistics.median(times):7.2f} s ({min(times):.2f}-{max(times):.2f})")
    print(f"{'ratio (at most 1.10)':<24}{statistics.median(beside) / statistics.median(alone):7.2f}")


if __name__ == "__main__":
    sys.exit(main())
