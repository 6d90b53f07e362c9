import Basics
import Catalog
import Crypto
import EventLog
import EventLogTesting
import Features
import Foundation
import ModelcastTesting
import Models
import Snapshots
import Testing

@testable import Modelcast

/// Guarantee 1: a version is visible whole and checked, or not at all.
@Suite struct PublishingTests {
    private func options(_ folders: LocalFolders = .none) -> PublisherOptions {
        var options = PublisherOptions()
        options.author = "ann@host"
        options.folders = folders
        return options
    }

    private func largeRequest(_ seed: UInt64 = 1) -> PublicationRequest {
        var request = SampleModel(bias: 1).request("fare")
        var random = SeededRandom(seed: seed)
        var bytes: [UInt8] = []
        for _ in 0..<400_000 { withUnsafeBytes(of: random.next()) { bytes.append(contentsOf: $0) } }
        request.attachments["weights.bin"] = .bytes(bytes)
        return request
    }

    @Test func aPublicationTellsWhatItDid() async throws {
        let bus = try await TestBus()
        let publisher = try await Publisher(log: bus.log, options: options())
        var request = SampleModel(bias: 1).request("fare", alias: "production")
        request.metrics = ["auc": 0.75]
        request.parameters = ["eta": "0.1"]
        request.why = "first"
        let phases = Phases()
        let publication = try await publisher.publish(request) { phases.add($0.phase) }
        #expect(publication.manifest.version == 1 && publication.attempts == 1 && publication.chunkCount == 1)
        #expect(publication.aliasChange?.revision.version == 1)
        #expect(publication.manifest.publisher == "ann@host" && publication.manifest.metrics == ["auc": 0.75])
        #expect(
            publication.manifest.format == "native-linear" && publication.manifest.modelFile == "model.json")
        #expect(phases.all == [.validating, .describing, .sending, .claiming, .promoting, .done])
        let again = try await publisher.publish(request)
        #expect(again.manifest.version == 2 && again.sentChunks == 0, "the same bytes")
        #expect(again.manifest.digest == publication.manifest.digest)
        let audit = try await AuditRecord.all(in: bus.log)
        #expect(audit.map(\.action) == [.publish, .promote, .publish, .promote])
    }

    @Test func aModelWithoutASchemaGetsOneFromItsFile() async throws {
        let bus = try await TestBus()
        let publisher = try await Publisher(log: bus.log, options: options())
        var request = SampleModel().request("named")
        request.schema = nil
        request.golden = nil
        _ = try await publisher.publish(request)
        let bare = try LinearModel(kind: .identity, intercepts: [1], weights: [1, 2, 3], featureCount: 3)
        _ = try await publisher.publish(
            PublicationRequest(
                model: "bare", modelFile: SnapshotFile(path: "m.json", source: .bytes(bare.encoded()))))
        let loader = ModelLoader()
        let named = try await loader.load(ModelReference("named"), from: bus.log, folders: .none)
        #expect(named.schema.features.map(\.name) == ["fare", "miles"])
        let loaded = try await loader.load(ModelReference("bare"), from: bus.log, folders: .none)
        #expect(loaded.schema.features.map(\.name) == ["f0", "f1", "f2"])
        #expect(loaded.schema.features.allSatisfy { !$0.isRequired && $0.kind == .float })
        let contents = try await SnapshotReader(log: bus.log, topic: bus.topics.chunks).contents(
            of: loaded.manifest!)
        #expect(contents.files.map(\.path) == ["m.json", "schema.json"])
    }

    /// The publisher refuses what a consumer would refuse, and sends nothing.
    @Test func whatCannotBeScoredIsNotSent() async throws {
        let bus = try await TestBus()
        let publisher = try await Publisher(log: bus.log, options: options())
        var cases: [(String, PublicationRequest)] = []
        cases.append(("golden-mismatch", SampleModel(isSpoilt: true).request("fare")))
        var request = SampleModel().request("fare")
        request.modelFile.source = .bytes(Array("not a model".utf8))
        cases.append(("model-format-unknown", request))
        request = SampleModel().request("fare")
        request.schema = .bytes(Array("{}".utf8))
        cases.append(("schema-malformed", request))
        request = SampleModel().request("fare")
        request.pipeline = .bytes(Pipeline([Pipeline.Column("fare")]).encoded())
        cases.append(("shape-mismatch", request))
        request = SampleModel().request("fare")
        request.golden = .bytes(
            GoldenRows([.init(features: Array("{\"miles\":1}".utf8), prediction: [0])]).encoded())
        cases.append(("golden-unreadable", request))
        request = SampleModel().request("fare")
        request.metrics = ["auc": .nan]
        cases.append(("invalid-request", request))
        request = SampleModel().request("fare")
        request.attachments = ["../../etc/passwd": .bytes([1])]
        cases.append(("invalid-name", request))
        request = SampleModel().request("fare")
        request.modelFile.source = .file("/no/such/file")
        cases.append(("storage", request))
        for (code, request) in cases {
            do {
                _ = try await publisher.publish(request)
                Issue.record("\(code): published")
            } catch {
                #expect(error.codeName.hasSuffix(code), "\(code): \(error.codeName) \(error.message)")
                #expect(!error.message.isEmpty)
            }
        }
        #expect(bus.log.counts.sent.isEmpty)
        #expect(try await publisher.follower.asOfNow().models.isEmpty)
    }

    /// Whatever call fails, and whether it was carried out or not: what is visible afterwards is whole.
    @Test(arguments: [FaultPlan.Moment.before, .after])
    func whereverAPublicationFailsNothingHalfIsVisible(moment: FaultPlan.Moment) async throws {
        var failures = 0
        for number in 1...200 {
            let bus = try await TestBus()
            let plan = FaultPlan(failing: number, of: [.open, .read, .seek, .send], moment)
            let publisher: Publisher
            do {
                publisher = try await Publisher(log: FaultyLog(bus.log, plan: plan), options: options())
            } catch {
                failures += 1
                continue
            }
            var isPublished = false
            do {
                _ = try await publisher.publish(largeRequest())
                isPublished = true
            } catch {
                failures += 1
            }
            let fired = plan.hasFired
            await publisher.close()
            let state = try await CatalogFollower.start(log: bus.memory).asOfNow()
            let visible = state.models["fare"]?.published ?? []
            if isPublished { #expect(visible.count == 1, "operation \(number)") }
            for manifest in visible {
                let reader = SnapshotReader(log: bus.memory, topic: bus.topics.chunks)
                let files = try await reader.read(manifest) { _ in true }
                #expect(files["attachments/weights.bin"]?.count == 3_200_000, "operation \(number)")
            }
            if !fired {
                #expect(failures > 3, "\(failures) of \(number) operations could fail a publication")
                return
            }
        }
        Issue.record("a publication has more than 200 operations")
    }

    @Test func aKilledPublisherGoesOnWhereItWasAndUsesUpNoNumber() async throws {
        let bus = try await TestBus()
        let folder = NSTemporaryDirectory() + "modelcast-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let folders = LocalFolders(cache: nil, journal: folder)
        var limits = SnapshotLimits()
        limits.windowBytesMax = 800_000
        var options = options(folders)
        options.snapshotLimits = limits
        var sent = 0
        for _ in 1...3 {
            let process = ObservedLog(bus.memory.anotherProcess())
            process.die(afterSends: 1)
            let publisher = try await Publisher(log: process, options: options)
            await #expect(throws: ModelcastError.self) { try await publisher.publish(self.largeRequest()) }
            sent += process.counts.sent[bus.topics.chunks] ?? 0
        }
        let state = try await CatalogFollower.start(log: bus.memory).asOfNow()
        #expect(state.models.isEmpty, "nothing is visible")
        let last = try await Publisher(log: bus.log, options: options)
        let publication = try await last.publish(largeRequest())
        #expect(publication.manifest.version == 1)
        sent += bus.log.counts.sent[bus.topics.chunks] ?? 0
        #expect(sent == publication.chunkCount && publication.chunkCount == 6, "each chunk was sent once")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty, "the journal is gone")
    }

    @Test func racingPublishersEachGetAVersion() async throws {
        let bus = try await TestBus()
        let versions = try await withThrowingTaskGroup(of: Int.self) { group in
            for racer in 0..<6 {
                group.addTask {
                    let publisher = try await bus.publisher(author: "racer-\(racer)")
                    let publication = try await publisher.publish(
                        SampleModel(bias: Float(racer)).request("fare"))
                    return publication.manifest.version.number
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(versions.sorted() == Array(1...6))
    }

    @Test func aTakenVersionAndAMovedAliasAreNamed() async throws {
        let bus = try await TestBus()
        let publisher = try await bus.publisher(author: "bob")
        _ = try await publisher.publish(SampleModel().request("fare", alias: "production"))
        var request = SampleModel(bias: 2).request("fare")
        request.version = 1
        do {
            _ = try await publisher.publish(request)
            Issue.record("version 1 was given twice")
        } catch {
            #expect(error.codeName == "version-taken" && error.message.contains("bob"))
        }
        request = SampleModel(bias: 2).request("fare", alias: "production")
        request.aliasExpectation = .absent
        do {
            _ = try await publisher.publish(request)
            Issue.record("the alias was moved")
        } catch {
            #expect(error.code == .aliasNotMoved && error.message.contains("fare@2 is published"))
        }
    }
}

/// The phases that a publication reported, each once.
private final class Phases: @unchecked Sendable {
    private let lock = NSLock()
    private var phases: [PublicationMachine.Phase] = []

    func add(_ phase: PublicationMachine.Phase) {
        lock.withLock { if phases.last != phase { phases.append(phase) } }
    }

    var all: [PublicationMachine.Phase] { lock.withLock { phases } }
}
