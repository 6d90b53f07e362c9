import Basics
import Catalog
import EventLog
import Foundation
import Testing

extension Workspace {
    /// What `modelcast audit predictions` says of everything that was scored with `model`.
    func audit(_ model: String, _ words: [String], _ more: String...) async throws -> StreamAudit {
        StreamAudit(
            outcome: try await start(
                ["audit", "predictions", "--model", model, "--format", "json"] + more + words
            ).outcome())
    }
}

/// The end of a run of `audit predictions`.
struct StreamAudit {
    let outcome: Outcome

    /// The versions that made something.
    var versions: [Int] {
        get throws {
            (try outcome.summary["versions"] as? [[String: Any]] ?? []).compactMap { $0["version"] as? Int }
        }
    }

    func count(_ name: String) throws -> Int { try outcome.summary[name] as? Int ?? -1 }

    /// Each of `events` events ended once, `deadLetters` of them as dead letters, and each as its version has
    /// it.
    func expectClean(events: Int, deadLetters: Int) throws {
        #expect(outcome.code == 0, "\(outcome)")
        let summary = try outcome.summary
        #expect(summary["clean"] as? Bool == true, "\(outcome)")
        #expect(summary["events"] as? Int == events)
        #expect(summary["notYetScored"] as? Int == 0)
        #expect(summary["deadLetters"] as? Int == deadLetters)
        #expect(summary["predictions"] as? Int == events - deadLetters)
        #expect(summary["recomputed"] as? Int == events)
    }
}

extension EventLog {
    /// The auditor's own audit: counts ids with a dictionary, and returns those that are not in exactly one
    /// prediction or dead letter.
    func idsEndingOtherThanOnce(_ topics: TopicNames) async throws -> [String] {
        var outcomes: [[UInt8]: Int] = [:]
        try await scan(topics.events) { outcomes[$0.key ?? []] = 0 }
        try await scan(topics.predictions) { outcomes[$0.key ?? [], default: 0] += 1 }
        try await scan(topics.deadLetter) { outcomes[$0.key ?? [], default: 0] += 1 }
        return outcomes.filter { $0.value != 1 }.keys.map { String(decoding: $0, as: UTF8.self) }.sorted()
    }

    /// Hands every committed record of `topic` to `body`.
    func scan(_ topic: TopicName, _ body: (Record) throws -> Void) async throws {
        let partitions = try await partitionCount(of: topic) ?? 0
        let start = (0..<partitions).map { (TopicPartition(topic, $0), StartPosition.earliest) }
        let reader = try await reader(ReaderOptions(start: Dictionary(uniqueKeysWithValues: start)))
        var open = Set(start.map(\.0))
        var batch = RecordBatch()
        while !open.isEmpty {
            batch.removeAll()
            switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(20)) {
            case .records: for index in 0..<batch.count { try body(batch.record(at: index)) }
            case .caughtUp(let places): open.subtract(places.keys)
            default: throw LogError(.timedOut, "\(topic) does not come to its end", recovery: .bug)
            }
        }
        await reader.close(deadline: .seconds(5))
    }
}
