import Arguments
import Basics
import Catalog
import EventLog
import FoundationEssentials

/// `modelcast bench stream`: how fast `modelcast score` works off a backlog.
struct BenchStreamCommand: Command {
    static let model = Option("model", .modelReference, help: "The model to score with.")
    static let events = Option(
        "events", .integer(in: 1...99_999_999), default: "1000000", help: "How many events.")
    static let features = Option(
        "features", .integer(in: 1...10_000), default: "30", help: "Numbers an event.")
    static let delivery = Option(
        "delivery", .choice(["exactly-once", "at-least-once"]), default: "exactly-once",
        help: "What `modelcast score` is started with.")
    static let workers = Option(
        "workers", .integer(in: 1...64), default: "1", help: "Processes that share the events.")
    static let spec = CommandSpec(
        "stream", abstract: "Measure a scoring service: events per second on a backlog.",
        discussion: """
            Two topics are made for each run, with four partitions, and the first is filled with generated \
            events. Then `modelcast score --once` works them off. Time and processor time are from the first \
            events read to the last commit, of all workers together.
            """,
        options: [model, events, features, delivery, workers] + CommonOptions.all,
        examples: [
            .init("modelcast bench stream --model trees --workers 2", "A million events, two processes.")
        ])

    let common: CommonOptions
    let model: ModelReference
    let events: Int
    let features: Int
    let delivery: String
    let workers: Int

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        model = try values[Self.model]
        events = try values[Self.events]
        features = try values[Self.features]
        delivery = try values[Self.delivery]
        workers = try values[Self.workers]
    }

    func run() async throws {
        let name = "bench-\(UUID().uuidString.prefix(8).lowercased())"
        let input = try TopicName("\(name).events")
        let output = try TopicName("\(name).predictions")
        try await common.withLog("bench") { log in
            try await log.create(
                [input, output].map { TopicDefinition(name: $0, partitions: 4, retention: .seconds(3_600)) })
            _ = try await EventFiller(topic: input, events: events, features: features, seed: 1).fill(log)
        }
        let folder = try TemporaryFolder()
        var services: [BenchService] = []
        for worker in 0..<workers {
            let command =
                "\(BenchService.ownCommand) score --model \(BenchService.quoted(model.description)) "
                + "--delivery \(delivery) --input \(input) --output \(output) --group \(name) --once "
                + "--format json --log-level warning > \(BenchService.quoted("\(folder.path)/\(worker)"))"
            services.append(
                try await BenchService(
                    command,
                    environment: [
                        "MODELCAST_BROKER": common.broker.url.description,
                        "MODELCAST_TOPIC_PREFIX": common.broker.topicPrefix,
                    ]))
        }
        for service in services {
            while !service.hasEnded() { try await Task.sleep(for: .milliseconds(20)) }
            _ = await service.end(by: .zero)
        }
        try finish(try (0..<workers).map { try WorkerEnd(path: "\(folder.path)/\($0)") })
    }

    /// What a worker said at its end.
    private struct WorkerEnd {
        var events: Int
        var transactions: Int
        var processorSeconds: Double
        /// In milliseconds since 1970; nil for a worker that got nothing.
        var first: Int64?
        var last: Int64?

        init(path: String) throws {
            let bytes = try InputFile.read(path, bytesMax: 1 << 20)
            guard let line = bytes.split(separator: UInt8(ascii: "\n")).last,
                let end = try? JSONDecoder().decode(Line.self, from: Data(line))
            else {
                throw CommandError(
                    .child, "a worker ended without a summary", hint: "its own output says why",
                    recovery: .fixInput)
            }
            events = end.events
            transactions = end.transactions
            processorSeconds = end.cpuSeconds
            guard end.events > 0 else { return }
            first = end.firstRead.flatMap { Timestamp(iso8601: Array($0.utf8).span)?.milliseconds }
            last = end.lastCommit.flatMap { Timestamp(iso8601: Array($0.utf8).span)?.milliseconds }
        }

        private struct Line: Decodable {
            var events: Int
            var transactions: Int
            var cpuSeconds: Double
            var firstRead: String?
            var lastCommit: String?
        }
    }

    private func finish(_ ends: [WorkerEnd]) throws {
        let scored = ends.reduce(0) { $0 + $1.events }
        let transactions = ends.reduce(0) { $0 + $1.transactions }
        let processorSeconds = ends.reduce(0) { $0 + $1.processorSeconds }
        let span =
            Double((ends.compactMap(\.last).max() ?? 0) - (ends.compactMap(\.first).min() ?? 0)) / 1_000
        let rate = span > 0 ? Double(scored) / span : 0
        let perHundredThousand = scored > 0 ? processorSeconds * 1e5 / Double(scored) : 0
        try common.output.summary(
            "bench stream",
            [
                "model": .string(model.description), "delivery": .string(delivery),
                "workers": JSON(workers), "events": JSON(scored),
                "eventsPerSecond": .rounded(rate, places: 0),
                "cpuSecondsPer100k": .rounded(perHundredThousand, places: 4),
                "transactionRecords": JSON(scored / max(1, transactions)),
            ],
            text: "\(Units.count(scored)) events: \(Units.rate(rate)), "
                + "\(Units.digits(perHundredThousand)) s of processor time for 100 000; "
                + "transactions of \(Units.count(scored / max(1, transactions)))")
    }
}
