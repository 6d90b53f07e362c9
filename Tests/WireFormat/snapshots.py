"""Sections 1 and 3 to 5 of docs/wire-format.md: JSON, chunks, manifests, the files of a snapshot."""
import hashlib
import json
import math
import re

import zstandard

MAX_RECORD = 655_360
MAX_INDEX = 134_217_728
MAX_FILES = 100_000
MAX_CHUNKS = 262_144
MAX_CHUNK = 786_432
MAX_FRAME = 1_000_000
MAX_WINDOW = 8 << 20
MAX_TEXT = 16_384
MAX_ENTRIES = 4_096
MAX_NUMBER = 2_147_483_647

MODEL = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}")
ALIAS = re.compile(r"(?!v[0-9]+\Z)[a-zA-Z][a-zA-Z0-9._-]{0,63}")
CLAIM = re.compile(r"[a-z0-9-]{1,64}")
DIGEST = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


class Broken(Exception):
    """Something does not keep to the page."""


def require(condition, message):
    if not condition:
        raise Broken(message)


# 1 Conventions


def parse_json(data):
    """The document, under the page's rules for JSON."""

    def members(pairs):
        require(len({name for name, _ in pairs}) == len(pairs), "the same member twice")
        return dict(pairs)

    def constant(text):
        raise Broken(f"{text} is no JSON")

    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_constant=constant)
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Broken(f"no JSON: {error}") from error
    check_value(document, 0)
    return document


def check_value(value, depth):
    if isinstance(value, (dict, list)):
        require(depth < 16, "more than 16 nested arrays and objects")
        for item in [*value, *value.values()] if isinstance(value, dict) else value:
            check_value(item, depth + 1)
    elif isinstance(value, str):
        require(len(value.encode("utf-8", "surrogatepass")) <= MAX_TEXT, "a text that is too long")
    elif isinstance(value, (int, float)):
        try:
            require(math.isfinite(float(value)), "a number that no double holds")
        except OverflowError as error:
            raise Broken("a number that no double holds") from error


MISSING = object()


def member(record, name, kind, default=MISSING):
    """One member of an object; `null` is as good as absent."""
    value = record.get(name)
    if value is None:
        require(default is not MISSING, f"{name} is missing")
        return default
    if kind is int:
        require(type(value) is int, f"{name} is no integer")
    elif kind is float:
        require(type(value) in (int, float), f"{name} is no number")
    elif isinstance(kind, re.Pattern):
        require(type(value) is str and kind.fullmatch(value), f"{name} is not valid: {value!r}")
    else:
        require(type(value) is kind, f"{name} is of the wrong type")
    return value


def number(record, name, low, high, default=MISSING):
    value = member(record, name, int, default)
    require(value is default or low <= value <= high, f"{name} is out of range: {value}")
    return value


def is_path(text):
    data = text.encode("utf-8", "replace")
    parts = text.split("/")
    return (
        1 <= len(data) <= 512
        and len(parts) <= 16
        and all(part not in ("", ".", "..") for part in parts)
        and not any(byte < 32 or byte in b"\x7f\\:" for byte in data)
    )


def sha256(data):
    return hashlib.sha256(data).hexdigest()


# 4 Chunks


def parse_chunks(items):
    require(len(items) <= MAX_CHUNKS, "too many chunks")
    for item in items:
        require(type(item) is dict, "a chunk is no object")
        member(item, "digest", DIGEST)
        number(item, "size", 1, MAX_CHUNK)
        number(item, "frameSize", 1, MAX_FRAME)
        number(item, "partition", 0, MAX_NUMBER)
        number(item, "offset", 0, 2**63 - 1)
    return items


def open_frame(frame, chunk):
    """The raw bytes of a frame, in memory that the manifest's size bounds."""
    require(len(frame) <= MAX_FRAME, "a frame that is too long")
    size = chunk["size"]
    try:
        stated = zstandard.get_frame_parameters(frame)
        require(stated.content_size in (zstandard.CONTENTSIZE_UNKNOWN, size), "a frame of another content size")
        require(stated.window_size <= MAX_WINDOW, "a frame with too large a window")
        opener = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
        # One byte in, at most 128 KiB out: stops soon after the stated size, whatever the frame holds.
        raw = bytearray()
        for begin in range(0, len(frame), 256):
            raw += opener.decompress(frame[begin : begin + 256])
            require(len(raw) <= size, "a frame that holds more than stated")
            if opener.eof:
                require(not opener.unused_data and begin + 256 >= len(frame), "bytes behind the frame")
    except zstandard.ZstdError as error:
        raise Broken(f"a damaged frame: {error}") from error
    require(opener.eof and len(raw) == size, "a frame that holds less than stated")
    require(sha256(raw) == chunk["digest"], "a chunk with another digest")
    return bytes(raw)


