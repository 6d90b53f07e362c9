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

/// A scored stream into whose outputs faults can be planted, and a plain count beside the auditor.
struct AuditBench {
    /// The outputs with the planted faults.
    static let predictions: TopicName = "planted"
    static let deadLetters: TopicName = "planted.dead-letter"
    static let badIDs = Set([7, 123, 250, 251, 399])

    let bench: ScoringBench

    /// 400 events, some of which cannot be scored: the first half by version 1, the rest by version 2.
    init() async throws {
        bench = try await ScoringBench()
        try await send(0..<200)
        bench.slot.set(try ScoringBench.model(1))
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        try await send(200..<400)
        bench.slot.set(try ScoringBench.model(2))
        _ = try await bench.service(bench.options()).run(stop: StopSignal())
        try await bench.log.create([
            TopicDefinition(name: Self.predictions, partitions: 2),
            TopicDefinition(name: Self.deadLetters, partitions: 1),
        ])
    }

    func send(_ ids: Range<Int>) async throws {
        let writer = try await bench.log.writer()
        var batch = RecordBatch()
        for id in ids {
            let x = Self.badIDs.contains(id) ? #""bad""# : "\(id)"
            let value = #"{"id":"e\#(id)","features":{"x":\#(x),"kind":"a"}}"#
            batch.append(
                Record(
                    topic: ScoringBench.events, key: Array("e\(id)".utf8), value: Array(value.utf8),
                    headers: [Header("trace", "t\(id)")]))
        }
        _ = try await writer.send(batch)
        await writer.close(deadline: .seconds(1))
    }

    /// The outputs as the service wrote them.
    func outputs() async throws -> (predictions: [Record], deadLetters: [Record]) {
        (
            try await bench.read(ScoringBench.predictions), try await bench.read(ScoringBench.deadLetters)
        )
    }

    /// Writes `records` to one of the planted topics.
    func plant(_ records: [Record], in topic: TopicName) async throws {
        let writer = try await bench.log.writer()
        _ = try await writer.send(RecordBatch(records.map { Self.moved($0, to: topic) }))
        await writer.close(deadline: .seconds(1))
    }

    static func moved(_ record: Record, to topic: TopicName) -> Record {
        var record = record
        record.topic = topic
        record.partition = nil
        record.offset = nil
        return record
    }

    func audit(
        _ change: (inout PredictionAuditor.Options) -> Void = { _ in }
    ) async throws -> AuditReport {
        var scoring = bench.options()
        scoring.output = Self.predictions
        scoring.deadLetter = Self.deadLetters
        var options = PredictionAuditor.Options(model: "sum", scoring: scoring)
        options.openTransactionWait = .milliseconds(300)
        change(&options)
        return try await PredictionAuditor(log: bench.log, options: options) {
            version throws(ModelcastError) in
            guard version.number <= 3, let model = try? ScoringBench.model(version.number) else {
                throw ModelcastError(.notLive, "no version \(version)")
            }
            return model
        }.run()
    }

    /// Counts ids and sums with nothing but dictionaries and arithmetic.
    struct PlainCount: Equatable {
        var lost: Set<String> = []
        var doubled: Set<String> = []
        var unfounded: Set<String> = []
        var differing: Set<String> = []
    }

    func plainCount() async throws -> PlainCount {
        var inputs: [String: Int] = [:]
        for record in try await bench.read(ScoringBench.events) {
            let id = String(decoding: record.key ?? [], as: UTF8.self)
            inputs[id] = Int(id.dropFirst())
        }
        var outcomes: [String: Int] = [:]
        var count = PlainCount()
        for record in try await bench.read(Self.predictions) {
            let value = try JSONDecoder().decode(
                ScoringBench.Prediction.self, from: Data(record.value ?? []))
            outcomes[value.id, default: 0] += 1
            if let x = inputs[value.id],
                Float(value.prediction) != Float(x) + 1_000 * Float(value.version)
            {
                count.differing.insert(value.id)
            }
        }
        for record in try await bench.read(Self.deadLetters) {
            outcomes[String(decoding: record.key ?? [], as: UTF8.self), default: 0] += 1
        }
        count.lost = Set(inputs.keys.filter { outcomes[$0] == nil })
        count.doubled = Set(outcomes.filter { $0.value > 1 }.keys)
        count.unfounded = Set(outcomes.keys.filter { inputs[$0] == nil })
        return count
    }
}

