import Basics
import BatchScoring
import Catalog
import EventLog
import Modelcast
import OnlineLearning
import Scoring
import Snapshots
import Tabular
import Telemetry
import Training

/// The demonstration's steps, each telling what it did.
struct DemoRun {
    let options: DemoOptions
    let log: any EventLog
    let topics: TopicNames
    let output: Output
    let instruments: Instruments

    /// The share of the stream after which the better model is published, and of labels after which the
    /// learner publishes.
    private static let publishAt = 0.35
    private static let learnAt = 0.85
    /// The share of the stream that waits for the better model, so that it has something to score however
    /// short the stream is.
    private static let holdAt = 0.8

    func run() async throws -> DemoSummary {
        var summary = DemoSummary()
        let options = self.options
        let data = try await ThreadExecutor(name: "demo-data").run { try DemoData.prepare(options) }
        try say("data", "\(Units.count(data.rows)) rides \(options.data.map { "of \($0)" } ?? "simulated")")
        let models = try await DemoModels.train(data, options)
        summary.aucBefore = models.aucBefore
        summary.aucAfter = models.aucAfter
        try say(
            "train",
            "\(models.first.algorithm.rawValue) on \(Units.count(data.earlyRows)) early rides: AUC "
                + "\(DemoSummary.round(models.aucBefore)); \(models.second.algorithm.rawValue) on all: AUC "
                + "\(DemoSummary.round(models.aucAfter)), on \(Units.count(models.heldOut)) held out")

        var publishing = PublisherOptions()
        publishing.topics = topics
        publishing.folders = folders
        let publisher = try await Publisher(log: log, options: publishing)
        let first = try await publisher.publish(DemoModels.request(models.first))
        try say("publish", "\(Self.describe(first)); production → \(first.manifest.version)")
        try await stream(data, models, first.manifest.version, publisher, &summary)
        await publisher.close()

        summary.audit = try await audit()
        let versions = summary.audit.versions
        try say(
            "audit",
            "\(Units.count(summary.audit.events)) events read back; predictions by version: "
                + versions.map { "\($0.version) made \(Units.count($0.predictions))" }.joined(separator: ", ")
        )
        summary.eventsPerSecond = try await fullSpeed()
        try say(
            "full speed", "the same stream again, by a fresh group: \(Units.rate(summary.eventsPerSecond))")
        try await batch(data)
        return summary
    }

    // MARK: The stream

