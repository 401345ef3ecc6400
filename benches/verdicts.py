#!/usr/bin/env python3
"""Asks sourcekeep, lychee and linkinator about the same pages and the same misbehaving servers, and prints who was right.

    cargo build --release
    python3 benches/verdicts.py CORPUS [--sourcekeep PATH] [--lychee PATH] [--articles 150] [--json FILE]

CORPUS is ../shared/corpus. lychee has to be installed (`cargo install lychee`); linkinator is installed by npm into a
temporary folder, and left out where there is no npm. Everything is served on loopback, each case at an address of its own,
to each checker from a server of its own, so that one that is asked twice does not spoil it for the next.

Every case has a truth, and a checker says one of three things of it:

- *living*: right is "ok";
- *gone*: right is "broken";
- *failing* (it may pass): right is anything but "ok";
- *unknown* (a wall, a login, an empty shell): right is neither "ok" nor "broken".

For lychee "broken" is an error or a timeout; for linkinator BROKEN. "Neither" is what they exclude or skip. For sourcekeep
"ok" is a verdict that means fine, "broken" is the standing `dead`, which needs several visits over weeks: they are made
under `--now`. Where a case says "cited while it lived", sourcekeep was there before: the first visit finds the page as it
was. The others keep nothing, so for them it is the same question as without.
"""

import argparse
import asyncio
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import Counter, namedtuple

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LIVING, GONE, FAILING, UNKNOWN = "living", "gone", "failing", "unknown"
OK, BROKEN, NEITHER = "ok", "broken", "neither"
# The first visit, and those after it: long enough for a death to be confirmed.
PASSES = ["2026-03-01T12:00:00Z", "2026-03-03T12:00:00Z", "2026-03-07T12:00:00Z", "2026-03-13T12:00:00Z",
          "2026-03-21T12:00:00Z", "2026-04-03T12:00:00Z"]
REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 403: "Forbidden", 404: "Not Found", 410: "Gone", 503:
           "Service Unavailable"}

# `answer` takes (server, request, how often it was asked before) and gives bytes, or None where it has done it all itself.
Case = namedtuple("Case", "kind truth path answer")
Request = namedtuple("Request", "method path headers writer")


def response(status, body=b"", media_type="text/html; charset=utf-8", headers=()):
    if isinstance(body, str):
        body = body.encode()
    head = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}", f"content-length: {len(body)}", "connection: close"]
    if body or status == 200:
        head.append(f"content-type: {media_type}")
    head.extend(f"{name}: {value}" for name, value in headers)
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def page(title, *paragraphs):
    text = "".join(f"<p>{one}</p>\n" for one in paragraphs)
    return f"<!doctype html><html lang=en><title>{title}</title><h1>{title}</h1>\n{text}</html>\n"


STORY = page("The ferry that came back", *(
    f"On the {n}th of the month the old ferry crossed the sound again, with {n * 3} people and {n} bicycles aboard, and the "
    f"keeper of the light wrote it down in his book as he had done for {20 + n} years." for n in range(4, 12)))


