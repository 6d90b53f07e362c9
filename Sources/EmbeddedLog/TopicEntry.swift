internal import Basics
internal import EventLog
internal import SQLite
internal import Synchronization

/// A topic as the file has it. It never changes.
struct TopicEntry: Sendable {
    var id: Int64
    var name: TopicName
    var cleanup: CleanupPolicy
    /// Milliseconds that records stay under `.delete`; nil: for ever.
    var retention: Int64?
    /// Milliseconds that tombstones stay; nil: as the log's limits say.
    var tombstones: Int64?
    /// The ids of the partitions, by number.
    var partitionIDs: [Int64]

    var description: TopicDescription {
        TopicDescription(name: name, partitions: Int32(partitionIDs.count), cleanup: cleanup)
    }

    /// The id of `partition`; throws when there is none.
    func id(of partition: Partition) throws(LogError) -> Int64 {
        guard partitionIDs.indices.contains(Int(partition.number)) else {
            throw .noPartition(TopicPartition(name, partition), count: Int32(partitionIDs.count))
        }
        return partitionIDs[Int(partition.number)]
    }
}

/// The topics that this handle has met. Topics are only ever added, so an entry is good for ever.
///
/// Safe to call from any thread.
final class TopicDirectory: Sendable {
    private struct State {
        var topics: [TopicName: TopicEntry] = [:]
        var rotation: [TopicName: Int32] = [:]
    }

    private let state = Mutex(State())

    subscript(name: TopicName) -> TopicEntry? {
        state.withLock { $0.topics[name] }
    }

    func add(_ entries: [TopicEntry]) {
        state.withLock { state in
            for entry in entries { state.topics[entry.name] = entry }
        }
    }

    /// The partition where the next `count` records without a key start to go, in turn.
    func rotate(_ name: TopicName, by count: Int32) -> Int32 {
        state.withLock { state in
            let now = state.rotation[name, default: 0]
            state.rotation[name] = now &+ count & 0x7fff_ffff
            return now
        }
    }
}

/// The topics' tables.
enum TopicTable {
    /// All topics, by name.
    static func all(_ connection: Connection) throws(SQLiteError) -> [TopicEntry] {
        let statement = try connection.cached(
            """
            SELECT t.id, t.name, t.cleanup, t.retention, t.tombstones, p.id
            FROM topics t JOIN partitions p ON p.topic = t.id ORDER BY t.name, p.number
            """)
        return try entries(statement)
    }

    /// The topic called `name`.
    static func topic(_ name: TopicName, _ connection: Connection) throws(SQLiteError) -> TopicEntry? {
        let statement = try connection.cached(
            """
            SELECT t.id, t.name, t.cleanup, t.retention, t.tombstones, p.id
            FROM topics t JOIN partitions p ON p.topic = t.id WHERE t.name = ?1 ORDER BY p.number
            """)
        try statement.bind(1, name.text)
        return try entries(statement).first
    }

    private static func entries(_ statement: Statement) throws(SQLiteError) -> [TopicEntry] {
        defer { statement.reset() }
        var entries: [TopicEntry] = []
        while try statement.step() {
            let id = statement.integer(0)
            if entries.last?.id != id {
                // A name or policy that breaks the rule was written by no one of ours; the topic is passed
                // over.
                guard let text = statement.text(1), let name = try? TopicName(text),
                    let cleanup = CleanupPolicy(rawValue: statement.text(2) ?? "")
                else { continue }
                entries.append(
                    TopicEntry(
                        id: id, name: name, cleanup: cleanup,
                        retention: statement.isNull(3) ? nil : statement.integer(3),
                        tombstones: statement.isNull(4) ? nil : statement.integer(4), partitionIDs: []))
            }
            entries[entries.count - 1].partitionIDs.append(statement.integer(5))
        }
        return entries
    }

    /// Adds the topics of `definitions` that are not there; call it in a transaction. Returns the names
    /// added.
    static func create(
        _ definitions: [TopicDefinition], _ connection: Connection, limits: EmbeddedLogLimits
    ) throws -> [TopicName] {
        var created: [TopicName] = []
        for definition in definitions {
            guard (1...limits.partitionsMax).contains(definition.partitions) else {
                throw LogError(
                    .configuration, "\(definition.partitions) partitions for \(definition.name)",
                    hint: "use 1 to \(limits.partitionsMax)", recovery: .fixConfiguration)
            }
            if let there = try topic(definition.name, connection) {
                let partitions = Int32(there.partitionIDs.count)
                if partitions != definition.partitions || there.cleanup != definition.cleanup {
                    throw LogError.mismatch(definition, partitions: partitions, cleanup: there.cleanup)
                }
                continue
            }
            try insert(definition, connection)
            created.append(definition.name)
        }
        let total = try connection.integer("SELECT coalesce(max(id), 0) FROM partitions") ?? 0
        if total > limits.partitionsTotalMax {
            throw LogError(
                .configuration, "\(total) partitions in all",
                hint: "use at most \(limits.partitionsTotalMax)",
                recovery: .fixConfiguration)
        }
        return created
    }

    private static func insert(_ definition: TopicDefinition, _ connection: Connection) throws(SQLiteError) {
        let tombstones = definition.properties["delete.retention.ms"].flatMap { Int64($0) }
        try connection.cached(
            "INSERT INTO topics (name, cleanup, retention, tombstones) VALUES (?1, ?2, ?3, ?4)"
        ).run(
            .text(definition.name.text), .text(definition.cleanup.rawValue),
            definition.retention.map { .integer($0.wholeMilliseconds) } ?? .null,
            tombstones.map { .integer(max(0, $0)) } ?? .null)
        let id = connection.lastInsertedRow
        let insert = try connection.cached(
            "INSERT INTO partitions (topic, number, next, records, dirty) VALUES (?1, ?2, 0, 0, 0)")
        for number in 0..<definition.partitions {
            try insert.run(.integer(id), .integer(Int64(number)))
        }
    }
}
