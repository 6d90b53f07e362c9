public import Basics
public import EventLog
public import Snapshots

/// A record of the catalog, opened: what the fold takes.
public struct CatalogRecord: Hashable, Sendable {
    /// What a record says.
    public enum Body: Hashable, Sendable {
        /// A claim of a version.
        case manifest(Manifest)
        /// A version is retired.
        case retirement(Retirement)
        /// A claim of an alias revision.
        case alias(AliasRevision)
        /// The record under this key is withdrawn.
        case tombstone
    }

    /// The key.
    public var key: CatalogKey
    /// What it says.
    public var body: Body
    /// Where it stands in the catalog's partition.
    public var offset: Offset
    /// When it was written, by the log.
    public var timestamp: Timestamp

    /// A record of the catalog.
    public init(key: CatalogKey, body: Body, offset: Offset, timestamp: Timestamp) {
        self.key = key
        self.body = body
        self.offset = offset
        self.timestamp = timestamp
    }

    /// Opens a record; nil when it is of a kind that a later writer added. Throws `damaged`, `malformed` or
    /// `limit` saying what is wrong: the reader reports that and goes on.
    public init?(_ record: Record, limits: SnapshotLimits = SnapshotLimits()) throws(CatalogError) {
        do throws(CatalogError) {
            try record.checkDigest()
        } catch {
            throw CatalogError(
                error.code, "record \(CatalogRecord.name(of: record)): \(error.message)", hint: error.hint)
        }
        guard let bytes = record.key, let key = CatalogKey(bytes: bytes), let offset = record.offset else {
            throw CatalogError(.malformed, "the record has no key of the catalog's form")
        }
        if case .other = key { return nil }
        let body: Body?
        do throws(SnapshotError) {
            body = try CatalogRecord.body(record.value, limits: limits)
        } catch {
            throw CatalogError(
                .malformed, "record \(key) at offset \(offset): \(error.message)", hint: error.hint,
                cause: error)
        }
        guard let body else { return nil }
        guard CatalogRecord.fits(body, key) else {
            throw CatalogError(
                .malformed, "record \(key) at offset \(offset) holds what belongs under another key")
        }
        self.init(
            key: key, body: body, offset: offset, timestamp: record.timestamp ?? Timestamp(milliseconds: 0))
    }

    /// The record that holds `value` under `key`, as it is sent: with its digest.
    package static func sealed(_ key: CatalogKey, _ value: [UInt8], topic: TopicName) -> Record {
        Record(topic: topic, partition: Partition(0), key: key.bytes, value: value).withDigest()
    }

    /// Key and place of a record that cannot be trusted, for people.
    private static func name(of record: Record) -> String {
        let key = String(decoding: (record.key ?? []).prefix(200), as: UTF8.self)
        let printable = String(key.unicodeScalars.map { $0.value < 32 ? "\u{FFFD}" : Character($0) })
        return "'\(printable)'" + (record.offset.map { " at offset \($0)" } ?? "")
    }

    private static func body(_ value: [UInt8]?, limits: SnapshotLimits) throws(SnapshotError) -> Body? {
        guard let value else { return .tombstone }
        let json = try JSONValue(record: value, of: "value", limits: limits)
        let fields = try ManifestFields(json, path: "value")
        let wire = try fields.integer("wire", in: 1...Int64.max)
        guard wire <= Manifest.wireVersion else {
            throw SnapshotError(
                .unsupported, "wire format \(wire); this program reads \(Manifest.wireVersion)",
                hint: "update the program that reads it", recovery: .fixConfiguration)
        }
        switch try fields.string("kind") {
        case "version": return .manifest(try Manifest(fields, limits: limits))
        case "retired": return .retirement(try Retirement(fields))
        case "alias": return .alias(try AliasRevision(fields))
        default: return nil
        }
    }

    private static func fits(_ body: Body, _ key: CatalogKey) -> Bool {
        switch (key, body) {
        case (.version(let model, _), .manifest(let manifest)): manifest.model == model
        case (.version(let model, _), .retirement(let retirement)): retirement.model == model
        case (.alias(let model, let alias, _), .alias(let revision)):
            revision.model == model && revision.alias == alias
        case (_, .tombstone): true
        default: false
        }
    }
}
