import Basics
import Catalog
import EmbeddedLog
import EventLog
import EventLogTesting
import Foundation
import KafkaLog
import ModelcastTesting
import Snapshots
import Testing

@testable import Modelcast

/// The same publications and subscriptions on the engines that people use.
@Suite(.serialized) struct EngineTests {
    @Test(.timeLimit(.minutes(1))) func theEmbeddedLogCarriesModels() async throws {
        let folder = NSTemporaryDirectory() + "modelcast-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let log = try await EmbeddedLog.open(path: "\(folder)/log.db")
        try await carriesModels(log, TopicNames())
        await log.close(deadline: .seconds(5))
    }

    @Test(
        .timeLimit(.minutes(2)), .enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)))
    func kafkaCarriesModels() async throws {
        let log = try KafkaLog.open(url: try await RealKafka.shared().url)
        let topics = try TopicNames(prefix: "\(RealKafka.uniqueTopic("models")).")
        try await carriesModels(log, topics)
        await log.close(deadline: .seconds(5))
    }

    private func carriesModels(_ log: any EventLog, _ topics: TopicNames) async throws {
        try await log.createModelcastTopics(topics)
        var publishing = PublisherOptions()
        publishing.topics = topics
        publishing.folders = .none
        var subscribing = SubscriptionOptions()
        subscribing.topics = topics
        subscribing.folders = .none
        let publisher = try await Publisher(log: log, options: publishing)
        // A snapshot of many chunks, so that later fetches seek among them.
        var large = SampleModel(bias: 1).request("fare", alias: "production")
        large.attachments["large.bin"] = .bytes(noise(9_000_000))
        _ = try await publisher.publish(large)
        let fares = try await Subscription(log: log, model: "fare@production", options: subscribing)
        #expect(try await fares.live().version == 1)
        for bias in 2...9 {
            let request = SampleModel(bias: Float(bias)).request("fare", alias: "production")
            let version = try await publisher.publish(request).manifest.version
            while fares.current?.version != version { try await Task.sleep(for: .milliseconds(1)) }
        }
        let manifest = try await publisher.follower.asOfNow().resolve(ModelReference("fare@1"))
        let reader = SnapshotReader(log: log, topic: topics.chunks)
        let files = try await reader.read(manifest) { $0 == "attachments/large.bin" }
        #expect(files["attachments/large.bin"] == noise(9_000_000))
        await reader.close()
        await fares.close()
        await publisher.close()
    }

    private func noise(_ count: Int) -> [UInt8] {
        var random = SeededRandom(seed: 11)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
        return Array(bytes.prefix(count))
    }
}
