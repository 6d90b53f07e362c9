import Basics
import Catalog
import Crypto
import EventLog
import Features
import Foundation
import ModelcastTesting
import Models
import Snapshots
import Testing

@testable import Modelcast

@Suite struct SubscriptionTests {
    private func score(_ model: LoadedModel, fare: Float, miles: Float) -> Float {
        model.predictor.predict(rows: [fare, miles]).prediction(0)
    }

    @Test(.timeLimit(.minutes(1))) func versionsBecomeLiveOneAfterAnother() async throws {
        let bus = try await TestBus()
        let fares = try await bus.subscription("fare")
        #expect(fares.current == nil)
        var iterator = fares.updates.makeAsyncIterator()
        #expect(await iterator.next()?.kind == .unavailable)
        for number in 1...3 {
            let sample = SampleModel(bias: Float(number))
            let version = try await bus.publish(sample, as: "fare")
            let model = try await bus.live(fares, version: version)
            #expect(score(model, fare: 8, miles: 2) == sample.prediction(fare: 8, miles: 2))
            #expect(model.goldenRowsChecked == 3 && model.manifest?.version == version)
            let detected = await iterator.next()
            #expect(detected?.kind == .detected && detected?.version == version)
            let live = await iterator.next()
            #expect(live?.kind == .live && live?.previous?.number == (number == 1 ? nil : number - 1))
            #expect((live?.loading ?? .seconds(99)) < .seconds(30) && live?.sincePublished != nil)
        }
        #expect(fares.slot.generation == 3)
        await fares.close()
        #expect(await iterator.next() == nil)
        #expect(fares.current?.version == 3, "who scores goes on scoring")
    }

    @Test(.timeLimit(.minutes(1))) func anAliasAndAPinAreFollowed() async throws {
        let bus = try await TestBus()
        let publisher = try await bus.publisher()
        for bias in 1...3 { _ = try await publisher.publish(SampleModel(bias: Float(bias)).request("fare")) }
        let newest = try await bus.subscription("fare", instance: "a")
        let pinned = try await bus.subscription("fare@2", instance: "b")
        let staging = try await bus.subscription("fare@staging", instance: "c")
        #expect(try await newest.live().version == 3)
        #expect(try await pinned.live().version == 2)
        #expect(staging.current == nil)
        _ = try await publisher.catalog.promote("fare", "staging", to: 1)
        #expect(try await staging.live().version == 1)
        _ = try await publisher.catalog.promote("fare", .production, to: 1)
        _ = try await bus.live(newest, version: 1)
        _ = try await publisher.catalog.rollback("fare", "staging", to: 3)
        _ = try await bus.live(staging, version: 3)
        #expect(pinned.current?.version == 2)
        // The fleet topic says so, within a moment.
        var fleet: [FleetStatus] = []
        for _ in 0..<500 {
            fleet = try await FleetStatus.all(in: bus.log)
            let running = fleet.map { $0.subscriptions.first?.version?.number }
            if running == [1, 2, 3] { break }
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(fleet.map(\.instance) == ["a", "b", "c"])
        #expect(fleet.map { $0.subscriptions.first?.version?.number } == [1, 2, 3])
        #expect(
            fleet.allSatisfy {
                $0.subscriptions.first?.state == "live" && $0.subscriptions.first?.since != nil
            })
        await pinned.close()
        #expect(try await FleetStatus.all(in: bus.log).map(\.instance) == ["a", "c"])
    }

    /// A version that no publisher of ours would let through: the request's model with golden rows that it
    /// does not meet.
    private func publishSpoilt(_ bus: TestBus) async throws {
        let sample = SampleModel(bias: 5, isSpoilt: true)
        let writer = SnapshotWriter(log: bus.memory, topic: bus.topics.chunks)
        let description = try await writer.describe([
            SnapshotFile(path: "model.json", source: .bytes(sample.predictor.encoded())),
            SnapshotFile(path: "schema.json", source: .bytes(SampleModel.schema.encoded())),
            SnapshotFile(path: "golden.json", source: .bytes(sample.golden.encoded())),
        ])
        let written = try await writer.write(description)
        let follower = try await CatalogFollower.start(log: bus.memory)
        let catalog = CatalogWriter(log: bus.memory, follower: follower, author: "mallory")
        _ = try await catalog.claimVersion(of: "fare") { version in
            Manifest(
                model: "fare", version: version, digest: description.digest, format: "native-linear",
                modelFile: "model.json", byteCount: description.byteCount, fileCount: 3,
                location: written.location,
                createdAt: Timestamp.now, publisher: "mallory")
        }
    }

    /// Guarantee 6.
    @Test(.timeLimit(.minutes(1))) func aModelThatScoresOtherwiseIsRefusedAndTheOldOneGoesOn() async throws {
        let bus = try await TestBus()
        let fares = try await bus.subscription("fare", instance: "scorer-1")
        try await bus.publish(SampleModel(bias: 1), as: "fare")
        let first = try await bus.live(fares, version: 1)
        try await publishSpoilt(bus)
        let status = try await bus.settled(fares, states: ["refused"])
        #expect(fares.current === first && fares.slot.generation == 1)
        #expect(status.version == 1 && status.wanted == 2)
        #expect(status.refused.map(\.code) == ["golden-mismatch"] && status.refused.first?.version == 2)
        #expect(status.refused.first?.message.contains("row 0") == true)
        // A good version afterwards is taken, and the audit topic tells the story.
        try await bus.publish(SampleModel(bias: 3), as: "fare")
        _ = try await bus.live(fares, version: 3)
        await fares.close()
        let audit = try await AuditRecord.all(in: bus.log).filter { $0.who == "scorer-1" }
        #expect(audit.map(\.action) == [.activate, .refuse, .activate])
        #expect(audit.last?.before?.version == 1 && audit.last?.after?.version == 3)
    }

