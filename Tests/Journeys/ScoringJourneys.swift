import Basics
import Catalog
import EmbeddedLog
import EventLog
import EventLogTesting
import Foundation
import KafkaLog
import Models
import Testing

/// Where a journey's log is.
enum JourneyLog: String, CaseIterable, Sendable {
    case embedded
    case kafka

    /// The engines that this machine has.
    static var available: [JourneyLog] { RealKafka.isAvailable ? allCases : [.embedded] }

    /// The words that name it on the command line, and a handle on it.
    func open(_ workspace: Workspace) async throws -> (words: [String], topics: TopicNames, log: any EventLog)
    {
        switch self {
        case .embedded:
            let log = try await EmbeddedLog.open(path: workspace.path("modelcast.db"))
            return (["--broker", "file:modelcast.db"], TopicNames(), log)
        case .kafka:
            let kafka = try await RealKafka.shared()
            let prefix = "\(RealKafka.uniqueTopic("journey"))."
            let log = try KafkaLog.open(url: kafka.url)
            return (["--broker", kafka.url, "--topic-prefix", prefix], try TopicNames(prefix: prefix), log)
        }
    }
}

/// The scoring service as people run it: the real program, while versions change under it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ScoringJourneys {
    /// 50 000 events flow while three versions are published and promoted: each event ends once, and each
    /// prediction is what the version that it names makes of that event.
    @Test(arguments: JourneyLog.available)
    func versionsChangeUnderAStreamOfEvents(engine: JourneyLog) async throws {
        let count = 50_000
        let workspace = try Workspace()
        let (words, topics, log) = try await engine.open(workspace)
        for version in 1...4 {
            let quarter = (version - 1) * count / 4 + 1...version * count / 4
            try workspace.writeEvents(quarter, badEvery: 1_000, to: "events-\(version).csv")
            try workspace.writeModel(version)
        }
        let first = try await workspace.start(
            ["publish", "sum", "model-1.json", "--alias", "production"] + words
        )
        .outcome()
        #expect(first.code == 0, "\(first)")

        let scorer = try workspace.start(["score", "--model", "sum@production", "--format", "json"] + words)
        for version in 1...4 {
            // Each version is live before its quarter of the events, so that it surely scores some of them;
            // the next one is published and promoted while these flow. The first also waits for the group:
            // until then nothing is scored, whatever is live.
            let isLive = try await scorer.wait(upTo: .seconds(60)) { scorer in
                scorer.errorOutput.contains("model is live model=sum version=\(version) ")
                    && scorer.errorOutput.contains("partitions assigned")
            }
            #expect(isLive, "version \(version) is not live: \(scorer.errorOutput)")
            let sender = try workspace.start(
                ["events", "send", "events-\(version).csv", "--id", "id", "--rate", "8000"] + words)
            if version < 4 { try await workspace.publishAndPromote(version + 1, words) }
            let sent = await sender.outcome()
            #expect(sent.code == 0, "\(sent)")
        }
        try await log.waitUntilScored(
            topics.events,
            by: topics.events.text.replacingOccurrences(of: "features.events", with: "score-sum"))
        scorer.signal(SIGTERM)
        let scored = await scorer.outcome()
        #expect(scored.code == 0, "\(scored)")
        #expect(try scored.summary["events"] as? Int == count, "\(scored)")
        #expect(try scored.summary["deadLetters"] as? Int == count / 1_000)

        let audit = try await workspace.audit("sum", words)
        try audit.expectClean(events: count, deadLetters: count / 1_000)
        #expect(try audit.versions == [1, 2, 3, 4], "\(audit.outcome)")
        #expect(try await log.idsEndingOtherThanOnce(topics).isEmpty)
        await log.close(deadline: .seconds(5))
    }

    /// Killed scorers of the same host take the same name, and the successor goes on where the dead one
    /// committed.
    @Test(arguments: JourneyLog.available)
    func killedScorersLoseAndDoubleNothing(engine: JourneyLog) async throws {
        let count = 6_000
        let workspace = try Workspace()
        let (words, topics, log) = try await engine.open(workspace)
        try workspace.writeEvents(1...count, badEvery: 500, to: "events.csv")
        try workspace.writeModel(1)
        #expect(
            try await workspace.start(["publish", "sum", "model-1.json", "--alias", "production"] + words)
                .outcome()
                .code == 0)
        let sender = try workspace.start(
            ["events", "send", "events.csv", "--id", "id", "--rate", "1500", "--format", "json"] + words)
        var random = SeededRandom(seed: 20)
        for _ in 0..<4 {
            let scorer = try workspace.start(["score", "--model", "sum"] + words)
            try await Task.sleep(for: .milliseconds(Int64.random(in: 500...1_100, using: &random)))
            scorer.signal(SIGKILL)
            _ = await scorer.outcome()
        }
        #expect(await sender.outcome().code == 0)
        let last = try await workspace.start(
            ["score", "--model", "sum", "--once", "--format", "json"] + words
        )
        .outcome()
        #expect(last.code == 0, "\(last)")
        try await workspace.audit("sum", words).expectClean(events: count, deadLetters: count / 500)
        #expect(try await log.idsEndingOtherThanOnce(topics).isEmpty)
        await log.close(deadline: .seconds(5))
    }
}

extension Workspace {
    /// Rows `id,x`, one for each number; every `badEvery`th x is no number.
    func writeEvents(_ numbers: ClosedRange<Int>, badEvery: Int, to name: String) throws {
        var random = SeededRandom(seed: UInt64(numbers.lowerBound))
        var text = "id,x\n"
        for number in numbers {
            text +=
                number % badEvery == 0 ? "e\(number),oops\n" : "e\(number),\(Float(random.unit()) * 100)\n"
        }
        try write(text, to: name)
    }

    /// Publishes the version of `writeModel` and moves `production` to it from the one before.
    func publishAndPromote(_ version: Int, _ words: [String]) async throws {
        let published = try await start(["publish", "sum", "model-\(version).json"] + words).outcome()
        #expect(published.code == 0, "\(published)")
        let promoted = try await start(
            ["promote", "sum", "\(version)", "--to", "production", "--expect", "\(version - 1)"] + words
        ).outcome()
        #expect(promoted.code == 0, "\(promoted)")
    }

    /// A model that predicts `x / 3 + 1000 * version`.
    func writeModel(_ version: Int) throws {
        let model = try LinearModel(
            kind: .identity, intercepts: [Float(1_000 * version)], weights: [1 / 3], featureCount: 1,
            featureNames: ["x"])
        try write(String(decoding: model.encoded(), as: UTF8.self), to: "model-\(version).json")
    }
}

extension EventLog {
    /// Waits until `group` has committed everything that is in `topic` now.
    func waitUntilScored(_ topic: TopicName, by group: String) async throws {
        let ends = try await watermarks(of: topic)
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let committed = try await committedOffsets(of: group, topic: topic)
            if ends.allSatisfy({
                $0.value.low >= $0.value.high || (committed[$0.key] ?? Offset(0)) >= $0.value.high
            }) {
                return
            }
            guard ContinuousClock.now < deadline else {
                throw LogError(.timedOut, "\(group) stands at \(committed) of \(ends)", recovery: .bug)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }
}
