import Arguments
import Basics

/// `modelcast bench swap`: the scoring path's latency while a large model is loaded and swapped in.
struct BenchSwapCommand: Command {
    static let megabytes = Option(
        "megabytes", .integer(in: 1...4_000), default: "300", help: "The size of the snapshot.")
    static let seconds = Option(
        "seconds", .number(in: 0.1...3_600), default: "10", help: "The length of each window.")
    static let rounds = Option(
        "rounds", .integer(in: 1...1_000), default: "3", help: "Windows of each kind, in turn.")
    static let batch = Option(
        "batch", .integer(in: 1...8_192), default: "32", help: "Events of a batch.")
    static let rate = Option(
        "rate", .number(in: 1...1e7), default: "10000", help: "Events per second, where the load is paced.")
    static let load = Option(
        "load", .choice(SwapRun.Load.allCases.map(\.rawValue) + ["both"]), default: "both",
        help: "Batches that come at a rate, or as fast as they are scored.")
    static let kind = Option(
        "kind", .cases(of: SwapRun.Kind.self), default: "trees",
        help: "A large model, or a small one with a large attachment.")
    static let spec = CommandSpec(
        "swap", abstract: "Measure scoring while a large model is loaded and swapped in.",
        discussion: """
            Two versions are published. A thread scores small batches; in alternating windows nothing else \
            happens, or the alias moves to the other version: it is fetched, verified, warmed and swapped \
            in, and the old one's memory is given back.
            """,
        options: [megabytes, seconds, rounds, batch, rate, load, kind] + CommonOptions.all,
        examples: [
            .init(
                "modelcast bench swap --megabytes 300 --seconds 10",
                "Compare the latency during swaps with the steady state.")
        ])

    let common: CommonOptions
    let isFileGiven: Bool
    let plan: SwapRun.Plan
    let loads: [SwapRun.Load]

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        isFileGiven = values.place(of: BrokerOptions.broker) != nil
        plan = SwapRun.Plan(
            kind: try values[Self.kind], bytes: try values[Self.megabytes] * 1_000_000,
            batch: try values[Self.batch], rate: try values[Self.rate],
            window: .seconds(try values[Self.seconds]), rounds: try values[Self.rounds])
        loads = SwapRun.Load(rawValue: try values[Self.load]).map { [$0] } ?? SwapRun.Load.allCases
    }

    func run() async throws {
        let place = try BenchLog(common, isFileGiven: isFileGiven)
        let run = SwapRun(plan: plan, place: place) { try StandardStream.error.write(Array("\($0)\n".utf8)) }
        let results = try await run.run(loads)
        var rows: [(json: JSON, cells: [String])] = []
        for result in results {
            for part in SwapWindows.Part.allCases { rows.append(row(part, of: result, place.engine)) }
        }
        try common.output.table(
            [
                .text("load"), .text("window"), .number("batches"), .number("p50"), .number("p99"),
                .number("p99.9"), .number("max"), .number("lasts"),
            ], rows, empty: "")
        let ratios = results.map { result in
            let steady = quantiles(.steady, result).value(0.99)
            return Double(quantiles(.swap, result).value(0.99)) / Double(max(steady, 1))
        }
        try common.output.summary(
            "bench swap",
            [
                "p99Ratios": .array(ratios.map { .rounded($0) }),
                "swaps": JSON(results.first.map(\.windows.swaps.count) ?? 0),
            ],
            text: "p99 during swaps: "
                + zip(results, ratios).map { "\(Units.digits($1)) × steady (\($0.load.rawValue))" }
                .joined(separator: ", "))
    }

    private func quantiles(_ part: SwapWindows.Part, _ result: SwapRun.Result) -> Quantiles {
        Quantiles(result.windows.durations(part, of: result.outcome.samples))
    }

    private func row(
        _ part: SwapWindows.Part, of result: SwapRun.Result, _ engine: String
    ) -> (json: JSON, cells: [String]) {
        let quantiles = quantiles(part, result)
        let length = result.windows.medianLength(part)
        let members: [JSON.Member] = [
            .init("bench", "swap"), .init("engine", .string(engine)),
            .init("kind", .string(plan.kind.rawValue)),
            .init("megabytes", JSON(plan.bytes / 1_000_000)), .init("load", .string(result.load.rawValue)),
            .init("window", .string(part.rawValue)), .init("batch", JSON(plan.batch)),
            .init("rate", result.load == .paced ? .rounded(plan.rate) : .null),
            .init("rounds", JSON(plan.rounds)), .init("swaps", JSON(result.windows.swaps.count)),
            .init("batches", JSON(quantiles.count)), .init("lengthMs", .rounded(Double(length) / 1e6)),
        ]
        return (
            .object(members + quantiles.members),
            [
                result.load.rawValue, part.rawValue, Units.count(quantiles.count), quantiles.text(0.5),
                quantiles.text(0.99), quantiles.text(0.999), quantiles.text(1),
                Units.duration(.nanoseconds(length)),
            ]
        )
    }
}
