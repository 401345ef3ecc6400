#!/usr/bin/env python3
"""What a browser shows of pages, and of their copies as `serve` shows them.

    cargo build --release
    python3 benches/replayed.py FOLDER [SOURCEKEEP] [--pages N]

FOLDER holds pages, one a folder or one a file (`*.html`, `*.html.gz`), without what they need: so both sides miss the same. They
are served on loopback, captured, and shown by `serve`. Chromium opens each original and each copy in a window of the same size,
with scripts off. Printed are how many copies show the same text and how the rest differs; with --pictures, which needs Pillow
(`pip install pillow`), also how many pictures of them differ in less than 2 % of their pixels. There, a picture that is not kept counts: the
browser draws a sign in its place on the original, and our stand-in, through which everything is seen, on the copy.
"""

import argparse
import concurrent.futures
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import urllib.request

from one_page import Text, pages

WINDOW = "1280,800"


def chromium(work, url, *what):
    profile = tempfile.mkdtemp(dir=work)
    done = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}", f"--window-size={WINDOW}", "--force-device-scale-factor=1",
         "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", *what, url],
        capture_output=True, timeout=120)
    shutil.rmtree(profile, ignore_errors=True)
    return done.stdout.decode(errors="replace")


def words(work, url):
    text = Text()
    text.feed(chromium(work, url, "--dump-dom"))
    return text.words


def share_of_pixels(work, name, before, after):
    """The share of pixels that differ by more than a shade."""
    from PIL import Image, ImageChops
    pictures = []
    for side, url in (("a", before), ("b", after)):
        path = work / f"{name}.{side}.png"
        chromium(work, url, f"--screenshot={path}")
        pictures.append(Image.open(path).convert("RGB"))
    differs = ImageChops.difference(*pictures).convert("L").point(lambda shade: 255 if shade > 16 else 0)
    return differs.histogram()[255] / (differs.width * differs.height)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder")
    parser.add_argument("sourcekeep", nargs="?", default="target/release/sourcekeep")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--pictures", action="store_true")
    args = parser.parse_args()
    served = dict(list(pages(args.folder).items())[: args.pages])

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            body = served.get(self.path.strip("/"))
            self.send_response(200 if body else 404)
            self.send_header("content-type", "text/html; charset=utf-8")
            # Without scripts, as copies are shown: `noscript` stands on both sides.
            self.send_header("content-security-policy", "sandbox")
            self.send_header("content-length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    work = pathlib.Path(tempfile.mkdtemp())
    (work / "post.md").write_text("".join(f"- [{name}](http://pages.test/{name})\n" for name in served))
    sourcekeep = [pathlib.Path(args.sourcekeep).resolve(), "--db", work / "a.db"]
    subprocess.run([*sourcekeep, "--host-delay", "0", "--resolve", f"*=127.0.0.1:{server.server_port}", "run", work / "post.md",
                    "--no-requisites", "--quiet"], check=False)
    serving = subprocess.Popen([*sourcekeep, "serve", "--listen", "127.0.0.1:0", "--replay-listen", "127.0.0.1:0",
                                "--format", "json"], stdout=subprocess.PIPE)
    replay = json.loads(serving.stdout.readline())["replay"]

    def compare(name):
        before = f"http://127.0.0.1:{server.server_port}/{name}"
        copy = f"{replay}web/http://pages.test/{name}"
        try:
            after = urllib.request.urlopen(copy).url
        except OSError as error:
            return name, f"not kept: {error}", None
        was, now = words(work, before), words(work, after)
        told = None
        # A comment within a word, which a copy has no more, parts it in the tree, and for no reader.
        if "".join(was) != "".join(now):
            at = next((i for i, (a, b) in enumerate(zip(was, now)) if a != b), min(len(was), len(now)))
            told = f"{len(was)} and {len(now)} words; {was[at:at + 6]} became {now[at:at + 6]}"
        return name, told, share_of_pixels(work, name, before, after) if args.pictures else None

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        found = list(pool.map(compare, served))
    serving.terminate()
    for name, told, share in found:
        if told or (share or 0) >= 0.02:
            print(f"{name}: {told or 'the same text'}" + (f"; {100 * share:.1f} % of the pixels" if share is not None else ""))
    same = sum(told is None for _, told, _ in found)
    print(f"{same} of {len(found)} pages show the same text")
    shares = [share for _, _, share in found if share is not None]
    if shares:
        print(f"{sum(share < 0.02 for share in shares)} of {len(shares)} differ in under 2 % of the pixels")
    shutil.rmtree(work)


main()
