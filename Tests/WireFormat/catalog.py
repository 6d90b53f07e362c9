"""Section 6 of docs/wire-format.md: the fold over the catalog."""
import hashlib
import re

from snapshots import (
    ALIAS,
    CLAIM,
    DIGEST,
    MAX_NUMBER,
    MAX_RECORD,
    MODEL,
    Broken,
    check_manifest,
    member,
    number,
    parse_json,
    require,
)


# 1 Conventions


def check_record(key, value, headers):
    """A record of the catalog, audit or fleet topic is what was written."""
    if value is not None:
        digest = hashlib.sha256((key or b"") + b"\0" + value).digest()
        require(headers.get("modelcast-digest") == digest, "a record without its digest")


# 6 The fold


class Alias:
    def __init__(self):
        self.claim = None
        self.record = None


class Model:
    def __init__(self):
        self.highest = None
        self.versions = {}
        self.winners = {}
        self.aliases = {}


class Catalog:
    """The state of the catalog: a fold over its records in the order of their offsets."""

    def __init__(self):
        self.models = {}
        self.records = 0
        self.skipped = []

    def apply(self, offset, key, value, headers):
        self.records += 1
        try:
            check_record(key, value, headers)
            self.apply_record((key or b"").decode("utf-8").split("/"), value)
        except (Broken, UnicodeDecodeError) as reason:
            self.skipped.append(f"{offset}: {reason}")

    def apply_record(self, key, value):
        shape = {"version": (MODEL, CLAIM), "alias": (MODEL, ALIAS, CLAIM)}.get(key[0])
        require(shape, "another kind of key")
        require(
            len(key) == len(shape) + 1 and all(rule.fullmatch(part) for rule, part in zip(shape, key[1:])),
            "a key that is not valid",
        )
        model = self.models.setdefault(key[1], Model())
        claim = key[-1]
        if value is None:
            return self.withdraw(model, key, claim)
        require(len(value) <= MAX_RECORD, "a record that is too long")
        record = parse_json(value)
        require(type(record) is dict, "no object")
        require(number(record, "wire", 1, 2**63) == 1, "a later wire format")
        require(member(record, "model", str) == key[1], "a model that is not the key's")
        kind = member(record, "kind", str)
        if key[0] == "version" and kind == "version":
            self.apply_manifest(model, claim, record)
        elif key[0] == "version" and kind == "retired":
            self.apply_retirement(model, claim, record)
        elif key[0] == "alias" and kind == "alias":
            require(member(record, "alias", str) == key[2], "an alias that is not the key's")
            self.apply_revision(model.aliases.setdefault(key[2], Alias()), claim, record)
        else:
            raise Broken(f"another kind: {kind}")

    @staticmethod
    def withdraw(model, key, claim):
        """A tombstone: the claim is forgotten, and what it had won; the number stays taken."""
        if key[0] == "version":
            model.versions.pop(model.winners.pop(claim, None), None)
        elif key[2] in model.aliases and model.aliases[key[2]].claim == claim:
            del model.aliases[key[2]]

    def apply_manifest(self, model, claim, record):
        version = number(record, "version", 1, MAX_NUMBER)
        check_manifest(record)
        if claim in model.winners or (model.highest is not None and version <= model.highest):
            return
        model.winners[claim] = version
        model.highest = version
        model.versions[version] = record

    def apply_retirement(self, model, claim, record):
        version = number(record, "version", 1, MAX_NUMBER)
        member(record, "digest", DIGEST)
        for other in [c for c, won in model.winners.items() if won == version]:
            del model.winners[other]
        model.versions.pop(model.winners.get(claim), None)
        model.winners[claim] = version
        model.highest = max(model.highest or 0, version)
        model.versions[version] = record

    def apply_revision(self, alias, claim, record):
        revision = number(record, "revision", 1, MAX_NUMBER)
        number(record, "version", 1, MAX_NUMBER, None)
        # Revisions are immutable: another one of the claim in force counts as little as one that has lost.
        if alias.record is None or claim != alias.claim and revision > alias.record["revision"]:
            alias.claim, alias.record = claim, record

    def resolve(self, reference):
        """The manifest that MODEL, MODEL@ALIAS or MODEL@VERSION means."""
        name, _, rest = reference.partition("@")
        model = self.models.get(name)
        require(model, f"no model {name}")
        kept = {v: record for v, record in model.versions.items() if record["kind"] == "version"}
        if re.fullmatch(r"v?[0-9]+", rest):
            version = int(rest.lstrip("v"))
        else:
            alias = model.aliases.get(rest or "production")
            version = alias.record.get("version") if alias and alias.record else None
            if version is None and not rest:
                version = max(kept, default=None)
        require(version in kept, f"{reference} means no version that is there")
        return kept[version]


def read_catalog(topics):
    catalog = Catalog()
    for offset, key, value, headers in topics.read("modelcast.catalog", 0, again=True):
        catalog.apply(offset, key, value, headers)
    return catalog
