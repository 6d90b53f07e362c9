import Basics
import EventLog
import EventLogTesting
import KafkaLog
import Testing

extension ConformanceSubject {
    /// The mock cluster: it makes no topics by the protocol, and its transactions hide nothing and keep no
    /// offsets.
    static func mock() throws -> ConformanceSubject {
        let cluster = try MockKafkaCluster()
        return ConformanceSubject(
            name: "mock cluster", capabilities: [.groups], patience: .seconds(60),
            open: { try KafkaLog.open(url: cluster.url) },
            makeTopic: { _, topic in try cluster.create(topic.name, partitions: topic.partitions) })
    }

    /// A real broker. Compaction happens there too, but not when a test asks for it.
    static func real(_ kafka: RealKafka) -> ConformanceSubject {
        ConformanceSubject(
            name: "Apache Kafka", capabilities: ConformanceSubject.Capabilities.all.subtracting(.compaction),
            patience: .seconds(60),
            open: { try KafkaLog.open(url: kafka.url) },
            kill: { log in await (log as? KafkaLog)?.kill() })
    }
}

@Suite("Mock cluster conforms", .serialized, .countsHandles)
struct MockConformanceTests {
    /// The mock cluster creates a topic that it is asked about.
    static let cases = ConformanceSuite.cases(for: [.groups]).filter { !$0.name.contains("is unknown") }

    @Test("and", .timeLimit(.minutes(2)), arguments: cases)
    func conforms(_ conformance: ConformanceCase) async throws {
        try await conformance.run(on: .mock())
    }
}

@Suite(
    "Apache Kafka conforms", .serialized, .countsHandles,
    .enabled(if: RealKafka.isAvailable, Comment(rawValue: RealKafka.absence)))
struct RealConformanceTests {
    @Test(
        "and", .timeLimit(.minutes(3)),
        arguments: ConformanceSuite.cases(for: ConformanceSubject.Capabilities.all.subtracting(.compaction)))
    func conforms(_ conformance: ConformanceCase) async throws {
        try await conformance.run(on: .real(try await RealKafka.shared()))
    }
}
