import EventLog
import EventLogTesting
import Testing

@Suite("In-memory log conforms")
struct InMemoryConformanceTests {
    @Test("and", .timeLimit(.minutes(1)), arguments: ConformanceSuite.cases)
    func conforms(_ conformance: ConformanceCase) async throws {
        try await conformance.run(on: .inMemory())
    }
}

@Suite("Conformance suite")
struct ConformanceSuiteTests {
    @Test("finds a log that loses an acknowledgement's record")
    func findsLoss() async throws {
        let memory = InMemoryLog()
        let subject = ConformanceSubject(
            name: "lossy", capabilities: .all, patience: .milliseconds(500),
            open: { FaultyLog(memory.anotherProcess(), plan: FaultPlan(failing: 3, of: [.send], .after)) })
        let cases = ConformanceSuite.cases(for: [.createsTopics])
        #expect(!cases.isEmpty && cases.count < ConformanceSuite.cases.count)
        var failures = 0
        for conformance in cases {
            do { try await conformance.run(on: subject) } catch let failure as ConformanceFailure {
                #expect(failure.hint.contains("MODELCAST_SEED="))
                failures += 1
            }
        }
        #expect(failures >= 3)
    }

    @Test("a fault plan fails exactly its operation")
    func faultPlan() async throws {
        for moment in [FaultPlan.Moment.before, .after] {
            let memory = InMemoryLog()
            try await memory.create([TopicDefinition(name: "t", partitions: 1)])
            let plan = FaultPlan(failing: 2, of: [.send], moment)
            let writer = try await FaultyLog(memory, plan: plan).writer()
            var failures = 0
            for _ in 0..<4 {
                do throws(LogError) {
                    try await writer.send(Record(topic: "t", value: []))
                } catch {
                    failures += 1
                }
            }
            #expect(failures == 1 && plan.hasFired && plan.operations == 4)
            let high = try await memory.watermarks(of: "t")[Partition(0)]?.high
            #expect(high == Offset(moment == .before ? 3 : 4))
        }
    }
}
