import Basics
import EventLog
import EventLogTesting
import Features
import Foundation
import Modelcast
import Models
import Scoring
import Snapshots
import Testing

/// A log with the three topics, a model whose version is in every prediction, and events with known answers.
struct ScoringBench {
    static let events: TopicName = "features.events"
    static let predictions: TopicName = "predictions"
    static let deadLetters: TopicName = "predictions.dead-letter"

    let log = InMemoryLog()
    let slot = ModelSlot()
    let partitions: Int32

    init(partitions: Int32 = 3) async throws {
        self.partitions = partitions
        try await log.create([
            TopicDefinition(name: Self.events, partitions: partitions),
            TopicDefinition(name: Self.predictions, partitions: 2),
            TopicDefinition(name: Self.deadLetters, partitions: 1),
        ])
    }

    /// Version `version` predicts `x + 1000 * version`.
    static func model(_ version: Int) throws -> LoadedModel {
        let schema = try Schema([
            Feature("x", .float, isRequired: true), Feature("kind", .categorical, categories: ["a", "b"]),
        ])
        let pipeline = Pipeline([Pipeline.Column("x")])
        let predictor = try LinearModel(
            kind: .identity, intercepts: [Float(1_000 * version)], weights: [1], featureCount: 1)
        return LoadedModel(
            name: "sum", version: try #require(ModelVersion(version)), schema: schema,
            program: try FeatureProgram(schema: schema, pipeline: pipeline), predictor: predictor)
    }

    func options(instance: String = "one", once: Bool = true, delivery: Delivery = .exactlyOnce)
        -> ScoringOptions
    {
        var limits = ScoringLimits()
        limits.batchRecordsMax = 37
        limits.blockRowsMax = 16
        limits.features.eventBytesMax = 500_000
        limits.commitDeadline = .seconds(20)
        limits.sessionTimeout = .milliseconds(500)
        return ScoringOptions(
            input: Self.events, output: Self.predictions, deadLetter: Self.deadLetters, group: "scorers",
            instance: instance, delivery: delivery, once: once, limits: limits)
    }

    func service(_ options: ScoringOptions, on log: (any EventLog)? = nil) -> ScoringService {
        ScoringService(log: log ?? self.log, slot: slot, following: "sum@production", options: options)
    }

    /// Appends events `ids`, each with its number as `x`.
    func send(_ ids: Range<Int>) async throws {
        let writer = try await log.writer()
        var batch = RecordBatch()
        for id in ids {
            let value = #"{"id":"e\#(id)","ts":"2026-01-01T00:00:00Z","features":{"x":\#(id),"kind":"a"}}"#
            batch.append(Record(topic: Self.events, key: Array("e\(id)".utf8), value: Array(value.utf8)))
        }
        _ = try await writer.send(batch)
        await writer.close(deadline: .seconds(1))
    }

    /// Everything that a `read_committed` reader finds in `topic`.
    func read(_ topic: TopicName) async throws -> [Record] {
        let count = try await log.partitionCount(of: topic) ?? 0
        let start = (0..<count).map { (TopicPartition(topic, $0), StartPosition.earliest) }
        let reader = try await log.reader(ReaderOptions(start: Dictionary(uniqueKeysWithValues: start)))
        var records: [Record] = []
        var open = Set(start.map(\.0))
        var batch = RecordBatch()
        while !open.isEmpty {
            batch.removeAll()
            switch try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5)) {
            case .records: records.append(contentsOf: batch.records)
            case .caughtUp(let places): open.subtract(places.keys)
            default: throw LogError(.timedOut, "\(topic) does not end", recovery: .bug)
            }
        }
        await reader.close(deadline: .seconds(1))
        return records
    }

    struct Prediction: Decodable, Sendable {
        let id: String
        let model: String
        let version: Int
        let prediction: Double
        let source: String
        let ts: String
    }

    func readPredictions() async throws -> [Prediction] {
        try await read(Self.predictions).map { record in
            try JSONDecoder().decode(Prediction.self, from: Data(record.value ?? []))
        }
    }
}

