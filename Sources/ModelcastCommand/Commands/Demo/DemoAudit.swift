import Basics
import Catalog
import EventLog

/// What a `read_committed` reader finds after the run.
struct DemoAudit: Sendable {
    var events = 0
    var predictions = 0
    var deadLetters = 0
    /// Events that are neither a prediction nor a dead letter.
    var lost = 0
    /// Predictions and dead letters beyond one an event.
    var doubled = 0
    /// Predictions by version.
    var versions: [Int: Int] = [:]

    /// Reads events, predictions and dead letters back and compares their ids.
    static func read(_ log: any EventLog, _ topics: TopicNames) async throws -> DemoAudit {
        var audit = DemoAudit()
        var outcomes: [[UInt8]: Int] = [:]
        try await scan(log, topics.events) { record in
            audit.events += 1
            outcomes[record.key ?? []] = 0
        }
        var unknown = 0
        func note(_ key: [UInt8]?) {
            guard let count = outcomes[key ?? []] else {
                unknown += 1
                return
            }
            outcomes[key ?? []] = count + 1
        }
        try await scan(log, topics.predictions) { record in
            audit.predictions += 1
            note(record.key)
            let bytes = record.value ?? []
            let value = try JSONValue(parsing: bytes.span)
            if let version = try value["version"]?.integer("version") {
                audit.versions[version, default: 0] += 1
            }
        }
        try await scan(log, topics.deadLetter) { record in
            audit.deadLetters += 1
            note(record.key)
        }
        audit.lost = outcomes.values.count { $0 == 0 }
        audit.doubled = outcomes.values.reduce(0) { $0 + max(0, $1 - 1) } + unknown
        return audit
    }

    private static func scan(
        _ log: any EventLog, _ topic: TopicName, _ body: (Record) throws -> Void
    ) async throws {
        let count = try await log.partitionCount(of: topic) ?? 0
        let start = (0..<count).map { (TopicPartition(topic, $0), StartPosition.earliest) }
        let reader = try await log.reader(ReaderOptions(start: Dictionary(uniqueKeysWithValues: start)))
        var open = Set(start.map(\.0))
        var batch = RecordBatch()
        while !open.isEmpty {
            batch.removeAll()
            switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(10)) {
            case .records: for index in 0..<batch.count { try body(batch.record(at: index)) }
            case .caughtUp(let places): open.subtract(places.keys)
            case .assigned, .revoking: break
            case .idle:
                throw LogError(
                    .timedOut, "\(topic) does not come to its end", severity: .fatal, recovery: .retry)
            }
        }
        await reader.close(deadline: .seconds(5))
    }
}
