import Basics
import EventLog
import EventLogTesting
import FoundationEssentials
import Tabular
import Testing

@testable import ModelcastCommand

@Suite struct EventsTests {
    /// The events and labels that a text becomes, as text.
    private func send(
        _ text: String, suffix: String = "csv", _ change: (inout EventRows.Plan) -> Void = { _ in }
    ) async throws -> (events: [String], labels: [String], rejects: [String]) {
        let path = FileManager.default.temporaryDirectory.path + "/rides-\(UUID().uuidString).\(suffix)"
        try Data(text.utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        var plan = EventRows.Plan(path: path, eventTopic: "events", labelTopic: "labels")
        change(&plan)
        let rows = EventRows(plan)
        var events: [String] = [], labels: [String] = [], rejects: [String] = []
        while let chunk = try await rows.next(rowsMax: 2) {
            for record in chunk.records.records {
                let text = String(decoding: record.value ?? [], as: UTF8.self)
                if record.topic == "events" { events.append(text) } else { labels.append(text) }
            }
            rejects += chunk.rejects.map(\.message)
        }
        return (events, labels, rejects)
    }

    @Test func aRowBecomesAnEventAndItsLabel() async throws {
        let sent = try await send(
            """
            trip,at,fare,tips,kind,flag,code
            a,2024-01-31T10:00:00Z,10.50,3,cash,true,007
            b,1706695200000,8,,"1",,
            """
        ) {
            $0.idColumn = "trip"
            $0.timeColumn = "at"
            $0.label = "tips > 0.2 * fare"
            $0.include = ["fare"]
        }
        #expect(
            sent.events == [
                #"{"id":"a","ts":"2024-01-31T10:00:00.000Z","features":{"fare":10.50,"#
                    + #""kind":"cash","flag":true,"code":"007"}}"#,
                #"{"id":"b","ts":"2024-01-31T10:00:00.000Z","features":{"fare":8,"kind":1}}"#,
            ])
        // Without tips nobody knows.
        #expect(sent.labels == [#"{"id":"a","ts":"2024-01-31T10:00:00.000Z","label":1}"#])
    }

    @Test func theLabelsColumnsDoNotLeak() async throws {
        let sent = try await send("id,fare,tips\na,10,3\n") { $0.label = "tips > 0.2 * fare" }
        #expect(sent.events.first?.hasSuffix(#""features":{}}"#) == true)
    }

    @Test func jsonLinesMayBeFlatOrEventsAlready() async throws {
        let sent = try await send(
            #"{"id":"x","fare":1.5e2,"note":null,"tags":["a"]}"# + "\n"
                + #"{"id":"y","features":{"fare":2}}"# + "\n", suffix: "jsonl")
        #expect(sent.events[0].hasSuffix(#""features":{"fare":1.5e2,"tags":["a"]}}"#))
        #expect(sent.events[1].hasSuffix(#""features":{"fare":2}}"#))
    }

    @Test func rowsThatCannotBeReadAreNamedAndTheRestIsSent() async throws {
        let sent = try await send("id,fare\na,1\nb,2,3\n,4\nc,5\n")
        #expect(sent.events.count == 2)
        #expect(sent.rejects.count == 2)
        #expect(sent.rejects[0].contains(".csv:3:1: 3 cells where there are 2 columns"))
        #expect(sent.rejects[1].contains(".csv:4:1: no value in the id column"))
    }

    @Test(arguments: ["tips >", "nothing + 1", "1; DROP TABLE input", "tips > (SELECT"])
    func aLabelWithoutMeaningIsRefused(label: String) async throws {
        await #expect(throws: CommandError.self) {
            try await send("id,tips\na,1\n") { $0.label = label }
        }
    }

    @Test func aMissingColumnIsRefused() async throws {
        let error = await #expect(throws: CommandError.self) {
            try await send("id,tips\na,1\n") { $0.idColumn = "trip" }
        }
        #expect(error?.message.contains("no column 'trip' for --id") == true)
    }

    @Test(arguments: [
        ("0", true), ("-1.5e+3", true), ("10.50", true), ("007", false), ("+1", false), ("1.", false),
        (".5", false),
        ("1e", false), ("", false), ("-", false), ("0x1", false), ("1 ", false),
    ])
    func jsonNumbersAreToldFromOthers(text: String, isNumber: Bool) {
        #expect(JSONNumber.isNumber(Array(text.utf8)[...]) == isNumber)
    }
}

@Suite struct EventSenderTests {
    @Test func everyRowIsSentOnceInItsOrder() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/rides-\(UUID().uuidString).csv"
        let rows = (0..<5_000).map { "ride-\($0),\($0)" }
        try Data((["id,fare"] + rows).joined(separator: "\n").utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = InMemoryLog()
        try await log.create([
            TopicDefinition(name: "events", partitions: 1), TopicDefinition(name: "labels", partitions: 1),
        ])
        var plan = EventRows.Plan(path: path, eventTopic: "events", labelTopic: "labels")
        plan.label = "fare > 2499"
        plan.include = ["fare"]
        let outcome = try await EventSender(plan: plan, rate: nil).run(log: log, stop: StopSignal())
        #expect(outcome.events == 5_000)
        #expect(outcome.labels == 5_000)
        let start: [TopicPartition: StartPosition] = [TopicPartition("events", 0): .earliest]
        let reader = try await log.reader(ReaderOptions(start: start))
        var keys: [String] = []
        var batch = RecordBatch()
        while true {
            batch.removeAll()
            if case .caughtUp = try await reader.read(into: &batch, limit: ReadLimit(), wait: .seconds(5)) {
                break
            }
            keys += batch.records.map { String(decoding: $0.key ?? [], as: UTF8.self) }
        }
        #expect(keys == (0..<5_000).map { "ride-\($0)" })
        await reader.close(deadline: .seconds(1))
    }

    @Test func aRateIsKept() async throws {
        let path = FileManager.default.temporaryDirectory.path + "/rides-\(UUID().uuidString).csv"
        try Data(("id,fare\n" + (0..<40).map { "\($0),1\n" }.joined()).utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        let log = InMemoryLog()
        try await log.create([TopicDefinition(name: "events", partitions: 1)])
        let plan = EventRows.Plan(path: path, eventTopic: "events", labelTopic: "labels")
        let start = ContinuousClock.now
        let outcome = try await EventSender(plan: plan, rate: 100).run(log: log, stop: StopSignal())
        let elapsed = ContinuousClock.now - start
        #expect(outcome.events == 40)
        #expect(elapsed >= .milliseconds(390))
        // Asked to stop before it begins, it sends nothing.
        let stop = StopSignal()
        stop.raise()
        #expect(try await EventSender(plan: plan, rate: nil).run(log: log, stop: stop).events == 0)
    }
}
