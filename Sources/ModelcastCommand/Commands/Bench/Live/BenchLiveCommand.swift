import Arguments
import Basics
import Modelcast

/// `modelcast bench live`: from the publisher's call to the first event that the new version scored.
struct BenchLiveCommand: Command {
    static let sizes = Option(
        "sizes", .byteSizes, default: "10kB,1MB,100MB", help: "Sizes of the model, separated by commas.")
    static let subscribers = Option(
        "subscribers", .integers(upTo: 1_024), default: "1,8,64",
        help: "Numbers of processes that follow it, separated by commas.")
    static let rounds = Option(
        "rounds", .integer(in: 1...100_000), default: "20", help: "Versions published in each case.")
    static let child = Option(
        "child", optional: .instance,
        help: "Be one subscriber: follow the model on the given topics and print when each version scored.")
    static let spec = CommandSpec(
        "live", abstract: "Measure publish-to-live: from the publisher's call to the first scored event.",
        discussion: """
            Subscribers are processes of their own; each scores an event with a version as soon as it is \
            live. Times are the machine's monotonic clock, percentiles over all rounds and subscribers.
            """,
        options: [sizes, subscribers, rounds, child] + CommonOptions.all,
        examples: [
            .init(
                "modelcast bench live --sizes 10kB --subscribers 1,8",
                "Publish 20 versions of a small model to one and to eight processes.")
        ])

    let common: CommonOptions
    let isFileGiven: Bool
    let sizes: [Int]
    let subscribers: [Int]
    let rounds: Int
    let child: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        isFileGiven = values.place(of: BrokerOptions.broker) != nil
        sizes = try values[Self.sizes]
        subscribers = try values[Self.subscribers]
        rounds = try values[Self.rounds]
        child = try values[Self.child]
    }

    func run() async throws {
        if let child {
            let topics = try common.topics
            return try await common.withLog("bench") { log in
                try await LiveSubscriber(topics: topics, instance: child).run(log)
            }
        }
        var rows: [(json: JSON, cells: [String])] = []
        for bytes in sizes {
            for count in subscribers {
                let place = try BenchLog(common, isFileGiven: isFileGiven)
                let plan = LiveRun.Plan(bytes: bytes, subscribers: count, rounds: rounds)
                let result = try await LiveRun(plan: plan, place: place) { number in
                    ["bench", "live", "--child", "bench-\(number)"] + place.words
                }.run()
                let row = row(result, place.engine)
                try StandardStream.error.write(Array("\(row.cells.joined(separator: "  "))\n".utf8))
                rows.append(row)
            }
        }
        try common.output.table(
            [
                .text("model"), .number("subscribers"), .number("samples"), .number("p50"), .number("p99"),
                .number("max"), .text("parts (medians, ms)"),
            ], rows, empty: "")
        try common.output.summary("bench live", ["cases": JSON(rows.count)])
    }

    private func row(_ result: LiveRun.Result, _ engine: String) -> (json: JSON, cells: [String]) {
        let quantiles = Quantiles(result.live)
        let members: [JSON.Member] =
            [
                .init("bench", "live"), .init("engine", .string(engine)),
                .init("bytes", JSON(result.plan.bytes)),
                .init("size", .string(Units.bytes(result.plan.bytes))),
                .init("subscribers", JSON(result.plan.subscribers)),
                .init("rounds", JSON(result.plan.rounds)), .init("samples", JSON(quantiles.count)),
            ] + quantiles.members
            + result.parts.map { .init($0.name, .rounded(Double($0.nanoseconds) / 1e6, places: 2)) }
        return (
            .object(members),
            [
                Units.bytes(result.plan.bytes), String(result.plan.subscribers), Units.count(quantiles.count),
                quantiles.text(0.5), quantiles.text(0.99), quantiles.text(1),
                result.parts.map { "\($0.name.dropLast(2)) \(Units.digits(Double($0.nanoseconds) / 1e6))" }
                    .joined(separator: ", "),
            ]
        )
    }
}
