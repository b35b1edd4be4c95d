"""A small object store for tests, as much of S3 as the hub asks for: objects, listings, parts.

    python -m tests.objectstore --bind 10.0.0.1 --port 9000 --folder F --key K --secret S --bucket hub

Every request must be signed (AWS signature 4, in its headers or its address, its time looked at),
but for reading what lies below `public/`. Each object is a file below `folder`. What nobody has
taught it is answered 501, so that a call of ours that is new here fails its test.
"""

import argparse
import contextlib
import hashlib
import hmac
import threading
import uuid
from datetime import UTC, datetime, timedelta
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit
from xml.sax.saxutils import escape

STAMP = "%Y%m%dT%H%M%SZ"


class Store:
    """The objects of one bucket, each a file; written whole or not at all."""

    def __init__(self, folder, key, secret, bucket):
        self.folder, self.key, self.secret, self.bucket = Path(folder), key, secret, bucket
        self.parts, self.lock = {}, threading.Lock()
        self.folder.mkdir(parents=True, exist_ok=True)

    def path(self, name):
        return self.folder / quote(name, safe="")

    def put(self, name, content):
        part = self.folder / f".{uuid.uuid4().hex}"
        part.write_bytes(content)
        part.replace(self.path(name))
        return hashlib.md5(content, usedforsecurity=False).hexdigest()

    def names(self, prefix):
        found = (unquote(path.name) for path in self.folder.iterdir() if path.name[0] != ".")
        return sorted(name for name in found if name.startswith(prefix))


def sign(key, *words):
    for word in words:
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return key


