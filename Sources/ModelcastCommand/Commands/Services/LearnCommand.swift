import Arguments
import Basics
import Catalog
import EventLog
import Features
import Gateway
import OnlineLearning
import Snapshots
import Training

/// `modelcast learn`: learns from events as their labels arrive, and publishes a version every so often.
struct LearnCommand: Command {
    static let model = Option(
        "model", .modelName, valueName: "MODEL", help: "The model whose versions it publishes.")
    static let base = Option(
        "base", optional: .modelReference,
        help: "Where features and transforms come from at first; without it, the model's own newest version.")
    static let events = Option(
        "events", optional: .topic, valueName: "TOPIC",
        help: "The topic with the events; without it, features.events.")
    static let labels = Option(
        "labels", optional: .topic, valueName: "TOPIC",
        help: "The topic with the labels; without it, features.labels.")
    static let publishEvery = Option(
        "publish-every", .publicationInterval, default: "5000",
        help: "Publish after N labelled events, or after this much event time (60s, 5m).")
    static let alias = Option("alias", optional: .alias, help: "Point this alias to each version published.")
    static let require = Option(
        "require", repeated: .requirement, valueName: "'auc>=0.7'",
        help: "What the last examples, scored before they were learned, must reach; else no version.")
    static let rate = Option(
        "learning-rate", .number(in: 1e-9...10), default: "0.05", help: "The first step.")
    static let window = Option(
        "window", .integer(in: 10...10_000_000), default: "5000",
        help: "Examples that the metrics are taken over.")
    static let waiting = Option(
        "waiting-max", .integer(in: 1...100_000_000), default: "100000",
        help: "Events, and labels, that wait for their partner; the oldest are given up.")
    static let once = Option(
        flag: "once", help: "Stop when the events and labels that are there now are learned.")
    static let spec = CommandSpec(
        "learn", abstract: "Learn online from events and labels; publish versions.",
        discussion: """
            Each event is scored first and learned second, when its label arrives; so the metrics are \
            those of a model that had not seen it. A version holds the learner's state and the exact \
            offsets that it covers: a killed learner's successor repeats and skips nothing.
            """,
        options: [
            model, base, events, labels, publishEvery, alias, require, rate, window, waiting, once,
        ] + ServiceOptions.all + EventOptions.all + [ModelOptions.cache, ModelOptions.author]
            + CommonOptions.all,
        examples: [
            .init(
                "modelcast learn --model tips-online --base tips --publish-every 5000",
                "Begin with the features of tips; publish every 5000 labelled events.")
        ], section: "Services")

    let common: CommonOptions
    let service: ServiceOptions
    let options: LearningOptions

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        service = try ServiceOptions(values: values)
        var topics = try common.topics
        if let name = try values[Self.events] { topics.events = try TopicName(name) }
        if let name = try values[Self.labels] { topics.labels = try TopicName(name) }
        var options = LearningOptions(
            model: try values[Self.model], topics: topics, interval: try values[Self.publishEvery])
        options.base = try values[Self.base]
        options.alias = try values[Self.alias]
        options.once = try values[Self.once]
        options.settings.rate = try values[Self.rate]
        options.window = try values[Self.window]
        options.waitingMax = try values[Self.waiting]
        options.layout = try EventOptions(values: values).layout
        options.folders = CatalogSession.folders(cache: try values[ModelOptions.cache])
        options.author = try values[ModelOptions.author] ?? Author.name
        options.gate = Self.gate(try values[Self.require])
        self.options = options
    }

    /// Says which requirements the metrics of a version do not meet.
    static func gate(_ requirements: [Requirement]) -> @Sendable ([String: Double]) -> [String] {
        { metrics in
            requirements.compactMap { requirement in
                let named = metrics.first { Metric(name: $0.key) == requirement.metric }
                guard let value = named?.value else {
                    return "\(requirement.metric.rawValue) is not measured"
                }
                return requirement.isMet(by: value)
                    ? nil : "\(requirement.metric.rawValue) is \(value), not \(requirement)"
            }
        }
    }

    func run() async throws {
        let stop = Signals.stop
        // One learner a model: its versions are one chain.
        let slot = try service.slot(of: "learn \(options.model) \(common.broker.url)")
        let instruments = common.instruments("learn", isService: true)
        try await common.withLog(instruments) { log in
            try await common.createMissing(options.topics.all, in: log)
            let learning = LearningService(log: log, options: options, instruments: instruments)
            let progress = learning.progress
            let summary = try await service.serving(instruments, readiness: { .ready }) {
                try await ProgressWatch.run("examples") { line in
                    let now = progress.summary
                    line.update(now.examples, note: now.versions.last.map { "version \($0)" } ?? "")
                } while: {
                    try await learning.run(stop: stop)
                }
            }
            try finish(summary)
        }
        withExtendedLifetime(slot) {}
    }

    private func finish(_ summary: LearningSummary) throws {
        let metrics = summary.metrics.sorted { $0.key < $1.key }
        try common.output.summary(
            "learn",
            [
                "model": .string(options.model.text), "events": JSON(summary.events),
                "labels": JSON(summary.labels),
                "examples": JSON(summary.examples), "unusable": JSON(summary.unusable),
                "versions": .array(summary.versions.map { JSON($0.number) }),
                "heldBack": JSON(summary.heldBack),
                "metrics": .object(metrics.map { JSON.Member($0.key, .number($0.value)) }),
            ],
            text: "\(Units.count(summary.events)) events and \(Units.count(summary.labels)) labels: "
                + "\(Units.count(summary.examples)) examples learned, "
                + "\(summary.versions.count) versions published"
                + (metrics.isEmpty
                    ? ""
                    : " (" + metrics.map { "\($0.key) \(Units.measure($0.value))" }.joined(separator: ", ")
                        + ")"))
    }
}

extension ValueParser where Value == PublicationInterval {
    /// `5000` or `60s`.
    static var publicationInterval: Self {
        ValueParser("N|DURATION", expected: "a number of examples such as 5000, or a duration such as 60s") {
            text in
            if let count = Int(text) { return count > 0 ? .examples(count) : nil }
            do throws(ValueError) {
                let duration = try ValueParser<Duration>.duration.parse(text)
                return duration > .zero ? .eventTime(duration) : nil
            } catch {
                return nil
            }
        }
    }
}
