internal import Basics
public import Crypto
public import EventLog

/// What a version was made from; every part may be unknown.
public struct Lineage: Hashable, Sendable {
    /// Records of a partition that the version has learnt from.
    public struct Span: Hashable, Sendable {
        /// The partition.
        public var partition: TopicPartition
        /// The first record.
        public var from: Offset
        /// The record after the last.
        public var to: Offset

        /// The records `from ..< to` of `partition`.
        public init(partition: TopicPartition, from: Offset, to: Offset) {
            self.partition = partition
            self.from = from
            self.to = to
        }
    }

    /// The digest of the training data.
    public var dataDigest: Digest?
    /// The revision of the code that trained it.
    public var codeRevision: String?
    /// The version that training started from, or that this one is to replace.
    public var parentVersion: ModelVersion?
    /// The events that it has seen.
    public var events: [Span]

    /// A lineage.
    public init(
        dataDigest: Digest? = nil, codeRevision: String? = nil, parentVersion: ModelVersion? = nil,
        events: [Span] = []
    ) {
        self.dataDigest = dataDigest
        self.codeRevision = codeRevision
        self.parentVersion = parentVersion
        self.events = events
    }

    /// The member `lineage` of a manifest; nil when nothing is known.
    var json: JSONValue? {
        var members: [String: JSONValue] = [:]
        if let dataDigest { members["dataDigest"] = .string(dataDigest.hex) }
        if let codeRevision { members["codeRevision"] = .string(codeRevision) }
        if let parentVersion { members["parentVersion"] = .integer(Int64(parentVersion.number)) }
        if !events.isEmpty {
            members["events"] = .array(
                events.map { span in
                    JSONValue(sorting: [
                        "topic": .string(span.partition.topic.text),
                        "partition": .integer(Int64(span.partition.partition.number)),
                        "from": .integer(span.from.number), "to": .integer(span.to.number),
                    ])
                })
        }
        return members.isEmpty ? nil : JSONValue(sorting: members)
    }

    /// Reads the member `lineage` of a manifest.
    init(_ fields: ManifestFields, limits: SnapshotLimits) throws(SnapshotError) {
        self.init(
            dataDigest: fields.optional("dataDigest") == nil ? nil : try fields.digest("dataDigest"),
            codeRevision: try fields.optionalString("codeRevision"),
            parentVersion: fields.optional("parentVersion") == nil ? nil : try fields.version("parentVersion")
        )
        guard fields.optional("events") != nil else { return }
        for (index, value) in try fields.array("events", countMax: limits.entriesMax).enumerated() {
            let span = try ManifestFields(value, path: "lineage.events[\(index)]")
            guard let topic = try? TopicName(try span.string("topic")) else {
                throw span.error("topic", "is no topic name")
            }
            events.append(
                Span(
                    partition: TopicPartition(
                        topic, Int32(try span.integer("partition", in: 0...Int64(Int32.max)))),
                    from: Offset(try span.integer("from", in: 0...Int64.max)),
                    to: Offset(try span.integer("to", in: 0...Int64.max))))
        }
    }
}
