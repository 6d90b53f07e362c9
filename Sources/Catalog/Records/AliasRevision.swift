public import Basics
public import Snapshots

/// The value of an `alias/…` record: revision `revision` of an alias points to `version`, in place of what
/// the revision before pointed to.
public struct AliasRevision: Hashable, Sendable {
    /// What a revision replaces.
    public struct Replaced: Hashable, Sendable {
        /// The revision before.
        public var revision: Int
        /// The version that it pointed to; nil when the alias had been removed.
        public var version: ModelVersion?

        /// A revision and its target.
        public init(revision: Int, version: ModelVersion?) {
            self.revision = revision
            self.version = version
        }
    }

    /// The model.
    public var model: ModelName
    /// The alias.
    public var alias: AliasName
    /// From 1, one more with each change.
    public var revision: Int
    /// The version; nil removes the alias.
    public var version: ModelVersion?
    /// What it replaces; nil for the first revision.
    public var replaces: Replaced?
    /// Who changed it.
    public var by: String
    /// When, by the writer's clock.
    public var at: Timestamp
    /// Why.
    public var why: String

    /// A revision of an alias.
    public init(
        model: ModelName, alias: AliasName, revision: Int, version: ModelVersion?, replaces: Replaced?,
        by: String,
        at: Timestamp, why: String
    ) {
        self.model = model
        self.alias = alias
        self.revision = revision
        self.version = version
        self.replaces = replaces
        self.by = by
        self.at = at
        self.why = why
    }

    /// The canonical JSON bytes.
    public var bytes: [UInt8] {
        var members: [String: JSONValue] = [
            "kind": .string("alias"), "wire": .integer(Manifest.wireVersion), "model": .string(model.text),
            "alias": .string(alias.text), "revision": .integer(Int64(revision)), "by": .string(by),
            "at": .string(at.description), "why": .string(why),
        ]
        if let version { members["version"] = .integer(Int64(version.number)) }
        if let replaces {
            var before: [String: JSONValue] = ["revision": .integer(Int64(replaces.revision))]
            if let version = replaces.version { before["version"] = .integer(Int64(version.number)) }
            members["replaces"] = JSONValue(sorting: before)
        }
        return JSONValue(sorting: members).encoded()
    }

    init(_ fields: ManifestFields) throws(SnapshotError) {
        let aliasText = try fields.string("alias")
        guard let alias = try? AliasName(aliasText) else { throw fields.error("alias", "is no alias name") }
        var replaces: Replaced?
        if fields.optional("replaces") != nil {
            let before = try fields.object("replaces")
            replaces = Replaced(
                revision: Int(try before.integer("revision", in: 1...Int64(Int32.max))),
                version: before.optional("version") == nil ? nil : try before.version("version"))
        }
        self.init(
            model: try fields.modelName("model"), alias: alias,
            revision: Int(try fields.integer("revision", in: 1...Int64(Int32.max))),
            version: fields.optional("version") == nil ? nil : try fields.version("version"),
            replaces: replaces,
            by: try fields.string("by"), at: try fields.timestamp("at"), why: try fields.string("why"))
    }
}