@Suite(.timeLimit(.minutes(2))) struct ScoringServiceTests {
    @Test(arguments: Delivery.allCases)
    func everyEventBecomesOnePrediction(delivery: Delivery) async throws {
        let bench = try await ScoringBench()
        try await bench.send(0..<500)
        bench.slot.set(try ScoringBench.model(1))
        let summary = try await bench.service(bench.options(delivery: delivery)).run(stop: StopSignal())
        #expect(summary.tally.predictions == 500)
        #expect(summary.tally.deadLetterCount == 0)
        let predictions = try await bench.readPredictions()
        #expect(Set(predictions.map(\.id)).count == 500)
        #expect(predictions.count == 500)
        for prediction in predictions {
            #expect(prediction.prediction == Double(prediction.id.dropFirst())! + 1_000)
            #expect(prediction.model == "sum" && prediction.version == 1)
            #expect(prediction.ts == "2026-01-01T00:00:00.000Z")
        }
    }

    @Test func aPredictionNamesThePlaceOfItsEvent() async throws {
        let bench = try await ScoringBench()
        try await bench.send(0..<50)
        bench.slot.set(try ScoringBench.model(1))
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        var places: [String: String] = [:]
        for record in try await bench.read(ScoringBench.events) {
            places[String(decoding: record.key ?? [], as: UTF8.self)] =
                "\(record.partition!):\(record.offset!)"
        }
        for prediction in try await bench.readPredictions() {
            #expect(places[prediction.id] == prediction.source)
        }
    }

    @Test(arguments: [
        (#"{"id":"a","features":{"x":1}"#, "not-json", "a"),
        (#"[1,2]"#, "not-an-event", nil), ("12", "not-an-event", nil), ("not json", "not-json", nil),
        (#"{"id":"b","features":{"x":"1"}}"#, "wrong-type", "b"),
        (#"{"id":"c","features":{"kind":"a"}}"#, "missing-required", "c"),
        (#"{"id":"d","features":{"x":null}}"#, "missing-required", "d"),
        (#"{"id":"e","features":[1]}"#, "wrong-count", "e"),
        (#"{"id":"f","features":{"x":1e400}}"#, "out-of-range", "f"),
        ("", "not-json", nil), ("\u{0}\u{1}", "not-json", nil),
    ])
    func badInputBecomesADeadLetterWithItsReason(value: String, reason: String, id: String?) async throws {
        let bench = try await ScoringBench()
        let writer = try await bench.log.writer()
        try await writer.send(
            Record(topic: ScoringBench.events, value: Array(value.utf8), headers: [Header("trace", "7")]))
        try await bench.send(0..<3)
        bench.slot.set(try ScoringBench.model(1))
        let summary = try await bench.service(bench.options()).run(stop: StopSignal())
        #expect(summary.tally.deadLetters == [reason: 1])
        #expect(summary.tally.predictions == 3)
        let letters = try await bench.read(ScoringBench.deadLetters)
        let letter = try #require(letters.first)
        #expect(letters.count == 1)
        #expect(letter.value == Array(value.utf8))
        #expect(letter.key == id.map { Array($0.utf8) })
        func header(_ name: String) -> String? {
            letter.headers.first { $0.name == name }.map { String(decoding: $0.value, as: UTF8.self) }
        }
        #expect(header("modelcast-reason") == reason)
        #expect(header("modelcast-detail")?.isEmpty == false)
        #expect(header("modelcast-source")?.hasPrefix("features.events:") == true)
        #expect(header("trace") == "7")
    }

    @Test func aRecordWithoutAValueAndOneTooLargeAreDeadLetters() async throws {
        let bench = try await ScoringBench()
        let writer = try await bench.log.writer()
        try await writer.send(Record(topic: ScoringBench.events, key: [1], value: nil))
        let large =
            #"{"id":"big","features":{"x":1,"pad":""# + String(repeating: "p", count: 950_000) + #""}}"#
        try await writer.send(Record(topic: ScoringBench.events, value: Array(large.utf8)))
        bench.slot.set(try ScoringBench.model(1))
        let summary = try await bench.service(bench.options()).run(stop: StopSignal())
        #expect(summary.tally.deadLetters == ["no-value": 1, "too-large": 1])
        let letters = try await bench.read(ScoringBench.deadLetters)
        #expect(letters.allSatisfy { ($0.value?.count ?? 0) < 1_000_000 })
        let cut = try #require(letters.first { ($0.value?.count ?? 0) > 1_000 })
        #expect(cut.headers.contains(Header("modelcast-truncated", String(large.utf8.count))))
    }

    @Test func anEventWithoutAnIDGoesByItsKeyElseItsPlace() async throws {
        let bench = try await ScoringBench(partitions: 1)
        let writer = try await bench.log.writer()
        try await writer.send(
            Record(topic: ScoringBench.events, key: Array("k".utf8), value: Array(#"{"x":1}"#.utf8)))
        try await writer.send(Record(topic: ScoringBench.events, value: Array(#"{"x":2}"#.utf8)))
        bench.slot.set(try ScoringBench.model(1))
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        #expect(Set(try await bench.readPredictions().map(\.id)) == ["k", "0:1"])
    }

    @Test func aNewVersionIsTakenUpBetweenBatches() async throws {
        let bench = try await ScoringBench()
        bench.slot.set(try ScoringBench.model(1))
        let stop = StopSignal()
        let service = bench.service(bench.options(once: false))
        async let running = service.run(stop: stop)
        for round in 0..<5 {
            try await bench.send(round * 200..<(round + 1) * 200)
            while service.progress.tally.events < (round + 1) * 200 {
                try await Task.sleep(for: .milliseconds(2))
            }
            bench.slot.set(try ScoringBench.model(round + 2))
        }
        stop.raise()
        let summary = try await running
        #expect(summary.tally.predictions == 1_000)
        #expect(summary.tally.versions.map(\.version) == [1, 2, 3, 4, 5])
        for prediction in try await bench.readPredictions() {
            let number = Int(prediction.id.dropFirst())!
            #expect(prediction.version == number / 200 + 1)
            #expect(prediction.prediction == Double(number + 1_000 * prediction.version))
        }
    }

    /// The Nth operation fails, before or after it took effect, for every N: nothing is lost, nothing
    /// doubled. (A read that throws has taken nothing, and a commit that throws has committed nothing, unless
    /// it is fatal: see below.)
    @Test(arguments: [FaultPlan.Moment.before, .after])
    func anyFailingOperationLosesAndDoublesNothing(moment: FaultPlan.Moment) async throws {
        let kinds: Set<FaultPlan.Operation> =
            moment == .before ? [.read, .send, .begin, .commit, .open] : [.send, .begin]
        var number = 1
        while true {
            let bench = try await ScoringBench()
            try await bench.send(0..<150)
            bench.slot.set(try ScoringBench.model(1))
            let plan = FaultPlan(failing: number, of: kinds, moment)
            let faulty = FaultyLog(bench.log, plan: plan)
            do throws(ScoringError) {
                _ = try await bench.service(bench.options(), on: faulty).run(stop: StopSignal())
            } catch {
                // Nothing could be opened: the next start goes on.
                _ = try await bench.service(bench.options(), on: faulty).run(stop: StopSignal())
            }
            let ids = try await bench.readPredictions().map(\.id)
            #expect(ids.count == 150, "operation \(number)")
            #expect(Set(ids).count == 150, "operation \(number)")
            guard plan.hasFired else { break }
            number += 1
        }
        #expect(number > 5)
    }

    /// The acknowledgement of a commit is lost for good: the service ends, and its successor learns what was
    /// committed.
    @Test func aCommitOfUnknownOutcomeLosesAndDoublesNothing() async throws {
        let lost = LogError(.timedOut, "the answer never came", severity: .fatal, recovery: .restart)
        var number = 1
        while true {
            let bench = try await ScoringBench()
            try await bench.send(0..<150)
            bench.slot.set(try ScoringBench.model(1))
            let plan = FaultPlan(failing: number, of: [.commit], .after, with: lost)
            let faulty = FaultyLog(bench.log, plan: plan)
            do throws(ScoringError) {
                _ = try await bench.service(bench.options(), on: faulty).run(stop: StopSignal())
                #expect(!plan.hasFired)
            } catch {
                _ = try await bench.service(bench.options()).run(stop: StopSignal())
            }
            let ids = try await bench.readPredictions().map(\.id)
            #expect(ids.count == 150, "commit \(number)")
            #expect(Set(ids).count == 150, "commit \(number)")
            guard plan.hasFired else { break }
            number += 1
        }
        #expect(number > 2)
    }

    /// Scorers are killed at random moments; a successor of the same name goes on.
    @Test(arguments: [11, 12, 13] as [UInt64])
    func killedScorersLoseAndDoubleNothing(seed: UInt64) async throws {
        var random = SeededRandom(seed: seed)
        let bench = try await ScoringBench()
        bench.slot.set(try ScoringBench.model(1))
        try await bench.send(0..<2_000)
        for round in 0..<6 {
            let process = bench.log.anotherProcess()
            let service = bench.service(bench.options(once: false), on: process)
            let running = Task { try await service.run(stop: StopSignal()) }
            try await Task.sleep(for: .milliseconds(Int64.random(in: 1...40, using: &random)))
            process.kill()
            await #expect(throws: ScoringError.self, "seed \(seed) round \(round)") {
                try await running.value
            }
        }
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        let ids = try await bench.readPredictions().map(\.id)
        #expect(ids.count == 2_000, "seed \(seed)")
        #expect(Set(ids).count == 2_000, "seed \(seed)")
    }

    @Test func instancesThatJoinAndLeaveShareTheWork() async throws {
        let bench = try await ScoringBench(partitions: 4)
        bench.slot.set(try ScoringBench.model(1))
        let stops = (0..<3).map { _ in StopSignal() }
        let services = (0..<3).map { bench.service(bench.options(instance: "i\($0)", once: false)) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<3 {
                group.addTask { _ = try await services[index].run(stop: stops[index]) }
                try await bench.send(index * 500..<(index + 1) * 500)
                try await Task.sleep(for: .milliseconds(40))
            }
            stops[0].raise()
            try await bench.send(1_500..<2_000)
            while services.map(\.progress.tally.events).reduce(0, +) < 2_000 {
                try await Task.sleep(for: .milliseconds(5))
            }
            for stop in stops { stop.raise() }
            try await group.waitForAll()
        }
        let ids = try await bench.readPredictions().map(\.id)
        #expect(ids.count == 2_000)
        #expect(Set(ids).count == 2_000)
    }

    @Test func aSecondInstanceOfTheSameNameReplacesTheFirst() async throws {
        let bench = try await ScoringBench()
        bench.slot.set(try ScoringBench.model(1))
        let first = bench.service(bench.options(once: false))
        let running = Task { try await first.run(stop: StopSignal()) }
        try await bench.send(0..<100)
        while first.progress.tally.events < 100 { try await Task.sleep(for: .milliseconds(2)) }
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        try await bench.send(100..<200)
        await #expect(throws: ScoringError(.replaced, "", recovery: .restart)) { try await running.value }
    }

    @Test func aStopBeforeTheFirstVersionEndsAtOnce() async throws {
        let bench = try await ScoringBench()
        let stop = StopSignal()
        stop.raise()
        let summary = try await bench.service(bench.options(once: false)).run(stop: stop)
        #expect(summary.tally.events == 0)
        #expect(summary.eventsPerSecond == 0)
    }

    /// The log takes nothing more and goes on saying that it may be tried again: whoever stops the service
    /// learns what was not committed.
    @Test(arguments: Delivery.allCases)
    func aStopOfAServiceThatCannotCommitTellsWhatItOwes(delivery: Delivery) async throws {
        let bench = try await ScoringBench()
        bench.slot.set(try ScoringBench.model(1))
        try await bench.send(0..<100)
        let plan = FaultPlan(failing: 1, of: [.commit], lasts: true)
        let stop = StopSignal()
        let service = bench.service(
            bench.options(once: false, delivery: delivery), on: FaultyLog(bench.log, plan: plan))
        let running = Task { try await service.run(stop: stop) }
        while !plan.hasFired { try await Task.sleep(for: .milliseconds(2)) }
        stop.raise()
        let error = await #expect(throws: ScoringError.self) { try await running.value }
        #expect(error?.message.contains("the fault plan says no") == true, "\(String(describing: error))")
        #expect(
            error?.message.contains(/of [0-9]+ events, was committed is not known|[0-9]+ events were read/)
                == true, "\(String(describing: error))")
        #expect(error?.hint.contains("is read again by the next instance") == true)
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        let ids = try await bench.readPredictions().map(\.id)
        #expect(Set(ids).count == 100)
        #expect(delivery == .atLeastOnce || ids.count == 100)
    }

    /// The partitions are lost together with the log, so that nothing comes any more: neither records nor an
    /// error.
    @Test func aServiceWhoseLogIsGoneGivesUp() async throws {
        let bench = try await ScoringBench()
        let service = try await losingService(bench, readsFirst: true, answers: false)
        let error = await #expect(throws: ScoringError.self) { try await service.run(stop: StopSignal()) }
        let message = error?.message ?? ""
        #expect(message.contains("partitions were lost before their records were committed"), "\(message)")
        #expect(
            message.contains(/of [0-9]+ events, was committed is not known|[0-9]+ events were read/),
            "\(message)")
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        #expect(try await bench.readPredictions().count == 30)
    }

    /// Whoever owes nothing waits for the log; and where it answers, somebody else has the partitions.
    @Test(arguments: [(true, true), (false, false)])
    func aServiceThatLostItsPartitionsGoesOn(readsFirst: Bool, answers: Bool) async throws {
        let bench = try await ScoringBench()
        let service = try await losingService(bench, readsFirst: readsFirst, answers: answers)
        let stop = StopSignal()
        let running = Task { try await service.run(stop: stop) }
        try await Task.sleep(for: .milliseconds(900))
        stop.raise()
        _ = try await running.value
    }

    private func losingService(
        _ bench: ScoringBench, readsFirst: Bool, answers: Bool
    ) async throws -> ScoringService {
        bench.slot.set(try ScoringBench.model(1))
        try await bench.send(0..<30)
        var options = bench.options(once: false)
        options.limits.commitDeadline = .milliseconds(300)
        return bench.service(options, on: LosingLog(bench.log, readsFirst: readsFirst, answers: answers))
    }

    @Test func aMissingInputTopicIsNamed() async throws {
        let bench = try await ScoringBench()
        bench.slot.set(try ScoringBench.model(1))
        var options = bench.options()
        options.input = "nowhere"
        await #expect {
            _ = try await bench.service(options).run(stop: StopSignal())
        } throws: { error in
            (error as? ScoringError)?.message.contains("nowhere") == true
        }
    }
}