class Answers(BaseHTTPRequestHandler):
    """One request. `self.server.store` is the bucket."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_words):
        pass

    def take_up(self):
        """Read it whole; whether it may be answered. Then `name` and `query` are set."""
        parts = urlsplit(self.path)
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        _slash, bucket, *name = parts.path.split("/", 2)
        self.name = unquote(name[0]) if name else ""
        self.body = unchunked(
            self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            self.headers.get("Content-Encoding", ""),
        )
        if unquote(bucket) != self.server.store.bucket:
            return self.say(404, "NoSuchBucket")
        is_public = self.command in ("GET", "HEAD") and self.name.startswith("public/")
        if not self.is_signed(parts) and not (is_public and "Authorization" not in self.headers):
            return self.say(403, "AccessDenied")
        return True

    def is_signed(self, parts):
        query = dict(self.query)
        if "X-Amz-Signature" in query:
            given, signed = query.pop("X-Amz-Signature"), query["X-Amz-SignedHeaders"]
            credential, stamp = query["X-Amz-Credential"], query["X-Amz-Date"]
            lasts, content = int(query["X-Amz-Expires"]), "UNSIGNED-PAYLOAD"
        elif said := self.headers.get("Authorization"):
            fields = dict(each.strip().split("=", 1) for each in said.partition(" ")[2].split(","))
            given, signed, credential = (
                fields[name] for name in ("Signature", "SignedHeaders", "Credential")
            )
            stamp, lasts = self.headers["X-Amz-Date"], 900
            content = self.headers["X-Amz-Content-SHA256"]
        else:
            return False
        key, *scope = credential.split("/")
        age = datetime.now(UTC) - datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
        if key != self.server.store.key or age > timedelta(seconds=lasts):
            return False
        pairs = sorted((quote(n, safe="-_.~"), quote(v, safe="-_.~")) for n, v in query.items())
        lines = [self.command, parts.path, "&".join(f"{n}={v}" for n, v in pairs)]
        lines += [f"{n}:{' '.join((self.headers.get(n) or '').split())}" for n in signed.split(";")]
        request = "\n".join([*lines, "", signed, content])
        digest = hashlib.sha256(request.encode()).hexdigest()
        secret = sign(f"AWS4{self.server.store.secret}".encode(), *scope)
        words = "\n".join(["AWS4-HMAC-SHA256", stamp, "/".join(scope), digest])
        return hmac.compare_digest(sign(secret, words).hex(), given)

    def say(self, status, code="", body=b"", **headers):
        if code:
            body = f"<Error><Code>{code}</Code><Message>{code}</Message></Error>".encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return False

    def do_GET(self):
        if not self.take_up():
            return None
        if not self.name:
            return self.say(200, body=self.listing(), Content_Type="application/xml")
        try:
            path = self.server.store.path(self.name)
            content, changed = path.read_bytes(), path.stat().st_mtime
        except FileNotFoundError:
            return self.say(404, "NoSuchKey")
        more = {"Last_Modified": formatdate(changed, usegmt=True), "Accept_Ranges": "bytes"}
        more["ETag"] = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
        status = 200
        if wanted := self.headers.get("Range"):
            start, _dash, end = wanted.removeprefix("bytes=").partition("-")
            last = min(int(end or len(content)), len(content) - 1)
            more["Content_Range"] = f"bytes {start}-{last}/{len(content)}"
            content, status = content[int(start) : last + 1], 206
        return self.say(status, body=content, **more)

    do_HEAD = do_GET

    def listing(self):
        prefix, mark = self.query.get("prefix", ""), self.query.get("marker", "")
        delimiter, most = self.query.get("delimiter", ""), int(self.query.get("max-keys", 1000))
        folders, files = set(), []
        for name in self.server.store.names(prefix):
            inner, found, _rest = name.removeprefix(prefix).partition(delimiter or "\0")
            if found:
                folders.add(f"{prefix}{inner}{delimiter}")
            elif name > mark:
                files.append(name)
        shown, more = files[:most], len(files) > most
        lines = [f"<IsTruncated>{str(more).lower()}</IsTruncated><Marker>{escape(mark)}</Marker>"]
        lines += [f"<NextMarker>{escape(shown[-1])}</NextMarker>"] if more else []
        for name in shown:
            info = self.server.store.path(name).stat()
            when = datetime.fromtimestamp(info.st_mtime, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
            lines.append(
                f"<Contents><Key>{escape(name)}</Key><LastModified>{when}</LastModified>"
                f'<ETag>"x"</ETag><Size>{info.st_size}</Size></Contents>'
            )
        for folder in sorted(folders) if not mark else []:
            lines.append(f"<CommonPrefixes><Prefix>{escape(folder)}</Prefix></CommonPrefixes>")
        return f"<ListBucketResult>{''.join(lines)}</ListBucketResult>".encode()

    def do_PUT(self):
        if not self.take_up():
            return None
        if "X-Amz-Copy-Source" in self.headers:
            return self.say(501, "NotImplemented")
        if upload := self.query.get("uploadId"):
            with self.server.store.lock:
                self.server.store.parts[upload][int(self.query["partNumber"])] = self.body
            mark = hashlib.md5(self.body, usedforsecurity=False).hexdigest()
        else:
            mark = self.server.store.put(self.name, self.body)
        return self.say(200, ETag=f'"{mark}"')

    def do_POST(self):
        if not self.take_up():
            return None
        if "uploads" in self.query:
            upload = uuid.uuid4().hex
            self.server.store.parts[upload] = {}
            said = f"<UploadId>{upload}</UploadId>"
        elif upload := self.query.get("uploadId"):
            parts = self.server.store.parts.pop(upload)
            content = b"".join(parts[number] for number in sorted(parts))
            said = f"<ETag>{self.server.store.put(self.name, content)}</ETag>"
        else:
            return self.say(501, "NotImplemented")
        kind = "Initiate" if "uploads" in self.query else "Complete"
        body = f"<{kind}MultipartUploadResult>{said}</{kind}MultipartUploadResult>"
        return self.say(200, body=body.encode())

    def do_DELETE(self):
        if not self.take_up():
            return None
        if upload := self.query.get("uploadId"):
            self.server.store.parts.pop(upload, None)
        else:
            self.server.store.path(self.name).unlink(missing_ok=True)
        return self.say(204)


def unchunked(body, encoding):
    """What was sent, without the frames that botocore puts round a stream with a check at its end."""
    if "aws-chunked" not in encoding:
        return body
    content = b""
    while True:
        head, _line, body = body.partition(b"\r\n")
        length = int(head.partition(b";")[0], 16)
        if not length:
            return content
        content, body = content + body[:length], body[length + 2 :]


@contextlib.contextmanager
def a_store(folder, *, bind="127.0.0.1", port=0, key="hub", secret="store-secret", bucket="hub"):
    """A running store in this process; its S3_URL."""
    server = ThreadingHTTPServer((bind, port), Answers)
    server.daemon_threads = True
    server.store = Store(folder, key, secret, bucket)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"s3://{key}:{secret}@{bind}:{server.server_port}/{bucket}?insecure=1"
    finally:
        server.shutdown()
        server.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    for name in ("bind", "folder", "key", "secret", "bucket"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--port", type=int, required=True)
    with a_store(**vars(parser.parse_args())):
        threading.Event().wait()


if __name__ == "__main__":
    main()
