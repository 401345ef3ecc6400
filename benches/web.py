"""A web on loopback for the benchmarks that look at pages and their copies: a proxy that answers for every host.

What it answers with are pages from a folder, or the records of crawls (with `pip install warcio`). A browser and sourcekeep that ask
through it are told the same.
"""

import gzip
import hashlib
import http.server
import pathlib
import re
import ssl
import struct
import subprocess
import threading
import urllib.parse
import zipfile
import zlib

# Of how the bytes were sent, or for longer than the page.
NOT_SENT = {"connection", "keep-alive", "transfer-encoding", "content-encoding", "content-length", "trailer", "upgrade",
            "strict-transport-security", "alt-svc", "proxy-connection", "access-control-allow-credentials"}


def pages(folder):
    """The pages in a folder (`*.html`, `*.html.gz`), by a name made of where they are."""
    found = {}
    for path in sorted(pathlib.Path(folder).rglob("*")):
        if path.name.endswith((".html", ".html.gz")) and "expected" not in path.name:
            body = path.read_bytes()
            name = str(path.relative_to(folder))
            found[re.sub(r"[^a-z0-9]+", "-", name.lower())] = gzip.decompress(body) if name.endswith("gz") else body
    return found


class Record:
    """What a server answered."""

    def __init__(self, body, headers=(("Content-Type", "text/html; charset=utf-8"),), status=200, digits=""):
        self.body, self.headers, self.status, self.digits = body, list(headers), status, digits

    def is_page(self):
        kind = next((value for name, value in self.headers if name.lower() == "content-type"), "").split(";")[0].strip().lower()
        return self.status == 200 and kind in ("text/html", "application/xhtml+xml") and self.body.strip() != b""


def of_folder(folder):
    return {f"http://pages.test/{name}": Record(body) for name, body in pages(folder).items()}


def files(folder):
    """The WARC and ARC files in a folder, and those within WACZ files."""
    for path in sorted(pathlib.Path(folder).iterdir()):
        if path.suffix == ".wacz":
            packed = zipfile.ZipFile(path)
            yield from (packed.open(name) for name in packed.namelist() if name.endswith((".warc", ".warc.gz")))
        elif path.name.endswith((".warc", ".warc.gz", ".arc", ".arc.gz")):
            yield path.open("rb")


def of_crawls(folder):
    """The records of crawls, by their addresses; of several of one address, the first fine one, and else the first.

    The second value says how many pages of the crawls are not shown, since another of the same address is.
    """
    from warcio.archiveiterator import ArchiveIterator
    found, by_digest, again, twice = {}, {}, [], 0
    for file in files(folder):
        for record in ArchiveIterator(file, arc2warc=True):
            told = record.rec_headers.get_header
            url = told("WARC-Target-URI") or ""
            if record.rec_type not in ("response", "revisit") or not record.http_headers or not url.startswith("http"):
                continue
            digits = re.sub(r"\D", "", told("WARC-Date") or "")[:14]
            status = record.http_headers.get_statuscode()
            kept = Record(record.content_stream().read(), record.http_headers.headers, int(status) if status.isdigit() else 0, digits)
            if not 200 <= kept.status < 600:
                continue
            if record.rec_type == "revisit":
                again.append((key(url), told("WARC-Payload-Digest"), kept))
                continue
            by_digest.setdefault(told("WARC-Payload-Digest"), kept.body)
            before = found.get(key(url))
            twice += before is not None and before.is_page() and kept.is_page()
            if before is None or before.status != 200 and kept.status == 200:
                found[key(url)] = kept
    for url, digest, kept in again:
        if url not in found and digest in by_digest:
            kept.body = by_digest[digest]
            found[url] = kept
    return found, twice


def key(url):
    """An address as a browser asks for it."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    quoted = lambda text: urllib.parse.quote(text, safe="%/:=&?~#+!$,;'@()*[]|{}^`\\")
    query = f"?{quoted(parts.query)}" if parts.query else ""
    return f"{parts.scheme}://{host}{port}{quoted(parts.path) or '/'}{query}"


def picture(url):
    """A picture for an address: always the same one, of no other's size."""
    digest = hashlib.sha256(url.encode()).digest()
    width, height = 16 + digest[0] * 2, 16 + digest[1]
    rows = b"".join(b"\0" + bytes(digest[2:5] if (y // 8) % 2 else digest[5:8]) * width for y in range(height))
    chunk = lambda name, data: struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Web:
    """A proxy on loopback that answers with records, over HTTP and HTTPS. Scripts do not run in its pages.

    With `draws`, what a browser asks for as a picture, and nobody has, is answered with one: then, and whenever it is asked for again.
    """

    def __init__(self, records, work, draws=False):
        self.records, self.work, self.draws = records, work, draws
        self.elsewhere = {re.sub(r"^\w+", "", url): record for url, record in reversed(records.items()) if record.status == 200}
        self.pictures, self.hosts = set(), {urllib.parse.urlsplit(url).hostname for url in records}
        self.secure = None
        self.certificate()
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            origin = ""

            def do_CONNECT(self):
                self.send_response(200)
                self.end_headers()
                host, _, port = self.path.rpartition(":")
                web.hosts.add(host)
                try:
                    self.connection = web.secure.wrap_socket(self.connection, server_side=True)
                except OSError:
                    self.close_connection = True
                    return
                self.setup_streams()
                self.origin = f"https://{host}" + ("" if port == "443" else f":{port}")

            def setup_streams(self):
                self.rfile = self.connection.makefile("rb", self.rbufsize)
                self.wfile = self.connection.makefile("wb", 0)

            def do_GET(self):
                url = key(self.path if self.path.startswith("http") else self.origin + self.path)
                answer = web.answer(url, self.headers.get("accept", ""))
                self.send_response_only(answer.status)
                for name, value in answer.headers:
                    # A server names who asks; the crawl names who asked then.
                    if name.lower() == "access-control-allow-origin":
                        value = "*"
                    if name.lower() not in NOT_SENT:
                        self.send_header(name, value.encode("latin-1", "replace").decode("latin-1"))
                if answer.is_page():
                    self.send_header("Content-Security-Policy", "sandbox allow-same-origin")
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads, request_queue_size = True, 256

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, url, accept):
        found = self.records.get(url) or self.elsewhere.get(re.sub(r"^\w+", "", url))
        if found and (found.status != 404 or not self.draws):
            return found
        if self.draws and accept.startswith("image/"):
            self.pictures.add(re.sub(r"^\w+", "", url))
        if re.sub(r"^\w+", "", url) in self.pictures:
            return Record(picture(re.sub(r"^\w+", "", url)), [("Content-Type", "image/png")])
        return Record(b"", status=404)

    def certificate(self):
        """A certificate for all hosts that are known by now, in a file; `openssl` makes it."""
        names = sorted(host for host in self.hosts if host and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", host))
        made, secret = self.work / "web.pem", self.work / "web.key"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=web",
             "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names or ["web"]),
             "-out", made, "-keyout", secret], check=True, capture_output=True)
        secure = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        secure.load_cert_chain(made, secret)
        self.secure = secure
        return made
