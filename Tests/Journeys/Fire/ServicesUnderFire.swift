import EmbeddedLog
import EventLog
import EventLogTesting
import Foundation
import KafkaLog
import Testing

/// Services whose log never comes back end within their deadline and say what they could not commit.
@Suite(.serialized, .timeLimit(.minutes(20))) struct ServicesUnderFire {
    /// How the log goes.
    enum End: String, CaseIterable, Sendable {
        /// The broker is killed for good.
        case killed
        /// The broker is stopped and its connections stay open.
        case frozen
    }

    /// From SIGTERM to the end of the program.
    static let stopSeconds = 30.0
    /// From the loss of the broker to the end of a program that has something to commit.
    static let giveUpSeconds = 130.0
    /// From the start to the end of a program that finds no broker.
    static let startSeconds = 20.0

    @Test(
        .enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)),
        arguments: Soak.isLong ? End.allCases : [End.allCases[Int(Soak.seed % UInt64(End.allCases.count))]])
    func brokerNeverComesBackAndTheServiceIsAskedToStop(end: End) async throws {
        let scene = try await Scene.start()
        let services = try await scene.startServices()
        try await scene.end(end)
        try await Task.sleep(for: .seconds(1))
        let ends = try await scene.stopAll(services)
        for (name, outcome) in ends {
            #expect(outcome.seconds < Self.stopSeconds, "\(name) took \(outcome.seconds) s")
            #expect(outcome.code == 0 || outcome.code == 1, "\(name): \(outcome.run)")
            try scene.check(name, outcome)
        }
        Soak.report(
            "ServicesUnderFire, \(end.rawValue), stopped", engine: "kafka",
            [
                "services": ends.count, "failed": ends.values.count { $0.code == 1 },
                "exactlyOnceMilliseconds": Self.milliseconds(ends["score"]),
                "atLeastOnceMilliseconds": Self.milliseconds(ends["score-once"]),
                "senderMilliseconds": Self.milliseconds(ends["send"]),
                "learnerMilliseconds": Self.milliseconds(ends["learn"]),
                "followerMilliseconds": Self.milliseconds(ends["subscribe"]),
            ])
    }

    @Test(
        .enabled(if: RealKafka.isAvailable && Soak.isLong, "the long form waits for deadlines of a minute"),
        arguments: End.allCases)
    func brokerNeverComesBackAndTheServiceGivesUp(end: End) async throws {
        let scene = try await Scene.start()
        let services = try await scene.startServices().filter {
            $0.key.hasPrefix("score") || $0.key == "send"
        }
        try await scene.end(end)
        let ends = try await scene.awaitAll(services, since: .now)
        for (name, outcome) in ends {
            #expect(outcome.seconds < Self.giveUpSeconds, "\(name) took \(outcome.seconds) s")
            #expect(outcome.code == 1, "\(name): \(outcome.run)")
            try scene.check(name, outcome)
        }
        Soak.report(
            "ServicesUnderFire, \(end.rawValue), by themselves", engine: "kafka",
            [
                "services": ends.count,
                "longestMilliseconds": Int((ends.values.map(\.seconds).max() ?? 0) * 1_000),
            ])
    }

    @Test func noBrokerFromTheStart() async throws {
        let workspace = try Workspace()
        try workspace.writeEvents(1...10, badEvery: 100, to: "events.csv")
        try workspace.writeModel(1)
        let url = "kafka://127.0.0.1:1"
        let words = [
            ["score", "--model", "sum"], ["learn", "--model", "sum"], ["subscribe", "sum"],
            ["publish", "sum", "model-1.json"], ["events", "send", "events.csv", "--id", "id"],
        ]
        let start = ContinuousClock.now
        let runs = try words.map { try workspace.start($0 + ["--broker", url]) }
        for run in runs {
            let outcome = await run.outcome()
            #expect(outcome.code == 1, "\(outcome)")
            #expect(outcome.error.contains("127.0.0.1:1"), "\(outcome)")
            #expect(outcome.error.contains("hint: check that the brokers run"), "\(outcome)")
        }
        #expect(Self.seconds(since: start) < Self.startSeconds)
    }

    /// The file goes away under services that work on it: they end by themselves and acknowledge nothing
    /// more.
    @Test func embeddedFileVanishes() async throws {
        let workspace = try Workspace()
        let words = ["--broker", "file:modelcast.db"]
        try workspace.writeEvents(1...200_000, badEvery: 1_000_000, to: "events.csv")
        try workspace.writeModel(1)
        let published = try await workspace.start(
            ["publish", "sum", "model-1.json", "--alias", "production"] + words
        ).outcome()
        #expect(published.code == 0, "\(published)")
        let scorer = try workspace.start(["score", "--model", "sum"] + words)
        let follower = try workspace.start(["subscribe", "sum"] + words)
        let sender = try workspace.start(
            ["events", "send", "events.csv", "--id", "id", "--rate", "2000"] + words)
        #expect(
            try await scorer.wait(upTo: .seconds(60)) { $0.errorOutput.contains("model is live") },
            "\(scorer.errorOutput)")
        try await Task.sleep(for: .milliseconds(700))
        try FileManager.default.removeItem(atPath: workspace.path("modelcast.db"))
        let start = ContinuousClock.now
        for run in [scorer, sender] {
            let outcome = await run.outcome()
            #expect(outcome.code == 1, "\(outcome)")
            #expect(outcome.error.contains("modelcast.db was removed or replaced"), "\(outcome)")
            #expect(outcome.error.contains("hint: stop every process that has it open"), "\(outcome)")
        }
        follower.signal(SIGTERM)
        let followed = await follower.outcome()
        #expect(followed.code == 0 || followed.code == 1, "\(followed)")
        #expect(Self.seconds(since: start) < Self.stopSeconds)
        // Nobody makes a new, empty log of that name by accident of the old ones' ending.
        #expect(!workspace.exists("modelcast.db"))
    }

    @Test func embeddedFileMayNotBeWritten() async throws {
        let workspace = try Workspace()
        try workspace.writeEvents(1...10, badEvery: 100, to: "events.csv")
        for words in [["score", "--model", "sum"], ["events", "send", "events.csv", "--id", "id"]] {
            // A folder in which nobody can make a file.
            let outcome = try await workspace.start(words + ["--broker", "file:/proc/modelcast.db"]).outcome()
            #expect(outcome.code == 1, "\(outcome)")
            #expect(outcome.error.contains("/proc/modelcast.db"), "\(outcome)")
            #expect(outcome.error.contains("hint: "), "\(outcome)")
        }
    }

    private static func milliseconds(_ ending: Scene.Ending?) -> Int {
        Int((ending?.seconds ?? 0) * 1_000)
    }

    static func seconds(since start: ContinuousClock.Instant) -> Double {
        let time = start.duration(to: .now).components
        return Double(time.seconds) + Double(time.attoseconds) / 1e18
    }
}

