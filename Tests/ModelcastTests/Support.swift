import Basics
import Catalog
import EventLog
import Features
import ModelcastTesting
import Models
import Snapshots
import Synchronization

@testable import Modelcast

extension TestBus {
    /// Publishes past the observed log, whose records a test has spoilt for readers.
    func publish(_ sample: SampleModel, as model: ModelName, through log: any EventLog) async throws {
        var options = PublisherOptions()
        options.folders = .none
        let publisher = try await Publisher(log: log, options: options)
        _ = try await publisher.publish(sample.request(model))
        await publisher.close()
    }

    /// Publishes as `fare` past the observed log.
    func publishUnchecked(_ sample: SampleModel) async throws {
        try await publish(sample, as: "fare", through: memory)
    }
}

/// A log that has no reader of a topic to give for a while.
final class FlakyLog: ForwardingLog {
    let base: any EventLog
    private let broken = Mutex<(topic: TopicName?, times: Int)>((nil, 0))

    init(_ base: any EventLog) { self.base = base }

    func breakReaders(of topic: TopicName, times: Int) {
        broken.withLock { $0 = (topic, times) }
    }

    func reader(_ options: ReaderOptions) async throws(LogError) -> any PartitionReader {
        let fails = broken.withLock { broken in
            guard broken.times > 0, options.start.keys.contains(where: { $0.topic == broken.topic }) else {
                return false
            }
            broken.times -= 1
            return true
        }
        if fails { throw LogError(.unavailable, "no broker", severity: .retriable, recovery: .retry) }
        return try await base.reader(options)
    }
}