    @Test(.timeLimit(.minutes(1))) func aLateJoinerReadsTheCatalogAndTheChunksItNeeds() async throws {
        let bus = try await TestBus()
        let publisher = try await bus.publisher()
        for bias in 0..<6 {
            var request = SampleModel(bias: Float(bias)).request("fare")
            request.attachments["note.bin"] = .bytes([UInt8](repeating: UInt8(bias), count: 2_000_000))
            _ = try await publisher.publish(request)
        }
        let catalog = try await bus.log.watermarks(of: bus.topics.catalog)[Partition(0)]!.high.number
        bus.log.resetCounts()
        let fares = try await bus.subscription("fare")
        #expect(try await fares.live().version == 6)
        #expect(bus.log.counts.read[bus.topics.catalog] == Int(catalog))
        #expect(bus.log.counts.read[bus.topics.chunks] == 1, "model, schema and golden rows share a chunk")
    }

    /// However large the catalog is, a consumer reads it once and its own chunks.
    @Test(.timeLimit(.minutes(1))) func aConsumerOfOneModelReadsNoChunkOfTheOthers() async throws {
        let bus = try await TestBus()
        let publisher = try await bus.publisher()
        for number in 0..<40 {
            for bias in 0..<3 {
                _ = try await publisher.publish(
                    SampleModel(bias: Float(number * 10 + bias)).request(
                        ModelName(stringLiteral: "m\(number)"), alias: "production"))
            }
        }
        await publisher.close()
        let ends = try await bus.log.watermarks(of: bus.topics.catalog)
        bus.log.resetCounts()
        let one = try await bus.subscription("m17")
        #expect(try await one.live().version == 3)
        let catalog = try #require(bus.log.counts.read[bus.topics.catalog])
        #expect(catalog >= 40 * 3 && catalog <= Int(ends[Partition(0)]!.high.number))
        #expect(bus.log.counts.read[bus.topics.chunks] == 1, "one chunk holds the small model")
        #expect(Set(bus.log.counts.read.keys) == [bus.topics.catalog, bus.topics.chunks])
        await one.close()
    }

    @Test(.timeLimit(.minutes(1))) func aVersionWhoseChunksAreGoneIsRefusedAndNotTriedAgain() async throws {
        let bus = try await TestBus()
        let fares = try await bus.subscription("fare")
        try await bus.publish(SampleModel(bias: 1), as: "fare")
        let first = try await bus.live(fares, version: 1)
        bus.log.changeReads { record in
            guard record.topic == "modelcast.chunks" else { return nil }
            var changed = record
            changed.value = nil
            return changed
        }
        try await bus.publishUnchecked(SampleModel(bias: 2))
        let status = try await bus.settled(fares, states: ["refused"])
        #expect(status.refused.map(\.code) == ["chunk-missing"] && fares.current === first)
        let before = bus.log.counts.read[bus.topics.chunks]
        try await bus.publish(SampleModel(bias: 9), as: "other", through: bus.memory)
        _ = try await CatalogFollower.start(log: bus.log).asOfNow()
        try await Task.sleep(for: .milliseconds(50))
        #expect(bus.log.counts.read[bus.topics.chunks] == before, "a refused version is left alone")
    }

    @Test(.timeLimit(.minutes(1))) func aFetchThatFailsForNowIsTriedAgain() async throws {
        let bus = try await TestBus()
        let flaky = FlakyLog(bus.log)
        var options = SubscriptionOptions()
        options.folders = .none
        let fares = try await Subscription(log: flaky, model: "fare", options: options)
        flaky.breakReaders(of: bus.topics.chunks, times: 2)
        try await bus.publish(SampleModel(bias: 1), as: "fare")
        var kinds: [ModelUpdate.Kind] = []
        for await update in fares.updates {
            kinds.append(update.kind)
            if update.kind == .live { break }
        }
        #expect(kinds.filter { $0 == .delayed }.count >= 1 && !kinds.contains(.refused))
        #expect(fares.current?.version == 1)
    }

    @Test func aNameThatBreaksTheRuleAndAMissingTopicAreErrors() async throws {
        let bus = try await TestBus()
        await #expect(throws: ModelcastError(.init("invalid-name"), "")) {
            try await Subscription(log: bus.log, model: "fa re")
        }
        var options = SubscriptionOptions()
        options.topics.catalog = "nowhere"
        await #expect(throws: ModelcastError.self) {
            try await Subscription(log: bus.log, model: "fare", options: options)
        }
        let fares = try await bus.subscription("fare")
        do {
            _ = try await fares.live(within: .milliseconds(50))
            Issue.record("a model from nowhere")
        } catch {
            #expect(error.code == .notLive && error.message.contains("no model 'fare'"), "\(error.message)")
        }
    }
}
