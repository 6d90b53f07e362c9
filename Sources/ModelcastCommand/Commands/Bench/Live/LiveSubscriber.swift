import Basics
import Catalog
import EventLog
import Features
import Modelcast
import Snapshots

/// A child of `bench live`: follows the model, scores one event with each version as soon as it is live, and
/// prints when that was.
struct LiveSubscriber: Sendable {
    /// What a child prints: numbers on the monotonic clock and lengths, in nanoseconds.
    struct Report: Sendable, Equatable {
        var version: Int
        var detected: Int64
        var scored: Int64
        var fetching: Int64
        var verifying: Int64
        var warming: Int64

        init(version: Int, detected: Int64, scored: Int64, steps: LoadSteps) {
            self.version = version
            self.detected = detected
            self.scored = scored
            fetching = steps.fetching.nanoseconds
            verifying = steps.verifying.nanoseconds
            warming = steps.warming.nanoseconds
        }

        /// Reads what `text` gave; nil when it is something else.
        init?(_ text: String) {
            let numbers = text.split(separator: " ").compactMap { Int64($0) }
            guard numbers.count == 6 else { return nil }
            version = Int(numbers[0])
            detected = numbers[1]
            scored = numbers[2]
            fetching = numbers[3]
            verifying = numbers[4]
            warming = numbers[5]
        }

        var text: String { "\(version) \(detected) \(scored) \(fetching) \(verifying) \(warming)" }
    }

    let topics: TopicNames
    let instance: String

    /// Runs until the process is ended.
    func run(_ log: any EventLog) async throws {
        var options = SubscriptionOptions()
        options.topics = topics
        options.instance = instance
        options.folders = .none
        let subscription = try await Subscription(
            log: log, reference: ModelReference(LiveRun.model, .alias(.production)), options: options)
        var event: [UInt8] = []
        var detected: [ModelVersion: Int64] = [:]
        for await update in subscription.updates {
            if let error = update.error, update.kind == .refused { throw error }
            guard let version = update.version else { continue }
            if update.kind == .detected { detected[version] = MonotonicTime.now }
            guard update.kind == .live, let model = subscription.current, let steps = update.steps else {
                continue
            }
            if event.isEmpty {
                var random = SeededRandom(seed: 11)
                let features = SyntheticEvents.features(model.schema.features.count, &random)
                event = Array("{\"id\":\"e\",\"features\":".utf8) + features + Array("}".utf8)
            }
            _ = try model.score(event)
            let report = Report(
                version: Int(version.number), detected: detected[version] ?? 0, scored: MonotonicTime.now,
                steps: steps)
            try StandardStream.output.write(Array("\(report.text)\n".utf8))
        }
    }
}