/// The auditor is audited: faults of every kind are planted, and it must name each.
@Suite(.timeLimit(.minutes(2))) struct PredictionAuditTests {
    @Test func aStreamThatWasScoredOnceIsClean() async throws {
        let bench = try await AuditBench()
        let outputs = try await bench.outputs()
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.isClean && report.offences.isEmpty, "\(report)")
        #expect(report.events == 400)
        #expect(report.predictions == 400 - AuditBench.badIDs.count)
        #expect(report.deadLetters == AuditBench.badIDs.count)
        #expect(report.recomputed == 400)
        #expect(report.notYetScored == 0)
        #expect(report.reasons == ["wrong-type": AuditBench.badIDs.count])
        #expect(report.versions.map(\.version) == [1, 2])
        #expect(report.versions.map { $0.predictions + $0.deadLetters } == [200, 200])
        #expect(report.partitions.map(\.events).reduce(0, +) == 400)
        #expect(report.partitions.allSatisfy { $0.last.map { $0 + 1 } == $0.committed })
        #expect(try await bench.plainCount() == AuditBench.PlainCount())
    }

    @Test func aLostEventIsNamed() async throws {
        let bench = try await AuditBench()
        var outputs = try await bench.outputs()
        let lost = outputs.predictions.remove(at: 30)
        outputs.deadLetters.remove(at: 0)
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.counts == [.lost: 2])
        #expect(report.offences.count == 2)
        let value = try JSONDecoder().decode(ScoringBench.Prediction.self, from: Data(lost.value ?? []))
        #expect(report.offences.contains { "\($0.partition):\($0.offset)" == value.source })
        #expect(try await bench.plainCount().lost.count == 2)
    }

    @Test func aDoubledEventIsNamed() async throws {
        let bench = try await AuditBench()
        let outputs = try await bench.outputs()
        let again = outputs.predictions[60]
        try await bench.plant(outputs.predictions + [again], in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters + [outputs.deadLetters[1]], in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.counts == [.doubled: 2])
        let value = try JSONDecoder().decode(ScoringBench.Prediction.self, from: Data(again.value ?? []))
        #expect(report.offences.contains { "\($0.partition):\($0.offset)" == value.source })
        #expect(try await bench.plainCount().doubled.count == 2)
    }

    /// A changed bit, another version's number, another event's id, another key, a prediction in place of a
    /// dead letter.
    @Test(arguments: ["bit", "version", "id", "key", "reason", "scored"])
    func anythingThatItsVersionDoesNotMakeDiffers(_ fault: String) async throws {
        let bench = try await AuditBench()
        var outputs = try await bench.outputs()
        let number = 44
        var text = String(decoding: outputs.predictions[number].value ?? [], as: UTF8.self)
        let value = try JSONDecoder().decode(ScoringBench.Prediction.self, from: Data(text.utf8))
        switch fault {
        case "bit":
            let next = Float(value.prediction).nextUp
            text = text.replacing(/"prediction":[0-9.]+/, with: #""prediction":\#(next)"#)
        case "version":
            text = text.replacingOccurrences(of: #""version":\#(value.version)"#, with: #""version":3"#)
        case "id": text = text.replacingOccurrences(of: #""id":"e"#, with: #""id":"f"#)
        case "key": outputs.predictions[number].key = Array("other".utf8)
        case "reason":
            outputs.deadLetters[0].headers = outputs.deadLetters[0].headers.map {
                $0.name == "modelcast-reason" ? Header($0.name, "not-json") : $0
            }
        default:
            let letter = outputs.deadLetters.remove(at: 0)
            let source = letter.headers.first { $0.name == "modelcast-source" }
            let place = String(decoding: source?.value ?? [], as: UTF8.self).split(separator: ":").dropFirst()
            var made = outputs.predictions[0]
            made.value = Array(
                String(decoding: made.value ?? [], as: UTF8.self).replacing(
                    /"source":"[^"]*"/, with: #""source":"\#(place.joined(separator: ":"))""#
                ).utf8)
            outputs.predictions.append(made)
        }
        outputs.predictions[number].value = Array(text.utf8)
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.counts == [.differing: 1], "\(report)")
        if fault != "scored", fault != "reason" {
            #expect(report.offences.first.map { "\($0.partition):\($0.offset)" } == value.source)
            #expect(report.offences.first?.detail.contains("computed again it is") == true)
            #expect(report.offences.first?.detail.contains("planted[") == true, "\(report.offences)")
        }
        let counted = try await bench.audit { $0.recomputation = .none }
        #expect(counted.isClean && counted.recomputed == 0, "counting alone does not see it")
    }

    @Test func aVersionThatDoesNotExistIsNamed() async throws {
        let bench = try await AuditBench()
        var outputs = try await bench.outputs()
        outputs.predictions[3].value = Array(
            String(decoding: outputs.predictions[3].value ?? [], as: UTF8.self)
                .replacing(/"version":\d+/, with: #""version":9"#).utf8)
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.counts == [.unknownVersion: 1])
        #expect(report.offences.first?.detail.contains("no version 9") == true)
    }

    /// Outcomes of offsets behind the end, of partitions that are not there, and of records that were never
    /// committed.
    @Test func outcomesWithoutAnEventAreNamed() async throws {
        let bench = try await AuditBench()
        let writer = try await bench.bench.log.transactionalWriter(id: "aborting")
        try await writer.begin()
        try await writer.send(
            RecordBatch([Record(topic: ScoringBench.events, partition: Partition(0), value: Array("x".utf8))])
        )
        try await writer.abort()
        await writer.close(deadline: .seconds(1))
        try await bench.send(400..<420)
        let outputs = try await bench.outputs()
        let aborted = try #require(outputs.predictions.last)
        func source(_ source: String) -> Record {
            var record = aborted
            record.value = Array(
                String(decoding: aborted.value ?? [], as: UTF8.self)
                    .replacing(/"source":"[^"]*"/, with: #""source":"\#(source)""#).utf8)
            return record
        }
        let end = try #require(
            try await bench.bench.read(ScoringBench.events).filter { $0.partition == Partition(0) }
                .map { $0.offset?.number ?? 0 }.sorted().last { $0 < 400 })
        let events = Set(
            try await bench.bench.read(ScoringBench.events).filter { $0.partition == Partition(0) }
                .compactMap { $0.offset?.number })
        let hole = try #require((0..<end).first { !events.contains($0) })
        try await bench.plant(
            outputs.predictions + [source("0:999999"), source("17:0"), source("0:\(hole)")],
            in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.counts == [.unfounded: 3], "\(report)")
        #expect(report.notYetScored == 20)
    }

    /// What a transaction that was aborted left, or one that is still open, is not there.
    @Test func abortedTransactionsDoNotCountAndOpenOnesAreTold() async throws {
        let bench = try await AuditBench()
        let outputs = try await bench.outputs()
        let copies = RecordBatch(
            outputs.predictions.prefix(50).map { AuditBench.moved($0, to: AuditBench.predictions) })
        let writer = try await bench.bench.log.transactionalWriter(id: "aborting")
        try await writer.begin()
        try await writer.send(copies)
        try await writer.abort()
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        #expect(try await bench.audit().isClean)

        try await writer.begin()
        try await writer.send(copies)
        let open = try await bench.audit()
        #expect(!open.isClean && open.counts.isEmpty, "\(open)")
        #expect(!open.openTransactions.isEmpty)
        try await writer.abort()
        #expect(try await bench.audit().isClean)
        await writer.close(deadline: .seconds(1))
    }

    /// Predictions behind an open transaction cannot be seen: their events are not called lost.
    @Test func whatAnOpenTransactionHidesIsNotCalledLost() async throws {
        let bench = try await AuditBench()
        let outputs = try await bench.outputs()
        let writer = try await bench.bench.log.transactionalWriter(id: "hanging")
        try await writer.begin()
        try await writer.send(
            RecordBatch([
                Record(topic: AuditBench.predictions, partition: Partition(0), value: [1]),
                Record(topic: AuditBench.predictions, partition: Partition(1), value: [1]),
            ]))
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.count(.lost) == 0 && !report.isClean)
        #expect(report.notYetScored == 400 - AuditBench.badIDs.count)
        #expect(report.openTransactions.count == 2)
        try await writer.abort()
        await writer.close(deadline: .seconds(1))
        #expect(try await bench.audit().isClean)
    }

    @Test func eventsThatTheGroupHasNotComeToAreLateAndNotLost() async throws {
        let bench = try await AuditBench()
        let outputs = try await bench.outputs()
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        try await bench.send(400..<450)
        let report = try await bench.audit()
        #expect(report.isClean)
        #expect(report.notYetScored == 50)
        #expect(report.events == 450)
    }

    @Test func otherModelsRecordsAreLeftAloneAndStrangeOnesNamed() async throws {
        let bench = try await AuditBench()
        let outputs = try await bench.outputs()
        var other = outputs.predictions[0]
        other.value = Array(
            String(decoding: other.value ?? [], as: UTF8.self)
                .replacing(#""model":"sum""#, with: #""model":"product""#).utf8)
        var strange = outputs.predictions[0]
        strange.value = Array("{\"model\":\"sum\"".utf8)
        try await bench.plant(outputs.predictions + [other, strange], in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit()
        #expect(report.elsewhere == 1)
        #expect(report.counts == [.unreadable: 1])
    }

    @Test func aRangeAndAShareLookAtThatPartAlone() async throws {
        let bench = try await AuditBench()
        let outputs = try await bench.outputs()
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let part = try await bench.audit {
            $0.from = [Partition(0): Offset(20)]
            $0.to = [Partition(0): Offset(50), Partition(1): Offset(0), Partition(2): Offset(0)]
        }
        #expect(part.isClean)
        #expect(part.events == 30)
        #expect(part.predictions + part.deadLetters == 30)
        #expect(part.outside == 370)
        let share = try await bench.audit { $0.recomputation = .share(0.25, seed: 3) }
        #expect(share.isClean && (40..<180).contains(share.recomputed), "\(share.recomputed)")
        let again = try await bench.audit { $0.recomputation = .share(0.25, seed: 3) }
        #expect(again == share)
    }

    /// Faults of all kinds at once, in random places: the auditor and the plain count agree.
    @Test func randomFaultsAreCountedAsAPlainCountDoes() async throws {
        var random = SeededRandom(seed: Soak.seed)
        let bench = try await AuditBench()
        var outputs = try await bench.outputs()
        outputs.predictions.shuffle(using: &random)
        let lost = Int.random(in: 0...20, using: &random)
        let doubled = Int.random(in: 0...20, using: &random)
        let changed = Int.random(in: 0...20, using: &random)
        outputs.predictions.removeFirst(lost)
        for number in 0..<changed {
            let text = String(decoding: outputs.predictions[100 + number].value ?? [], as: UTF8.self)
            outputs.predictions[100 + number].value = Array(
                text.replacing(/"prediction":(\d+)[0-9.]*/, with: { "\"prediction\":\($0.1).25" }).utf8)
        }
        outputs.predictions += outputs.predictions.prefix(doubled)
        outputs.predictions.shuffle(using: &random)
        try await bench.plant(outputs.predictions, in: AuditBench.predictions)
        try await bench.plant(outputs.deadLetters, in: AuditBench.deadLetters)
        let report = try await bench.audit { $0.offencesMax = 5 }
        let plain = try await bench.plainCount()
        #expect(report.count(.lost) == plain.lost.count, "seed \(Soak.seed)")
        #expect(report.count(.doubled) == plain.doubled.count, "seed \(Soak.seed)")
        #expect(report.count(.differing) == plain.differing.count, "seed \(Soak.seed)")
        #expect(
            plain.lost.count == lost && plain.doubled.count == doubled && plain.differing.count == changed)
        #expect(report.offences.count { $0.kind == .lost } == min(5, lost))
    }
}
