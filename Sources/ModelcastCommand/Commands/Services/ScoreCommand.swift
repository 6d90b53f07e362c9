import Arguments
import Basics
import Catalog
import EventLog
import Gateway
import Modelcast
import Scoring
import Snapshots

/// `modelcast score`: scores the event stream with whatever version is live.
struct ScoreCommand: Command {
    static let model = Option(
        "model", .modelReference,
        help: "The model; MODEL alone is what 'production' points to, else the newest.")
    static let input = Option(
        "input", optional: .topic, help: "The topic with the events; without it, features.events.")
    static let output = Option(
        "output", optional: .topic, help: "The topic for predictions; without it, predictions.")
    static let deadLetter = Option(
        "dead-letter", optional: .topic, valueName: "TOPIC",
        help: "The topic for events that cannot be scored; without it, predictions.dead-letter.")
    static let group = Option(
        "group", optional: .instance, valueName: "GROUP",
        help:
            "The consumer group; its members share the events. By default PREFIXscore-MODEL."
    )
    static let delivery = Option(
        "delivery", .cases(of: Delivery.self), default: Delivery.exactlyOnce.rawValue,
        help:
            "exactly-once commits in transactions; at-least-once is sooner, and may repeat after a crash."
    )
    static let once = Option(flag: "once", help: "Stop when the events that are there now are scored.")
    static let spec = CommandSpec(
        "score", abstract: "Score the event stream; load each new version while running.",
        discussion: """
            Each event ends as exactly one prediction or one dead letter. A version that an alias moves to \
            is fetched, verified and loaded beside the stream and takes over between two batches. SIGTERM \
            ends the service gracefully; a second one at once.
            """,
        options: [model, input, output, deadLetter, group, delivery, once] + ServiceOptions.all
            + EventOptions.all
            + [ModelOptions.cache] + CommonOptions.all,
        examples: [
            .init("modelcast score --model tips@production --http 0.0.0.0:9464", "Score until stopped."),
            .init("modelcast score --model tips --once", "Score what is there, then stop."),
        ], section: "Services")

    /// The group that scores with a model unless another is named: scorers of two models must not share the
    /// events.
    ///
    /// The prefix of the topics is part of it: installations that share a cluster share no group.
    static func group(of model: ModelName, prefix: String) -> String { "\(prefix)score-\(model)" }

    /// How long `--once` waits for the version that the catalog has to become live.
    static let firstVersionWait = Duration.seconds(60)

    let common: CommonOptions
    let service: ServiceOptions
    let model: ModelReference
    let options: ScoringOptions
    let cache: String?

    init(values: Values) throws {
        common = try CommonOptions(values: values)
        service = try ServiceOptions(values: values)
        model = try values[Self.model]
        cache = try values[ModelOptions.cache]
        let topics = try common.topics
        let given = (
            input: try values[Self.input], output: try values[Self.output],
            deadLetter: try values[Self.deadLetter]
        )
        options = ScoringOptions(
            input: try given.input.map { try TopicName($0) } ?? topics.events,
            output: try given.output.map { try TopicName($0) } ?? topics.predictions,
            deadLetter: try given.deadLetter.map { try TopicName($0) } ?? topics.deadLetter,
            group: try values[Self.group] ?? Self.group(of: model.model, prefix: common.broker.topicPrefix),
            instance: "",
            delivery: try values[Self.delivery], once: try values[Self.once],
            layout: try EventOptions(values: values).layout)
    }

    func run() async throws {
        let stop = Signals.stop
        var options = options
        let slot = try service.slot(of: "score \(options.group) \(common.broker.url)")
        options.instance = slot.name
        try await common.withCatalog("score", isService: true) { [options] session in
            try await common.createMissing(
                [options.input, options.output, options.deadLetter], in: session.log)
            var subscribing = SubscriptionOptions()
            subscribing.topics = session.topics
            subscribing.instance = options.instance
            subscribing.folders = CatalogSession.folders(cache: cache)
            subscribing.catalog = session.follower
            subscribing.instruments = session.instruments
            if options.once {
                // Who waits for an end must not wait for a model that nobody publishes.
                _ = try await session.follower.asOfNow().resolve(model)
            }
            let subscription = try await Subscription(
                log: session.log, reference: model, options: subscribing)
            do {
                let summary = try await score(subscription, options, session, stop: stop)
                await subscription.close()
                try finish(summary)
            } catch {
                await subscription.close()
                throw error
            }
        }
        withExtendedLifetime(slot) {}
    }

    private func score(
        _ subscription: Subscription, _ options: ScoringOptions, _ session: CatalogSession, stop: StopSignal
    ) async throws -> ScoringSummary {
        // Nor for one that cannot run here.
        if options.once { _ = try await subscription.live(within: Self.firstVersionWait) }
        let scoring = ScoringService(
            log: session.log, slot: subscription.slot, following: model.description, options: options,
            instruments: session.instruments)
        let progress = scoring.progress
        return try await service.serving(
            session.instruments,
            readiness: {
                progress.isReady ? .ready : .notReady("no version is live yet, or the group is joined")
            }
        ) {
            try await ProgressWatch.run("events") { line in
                let tally = progress.tally
                line.update(
                    tally.events,
                    note: tally.versions.last.map { "version \($0.version)" } ?? "waiting for a version")
            } while: {
                try await scoring.run(stop: stop)
            }
        }
    }

    private func finish(_ summary: ScoringSummary) throws {
        let tally = summary.tally
        let reasons = tally.deadLetters.sorted { $0.key < $1.key }
        try common.output.summary(
            "score",
            [
                "events": JSON(tally.events), "predictions": JSON(tally.predictions),
                "deadLetters": JSON(tally.deadLetterCount), "transactions": JSON(summary.transactions),
                "eventsPerSecond": .rounded(summary.eventsPerSecond, places: 1),
                "cpuSeconds": .rounded(summary.processorTime.seconds),
                "firstRead": JSON(summary.firstRead) { .string($0.wall.description) },
                "lastCommit": JSON(summary.lastCommit) { .string($0.wall.description) },
                "reasons": .object(reasons.map { JSON.Member($0.key, JSON($0.value)) }),
                "versions": .array(
                    tally.versions.map {
                        ["version": JSON($0.version), "predictions": JSON($0.predictions)]
                    }),
            ],
            text: "\(Units.count(tally.events)) events: \(Units.count(tally.predictions)) predictions, "
                + "\(Units.count(tally.deadLetterCount)) dead letters"
                + (reasons.isEmpty
                    ? "" : " (" + reasons.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + ")")
                + ", \(Units.rate(summary.eventsPerSecond)); versions "
                + tally.versions.map { "\($0.version) (\(Units.count($0.predictions)))" }.joined(
                    separator: ", "))
    }
}