class Server:
    """One web on loopback. `phase` 0 is the time before, in which what was cited was still there."""

    def __init__(self, cases):
        self.cases = {case.path: case for case in cases}
        self.index = "".join(f'<p><a href="{case.path}">case {n}</a></p>' for n, case in enumerate(cases))
        self.asked = Counter()
        self.phase = 1
        self.loop = asyncio.new_event_loop()
        started = threading.Event()
        threading.Thread(target=self.run, args=(started,), daemon=True).start()
        started.wait()

    def run(self, started):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.serve, "127.0.0.1", 0, backlog=1024))
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        self.loop.run_forever()

    async def serve(self, reader, writer):
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
            lines = head.decode("latin-1").split("\r\n")
            method, path, _ = lines[0].split(" ", 2)
            headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            answer = await self.answer(Request(method, path, headers, writer))
            if answer is not None:
                if method == "HEAD":
                    answer = answer[:answer.index(b"\r\n\r\n") + 4]
                writer.write(answer)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.TimeoutError, ValueError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def answer(self, request):
        path = request.path
        if path == "/index.html":
            return response(200, f"<!doctype html><html><body>{self.index}</body></html>")
        if path == "/" or path.startswith("/home"):
            return response(200, page("Home", "Welcome to our home page.", "News, weather, sports, and more."))
        if path.startswith("/notfound"):
            return response(200, page("Page not found", "We could not find the page you were looking for."))
        if path.startswith("/sign-in"):
            return response(200, page("Sign in", "Please sign in to go on.") + "<form><input name=u><input type=password>")
        if path.startswith("/story"):
            return response(200, STORY)
        case = self.cases.get(path)
        if case is None:
            return response(404, page("404 Not Found", "nothing here"))
        self.asked[path] += 1
        answer = case.answer(self, request, self.asked[path] - 1)
        if asyncio.iscoroutine(answer):
            answer = await answer
        return answer


# --- real pages ---------------------------------------------------------------------------------------------------------

def load(path):
    with open(path, "rb") as file:
        data = file.read()
    return gzip.decompress(data) if path.endswith(".gz") else data


def fixed(status, body, media_type="text/html; charset=utf-8", was=None):
    def answer(server, _request, _before):
        if server.phase == 0 and was is not None:
            return response(200, was)
        return response(status, body, media_type)
    return answer


def article_paths(corpus):
    for name in ("readability", "trafilatura", "aeb", "postlight", "goose3"):
        folder = os.path.join(corpus, f"articles-{name}")
        for place, folders, files in os.walk(folder):
            folders.sort()
            for file in sorted(files):
                if file.endswith((".html", ".html.gz")) and not file.startswith("expected.html"):
                    yield os.path.join(place, file)


