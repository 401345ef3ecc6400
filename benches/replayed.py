#!/usr/bin/env python3
"""What a browser shows of pages, and of their copies as `serve` shows them.

    cargo build --release
    python3 benches/replayed.py FOLDER [SOURCEKEEP] [--pictures] [--pages N] [--look FOLDER]
    python3 benches/replayed.py --crawls FOLDER [SOURCEKEEP] [--imported] ...

FOLDER holds pages, one a folder or one a file (`*.html`, `*.html.gz`), or, with --crawls, WARC, ARC and WACZ files (needs
`pip install warcio`), all of whose HTML answers of status 200 are pages; of several of one address, one is served and captured.

Chromium opens each page through a proxy on loopback that answers as what stands in the folder did, with scripts off. Then the pages are
captured through the same proxy (with --imported: the crawls are imported), and Chromium opens each copy as `serve` shows it, in a window
of the same size. Printed are how many copies show the same text, how many pictures of them differ in less than 2 % of their pixels
(--pictures, which needs `pip install pillow`), and how each of the others differs. --look keeps texts and pictures of those.

What is captured is a web in which most pictures are missing. What a browser draws in their place is no part of a page, so with
--pictures the proxy answers for each that the browser asked for with a picture of a size and a colour of its own, to both.
"""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import urllib.request

from one_page import Text
from web import Web, of_crawls, of_folder

CONFIG = """[fetch]
robots = "ignore"
[browser]
when = "never"
"""


class Shown:
    """What a browser shows of an address."""

    def __init__(self, work, name, url, args, *through):
        profile = tempfile.mkdtemp(dir=work)
        self.path = work / f"{name}.png"
        taken = [f"--screenshot={self.path}"] if args.pictures else []
        try:
            done = subprocess.run(
                ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking",
                 "--disable-component-update", "--virtual-time-budget=10000", "--disable-features=HttpsUpgrades", f"--user-data-dir={profile}",
                 f"--window-size={args.window}", "--force-device-scale-factor=1", *through, *taken, "--dump-dom", url],
                capture_output=True, timeout=120).stdout
        except subprocess.TimeoutExpired:
            done = b""
        shutil.rmtree(profile, ignore_errors=True)
        text = Text()
        text.feed(done.decode(errors="replace"))
        self.words = text.words


def share_of_pixels(before, after):
    """The share of pixels that differ by more than a shade."""
    from PIL import Image, ImageChops
    try:
        pictures = [Image.open(shown.path).convert("RGB") for shown in (before, after)]
    except OSError:
        return 1.0
    differs = ImageChops.difference(*pictures).convert("L").point(lambda shade: 255 if shade > 16 else 0)
    return differs.histogram()[255] / (differs.width * differs.height)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("folder")
    parser.add_argument("sourcekeep", nargs="?", default="target/release/sourcekeep")
    parser.add_argument("--crawls", action="store_true")
    parser.add_argument("--imported", action="store_true")
    parser.add_argument("--pictures", action="store_true")
    parser.add_argument("--missing", action="store_true", help="with --pictures: draw none")
    parser.add_argument("--only", default="", help="pages whose address holds this")
    parser.add_argument("--pages", type=int, default=10_000)
    parser.add_argument("--window", default="1280,800")
    parser.add_argument("--look", type=pathlib.Path)
    args = parser.parse_args()
    work = pathlib.Path(tempfile.mkdtemp())
    records, twice = of_crawls(args.folder) if args.crawls else (of_folder(args.folder), 0)
    shown = [url for url, record in records.items() if record.is_page() and args.only in url][: args.pages]
    web = Web(records, work, draws=args.pictures and not (args.missing or args.imported))
    names = {url: f"{number:03}-" + re.sub(r"[^a-z0-9]+", "-", url.lower())[:80] for number, url in enumerate(shown)}
    pool = concurrent.futures.ThreadPoolExecutor(2)
    through = [f"--proxy-server={web.address}", "--proxy-bypass-list=<-loopback>", "--ignore-certificate-errors"]
    before = dict(zip(shown, pool.map(lambda url: Shown(work, f"{names[url]}.a", url, args, *through), shown)))

    (work / "sourcekeep.toml").write_text(CONFIG)
    (work / "list.txt").write_text("".join(f"{url}\n" for url in shown))
    sourcekeep = [pathlib.Path(args.sourcekeep).resolve(), "--db", work / "a.db", "--config", work / "sourcekeep.toml"]
    if args.imported:
        kept = ["import", args.folder, "--quiet"]
    else:
        kept = ["--host-delay", "0", "--proxy", f"http://{web.address}", "--ca-cert", web.certificate(), "run", "--as", "list",
                work / "list.txt", "--quiet"] + ([] if args.crawls or args.pictures else ["--no-requisites"])
    subprocess.run([*sourcekeep, *kept], check=False)
    serving = subprocess.Popen([*sourcekeep, "serve", "--listen", "127.0.0.1:0", "--replay-listen", "127.0.0.1:0",
                                "--format", "json"], stdout=subprocess.PIPE)
    replay = json.loads(serving.stdout.readline())["replay"]

    def compare(url):
        when = f"{records[url].digits}/" if args.imported else ""
        try:
            at = urllib.request.urlopen(f"{replay}web/{when}{url}").url
        except OSError as error:
            return url, f"not kept: {error}", 1.0
        after = Shown(work, f"{names[url]}.b", at, args, "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1")
        was, now = before[url].words, after.words
        told = None
        # A comment within a word, which a copy has no more, parts it in the tree, and for no reader.
        if "".join(was) != "".join(now):
            at = next((i for i, (a, b) in enumerate(zip(was, now)) if a != b), min(len(was), len(now)))
            told = f"{len(was)} and {len(now)} words; {was[at:at + 6]} became {now[at:at + 6]}"
            if args.look:
                for side, words in (("a", was), ("b", now)):
                    (work / f"{names[url]}.{side}.txt").write_text("\n".join(words))
        return url, told, share_of_pixels(before[url], after) if args.pictures else 0.0

    found = list(pool.map(compare, shown))
    serving.terminate()
    # To a visit, what is empty without scripts is no page, and is not kept as one.
    is_empty = lambda url, told: not before[url].words and (told or "").startswith("not kept")
    empty = [url for url, told, _ in found if is_empty(url, told)]
    found = [one for one in found if one[0] not in empty]
    for url, told, share in found:
        if told or share >= 0.02:
            print(f"{url}: {told or 'the same text'}" + (f"; {100 * share:.1f} % of the pixels" if args.pictures else ""))
            for path in work.glob(f"{names[url]}.*") if args.look else ():
                args.look.mkdir(exist_ok=True)
                shutil.copy(path, args.look)
    if twice:
        print(f"Left out: {twice} pages, another of whose address has been compared")
    if empty:
        print(f"Left out: {len(empty)} pages without a word where scripts do not run, which are not kept: {' '.join(empty)}")
    print(f"{sum(told is None for _, told, _ in found)} of {len(found)} pages show the same text")
    if args.pictures:
        print(f"{sum(share < 0.02 for _, _, share in found)} of {len(found)} differ in under 2 % of the pixels")
    shutil.rmtree(work)


main()
