public import Basics
public import Crypto
public import Snapshots

/// What stands under a version's key after it was retired: its number, which nobody gets again.
public struct Retirement: Hashable, Sendable {
    /// The model.
    public var model: ModelName
    /// The version.
    public var version: ModelVersion
    /// Its snapshot's digest.
    public var digest: Digest
    /// Who retired it.
    public var by: String
    /// When, by the writer's clock.
    public var at: Timestamp
    /// Why.
    public var why: String

    /// A retirement.
    public init(
        model: ModelName, version: ModelVersion, digest: Digest, by: String, at: Timestamp, why: String
    ) {
        self.model = model
        self.version = version
        self.digest = digest
        self.by = by
        self.at = at
        self.why = why
    }

    /// The canonical JSON bytes.
    public var bytes: [UInt8] {
        JSONValue(sorting: [
            "kind": .string("retired"), "wire": .integer(Manifest.wireVersion), "model": .string(model.text),
            "version": .integer(Int64(version.number)), "digest": .string(digest.hex), "by": .string(by),
            "at": .string(at.description), "why": .string(why),
        ]).encoded()
    }

    init(_ fields: ManifestFields) throws(SnapshotError) {
        self.init(
            model: try fields.modelName("model"), version: try fields.version("version"),
            digest: try fields.digest("digest"), by: try fields.string("by"), at: try fields.timestamp("at"),
            why: try fields.string("why"))
    }
}
