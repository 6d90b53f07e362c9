import Arguments
import Basics
import Models

/// `modelcast bench hotpath`: what an event costs inside the scorer, step by step, without a log.
struct BenchHotpathCommand: Command {
    static let events = Option(
        "events", .cases(of: HotpathEvents.Shape.self), default: "array",
        help: "Thirty numbers in an array, or by name with a time; or events that all have a fault.")
    static let model = Option(
        "model", .text, default: "trees100",
        help: "logistic, trees100, trees500, or a model file of 30 features.")
    static let stage = Option(
        "stage", .cases(of: HotpathStages.Stage.self), default: "all",
        help: "One step alone, as a profiler wants it, or all.")
    static let count = Option(
        "count", .integer(in: 1...1 << 20), default: "8192", help: "Events in a batch.")
    static let rounds = Option(
        "rounds", .integer(in: 1...1 << 20), default: "200",
        help: "How many times the batch is scored, after two to warm up.")
    static let spec = CommandSpec(
        "hotpath", abstract: "Measure what an event costs inside the scorer, step by step.",
        options: [events, model, stage, count, rounds] + CommonOptions.all,
        examples: [
            .init(
                "modelcast bench hotpath --events named --model trees500",
                "Measure every step for events with names.")
        ])

    let common: CommonOptions
    let events: HotpathEvents.Shape
    let model: String
    let stage: HotpathStages.Stage
    let count: Int
    let rounds: Int

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        events = try values[Self.events]
        model = try values[Self.model]
        stage = try values[Self.stage]
        count = try values[Self.count]
        rounds = try values[Self.rounds]
    }

    func run() async throws {
        let results = try await ThreadExecutor(name: "bench").run { try measure() }
        try common.output.table(
            [.text("step"), .number("ns/event"), .number("lowest")],
            results.map { result in
                (
                    [
                        "events": .string(events.rawValue), "model": .string(model),
                        "step": .string(result.stage.rawValue),
                        "nanosecondsPerEvent": .rounded(result.median, places: 1),
                        "lowest": .rounded(result.lowest, places: 1), "rounds": JSON(rounds),
                    ],
                    [result.stage.rawValue, Units.digits(result.median), Units.digits(result.lowest)]
                )
            }, empty: "")
        try common.output.summary(
            "bench hotpath",
            ["events": .string(events.rawValue), "model": .string(model), "count": JSON(count)])
    }

    private func measure() throws -> [HotpathStages.Result] {
        let predictor: any Predictor =
            switch model {
            case "logistic": try HotpathModels.logistic()
            case "trees100": try HotpathModels.trees(100)
            case "trees500": try HotpathModels.trees(500)
            default: try PredictorLoader.load(InputFile.read(model, bytesMax: ModelLimits().fileBytesMax))
            }
        guard predictor.featureCount == HotpathEvents.featureCount else {
            throw CommandError(
                .notFound, "\(model) has \(predictor.featureCount) features, not 30", recovery: .fixInput)
        }
        var stages = try HotpathStages(predictor: predictor, events: events, count: count)
        return stages.measure(stage, rounds: rounds)
    }
}