class ChunkStore:
    """Fetches chunks straight from their offsets, and by a scan of the partition where those are stale."""

    def __init__(self, topics, scan=False):
        self.topics = topics
        self.scan = scan
        self.direct = 0
        self.scanned = 0
        self.places = {}

    def fetch(self, chunk):
        key = bytes.fromhex(chunk["digest"])
        partition = chunk["partition"]
        count = self.topics.partitions("modelcast.chunks")
        require(partition < count, "a chunk in a partition that is not there")
        if not self.scan:
            frame = self.frame_at(partition, chunk["offset"], key)
            if frame is not None:
                self.direct += 1
                return open_frame(frame, chunk)
        if partition not in self.places:
            places = {}
            for offset, at, value, _ in self.topics.read("modelcast.chunks", partition):
                places[at] = None if value is None else offset
            self.places[partition] = places
        offset = self.places[partition].get(key)
        frame = None if offset is None else self.frame_at(partition, offset, key)
        require(frame is not None, f"the chunk {chunk['digest']} is lost")
        self.scanned += 1
        return open_frame(frame, chunk)

    def frame_at(self, partition, offset, key):
        """The value of the record at that offset, if it is there and has that key."""
        found = self.topics.read_one("modelcast.chunks", partition, offset)
        return found[2] if found and found[:2] == (offset, key) else None

    def fetch_all(self, chunks):
        return b"".join(self.fetch(chunk) for chunk in chunks)


# 3 and 5 Manifests


def snapshot_digest(files):
    return sha256("".join(f"{f['digest']} {f['size']} {f['path']}\n" for f in files).encode())


def check_lists(manifest, files, chunks):
    """The checks of a manifest's files and chunks, which may come from its index."""
    require(1 <= len(files) <= MAX_FILES, "no files, or too many")
    for file in files:
        require(type(file) is dict, "a file is no object")
        require(is_path(member(file, "path", str)), "a path that is not valid")
        number(file, "size", 0, 2**63 - 1)
        member(file, "digest", DIGEST)
    parse_chunks(chunks)
    paths = [file["path"].encode() for file in files]
    require(all(a < b for a, b in zip(paths, paths[1:])), "paths out of order")
    require(manifest["modelFile"].encode() in paths, "the model file is not among the files")
    require(sum(file["size"] for file in files) == manifest["bytes"], "the files' sizes do not add up")
    require(sum(chunk["size"] for chunk in chunks) == manifest["bytes"], "the chunks' sizes do not add up")
    require(len(files) == manifest["fileCount"], "another number of files")
    require(snapshot_digest(files) == manifest["digest"], "another snapshot digest")


def check_manifest(manifest):
    member(manifest, "digest", DIGEST)
    member(manifest, "format", str)
    require(is_path(member(manifest, "modelFile", str)), "modelFile is no path")
    number(manifest, "bytes", 0, 2**63 - 1)
    number(manifest, "fileCount", 1, MAX_FILES)
    member(manifest, "createdAt", TIME)
    member(manifest, "publisher", str)
    for name, kind in (("metrics", float), ("parameters", str)):
        entries = member(manifest, name, dict, {})
        require(len(entries) <= MAX_ENTRIES, f"too many {name}")
        for entry in entries:
            member(entries, entry, kind)
    index = member(manifest, "index", dict, None)
    if index is None:
        check_lists(manifest, member(manifest, "files", list), member(manifest, "chunks", list))
    else:
        require(manifest.get("files") is None and manifest.get("chunks") is None, "lists beside an index")
        member(index, "digest", DIGEST)
        size = number(index, "size", 1, MAX_INDEX)
        chunks = parse_chunks(member(index, "chunks", list))
        require(sum(chunk["size"] for chunk in chunks) == size, "the index's chunks do not add up")


def lists(manifest, store):
    """The files and chunks of a manifest, its index fetched and checked where it has one (5.2)."""
    index = manifest.get("index")
    if index is None:
        return manifest["files"], manifest["chunks"]
    data = store.fetch_all(index["chunks"])
    require(len(data) == index["size"] and sha256(data) == index["digest"], "another index")
    document = parse_json(data)
    files, chunks = member(document, "files", list), member(document, "chunks", list)
    check_lists(manifest, files, chunks)
    return files, chunks


def read_snapshot(manifest, store):
    """The snapshot's files by path, every digest checked."""
    files, chunks = lists(manifest, store)
    data = store.fetch_all(chunks)
    snapshot, begin = {}, 0
    for file in files:
        content = data[begin : begin + file["size"]]
        begin += file["size"]
        require(sha256(content) == file["digest"], f"{file['path']} has another digest")
        snapshot[file["path"]] = content
    return snapshot
