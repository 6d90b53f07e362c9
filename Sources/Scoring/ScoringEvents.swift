internal import Basics
internal import EventLog
internal import Telemetry

extension LogKey {
    static let topic = LogKey("topic")
    static let partitions = LogKey("partitions")
    static let lost = LogKey("lost")
    static let error = LogKey("error")
    static let hint = LogKey("hint")
    static let severity = LogKey("severity")
    static let events = LogKey("events")
    static let predictions = LogKey("predictions")
    static let deadLetters = LogKey("deadLetters")
    static let eventsPerSecond = LogKey("eventsPerSecond")
    static let lag = LogKey("lag")
    static let model = LogKey("model")
    static let version = LogKey("version")
    static let instance = LogKey("instance")
    static let group = LogKey("group")
}

/// The group gave partitions to this instance.
struct PartitionsAssigned: InternalEvent {
    let places: [TopicPartition]

    func write(to log: Log) {
        log.info(
            "partitions assigned", [.partitions: .string(places.map(\.description).joined(separator: " "))])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_scoring_rebalances_total", help: "Assignments and revocations.")
            .increment()
    }
}

/// The group takes partitions back.
struct PartitionsRevoked: InternalEvent {
    let places: [TopicPartition]
    let lost: Bool

    func write(to log: Log) {
        log.info(
            "partitions revoked",
            [
                .partitions: .string(places.map(\.description).joined(separator: " ")), .lost: .boolean(lost),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_scoring_rebalances_total", help: "Assignments and revocations.")
            .increment()
    }
}

/// A transaction could not be committed; its input is read again.
struct TransactionFailed: InternalEvent {
    let error: LogError

    func write(to log: Log) {
        log.warning(
            "transaction failed; its events are read again",
            [
                .error: .string(error.message), .hint: .string(error.hint),
                .severity: .string(error.severity.rawValue),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter(
            "modelcast_scoring_failed_transactions_total",
            help: "Transactions that were aborted and repeated."
        ).increment()
    }
}

/// The service waits for a first version.
struct WaitingForModel: InternalEvent {
    let model: String

    func write(to log: Log) {
        log.info("waiting for a version of the model", [.model: .string(model)])
    }
}

/// The service has joined the group with a live version.
struct ScoringStarted: InternalEvent {
    let model: String
    let version: Int
    let group: String
    let instance: String

    func write(to log: Log) {
        log.info(
            "scoring",
            [
                .model: .string(model), .version: .integer(Int64(version)), .group: .string(group),
                .instance: .string(instance),
            ])
    }
}

/// Writes throughput and lag to the log now and then, and keeps the metrics of the service.
struct ScoringReport {
    /// Between two lines of the log.
    static let interval: Duration = .seconds(10)

    /// From the end of gathering to committed.
    let commitSeconds: Histogram
    private let instruments: Instruments
    private let events: Counter
    private let lag: Gauge
    private let rate: Gauge
    private var last = ContinuousClock.now
    private var lastEvents = 0

    init(instruments: Instruments) {
        self.instruments = instruments
        let metrics = instruments.metrics
        commitSeconds = metrics.histogram(
            "modelcast_scoring_commit_seconds", help: "From the end of gathering a transaction to its commit."
        )
        events = metrics.counter("modelcast_scoring_events_total", help: "Events read, scored and committed.")
        lag = metrics.gauge(
            "modelcast_scoring_lag_records", help: "Records between this instance and the end.")
        rate = metrics.gauge("modelcast_scoring_events_per_second", help: "Events committed per second.")
    }

    /// Whether a report is due: every second for the metrics.
    var isDue: Bool { last.duration(to: .now) >= .seconds(1) }

    private var sinceLine = Duration.zero
    private var lineEvents = 0

    mutating func write(progress: ScoringProgress, lag lags: [TopicPartition: Int64]) {
        let now = ContinuousClock.now
        let elapsed = last.duration(to: now)
        last = now
        let tally = progress.tally
        let new = tally.events - lastEvents
        lastEvents = tally.events
        events.increment(by: new)
        count(tally)
        let behind = lags.values.reduce(0, +)
        lag.set(behind)
        rate.set(Double(new) / elapsed.seconds)
        sinceLine += elapsed
        lineEvents += new
        guard sinceLine >= ScoringReport.interval else { return }
        if lineEvents > 0 || behind > 0 {
            instruments.log.info(
                "progress",
                [
                    .events: .integer(Int64(tally.events)),
                    .deadLetters: .integer(Int64(tally.deadLetterCount)),
                    .eventsPerSecond: .number((Double(lineEvents) / sinceLine.seconds).rounded()),
                    .lag: .integer(behind),
                ])
        }
        sinceLine = .zero
        lineEvents = 0
    }

    private var counted = ScoringTally()

    /// Moves the labelled counters to what `tally` has.
    private mutating func count(_ tally: ScoringTally) {
        for entry in tally.versions {
            let before = counted.versions.first { $0.version == entry.version }?.predictions ?? 0
            instruments.metrics.counter(
                "modelcast_scoring_predictions_total", help: "Predictions committed, by version.",
                labels: ["version": String(entry.version)]
            ).increment(by: entry.predictions - before)
        }
        for (reason, number) in tally.deadLetters {
            instruments.metrics.counter(
                "modelcast_scoring_dead_letters_total", help: "Dead letters committed, by reason.",
                labels: ["reason": reason]
            ).increment(by: number - (counted.deadLetters[reason] ?? 0))
        }
        counted = tally
    }
}
