import Basics
import EventLog
import EventLogTesting
import KafkaLog
import Testing

/// Writers, transactional copiers, group members and readers while brokers are killed, stopped and frozen.
@Suite(
    "Apache Kafka under fire", .serialized, .countsHandles,
    .enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)), .timeLimit(.minutes(60)))
struct KafkaUnderFire {
    /// What happens to a broker.
    enum Fault: CaseIterable {
        /// SIGKILL, and a start with its data.
        case killed
        /// SIGTERM, and a start.
        case stopped
        /// SIGSTOP and SIGCONT: connections stay open meanwhile.
        case frozen
    }

    @Test("one broker: nothing is lost, nothing comes twice")
    func oneBroker() async throws {
        let kafka = try await RealKafka.start()
        try await burn(kafka, brokers: 1, faults: Soak.scale(2, long: 40))
    }

    @Test("three brokers, killed in turn: nothing is lost, nothing comes twice")
    func threeBrokers() async throws {
        let kafka = try await RealKafka.start(brokers: 3)
        try await burn(kafka, brokers: 3, faults: Soak.scale(1, long: 45))
    }

    private func burn(_ kafka: RealKafka, brokers: Int, faults: Int) async throws {
        var random = SeededRandom(seed: Soak.seed)
        var options = LogWorkload.Options()
        options.records = Soak.scale(3_000, long: 200_000)
        // The short form kills; the long one does everything, and often.
        let plan = (0..<faults).map { number in
            Soak.isLong
                ? Fault.allCases.randomElement(using: &random) ?? .killed
                : number == 0 ? Fault.killed : .frozen
        }
        let rests = plan.map { _ in Int64.random(in: 500...(Soak.scale(1_500, long: 6_000)), using: &random) }
        let abandoned = KafkaLog.abandonedClients
        let counts = try await LogWorkload(
            name: RealKafka.uniqueTopic("fire").text, options: options,
            open: { try KafkaLog.open(url: kafka.url) }
        ).run {
            for (number, fault) in plan.enumerated() {
                try await Task.sleep(for: .milliseconds(rests[number]))
                let broker = number % brokers + 1
                switch fault {
                case .killed:
                    try await kafka.kill(broker: broker)
                    try await kafka.restart(broker: broker)
                case .stopped:
                    try await kafka.shutDown(broker: broker)
                    try await kafka.restart(broker: broker)
                case .frozen:
                    try kafka.suspend(broker: broker)
                    try await Task.sleep(for: .milliseconds(rests[number]))
                    try kafka.resume(broker: broker)
                }
            }
        }
        Soak.report(
            "KafkaUnderFire, \(brokers) brokers", engine: "kafka",
            [
                "killed": plan.count { $0 == .killed }, "stopped": plan.count { $0 == .stopped },
                "frozen": plan.count { $0 == .frozen }, "written": counts.acknowledged,
                "doubtful": counts.doubtful, "read": counts.input, "copied": counts.output,
                "transactions": counts.committed, "aborted": counts.aborted, "failed": counts.failed,
                "remade": counts.remade, "repeatedAtLeastOnce": counts.repeated,
                "abandonedClients": KafkaLog.abandonedClients - abandoned,
            ])
        // Whoever sends goes on behind a record of which nobody knows whether it was written.
        #expect(counts.acknowledged + counts.doubtful >= options.records)
        #expect(counts.output == counts.input)
    }
}