def real_cases(corpus, count):
    """Cases of the real documents: living articles, and the dead pages under their own status and under 200."""
    paths = list(article_paths(corpus))
    paths = paths[::max(1, len(paths) // count)]
    articles = [load(path) for path in paths]
    long = [body for body in articles if len(body) > 8000]
    cases, n = [], 0

    def add(kind, truth, answer):
        nonlocal n
        n += 1
        cases.append(Case(kind, truth, f"/{2010 + n % 12}/{1 + n % 12:02}/page-{n}.html", answer))

    for body in articles:
        add("living article", LIVING, fixed(200, body, "text/html"))
    folder = os.path.join(corpus, "deadpages")
    with open(os.path.join(folder, "labels.json"), encoding="utf-8") as file:
        labels = json.load(file)
    for name, label in sorted(labels.items()):
        path = next((p for p in (os.path.join(folder, name), os.path.join(folder, name + ".gz")) if os.path.isfile(p)), None)
        if path is None or name.endswith(".json"):
            continue
        body, what = load(path), label["label"]
        media_type = label.get("bytes_charset") or next(
            (value for key, value in label.get("headers", ()) if key.lower() == "content-type"), "text/html")
        was = long[n % len(long)]
        if what.startswith(("http-404", "http-410")):
            status = 410 if "410" in what else 404
            add(f"\"not found\" page, {status}", GONE, fixed(status, body, media_type))
            add("\"not found\" page that answers 200", GONE, fixed(200, body, media_type))
            add("\"not found\" page that answers 200, cited while it lived", GONE, fixed(200, body, media_type, was))
        elif what == "parked":
            add("parked domain", GONE, fixed(200, body, media_type))
            add("parked domain, cited while it lived", GONE, fixed(200, body, media_type, was))
        elif what == "bot-wall":
            add("bot wall, 403", UNKNOWN, fixed(403, body, media_type))
            add("bot wall, 503", UNKNOWN, fixed(503, body, media_type))
            add("bot wall that answers 200", UNKNOWN, fixed(200, body, media_type))
        elif what.startswith("http-403"):
            add("refusal, 403", UNKNOWN, fixed(403, body, media_type))
        elif what.startswith("http-503"):
            add("error page of a server, 503", FAILING, fixed(503, body, media_type))
        elif what == "proxy error page":
            add("error page of a proxy, 503", FAILING, fixed(503, body, media_type))
        elif what.startswith("control"):
            add("living article", LIVING, fixed(200, body, media_type))
    return cases


# --- the misbehaving web ------------------------------------------------------------------------------------------------

def fails_first(times, status, headers=()):
    def answer(_server, _request, before):
        return response(status, "later", headers=headers) if before < times else response(200, STORY)
    return answer


def redirect(status, to):
    return lambda _server, _request, _before: response(status, headers=[("location", to)])


def refuses_head(status):
    return lambda _server, request, _before: response(status) if request.method == "HEAD" else response(200, STORY)


def reset(request):
    sock = request.writer.get_extra_info("socket")
    # SO_LINGER of zero seconds: the connection is reset.
    import socket
    import struct
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.writer.transport.abort()


def resets(times):
    def answer(_server, request, before):
        if before < times:
            reset(request)
            return None
        return response(200, STORY)
    return answer


async def hang():
    await asyncio.sleep(300)


def hangs(_server, _request, _before):
    return hang()


def head_hangs(_server, request, _before):
    return hang() if request.method == "HEAD" else response(200, STORY)


def drips(_server, request, _before):
    async def drip():
        body = STORY.encode()
        request.writer.write(f"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {len(body)}\r\n\r\n".encode())
        for at in range(0, len(body), len(body) // 6):
            request.writer.write(body[at:at + len(body) // 6])
            await request.writer.drain()
            await asyncio.sleep(0.5)
    return drip()


def wants_cookie(_server, request, _before):
    if "seen=1" in request.headers.get("cookie", ""):
        return response(200, STORY)
    return response(302, headers=[("location", request.path), ("set-cookie", "seen=1; Path=/")])


def wants_browser(_server, request, _before):
    if request.headers.get("user-agent", "").startswith("Mozilla"):
        return response(200, STORY)
    return response(403, page("403 Forbidden", "Forbidden"))


def wants_html(_server, request, _before):
    if "text/html" in request.headers.get("accept", ""):
        return response(200, STORY)
    return response(404, page("404 Not Found", "Not Found"))


def raw(data):
    return lambda _server, _request, _before: data


def for_sale(_server, request, _before):
    host = request.headers.get("host", "example.com").split(":")[0]
    return response(200, page(f"{host} is for sale", "This domain is for sale. Buy this domain."
                                                     " Related searches: hotels, loans, insurance."))


def misbehaving_cases():
    challenge = page("Just a moment...", "Enable JavaScript and cookies to continue")
    rows = [
        ("a \"not found\" page, 200", GONE, fixed(200, page("Page not found", "The page you asked for does not exist."))),
        ("a domain for sale, 200", GONE, for_sale),
        ("302 to the front page", GONE, redirect(302, "/home")),
        ("302 to /notfound.html", GONE, redirect(302, "/notfound.html")),
        ("404", GONE, fixed(404, page("404 Not Found", "nothing here"))),
        ("410", GONE, fixed(410, page("410 Gone", "gone for good"))),
        ("403 and cf-mitigated: challenge", UNKNOWN,
         lambda *_: response(403, challenge, headers=[("server", "cloudflare"), ("cf-mitigated", "challenge")])),
        ("999", UNKNOWN, fixed(999, "")),
        ("401", UNKNOWN, lambda *_: response(401, "", headers=[("www-authenticate", "Basic realm=x")])),
        ("451", UNKNOWN, fixed(451, page("Unavailable", "For legal reasons."))),
        ("302 to a login", UNKNOWN, redirect(302, "/sign-in")),
        ("a shell that waits for a script, 200", UNKNOWN,
         fixed(200, "<!doctype html><title>App</title><div id=root></div><script src=/app.js></script>")),
        ("an empty page, 200", UNKNOWN, fixed(200, "")),
        ("a body cut short", UNKNOWN,
         raw(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5000\r\n\r\n<p>eleven by")),
        ("503, always", FAILING, fixed(503, "down")),
        ("500, always", FAILING, fixed(500, "down")),
        ("a reset, always", FAILING, resets(10 ** 9)),
        ("an empty reply", FAILING, raw(b"")),
        ("no answer at all", FAILING, hangs),
        ("a redirect to itself", FAILING, lambda _s, request, _b: response(302, headers=[("location", request.path)])),
        ("403 unless it is a browser that asks", LIVING, wants_browser),
        ("404 unless text/html is asked for", LIVING, wants_html),
        ("503 once", LIVING, fails_first(1, 503)),
        ("503 with Retry-After: 2 once", LIVING, fails_first(1, 503, [("retry-after", "2")])),
        ("429 with Retry-After: 2 twice", LIVING, fails_first(2, 429, [("retry-after", "2")])),
        ("a reset once", LIVING, resets(1)),
        ("a cookie that must come back", LIVING, wants_cookie),
        ("403 to HEAD", LIVING, refuses_head(403)),
        ("404 to HEAD", LIVING, refuses_head(404)),
        ("405 to HEAD", LIVING, refuses_head(405)),
        ("no answer to HEAD", LIVING, head_hangs),
        ("a body that drips for three seconds", LIVING, drips),
        ("301 to its new address", LIVING, redirect(301, "/story.html")),
        ("308 to its new address", LIVING, redirect(308, "/story.html")),
    ]
    names = {GONE: "misbehaving server: gone", UNKNOWN: "misbehaving server: cannot be told", FAILING:
             "misbehaving server: fails", LIVING: "misbehaving server: living"}
    # Names that say what the case is would be words of the address, which a judge may read.
    return [Case(names[truth], truth, f"/mis/story-{n:02}.html", answer) for n, (_, truth, answer) in enumerate(rows)]


# --- the checkers -------------------------------------------------------------------------------------------------------

def by_sourcekeep(binary, cases, folder):
    """What sourcekeep says of each case at the end, as {path: (said, details)}."""
    server = Server(cases)
    # A host for each case, as in life: politeness to one would make the others wait.
    host = {case.path: f"site{n}.test" for n, case in enumerate(cases)}
    paths = {name: path for path, name in host.items()}
    post = os.path.join(folder, "post.md")
    with open(post, "w", encoding="utf-8") as file:
        file.writelines(f"- [case](http://{host[case.path]}{case.path})\n" for case in cases)
    said = {}
    for at, now in enumerate(PASSES):
        server.phase = min(at, 1)
        what = ["run", post] if at == 0 else ["check", "--all", "--format", "jsonl"]
        command = [binary, "--quiet", "--db", os.path.join(folder, "s.db"), "--now", now, "--allow-private", "127.0.0.0/8",
                   "--resolve", f"*=127.0.0.1:{server.port}", *what]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            sys.exit(f"sourcekeep {what[0]} ended with {done.returncode}: {done.stderr[-800:]}")
        if at == 0:
            continue
        for line in done.stdout.splitlines():
            row = json.loads(line)
            name = row["url"].split("/")[2]
            if name in paths:
                said[paths[name]] = row
    fine = {"alive", "moved", "drifted"}

    def word(row):
        if row["standing"] == "dead":
            return BROKEN
        return OK if row["verdict"] in fine else NEITHER
    return {path: (word(row), f"{row['verdict']}, {row['standing']}") for path, row in said.items()}


def by_lychee(binary, cases, folder):
    server = Server(cases)
    origin = f"http://127.0.0.1:{server.port}"
    post = os.path.join(folder, "post.md")
    with open(post, "w", encoding="utf-8") as file:
        file.writelines(f"- <{origin}{case.path}>\n" for case in cases)
    command = [binary, "-n", "-q", "--format", "json", "--timeout", "10", "--host-request-interval", "0ms",
               "--host-concurrency", "64", post]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    said = {case.path: (OK, "") for case in cases}
    for key, word in (("error_map", BROKEN), ("timeout_map", BROKEN), ("excluded_map", NEITHER)):
        for rows in report.get(key, {}).values():
            for row in rows:
                path = row["url"].removeprefix(origin)
                said[path] = (word, str(row.get("status", ""))[:80])
    return said


def install_linkinator(folder):
    npm = shutil.which("npm")
    if npm is None:
        return None
    done = subprocess.run([npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder, "linkinator"],
                          capture_output=True, text=True, check=False)
    binary = os.path.join(folder, "node_modules", ".bin", "linkinator")
    return binary if done.returncode == 0 and os.path.exists(binary) else None


def by_linkinator(binary, cases, folder):
    server = Server(cases)
    origin = f"http://127.0.0.1:{server.port}"
    command = [binary, f"{origin}/index.html", "--format", "json", "--timeout", "10000", "--concurrency", "50"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=1200)
    report = json.loads(done.stdout[done.stdout.index("{"):])
    words = {"OK": OK, "BROKEN": BROKEN, "SKIPPED": NEITHER}
    # What it skips (some walls) it does not list.
    said = {case.path: (NEITHER, "") for case in cases}
    for row in report["links"]:
        path = row["url"].removeprefix(origin)
        said[path] = (words[row["state"]], str(row.get("status", "")))
    return said


# --- who was right ------------------------------------------------------------------------------------------------------

def is_right(truth, word):
    return {LIVING: word == OK, GONE: word == BROKEN, FAILING: word != OK, UNKNOWN: word == NEITHER}[truth]


def table(cases, results):
    kinds = {}
    for case in cases:
        kinds.setdefault((case.kind, case.truth), []).append(case)
    print("| pages and servers | truth | cases | " + " | ".join(results) + " |")
    print("|---|---|---:|" + "---:|" * len(results))
    totals, whole = Counter(), 0
    for (kind, truth), rows in kinds.items():
        cells = []
        for name, said in results.items():
            right = sum(is_right(truth, said[case.path][0]) for case in rows if case.path in said)
            totals[name] += right
            cells.append(str(right))
        whole += len(rows)
        print(f"| {kind} | {truth} | {len(rows)} | " + " | ".join(cells) + " |")
    print(f"| all | | {whole} | " + " | ".join(str(totals[name]) for name in results) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus")
    parser.add_argument("--sourcekeep", default=os.path.join(
        os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "sourcekeep"))
    parser.add_argument("--lychee", default=shutil.which("lychee"))
    parser.add_argument("--articles", type=int, default=150, help="about how many living articles are asked for")
    parser.add_argument("--json", help="write what each said of each case to this file")
    args = parser.parse_args()
    cases = real_cases(args.corpus, args.articles) + misbehaving_cases()
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        def room(name):
            path = os.path.join(folder, name)
            os.mkdir(path)
            return path
        results["sourcekeep"] = by_sourcekeep(os.path.abspath(args.sourcekeep), cases, room("sourcekeep"))
        if args.lychee:
            results["lychee"] = by_lychee(os.path.abspath(args.lychee), cases, room("lychee"))
        linkinator = install_linkinator(room("npm"))
        if linkinator:
            results["linkinator"] = by_linkinator(linkinator, cases, room("linkinator"))
    table(cases, results)
    for name, said in results.items():
        missing = [case.path for case in cases if case.path not in said]
        if missing:
            print(f"{name} said nothing of {len(missing)}, counted as wrong: {', '.join(missing[:5])}", file=sys.stderr)
    if args.json:
        rows = [{"kind": case.kind, "truth": case.truth, "path": case.path,
                 "said": {name: said.get(case.path) for name, said in results.items()}} for case in cases]
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)


if __name__ == "__main__":
    main()
