import Basics
import Catalog
import EmbeddedLog
import EventLog
import EventLogTesting
import Foundation
import KafkaLog
import Modelcast
import Models
import Synchronization
import Testing

/// Where a stream under fire lives.
enum FireEngine: String, CaseIterable, Sendable, CustomTestStringConvertible {
    case embedded
    case kafka
    case threeBrokers

    /// Those that this machine has; three brokers take part in long runs only.
    static var available: [FireEngine] {
        guard RealKafka.isAvailable else { return [.embedded] }
        return Soak.isLong ? allCases : [.embedded, .kafka]
    }

    var testDescription: String { rawValue }
}

/// A log of its own with a stream of events in it, for the suites that kill and starve the program.
///
/// Events are `{"id":"eN","features":{"x":…}}`; every `badEvery`th has no number for `x`.
final class FireStream: Sendable {
    let engine: FireEngine
    let workspace: Workspace
    let words: [String]
    let topics: TopicNames
    let log: any EventLog
    /// The cluster, where there is one.
    let kafka: RealKafka?

    /// A log of that engine with all topics; the embedded one is in that folder of its workspace.
    init(_ engine: FireEngine, in workspace: Workspace? = nil, folder: String = ".") async throws {
        self.engine = engine
        self.workspace = try workspace ?? Workspace()
        switch engine {
        case .embedded:
            kafka = nil
            topics = TopicNames()
            log = try await EmbeddedLog.open(path: self.workspace.path("\(folder)/modelcast.db"))
            words = ["--broker", "file:\(folder)/modelcast.db"]
        case .kafka, .threeBrokers:
            let kafka = try await FireCluster.shared(brokers: engine == .kafka ? 1 : 3)
            let prefix = "\(RealKafka.uniqueTopic("fire"))."
            self.kafka = kafka
            topics = try TopicNames(prefix: prefix)
            log = try KafkaLog.open(url: kafka.url)
            words = ["--broker", kafka.url, "--topic-prefix", prefix]
        }
        try await log.create(topics.definitions)
    }

    /// The group of `modelcast score --model sum`.
    var group: String { topics.events.text.replacingOccurrences(of: "features.events", with: "score-sum") }

    func close() async { await log.close(deadline: .seconds(10)) }

    /// Publishes version `version` of the model `sum` and points `production` at it.
    func publish(_ version: Int) async throws {
        try workspace.writeModel(version)
        if version == 1 {
            let first = try await workspace.start(
                ["publish", "sum", "model-1.json", "--alias", "production"] + words
            ).outcome()
            #expect(first.code == 0, "\(first)")
        } else {
            try await workspace.publishAndPromote(version, words)
        }
    }

    /// Appends events `numbers`, as far as `allowed` lets it, in batches of `size`.
    func send(
        _ numbers: ClosedRange<Int>, badEvery: Int, size: Int = 5_000,
        allowed: @Sendable () -> Int = { .max }
    ) async throws {
        let writer = try await log.writer(WriterOptions(deliveryTimeout: .seconds(120)))
        var batch = RecordBatch()
        var next = numbers.lowerBound
        while next <= numbers.upperBound {
            let last = min(numbers.upperBound, next + size - 1)
            while last > allowed() { try await Task.sleep(for: .milliseconds(50)) }
            batch.removeAll()
            let topic = batch.index(of: topics.events)
            for number in next...last { append(number, isBad: number % badEvery == 0, topic, &batch) }
            _ = try await writer.send(batch)
            next = last + 1
        }
        await writer.close(deadline: .seconds(30))
    }

    private func append(_ number: Int, isBad: Bool, _ topic: Int, _ batch: inout RecordBatch) {
        let key = Array("e\(number)".utf8)
        let hash = SeededRandom.finalise(UInt64(number))
        let x = isBad ? #""no number""# : "\(hash % 100_000).\(hash >> 60)"
        let value = Array(#"{"id":"e\#(number)","features":{"x":\#(x)}}"#.utf8)
        batch.append(topic: topic, key: key.span, value: value.span)
    }

    /// Scores what is left, and checks the whole stream: each event once, every outcome computed again, and
    /// every id counted by other means.
    func expectEachOnce(events: Int, badEvery: Int) async throws -> StreamAudit {
        let last = try await workspace.start(
            ["score", "--model", "sum", "--once", "--instance", "last", "--format", "json"] + words
        ).outcome()
        #expect(last.code == 0, "seed \(Soak.seed): \(last)")
        let audit = try await workspace.audit("sum", words)
        try audit.expectClean(events: events, deadLetters: events / badEvery)
        let wrong = try await log.idsEndingOtherThanOnce(topics)
        #expect(wrong.isEmpty, "seed \(Soak.seed): \(wrong.prefix(20))")
        return audit
    }
}

/// The clusters that the suites under fire kill and stop, apart from the one that other suites share.
enum FireCluster {
    private static let tasks = Mutex<[Int: Task<RealKafka, any Error>]>([:])

    /// The cluster with that many brokers; started at the first call.
    static func shared(brokers: Int) async throws -> RealKafka {
        try await tasks.withLock { tasks in
            if let task = tasks[brokers] { return task }
            let task = Task { try await RealKafka.start(brokers: brokers) }
            tasks[brokers] = task
            return task
        }.value
    }
}

/// The suites that kill and starve the program, one after another: they share their clusters, and measure.
@Suite(.serialized) struct Fire {}