    private func stream(
        _ data: DemoData, _ models: DemoModels, _ first: ModelVersion, _ publisher: Publisher,
        _ summary: inout DemoSummary
    ) async throws {
        let subscription = try await Subscription(
            log: log, reference: ModelReference(DemoModels.name, .alias(.production)), options: subscribing)
        let stop = StopSignal()
        let scoring = ScoringService(
            log: log, slot: subscription.slot, following: subscription.reference.description,
            options: scoringOptions, instruments: instruments)
        let learner = LearningService(log: log, options: learning(data, first), instruments: instruments)
        // Ends the learner as soon as it has published once: one version is what is to be seen.
        let learned = StopSignal()
        let switched = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await scoring.run(stop: stop) }
            group.addTask { _ = try await learner.run(stop: learned) }
            do {
                let switched = try await follow(data, models, publisher, subscription, scoring, learner)
                learned.raise()
                stop.raise()
                try await group.waitForAll()
                return switched
            } catch {
                learned.raise()
                stop.raise()
                throw error
            }
        }
        await subscription.close()
        summary.publishToLive = switched
        summary.versions = 2 + learner.progress.summary.versions.count
        summary.aucLearned = learner.progress.summary.metrics["auc"] ?? 0
    }

    /// Sends the events, publishes the better model while they flow, and waits until all are scored. Returns
    /// how long the better model took from the publisher's call to its first committed prediction.
    private func follow(
        _ data: DemoData, _ models: DemoModels, _ publisher: Publisher, _ subscription: Subscription,
        _ scoring: ScoringService, _ learner: LearningService
    ) async throws -> Duration {
        let watch = DemoWatch(progress: scoring.progress, total: data.rows)
        var plan = EventRows.Plan(path: data.path, eventTopic: topics.events, labelTopic: topics.labels)
        plan.label = options.label
        plan.include = options.include
        let sender = try await EventSender(plan: plan, rate: options.rate)
        let log = self.log
        let began = ContinuousClock.now
        let isLive = StopSignal()
        let hold = Int(Double(data.rows) * Self.holdAt)
        let sent = Task {
            try await sender.run(log: log, stop: StopSignal()) { count in
                while count >= hold, !isLive.isRaised { try await Task.sleep(for: .milliseconds(5)) }
            }
        }
        defer { sent.cancel() }
        let share = Int(Double(data.rows) * Self.publishAt)
        try await watch.wait("the first share of events is scored") { $0.tally.events >= share }
        let rate = Double(scoring.progress.tally.events) / began.duration(to: .now).seconds
        try say(
            "stream",
            "version 1 scores \(Units.rate(rate)); publishing the better one while events flow")
        let (version, live) = try await publishBetter(models, publisher, subscription, watch, isLive)
        let outcome = try await sent.value
        guard outcome.rejects == 0 else {
            throw CommandError(
                .unsuitableData,
                "\(outcome.rejects) rows of \(data.path) could not be sent: "
                    + (outcome.firstReject?.message ?? ""),
                hint: "correct or remove them", recovery: .fixInput)
        }
        try await watch.wait("all events are scored") { $0.tally.events >= outcome.events }
        try await watch.wait("the learner publishes") { _ in !learner.progress.summary.versions.isEmpty }
        let summary = learner.progress.summary
        try say(
            "learn",
            "version \(summary.versions.last.map(\.description) ?? "?") from "
                + "\(Units.count(summary.examples)) "
                + "labelled events, each scored before it was learned: AUC "
                + "\(DemoSummary.round(summary.metrics["auc"] ?? 0)); production stays at \(version)")
        return live
    }

    /// Publishes the better model and waits for its first prediction. Returns its version and how long that
    /// took.
    private func publishBetter(
        _ models: DemoModels, _ publisher: Publisher, _ subscription: Subscription, _ watch: DemoWatch,
        _ isLive: StopSignal
    ) async throws -> (ModelVersion, Duration) {
        let called = Timestamp.now
        let second = try await publisher.publish(DemoModels.request(models.second))
        let version = second.manifest.version
        try await watch.wait("version \(version) is live") { _ in
            subscription.slot.current?.version == version
        }
        isLive.raise()
        try await watch.wait("version \(version) scores") { $0.firstCommit(of: version.number) != nil }
        let first = watch.progress.firstCommit(of: version.number) ?? called
        let live = Duration.milliseconds(first.milliseconds - called.milliseconds)
        try say(
            "switch",
            "\(Self.describe(second)); its first prediction was committed "
                + "\(Units.duration(live)) after the call"
        )
        return (version, live)
    }

    private func learning(_ data: DemoData, _ base: ModelVersion) -> LearningOptions {
        var learning = LearningOptions(
            model: DemoModels.name, topics: topics,
            interval: .examples(Int(Double(data.rows) * Self.learnAt)))
        learning.base = ModelReference(DemoModels.name, .version(base))
        learning.folders = folders
        return learning
    }

    private var scoringOptions: ScoringOptions {
        ScoringOptions(
            input: topics.events, output: topics.predictions, deadLetter: topics.deadLetter,
            group: "\(topics.events).demo", instance: "demo-1")
    }

    // MARK: After the stream

    /// Reads everything back, and computes every prediction again.
    private func audit() async throws -> AuditReport {
        let (log, topics, folders) = (self.log, self.topics, self.folders)
        return try await PredictionAuditor(
            log: log,
            options: PredictionAuditor.Options(model: DemoModels.name, scoring: scoringOptions)
        ) { version throws(ModelcastError) in
            try await ModelLoader().load(
                ModelReference(DemoModels.name, .version(version)), from: log, topics: topics,
                folders: folders)
        }.run()
    }

    /// Scores the stream once more by a fresh group into topics of its own, as fast as it goes.
    private func fullSpeed() async throws -> Double {
        let outputs = try (
            TopicName("\(topics.predictions).again"), TopicName("\(topics.deadLetter).again")
        )
        try await log.create([
            TopicDefinition(name: outputs.0, partitions: 4), TopicDefinition(name: outputs.1, partitions: 4),
        ])
        let subscription = try await Subscription(
            log: log, reference: ModelReference(DemoModels.name, .alias(.production)), options: subscribing)
        _ = try await subscription.live()
        let summary = try await ScoringService(
            log: log, slot: subscription.slot, following: subscription.reference.description,
            options: ScoringOptions(
                input: topics.events, output: outputs.0, deadLetter: outputs.1,
                group: "\(topics.events).demo-again",
                instance: "demo-again-1", once: true), instruments: instruments
        ).run(stop: StopSignal())
        await subscription.close()
        return summary.eventsPerSecond
    }

    /// Scores a file into SQLite and queries it.
    private func batch(_ data: DemoData) async throws {
        let model = try await ModelLoader().load(
            ModelReference(DemoModels.name, .alias(.production)), from: log, topics: topics, folders: folders)
        let path = "\(options.folder)/predictions.db"
        let run = try await BatchRun.run(
            BatchRun.Options(
                input: BatchScoring.InputOptions(path: data.batch), keyColumn: "id", store: path),
            model: ScoringModel(model), progress: BatchProgress(), stop: StopSignal())
        try say(
            "batch",
            "\(Units.count(run.rows)) rides scored by \(model) into SQLite, \(Units.rate(run.rowsPerSecond))")
        let sql =
            "SELECT count(*), avg(prediction), max(prediction) FROM current_predictions WHERE model = 'tips'"
        let output = self.output
        try await PredictionStore(path: path).query(sql) { _, values in
            let cells = values.map { value in
                switch value {
                case .integer(let number): Units.count(Int(number))
                case .real(let number): DemoSummary.round(number)
                default: "–"
                }
            }
            try output.line(
                "  \("query".padded(to: 16))current_predictions: \(cells[0]) rides, "
                    + "mean chance of a generous tip "
                    + "\(cells[1]), highest \(cells[2])")
        }
    }

    // MARK: Words

    /// A step's line for people; programs get the summary alone.
    private func say(_ step: String, _ text: String) throws {
        try output.line("  \(step.padded(to: 16))\(text)")
    }

    private static func describe(_ publication: Publication) -> String {
        "version \(publication.manifest.version) (\(publication.manifest.format), "
            + "\(Units.bytes(Int(publication.manifest.byteCount))), "
            + (publication.chunkCount == 1 ? "1 chunk)" : "\(publication.chunkCount) chunks)")
    }

    private var folders: LocalFolders {
        LocalFolders(cache: "\(options.folder)/chunks", journal: "\(options.folder)/publications")
    }

    private var subscribing: SubscriptionOptions {
        var subscribing = SubscriptionOptions()
        subscribing.topics = topics
        subscribing.instance = "demo-1"
        subscribing.folders = folders
        subscribing.instruments = instruments
        return subscribing
    }
}
