#!/usr/bin/env python3
"""What a browser shows of pages, and of the copies that `export html` makes of them.

    python3 benches/one_page.py FOLDER [SOURCEKEEP]

FOLDER holds pages, one a folder or one a file (`*.html`, `*.html.gz`). They are served on loopback, captured, and written as single
pages; Chromium then opens each original and each copy from the disk, with scripts off. Printed are how many copies show the same text,
how many bytes a copy has for each byte that it holds, and what it asked anybody for, which must be nothing.
"""

import html.parser
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from web import Web, of_folder, pages


class Text(html.parser.HTMLParser):
    """The words of a page as a reader without scripts sees them, by the tree that the browser made of it."""

    HIDDEN = {"script", "style", "template", "title", "head", "iframe"}

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.words, self.hidden = [], 0

    def handle_starttag(self, tag, attributes):
        self.hidden += tag in self.HIDDEN

    def handle_endtag(self, tag):
        self.hidden -= tag in self.HIDDEN and self.hidden > 0

    def handle_data(self, data):
        if not self.hidden:
            self.words += data.split()


def shown(path, log):
    dom = subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--blink-settings=scriptEnabled=false",
         "--host-resolver-rules=MAP * 127.0.0.1:9", f"--log-net-log={log}", "--dump-dom", f"file://{path}"],
        capture_output=True, timeout=60).stdout.decode(errors="replace")
    text = Text()
    text.feed(dom)
    return text.words


def asked(log):
    try:
        events = json.loads(log.read_text())
    except ValueError:
        return []
    known = {number: name for name, number in events["constants"]["logEventTypes"].items()}
    asked = {event["params"]["url"] for event in events["events"]
             if known.get(event["type"]) == "URL_REQUEST_START_JOB" and "url" in event.get("params", {})}
    # What the browser itself asks for when it starts is no matter of the page.
    own = ("google.com", "googleapis.com", "gvt1.com", "googleusercontent.com", "gstatic.com")
    hosts = lambda url: re.sub(r"^\w+://([^/:]*).*", r"\1", url)
    return sorted(url for url in asked if url.startswith("http") and not hosts(url).endswith(own))


def main():
    folder, keep = sys.argv[1], pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else "target/release/sourcekeep").resolve()
    served = pages(folder)
    work = pathlib.Path(tempfile.mkdtemp())
    web = Web(of_folder(folder), work)
    links = "".join(f"- [{name}](http://pages.test/{name})\n" for name in served)
    (work / "post.md").write_text(links)
    sourcekeep = [keep, "--db", work / "a.db", "--host-delay", "0"]
    proxy = ["--proxy", f"http://{web.address}"]
    subprocess.run([*sourcekeep, *proxy, "run", work / "post.md", "--no-requisites", "--quiet"], check=False)
    same, written, raw, differing, requests = 0, 0, 0, [], []
    for name, body in served.items():
        copy = work / f"{name}.copy.html"
        done = subprocess.run([*sourcekeep, "export", "html", f"http://pages.test/{name}", "-o", copy],
                              capture_output=True)
        if done.returncode:
            differing.append(f"{name}: {done.stderr.decode()[:200]}")
            continue
        original = work / f"{name}.html"
        original.write_bytes(body)
        before = shown(original, work / "net.json")
        after = shown(copy, work / "net.json")
        requests += asked(work / "net.json")
        foot = next((at for at in range(len(after) - 1, -1, -1) if after[at:at + 3] == ["A", "copy", "of"]), len(after))
        written += copy.stat().st_size
        raw += len(body)
        if before == after[:foot]:
            same += 1
        else:
            at = next((i for i, (a, b) in enumerate(zip(before, after)) if a != b), min(len(before), foot))
            differing.append(f"{name}: {len(before)} and {foot} words; {before[at:at + 6]} became {after[at:at + 6]}")
    print("\n".join(differing))
    print(f"{same} of {len(served)} pages show the same text; {written / max(raw, 1):.2f} bytes for each that is held;"
          f" {len(requests)} requests {requests[:5]}")
    shutil.rmtree(work)


if __name__ == "__main__":
    main()
