public import Basics
public import Crypto
public import EventLog
public import Snapshots

/// A record of the audit topic: what changed, who did it, why, what was before and after.
public struct AuditRecord: Hashable, Sendable {
    /// What happened; compared by name, so that new kinds break nobody.
    public struct Action: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The action called `name`.
        public init(_ name: String) { self.name = name }

        /// A version became visible.
        public static let publish = Action("publish")
        /// An alias was moved or removed.
        public static let promote = Action("promote")
        /// A version was retired.
        public static let retire = Action("retire")
        /// A process began to use a version.
        public static let activate = Action("activate")
        /// A process refused a version.
        public static let refuse = Action("refuse")
    }

    /// A version, and the alias that points to it where the record is about one.
    public struct Pointer: Hashable, Sendable {
        /// The version; nil: none.
        public var version: ModelVersion?
        /// Its snapshot's digest.
        public var digest: Digest?
        /// The alias.
        public var alias: AliasName?
        /// The alias's revision.
        public var revision: Int?

        /// A version, and maybe an alias.
        public init(
            version: ModelVersion?, digest: Digest?, alias: AliasName? = nil, revision: Int? = nil
        ) {
            self.version = version
            self.digest = digest
            self.alias = alias
            self.revision = revision
        }
    }

    /// What happened.
    public var action: Action
    /// The model, which is the record's key.
    public var model: ModelName
    /// Who did it: a person, or the instance of a service.
    public var who: String
    /// Why.
    public var why: String
    /// When, by the writer's clock.
    public var at: Timestamp
    /// What was before; nil: nothing.
    public var before: Pointer?
    /// What is now; nil: nothing.
    public var after: Pointer?

    /// An entry of the audit topic.
    public init(
        action: Action, model: ModelName, who: String, why: String, at: Timestamp, before: Pointer?,
        after: Pointer?
    ) {
        self.action = action
        self.model = model
        self.who = who
        self.why = why
        self.at = at
        self.before = before
        self.after = after
    }

    /// The entry as a record.
    public func record(topic: TopicName) -> Record {
        var members: [String: JSONValue] = [
            "kind": .string("audit"), "wire": .integer(Manifest.wireVersion), "action": .string(action.name),
            "model": .string(model.text), "who": .string(who), "why": .string(why),
            "at": .string(at.description),
        ]
        members["before"] = before?.json
        members["after"] = after?.json
        return Record(
            topic: topic, key: Array(model.text.utf8), value: JSONValue(sorting: members).encoded()
        ).withDigest()
    }

    /// Reads an entry; throws `damaged` or `malformed`.
    public init(_ record: Record, limits: SnapshotLimits = SnapshotLimits()) throws(CatalogError) {
        try record.checkDigest()
        do throws(SnapshotError) {
            let value = try JSONValue(record: record.value ?? [], of: "audit record", limits: limits)
            let fields = try ManifestFields(value, path: "audit")
            self.init(
                action: Action(try fields.string("action")), model: try fields.modelName("model"),
                who: try fields.string("who"), why: try fields.string("why"), at: try fields.timestamp("at"),
                before: try Pointer(fields, "before"), after: try Pointer(fields, "after"))
        } catch {
            throw CatalogError(.malformed, error.message, cause: error)
        }
    }

    /// All entries of the audit topic that are there now and can be read, oldest first.
    public static func all(
        in log: any EventLog, topics: TopicNames = TopicNames()
    ) async throws(CatalogError) -> [AuditRecord] {
        do throws(LogError) {
            return try await TopicScan.records(of: topics.audit, in: log).compactMap { try? AuditRecord($0) }
        } catch {
            throw CatalogError(error, doing: "reading \(topics.audit)")
        }
    }
}

extension AuditRecord.Pointer {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [:]
        if let version { members["version"] = .integer(Int64(version.number)) }
        if let digest { members["digest"] = .string(digest.hex) }
        if let alias { members["alias"] = .string(alias.text) }
        if let revision { members["revision"] = .integer(Int64(revision)) }
        return JSONValue(sorting: members)
    }

    fileprivate init?(_ fields: ManifestFields, _ name: String) throws(SnapshotError) {
        guard fields.optional(name) != nil else { return nil }
        let pointer = try fields.object(name)
        self.init(
            version: pointer.optional("version") == nil ? nil : try pointer.version("version"),
            digest: pointer.optional("digest") == nil ? nil : try pointer.digest("digest"),
            alias: try pointer.optionalString("alias").flatMap { try? AliasName($0) },
            revision: pointer.optional("revision") == nil
                ? nil : Int(try pointer.integer("revision", in: 1...Int64(Int32.max))))
    }
}
