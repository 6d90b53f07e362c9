import Basics
import Catalog
import EventLog
import EventLogTesting
import Foundation
import ModelcastTesting
import Models
import Snapshots
import Testing

@testable import Modelcast

/// What was altered on its way, on the log's disks or in the cache is refused, and what runs goes on: flipped
/// bits in every field of every kind of record, records cut short and made longer, and files of the cache.
@Suite(.serialized, .timeLimit(.minutes(60))) struct BitFlipsUnderFire {
    /// What became of the damages.
    private struct Tally {
        var refused = 0
        var skipped = 0
        /// The altered bits carry no meaning: the same bytes arrived.
        var same = 0
        var fields: Set<String> = []
    }

    /// Records of a version that runs, and of one that comes.
    private struct Story {
        var before: [Record]
        var after: [Record]
        var reference: String
    }

    private static let topics = TopicNames()

    @Test func aManifestWithItsLists() async throws {
        try await run("flips in manifest and chunks", try await Self.story { _ in })
    }

    @Test func aManifestWhoseListsAreChunks() async throws {
        try await run(
            "flips in manifest and chunks of its lists", try await Self.story(isLong: true) { _ in })
    }

    @Test func anAlias() async throws {
        let story = try await Self.story(reference: "fare@production") { publisher in
            _ = try await publisher.catalog.promote("fare", .production, to: 2, why: "better")
        }
        // The version itself arrives as it was sent; what is damaged is the alias's record. (The tombstone
        // that follows it would take the first revision away.)
        var aliasStory = story
        aliasStory.before += story.after.filter { !Self.isAlias($0) }
        aliasStory.after = story.after.filter { Self.isAlias($0) && $0.value != nil }
        #expect(aliasStory.after.count == 1)
        try await run("flips in an alias's revision", aliasStory)
    }

    private static func isAlias(_ record: Record) -> Bool {
        String(decoding: record.key ?? [], as: UTF8.self).hasPrefix("alias/")
    }

    // MARK: The story

    /// What a publisher writes of version 1 (promoted, where an alias is followed), and then of version 2
    /// with all that a manifest can say.
    private static func story(
        isLong: Bool = false, reference: String = "fare", _ end: (Publisher) async throws -> Void
    ) async throws -> Story {
        let bus = try await TestBus()
        var options = PublisherOptions()
        options.folders = .none
        options.author = "ann@host"
        if isLong { options.snapshotLimits.inlineIndexBytesMax = 100 }
        let publisher = try await Publisher(log: bus.memory, options: options)
        let alias = reference.contains("@") ? "production" : nil
        _ = try await publisher.publish(SampleModel(bias: 1).request("fare", alias: alias))
        let before = try await records(of: bus)
        var request = SampleModel(bias: 2).request("fare")
        request.metrics = ["auc": 0.75, "logLoss": 0.5]
        request.parameters = ["eta": "0.1"]
        request.lineage = Lineage(codeRevision: "c0ffee", parentVersion: 1)
        request.attachments = ["notes.txt": .bytes(Array("what was changed".utf8))]
        _ = try await publisher.publish(request)
        try await end(publisher)
        await publisher.close()
        return Story(
            before: before, after: Array(try await records(of: bus).dropFirst(before.count)),
            reference: reference)
    }

    /// Chunks, then the catalog, as they came: the order in which a publisher writes them.
    private static func records(of bus: TestBus) async throws -> [Record] {
        let chunks = try await TopicScan.records(of: topics.chunks, in: bus.memory)
        let catalog = try await TopicScan.records(of: topics.catalog, in: bus.memory)
        return (chunks + catalog).sorted {
            ($0.timestamp?.milliseconds ?? 0, $0.topic == topics.catalog ? 1 : 0, $0.offset?.number ?? 0)
                < (
                    $1.timestamp?.milliseconds ?? 0, $1.topic == topics.catalog ? 1 : 0,
                    $1.offset?.number ?? 0
                )
        }
    }

    // MARK: The damages

    private func run(_ name: String, _ story: Story) async throws {
        var random = SeededRandom(seed: Soak.seed)
        let samples = DamageSample.all(of: story.after, perField: Soak.scale(2, long: 60), &random)
        var tally = Tally()
        for sample in samples {
            try await check(sample, story, &tally)
            tally.fields.insert("\(sample.record)/\(sample.part)/\(sample.field)")
        }
        #expect(tally.refused + tally.skipped + tally.same == samples.count)
        #expect(tally.skipped > 0 && tally.fields.count > 10)
        Soak.report(
            name, engine: "memory",
            [
                "damages": samples.count, "fields": tally.fields.count, "refused": tally.refused,
                "skipped": tally.skipped, "sameMeaning": tally.same,
            ])
    }

    /// A process that runs version 1 sees the rest of the story with one damage in it.
    private func check(_ sample: DamageSample, _ story: Story, _ tally: inout Tally) async throws {
        let bus = try await TestBus()
        let writer = try await bus.memory.writer()
        for record in story.before { _ = try await writer.send(Self.fresh(record)) }
        let fares = try await bus.subscription(story.reference, instance: "consumer")
        let first = try await bus.live(fares, version: 1)
        for (index, record) in story.after.enumerated() {
            let sent = index == sample.record ? sample.apply(to: record) : record
            _ = try await writer.send(Self.fresh(sent))
        }
        let status = try await settle(fares, bus)
        if fares.current === first {
            #expect(status.version == 1, "\(sample)")
            // It says why: in the refusals of the version, or among the records that it did not take in.
            let reasons = status.refused.map(\.message) + status.skipped.map(\.reason)
            #expect(!reasons.isEmpty && reasons.allSatisfy { !$0.isEmpty }, "\(sample): \(status)")
            if status.refused.isEmpty { tally.skipped += 1 } else { tally.refused += 1 }
            try await expectNobodyCanRead(bus, sample)
        } else {
            // zstd's format has bits that no reader looks at; whatever they are, the content is proved by
            // its digest. Nothing else may be altered without notice.
            let isFrame = sample.part == .value && story.after[sample.record].topic == Self.topics.chunks
            #expect(isFrame && status.version == 2 && status.state == "live", "accepted: \(sample) \(status)")
            #expect(fares.current?.predictor.format.name == "native-linear")
            tally.same += 1
        }
        await fares.close()
    }

    /// As it is sent again: the log gives place and time.
    private static func fresh(_ record: Record) -> Record {
        Record(
            topic: record.topic, partition: record.partition, key: record.key, value: record.value,
            headers: record.headers)
    }

    /// The subscription's status, once it has dealt with all that the log has.
    private func settle(_ fares: Subscription, _ bus: TestBus) async throws -> FleetStatus.Subscription {
        let end = try await bus.memory.watermarks(of: Self.topics.catalog)[Partition(0)]?.high ?? Offset(0)
        try await fares.follower.reach(end)
        for _ in 0..<5_000 {
            let status = await fares.status()
            let isDone = !status.refused.isEmpty || !status.skipped.isEmpty || status.version == 2
            if isDone, status.state == "live" || status.state == "refused" { return status }
            try await Task.sleep(for: .milliseconds(1))
        }
        return await fares.status()
    }

    /// What verifies, exports or downloads refuses it as well.
    private func expectNobodyCanRead(_ bus: TestBus, _ sample: DamageSample) async throws {
        let follower = try await CatalogFollower.start(log: bus.memory)
        let state = await follower.state
        await follower.close()
        guard let manifest = state.models["fare"]?.versions[2]?.manifest,
            state.models["fare"]?.target(of: .production) == nil
        else { return }
        let reader = SnapshotReader(log: bus.memory, topic: Self.topics.chunks)
        await #expect(throws: SnapshotError.self, "\(sample)") { try await reader.verify(manifest) }
        await reader.close()
    }
}