/// A broker of its own, a model, and services on it.
private struct Scene {
    struct Ending: Sendable {
        let run: Outcome
        let seconds: Double

        var code: Int32 { run.code }
    }

    let kafka: RealKafka
    let workspace: Workspace

    static func start() async throws -> Scene {
        let scene = Scene(kafka: try await RealKafka.start(), workspace: try Workspace())
        try scene.workspace.writeEvents(1...400_000, badEvery: 10_000_000, to: "events.csv")
        try scene.workspace.writeModel(1)
        let published = try await scene.run(["publish", "sum", "model-1.json", "--alias", "production"])
            .outcome()
        #expect(published.code == 0, "\(published)")
        return scene
    }

    func run(_ words: [String]) throws -> RunningProgram {
        try workspace.start(words + ["--broker", kafka.url])
    }

    /// Starts the services and waits until events flow through the scorers.
    func startServices() async throws -> [String: RunningProgram] {
        var services = [
            "send": try run(["events", "send", "events.csv", "--id", "id", "--rate", "3000"])
        ]
        let topics = try KafkaLog.open(url: kafka.url)
        while try await topics.partitionCount(of: "features.events") == nil {
            try await Task.sleep(for: .milliseconds(50))
        }
        services["score"] = try run(["score", "--model", "sum", "--group", "exact", "--instance", "a"])
        services["score-once"] = try run([
            "score", "--model", "sum", "--group", "least", "--instance", "b", "--delivery", "at-least-once",
        ])
        services["subscribe"] = try run(["subscribe", "sum"])
        services["learn"] = try run(["learn", "--model", "sum-learned", "--base", "sum"])
        let deadline = ContinuousClock.now + .seconds(60)
        for group in ["exact", "least"] {
            while try await topics.committedOffsets(of: group, topic: "features.events").values
                .reduce(0, { $0 + $1.number }) < 2_000
            {
                try #require(ContinuousClock.now < deadline, "\(services["score"]?.errorOutput ?? "")")
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        await topics.close(deadline: .seconds(5))
        return services
    }

    func end(_ end: ServicesUnderFire.End) async throws {
        switch end {
        case .killed: try await kafka.kill()
        case .frozen: try kafka.suspend()
        }
    }

    func stopAll(_ services: [String: RunningProgram]) async throws -> [String: Ending] {
        for service in services.values { service.signal(SIGTERM) }
        return try await awaitAll(services, since: .now)
    }

    func awaitAll(
        _ services: [String: RunningProgram], since start: ContinuousClock.Instant
    ) async throws -> [String: Ending] {
        await withTaskGroup(of: (String, Ending).self) { group in
            for (name, service) in services {
                group.addTask {
                    let outcome = await service.outcome()
                    return (name, Ending(run: outcome, seconds: ServicesUnderFire.seconds(since: start)))
                }
            }
            var endings: [String: Ending] = [:]
            for await (name, ending) in group { endings[name] = ending }
            return endings
        }
    }

    /// Who owes something says so: the broker, how many, what to do. Who owes nothing ends well.
    func check(_ name: String, _ ending: Ending) throws {
        let text = ending.run.error.split(separator: "\n").filter { !$0.contains(" kafka: ") }
            .joined(separator: "\n")
        switch name {
        case "score", "score-once":
            // Events came at 3 000 a second, so that some were surely under way.
            #expect(ending.code == 1, "\(ending.run)")
            #expect(text.contains(kafka.url), "\(text)")
            #expect(
                text.contains(/\d+ events were read and not committed/)
                    || text.contains(/the last transaction, of \d+ events, was committed is not known/),
                "\(text)")
            #expect(text.contains("hint: ") && text.contains("read again by the next instance"), "\(text)")
        case "send":
            #expect(ending.code == 1, "\(ending.run)")
            #expect(text.contains(kafka.url), "\(text)")
            #expect(text.contains(/stopped after \d+ events/), "\(text)")
            #expect(text.contains("send the rows from number"), "\(text)")
        default:
            // A follower and a learner owe nothing: versions are whole, and a learner's state is in them.
            #expect(ending.code == 0 || text.contains("hint: "), "\(ending.run)")
        }
    }
}
