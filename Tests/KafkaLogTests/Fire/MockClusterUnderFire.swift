import Basics
import EventLog
import EventLogTesting
import KafkaLog
import Testing

/// Injected errors on every kind of request, delays, brokers that go, leaders and coordinators that move.
@Suite("Mock cluster under fire", .serialized, .countsHandles, .timeLimit(.minutes(30)))
struct MockClusterUnderFire {
    /// All in the long form, and in the short one some that the seed chooses, of each scenario.
    static let faults: [InjectedFault] = {
        if Soak.isLong { return InjectedFault.all }
        var random = SeededRandom(seed: Soak.seed)
        // The mock cluster takes three seconds for every change of a group.
        let counts: [(InjectedFault.Scenario, Int)] = [(.write, 4), (.read, 4), (.group, 1), (.transact, 5)]
        return counts.flatMap { scenario, count in
            InjectedFault.all.filter { $0.scenario == scenario }.shuffled(using: &random).prefix(count)
        }
    }()

    @Test("an injected error has the outcome that the table says", arguments: faults)
    func injected(fault: InjectedFault) async throws {
        let abandoned = KafkaLog.abandonedClients
        let run = try await FaultRun(fault)
        try await run.perform()
        await run.close()
        #expect(KafkaLog.abandonedClients == abandoned, "a client did not end")
        Soak.report(
            "MockClusterUnderFire, injected errors", engine: "mock", ["faults": 1, "records": run.records])
    }

    @Test("slow brokers, brokers that go and come, leaders and coordinators that move")
    func cluster() async throws {
        let cluster = try MockKafkaCluster(brokers: 3)
        var random = SeededRandom(seed: Soak.seed)
        var options = LogWorkload.Options()
        options.records = Soak.scale(2_000, long: 60_000)
        options.copiers = 0
        let name = "mock"
        let group = "\(name)-members"
        let rounds = Soak.scale(6, long: 120)
        let choices = (0..<rounds).map { _ in
            (
                kind: Int.random(in: 0..<4, using: &random), broker: Int32.random(in: 1...3, using: &random),
                partition: Int32.random(in: 0..<options.partitions, using: &random)
            )
        }
        let counts = try await LogWorkload(
            name: name, options: options, open: { try KafkaLog.open(url: cluster.url) },
            makeTopic: { _, topic in
                try cluster.create(topic.name, partitions: topic.partitions, replication: 3)
            }
        ).run {
            for choice in choices {
                switch choice.kind {
                case 0:
                    try cluster.setRoundTrip(.milliseconds(300), broker: choice.broker)
                    try await Task.sleep(for: .milliseconds(400))
                    try cluster.setRoundTrip(.zero, broker: choice.broker)
                case 1:
                    try cluster.takeDown(broker: choice.broker)
                    try await Task.sleep(for: .milliseconds(300))
                    try cluster.bringUp(broker: choice.broker)
                case 2:
                    let place = TopicPartition(try TopicName("\(name)-input"), choice.partition)
                    try cluster.setLeader(of: place, broker: choice.broker)
                default:
                    try cluster.setCoordinator(ofGroup: group, broker: choice.broker)
                }
                try await Task.sleep(for: .milliseconds(200))
            }
        }
        Soak.report(
            "MockClusterUnderFire, moves", engine: "mock",
            [
                "faults": rounds, "written": counts.acknowledged, "read": counts.input,
                "doubtful": counts.doubtful, "remade": counts.remade, "repeated": counts.repeated,
            ])
        #expect(counts.input >= options.records)
    }

    @Test("a commit that its coordinator's move and a slow answer interrupt is taken up again")
    func movedCoordinator() async throws {
        let cluster = try MockKafkaCluster(brokers: 3)
        try cluster.create("output", partitions: 2, replication: 3)
        let log = try KafkaLog.open(url: cluster.url)
        // Shorter than a slow answer, so that a commit fails in between and the same call finishes it.
        let settings = WriterOptions(deliveryTimeout: .seconds(1))
        let writer = try await log.transactionalWriter(id: "mover", settings)
        var retried = 0, aborted = 0
        var committed: [String] = []
        for round in 0..<Soak.scale(6, long: 40) {
            try cluster.setCoordinator(ofTransactions: "mover", broker: Int32(round % 3 + 1))
            let texts = (0..<5).map { "\(round)-\($0)" }
            try await writer.begin()
            try await writer.send(
                RecordBatch(texts.map { Record(topic: "output", value: Array($0.utf8)) }))
            // The records are there by then, so that only the commit is slow.
            try await Task.sleep(for: .milliseconds(200))
            if round % 2 == 0 { try slowDown(cluster, .milliseconds(1_500)) }
            var isOpen = true
            while isOpen {
                do {
                    try await writer.commit(consumed: nil)
                    committed += texts
                    isOpen = false
                } catch {
                    try slowDown(cluster, .zero)
                    try #require(error.severity != .fatal, "\(error)")
                    if error.severity == .retriable {
                        retried += 1
                    } else {
                        aborted += 1
                        try await writer.abort()
                        isOpen = false
                    }
                }
            }
            try slowDown(cluster, .zero)
        }
        #expect(committed.count >= 10)
        // The mock cluster does not hide what was aborted, so only what was committed can be counted.
        let read = try await FaultRun.readAll(log, "output", partitions: 2, atLeast: committed.count)
        for text in committed { #expect(read.count { $0 == text } == 1, "\(text)") }
        await log.close(deadline: .seconds(5))
        Soak.report(
            "MockClusterUnderFire, slow commits", engine: "mock",
            ["records": committed.count, "retried": retried, "aborted": aborted])
    }

    private func slowDown(_ cluster: MockKafkaCluster, _ time: Duration) throws {
        for broker in Int32(1)...3 { try cluster.setRoundTrip(time, broker: broker) }
    }
}
