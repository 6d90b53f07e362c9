import Arguments
import Basics

/// `modelcast bench catalog`: what the catalog's size costs a consumer that starts, and a publisher.
struct BenchCatalogCommand: Command {
    static let models = Option(
        "models", .integers(upTo: 100_000), default: "1,10,100,1000",
        help: "Numbers of models, separated by commas.")
    static let versions = Option(
        "versions", .integers(upTo: 100_000), default: "10",
        help: "Versions of each model, separated by commas.")
    static let rounds = Option(
        "rounds", .integer(in: 1...1_000), default: "5", help: "Starts and publications in each case.")
    static let spec = CommandSpec(
        "catalog", abstract: "Measure what a large catalog costs: consumers that start, publishers.",
        discussion: """
            A catalog of so many models and versions is written, one more model is published and followed. \
            Ready is from opening the log to that model being live; what was read is counted.
            """,
        options: [models, versions, rounds] + CommonOptions.all,
        examples: [
            .init("modelcast bench catalog --models 1000 --versions 10", "10 000 versions of 1 000 models.")
        ])

    let common: CommonOptions
    let isFileGiven: Bool
    let models: [Int]
    let versions: [Int]
    let rounds: Int

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        isFileGiven = values.place(of: BrokerOptions.broker) != nil
        models = try values[Self.models]
        versions = try values[Self.versions]
        rounds = try values[Self.rounds]
    }

    func run() async throws {
        var rows: [(json: JSON, cells: [String])] = []
        for count in models {
            for each in versions {
                let place = try BenchLog(common, isFileGiven: isFileGiven)
                let plan = CatalogRun.Plan(models: count, versionsPerModel: each, rounds: rounds)
                rows.append(row(try await CatalogRun(plan: plan, place: place).run(), place.engine))
            }
        }
        try common.output.table(
            [
                .number("models"), .number("versions"), .number("ready"), .number("most"),
                .number("catalog records"), .number("catalog bytes"), .number("chunks"),
                .number("chunk bytes"), .number("publisher opens"), .number("publishes"),
            ], rows, empty: "")
        try common.output.summary("bench catalog", ["cases": JSON(rows.count)])
    }

    private func row(_ result: CatalogRun.Result, _ engine: String) -> (json: JSON, cells: [String]) {
        let ready = Quantiles(result.ready)
        let publishing = Quantiles(result.publishing)
        let versions = result.plan.models * result.plan.versionsPerModel
        func milliseconds(_ value: Int64) -> JSON { .rounded(Double(value) / 1e6) }
        return (
            [
                "bench": "catalog", "engine": .string(engine), "models": JSON(result.plan.models),
                "versions": JSON(versions), "rounds": JSON(result.plan.rounds),
                "readyMs": milliseconds(ready.value(0.5)), "readyMaxMs": milliseconds(ready.max),
                "catalogRecords": JSON(result.catalog.records), "catalogBytes": JSON(result.catalog.bytes),
                "chunkRecords": JSON(result.chunks.records), "chunkBytes": JSON(result.chunks.bytes),
                "publisherOpenMs": milliseconds(result.opening),
                "publishMs": milliseconds(publishing.value(0.5)),
            ],
            [
                Units.count(result.plan.models), Units.count(versions), ready.text(0.5), ready.text(1),
                Units.count(result.catalog.records), Units.bytes(result.catalog.bytes),
                Units.count(result.chunks.records), Units.bytes(result.chunks.bytes),
                Units.duration(.nanoseconds(result.opening)), publishing.text(0.5),
            ]
        )
    }
}
