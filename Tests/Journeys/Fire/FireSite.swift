import Basics
import Catalog
import EmbeddedLog
import EventLog
import EventLogTesting
import Foundation
import KafkaLog

/// A log with Modelcast's topics, in a folder or in the Kafka of these tests, for the real program and for
/// clients inside the test.
final class FireSite: Sendable {
    enum Engine: String {
        case kafka
        case embedded
    }

    /// What a topic has that is compacted all the while: each setting as small as a broker takes it.
    static let compactingAllTheWhile = [
        "segment.ms": "1", "min.cleanable.dirty.ratio": "0", "delete.retention.ms": "0",
        "min.compaction.lag.ms": "0", "max.compaction.lag.ms": "1",
    ]

    let engine: Engine
    let workspace: Workspace
    let broker: String
    let topics: TopicNames
    private let environment: [String: String]

    /// A new site; with `isCompacting`, its compacted topics are being compacted all the while (on the
    /// embedded log, by `compacting`).
    init(_ engine: Engine, isCompacting: Bool = false) async throws {
        self.engine = engine
        workspace = try Workspace()
        let prefix: String
        switch engine {
        case .kafka:
            broker = try await RealKafka.shared().url
            prefix = "\(RealKafka.uniqueTopic("fire"))."
        case .embedded:
            broker = "file:\(workspace.path("fire.db"))"
            prefix = ""
        }
        topics = try TopicNames(prefix: prefix)
        environment = [
            "MODELCAST_BROKER": broker, "MODELCAST_TOPIC_PREFIX": prefix,
            "MODELCAST_CACHE": workspace.path("cache"),
        ]
        let log = try await self.log()
        var definitions = topics.definitions
        for index in definitions.indices where isCompacting && definitions[index].cleanup == .compact {
            definitions[index].properties = Self.compactingAllTheWhile
        }
        try await log.create(definitions)
        await log.close(deadline: .seconds(5))
    }

    /// A client of its own, as another process would have it.
    func log() async throws -> any EventLog {
        switch engine {
        case .kafka: try KafkaLog.open(url: broker)
        case .embedded: try await EmbeddedLog.open(path: String(broker.dropFirst("file:".count)))
        }
    }

    /// Starts the program on the site's log.
    func start(_ words: [String]) throws -> RunningProgram {
        try workspace.start(words + ["--format", "json"], environment: environment)
    }

    /// Runs the program to its end.
    func run(_ words: [String]) async throws -> Outcome { try await start(words).outcome() }

    /// Does `work` while the embedded log's topics are compacted again and again. (Kafka does so by itself.)
    func compacting<Value: Sendable>(_ work: @Sendable () async throws -> Value) async throws -> (Value, Int)
    {
        guard engine == .embedded else { return (try await work(), 0) }
        var options = EmbeddedLogOptions()
        options.limits.tombstoneTime = .zero
        let log = try await EmbeddedLog.open(path: String(broker.dropFirst("file:".count)), options: options)
        let topics = [topics.catalog, topics.chunks]
        let compaction = Task {
            var count = 0
            while !Task.isCancelled {
                for topic in topics { try await log.compact(topic) }
                count += 1
                try? await Task.sleep(for: .milliseconds(20))
            }
            return count
        }
        do {
            let value = try await work()
            compaction.cancel()
            let count = try await compaction.value
            await log.close(deadline: .seconds(5))
            return (value, count)
        } catch {
            compaction.cancel()
            _ = try? await compaction.value
            await log.close(deadline: .seconds(5))
            throw error
        }
    }

    /// Every record of `topic` as it is now, in the order of each partition; the values only where `body`
    /// wants them. Read by a client of its own.
    func scan(_ topic: TopicName, _ body: (Record) -> Void) async throws {
        let log = try await log()
        let count = try await log.partitionCount(of: topic) ?? 0
        var left = Set((0..<count).map { TopicPartition(topic, $0) })
        let start = Dictionary(uniqueKeysWithValues: left.map { ($0, StartPosition.earliest) })
        let reader = try await log.reader(ReaderOptions(start: start))
        var batch = RecordBatch()
        let deadline = ContinuousClock.now + .seconds(300)
        while !left.isEmpty, ContinuousClock.now < deadline {
            batch.removeAll()
            switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .milliseconds(200)) {
            case .records: for index in 0..<batch.count { body(batch.record(at: index)) }
            case .caughtUp(let ends): left.subtract(ends.keys)
            case .idle, .assigned, .revoking: break
            }
        }
        await reader.close(deadline: .seconds(1))
        await log.close(deadline: .seconds(5))
        if !left.isEmpty { throw LogError(.timedOut, "\(topic) was not read to its end", recovery: .retry) }
    }

    /// Writes a linear model of two features, told apart by its `bias`, and its schema.
    func writeModel(_ folder: String, bias: Int) throws {
        try FileManager.default.createDirectory(
            atPath: workspace.path("\(folder)/attachments"), withIntermediateDirectories: true)
        let model = """
            {"modelcast":"linear","version":1,"kind":"identity","features":2,"intercepts":[\(bias)],\
            "weights":[[1,2]],"featureNames":["fare","miles"]}
            """
        try workspace.write(model, to: "\(folder)/model.json")
        let features = ["fare", "miles"].map { #"{"name":"\#($0)","kind":"float"}"# }.joined(separator: ",")
        try workspace.write(#"{"version":1,"features":[\#(features)]}"#, to: "\(folder)/schema.json")
    }
}
