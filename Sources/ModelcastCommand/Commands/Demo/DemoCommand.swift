import Arguments
import Basics
import Catalog
import EventLog
import Foundation
import Scoring
import Training

/// `modelcast demo`: the main job end to end, in real time, then a summary.
struct DemoCommand: Command {
    static let data = Option(
        "data", optional: .file, help: "A CSV or JSON-lines file to stream; without it, simulated taxi rides."
    )
    static let label = Option(
        "label", .text, valueName: "COLUMN|SQL", default: Ride.label,
        help: "What is to be predicted: a column with two values, or an SQL condition over the columns.")
    static let include = Option(
        "include", repeated: .text, valueName: "COLUMN",
        help: "Use this column as a feature although the label mentions it; for simulated rides, fare.")
    static let rows = Option(
        "rows", .integer(in: 2_000...10_000_000), default: "20000", help: "How many rides to simulate.")
    static let rate = Option(
        "rate", .number(in: 100...1e6), valueName: "N", default: "2000",
        help: "Events per second of the stream.")
    static let seed = Option(
        "seed", .integer(in: 0...Int.max), default: "1", help: "The seed of the simulation.")
    static let folder = Option(
        "folder", optional: .directory, valueName: "DIR",
        help: "Where the demonstration keeps its files; without it, a new folder for temporary files.")
    static let spec = CommandSpec(
        "demo", abstract: "See the main job end to end: publish, score, switch live, learn, batch, query.",
        discussion: """
            Trains a first model on early data and publishes it; streams every row through the scoring \
            service; publishes a better model while events flow; lets the online learner publish a third \
            from the labels; scores a file into SQLite and queries it; then reads everything back and \
            counts. Without --broker it works on an embedded log in its own folder; on Kafka its topics \
            get a prefix of their own.
            """,
        options: [data, label, include, rows, rate, seed, folder] + CommonOptions.all,
        examples: [
            .init("modelcast demo", "Simulated rides on an embedded log."),
            .init(
                "modelcast demo --data taxi.csv --label 'tips > 0.2 * fare' --include fare "
                    + "--broker kafka://localhost:9092", "Real rides on Kafka."),
        ], section: "Start here")

    let common: CommonOptions
    let options: DemoOptions

    init(values: Values) throws {
        let data = try values[Self.data]
        let include = try values[Self.include]
        options = DemoOptions(
            data: data, label: try values[Self.label],
            include: data == nil && include.isEmpty ? ["fare"] : include, rows: try values[Self.rows],
            rate: try values[Self.rate], seed: UInt64(try values[Self.seed]),
            folder: try values[Self.folder] ?? Self.newFolder())
        // Without --broker the log is a file in the demonstration's own folder; on a shared log its topics
        // stand apart.
        var common = try CommonOptions(values: values)
        if !values.isGiven(BrokerOptions.broker) {
            common.broker.url = .file(path: "\(options.folder)/modelcast.db")
        } else if common.broker.topicPrefix.isEmpty {
            common.broker.topicPrefix = "demo-\(Self.tag())."
        }
        self.common = common
    }

    func run() async throws {
        try FileManager.default.createDirectory(atPath: options.folder, withIntermediateDirectories: true)
        let instruments = common.instruments("demo")
        let topics = try common.topics
        let summary = try await common.withLog(instruments) { log in
            try await log.create(topics.definitions)
            return try await DemoRun(
                options: options, log: log, topics: topics, output: common.output, instruments: instruments
            ).run()
        }
        try finish(summary)
    }

    private func finish(_ summary: DemoSummary) throws {
        try common.output.line("")
        try common.output.summary(
            "demo",
            [
                "broker": .string(common.broker.url.description),
                "topicPrefix": .string(common.broker.topicPrefix),
                "versions": JSON(summary.versions), "events": JSON(summary.audit.events),
                "predictions": JSON(summary.audit.predictions),
                "deadLetters": JSON(summary.audit.deadLetters),
                "lost": JSON(summary.lost), "doubled": JSON(summary.doubled),
                "aucBefore": .rounded(summary.aucBefore, places: 4),
                "aucAfter": .rounded(summary.aucAfter, places: 4),
                "aucLearned": .rounded(summary.aucLearned, places: 4),
                "publishToLiveMilliseconds": .rounded(summary.publishToLive.milliseconds, places: 1),
                "eventsPerSecond": .rounded(summary.eventsPerSecond, places: 0),
                "folder": .string(options.folder),
            ],
            text: summary.text(broker: common.broker.url.description, folder: options.folder))
        guard summary.audit.isClean, summary.lost == 0 else {
            throw CommandError(
                .audit,
                "\(summary.lost) events were lost, \(summary.doubled) doubled, and "
                    + "\(summary.audit.count(.differing)) predictions are not those of their version",
                hint: "please report this with the files in \(options.folder)", recovery: .bug)
        }
    }

    private static func tag() -> String {
        String(UInt32.random(in: .min ... .max), radix: 36)
    }

    private static func newFolder() -> String {
        let root = ProcessInfo.processInfo.environment["TMPDIR"] ?? "/tmp"
        return "\(root)/modelcast-demo-\(tag())"
    }
}

extension CommandError.Code {
    /// A step does not come to its end.
    static let demoStuck = CommandError.Code("demo-stuck")
    /// The data does not suit the job.
    static let unsuitableData = CommandError.Code("unsuitable-data")
}
