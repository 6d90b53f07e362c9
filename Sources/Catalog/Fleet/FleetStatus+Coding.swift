internal import Basics
internal import Crypto
public import EventLog
public import Snapshots

extension FleetStatus {
    /// The status as a record of the fleet topic.
    public func record(topic: TopicName) -> Record {
        let value = JSONValue(sorting: [
            "kind": .string("fleet"), "wire": .integer(Manifest.wireVersion), "instance": .string(instance),
            "host": .string(host), "process": .integer(Int64(process)),
            "startedAt": .string(startedAt.description), "at": .string(at.description),
            "subscriptions": .array(subscriptions.map(\.json)),
        ])
        return Record(
            topic: topic, partition: Partition(0), key: Array(instance.utf8), value: value.encoded()
        ).withDigest()
    }

    /// Reads a status; throws `damaged` or `malformed`.
    public init(_ record: Record, limits: SnapshotLimits = SnapshotLimits()) throws(CatalogError) {
        try record.checkDigest()
        do throws(SnapshotError) {
            let value = try JSONValue(record: record.value ?? [], of: "fleet record", limits: limits)
            let fields = try ManifestFields(value, path: "fleet")
            var subscriptions: [Subscription] = []
            for entry in try fields.array("subscriptions", countMax: limits.entriesMax) {
                subscriptions.append(
                    try Subscription(try ManifestFields(entry, path: "fleet.subscriptions"), limits))
            }
            self.init(
                instance: try fields.string("instance"), host: try fields.string("host"),
                process: Int(try fields.integer("process", in: 0...Int64(Int32.max))),
                startedAt: try fields.timestamp("startedAt"), at: try fields.timestamp("at"),
                subscriptions: subscriptions)
        } catch {
            throw CatalogError(.malformed, error.message, cause: error)
        }
    }

    /// The last status of every instance that has not left, sorted by name. A record that cannot be read
    /// says nothing: the one before it counts, if it is still there.
    public static func all(
        in log: any EventLog, topics: TopicNames = TopicNames()
    ) async throws(CatalogError) -> [FleetStatus] {
        var latest: [[UInt8]: FleetStatus] = [:]
        do throws(LogError) {
            for record in try await TopicScan.records(of: topics.fleet, in: log) {
                guard let key = record.key else { continue }
                if record.value == nil {
                    latest[key] = nil
                } else if let status = try? FleetStatus(record) {
                    latest[key] = status
                }
            }
        } catch {
            throw CatalogError(error, doing: "reading \(topics.fleet)")
        }
        return latest.values.sorted { $0.instance < $1.instance }
    }
}

extension FleetStatus.Subscription {
    fileprivate var json: JSONValue {
        var members: [String: JSONValue] = [
            "model": .string(reference.description), "state": .string(state),
            "refused": .array(refused.map(\.json)),
        ]
        if let version { members["version"] = .integer(Int64(version.number)) }
        if let digest { members["digest"] = .string(digest.hex) }
        if let since { members["since"] = .string(since.description) }
        if let wanted { members["wanted"] = .integer(Int64(wanted.number)) }
        if !skipped.isEmpty { members["skipped"] = .array(skipped.map(\.json)) }
        return JSONValue(sorting: members)
    }

    fileprivate init(_ fields: ManifestFields, _ limits: SnapshotLimits) throws(SnapshotError) {
        let text = try fields.string("model")
        guard let reference = try? ModelReference(text) else {
            throw fields.error("model", "is no reference to a model")
        }
        var refused: [FleetStatus.Refusal] = []
        for entry in try fields.array("refused", countMax: limits.entriesMax) {
            refused.append(try FleetStatus.Refusal(try ManifestFields(entry, path: "fleet.refused")))
        }
        var skipped: [FleetStatus.SkippedRecord] = []
        if fields.optional("skipped") != nil {
            for entry in try fields.array("skipped", countMax: limits.entriesMax) {
                skipped.append(
                    try FleetStatus.SkippedRecord(try ManifestFields(entry, path: "fleet.skipped")))
            }
        }
        self.init(
            reference: reference, state: try fields.string("state"),
            version: fields.optional("version") == nil ? nil : try fields.version("version"),
            digest: fields.optional("digest") == nil ? nil : try fields.digest("digest"),
            since: fields.optional("since") == nil ? nil : try fields.timestamp("since"),
            wanted: fields.optional("wanted") == nil ? nil : try fields.version("wanted"), refused: refused,
            skipped: skipped)
    }
}

extension FleetStatus.SkippedRecord {
    fileprivate var json: JSONValue {
        JSONValue(sorting: [
            "offset": .integer(offset.number), "reason": .string(reason), "at": .string(at.description),
        ])
    }

    fileprivate init(_ fields: ManifestFields) throws(SnapshotError) {
        self.init(
            offset: Offset(try fields.integer("offset", in: 0...Int64.max)),
            reason: try fields.string("reason"), at: try fields.timestamp("at"))
    }
}

extension FleetStatus.Refusal {
    fileprivate var json: JSONValue {
        JSONValue(sorting: [
            "version": .integer(Int64(version.number)), "digest": .string(digest.hex), "code": .string(code),
            "message": .string(message), "hint": .string(hint), "at": .string(at.description),
        ])
    }

    fileprivate init(_ fields: ManifestFields) throws(SnapshotError) {
        self.init(
            version: try fields.version("version"), digest: try fields.digest("digest"),
            code: try fields.string("code"), message: try fields.string("message"),
            hint: try fields.string("hint"),
            at: try fields.timestamp("at"))
    }
}
