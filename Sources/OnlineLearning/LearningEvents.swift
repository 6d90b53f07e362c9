internal import Snapshots
internal import Telemetry

extension LogKey {
    static let model = LogKey("model")
    static let version = LogKey("version")
    static let base = LogKey("base")
    static let examples = LogKey("examples")
    static let metrics = LogKey("metrics")
    static let problems = LogKey("problems")
}

/// A learner begins.
struct LearningStarted: InternalEvent {
    let model: ModelName
    let base: String
    let examples: Int

    func write(to log: Log) {
        log.info(
            "learning",
            [.model: .string(model.text), .base: .string(base), .examples: .integer(Int64(examples))])
    }
}

/// A version was published.
struct VersionLearned: InternalEvent {
    let model: ModelName
    let version: ModelVersion
    let examples: Int
    let metrics: [String: Double]

    func write(to log: Log) {
        log.info(
            "version learned",
            [
                .model: .string(model.text), .version: .integer(Int64(version.number)),
                .examples: .integer(Int64(examples)),
                .metrics: .string(
                    metrics.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
                        .joined(separator: " ")),
            ])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_learning_versions_total", help: "Versions published by the learner.")
            .increment()
        metrics.gauge(
            "modelcast_learning_examples", help: "Labelled events that the last version has learned from."
        )
        .set(examples)
        for (name, value) in self.metrics {
            metrics.gauge(
                "modelcast_learning_prequential", help: "Prequential metrics of the last version.",
                labels: ["metric": name]
            ).set(value)
        }
    }
}

/// A version was due and its metrics did not pass the gate.
struct VersionHeldBack: InternalEvent {
    let model: ModelName
    let problems: [String]

    func write(to log: Log) {
        log.warning(
            "version held back by the gate",
            [.model: .string(model.text), .problems: .string(problems.joined(separator: "; "))])
    }

    func count(in metrics: MetricsRegistry) {
        metrics.counter("modelcast_learning_held_back_total", help: "Versions that the gate kept back.")
            .increment()
    }
}
