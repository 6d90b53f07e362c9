import Basics
import Catalog
import EventLog
import EventLogTesting
import Features
import Modelcast
import Models
import OnlineLearning
import Snapshots
import Testing

/// A log with a base version, and events whose labels follow a known rule.
struct LearningBench {
    let log = InMemoryLog()
    let topics = TopicNames()
    let model: ModelName = "clicks"

    init() async throws {
        try await log.create(topics.definitions)
        let schema = try Schema([
            Feature("a", .float), Feature("b", .float),
            Feature("kind", .categorical, categories: ["x", "y"]),
        ])
        let pipeline = Pipeline([
            Pipeline.Column("a"), Pipeline.Column("b", [.standardise(mean: 0, deviation: 2)]),
            Pipeline.Column("kind", [.oneHot(categories: ["x", "y"], unknown: true)]),
            Pipeline.Column("kind"),
        ])
        let base = try LinearModel(
            kind: .logistic, intercepts: [0], weights: [0, 0, 0, 0, 0, 0], featureCount: 6)
        var options = PublisherOptions()
        options.folders = .none
        let publisher = try await Publisher(log: log, options: options)
        var request = PublicationRequest(
            model: model, modelFile: SnapshotFile(path: "model.json", source: .bytes(base.encoded())))
        request.schema = .bytes(schema.encoded())
        request.pipeline = .bytes(pipeline.encoded())
        let golden = GoldenRows([
            GoldenRows.Row(features: Array(#"{"a":1,"b":null,"kind":"x"}"#.utf8), prediction: [0.5]),
            GoldenRows.Row(features: Array(#"{"a":null,"b":2,"kind":"z"}"#.utf8), prediction: [0.5]),
        ])
        request.golden = .bytes(golden.encoded())
        _ = try await publisher.publish(request)
        await publisher.close()
    }

    var options: LearningOptions {
        var options = LearningOptions(model: model, interval: .examples(500))
        options.once = true
        options.folders = .none
        options.settings.rate = 0.2
        return options
    }

    /// Appends `range` of a stream that depends on `seed` alone. Labels of some events come before them, of
    /// some never.
    func send(_ range: Range<Int>, seed: UInt64) async throws {
        let writer = try await log.writer()
        var batch = RecordBatch()
        for number in range {
            var random = SeededRandom(seed: seed &* 1_000_003 &+ UInt64(number))
            let a = random.unit() * 2 - 1
            let b = random.unit() * 4 - 2
            let kind = random.next() % 2 == 0 ? "x" : "y"
            let label = a + b / 2 + (kind == "x" ? 0.5 : -0.5) > 0
            let shownB = random.next() % 10 == 0 ? "null" : String(b)
            let time = Timestamp(milliseconds: 1_700_000_000_000 + Int64(number) * 1_000)
            let event = Record(
                topic: topics.events, timestamp: time, key: Array("e\(number)".utf8),
                value: Array(
                    #"{"id":"e\#(number)","features":{"a":\#(a),"b":\#(shownB),"kind":"\#(kind)"}}"#.utf8))
            let labelled = Record(
                topic: topics.labels, timestamp: time, key: Array("e\(number)".utf8),
                value: Array(#"{"id":"e\#(number)","label":\#(label)}"#.utf8))
            let isUnlabelled = random.next() % 20 == 0
            for record in random.next() % 4 == 0 ? [labelled, event] : [event, labelled]
            where record.topic == topics.events || !isUnlabelled {
                batch.append(record)
            }
        }
        _ = try await writer.send(batch)
        await writer.close(deadline: .seconds(1))
    }

    func learn(_ options: LearningOptions? = nil) async throws -> LearningSummary {
        try await LearningService(log: log, options: options ?? self.options).run(stop: StopSignal())
    }

    func manifests() async throws -> [Manifest] {
        let follower = try await CatalogFollower.start(log: log)
        let manifests = try await follower.state.model(model).published
        await follower.close()
        return manifests
    }
}

@Suite(.timeLimit(.minutes(2))) struct LearningServiceTests {
    @Test func publishesAVersionEveryNExamplesAndImproves() async throws {
        let bench = try await LearningBench()
        try await bench.send(0..<3_000, seed: 1)
        let summary = try await bench.learn()
        #expect(summary.events == 3_000)
        #expect(summary.versions.map(\.number) == [2, 3, 4, 5, 6])
        #expect(summary.examples == 2_500)
        let manifests = try await bench.manifests().dropFirst()
        #expect(manifests.map { $0.parameters["examples"] } == ["500", "1000", "1500", "2000", "2500"])
        let last = try #require(manifests.last)
        #expect((last.metrics["auc"] ?? 0) > 0.95)
        #expect(last.lineage.parentVersion == ModelVersion(5))
    }

    @Test func theManifestNamesExactlyTheRecordsThatAreInIt() async throws {
        let bench = try await LearningBench()
        try await bench.send(0..<1_700, seed: 2)
        _ = try await bench.learn()
        var next: [TopicPartition: Offset] = [:]
        for manifest in try await bench.manifests().dropFirst() {
            // The spans of versions in a row follow each other without gap or overlap.
            for span in manifest.lineage.events {
                if let expected = next[span.partition] { #expect(span.from == expected) }
                #expect(span.from < span.to)
                next[span.partition] = span.to
            }
        }
        #expect(next.count == 8)
    }

    /// A learner that is stopped anywhere and started again makes the same versions, byte for byte, as one
    /// that is not.
    @Test(arguments: [3, 4, 5] as [UInt64])
    func interruptionsChangeNothing(seed: UInt64) async throws {
        let whole = try await LearningBench()
        try await whole.send(0..<2_000, seed: seed)
        _ = try await whole.learn()
        let expected = try await whole.manifests().map(\.digest)
        #expect(expected.count == 4)

        let parts = try await LearningBench()
        var random = SeededRandom(seed: seed)
        try await parts.send(0..<2_000, seed: seed)
        for _ in 0..<4 {
            let process = parts.log.anotherProcess()
            var options = parts.options
            options.once = false
            let service = LearningService(log: process, options: options)
            let running = Task { try await service.run(stop: StopSignal()) }
            try await Task.sleep(for: .milliseconds(Int64.random(in: 1...150, using: &random)))
            process.kill()
            _ = try? await running.value
        }
        _ = try await parts.learn()
        #expect(try await parts.manifests().map(\.digest) == expected, "seed \(seed)")
    }

    @Test func aLearnedVersionScoresAsTheLearnerDoes() async throws {
        let bench = try await LearningBench()
        try await bench.send(0..<1_200, seed: 6)
        let summary = try await bench.learn()
        // Loading checks the golden rows, whose predictions are the new version's own.
        let version = try #require(summary.versions.last)
        let model = try await ModelLoader().load(
            ModelReference(bench.model, .version(version)), from: bench.log, folders: .none)
        #expect(model.goldenRowsChecked == 2)
        #expect(model.program.outputCount == 6)
    }

    @Test func theGateKeepsAVersionBack() async throws {
        let bench = try await LearningBench()
        try await bench.send(0..<1_200, seed: 7)
        var options = bench.options
        options.gate = { metrics in (metrics["auc"] ?? 0) >= 0.999999 ? [] : ["auc is \(metrics["auc"] ?? 0)"]
        }
        let summary = try await bench.learn(options)
        #expect(summary.versions.isEmpty)
        #expect(summary.heldBack == 2)
        #expect(try await bench.manifests().count == 1)
    }

    @Test func versionsByEventTimeDependOnTheLabelsTimes() async throws {
        let bench = try await LearningBench()
        try await bench.send(0..<900, seed: 8)
        var options = bench.options
        options.interval = .eventTime(.seconds(300))
        let summary = try await bench.learn(options)
        #expect(summary.versions.count >= 2)
    }

    @Test func aSecondLearnerStopsTheFirst() async throws {
        let bench = try await LearningBench()
        var options = bench.options
        options.once = false
        let first = LearningService(log: bench.log, options: options)
        let running = Task { try await first.run(stop: StopSignal()) }
        try await bench.send(0..<600, seed: 9)
        while first.progress.summary.versions.isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        // A version that the first does not know of, of a learner like itself.
        var options2 = PublisherOptions()
        options2.folders = .none
        let publisher = try await Publisher(log: bench.log, options: options2)
        let base = try LinearModel(kind: .logistic, intercepts: [0], weights: [1], featureCount: 1)
        var request = PublicationRequest(
            model: bench.model, modelFile: SnapshotFile(path: "model.json", source: .bytes(base.encoded())))
        request.parameters = ["learner": "logistic-sgd"]
        _ = try await publisher.publish(request)
        await publisher.close()
        try await bench.send(600..<1_300, seed: 9)
        await #expect(throws: LearningError(.replaced, "", recovery: .fixConfiguration)) {
            try await running.value
        }
    }

    @Test func withoutAnyVersionItSaysWhatToDo() async throws {
        let bench = try await LearningBench()
        var options = bench.options
        options.model = "unknown"
        await #expect {
            _ = try await LearningService(log: bench.log, options: options).run(stop: StopSignal())
        } throws: { error in
            (error as? LearningError)?.code == .noBase
                && (error as? LearningError)?.hint.contains("--base") == true
        }
    }

    @Test func unusableRecordsAreCountedAndPassedOver() async throws {
        let bench = try await LearningBench()
        let writer = try await bench.log.writer()
        for value in ["", "{", #"{"id":"q","label":"maybe"}"#, #"{"id":"q","label":2}"#, #"{"label":1}"#] {
            try await writer.send(Record(topic: bench.topics.labels, value: Array(value.utf8)))
        }
        try await writer.send(Record(topic: bench.topics.events, value: Array("[]".utf8)))
        try await bench.send(0..<600, seed: 10)
        let summary = try await bench.learn()
        #expect(summary.unusable == 6)
        #expect(summary.versions.count == 1)
    }
}
