import EmbeddedLog
import EventLog
import EventLogTesting
import Testing

@Suite("Embedded log conforms")
struct EmbeddedConformanceTests {
    @Test("and", .timeLimit(.minutes(2)), arguments: ConformanceSuite.cases)
    func conforms(_ conformance: ConformanceCase) async throws {
        let place = try TemporaryLog()
        var options = EmbeddedLogOptions()
        // What is acknowledged is not asked to survive a power cut here, so that many tests share one disk in
        // peace.
        options.durability = .normal
        let subject = ConformanceSubject(
            name: "embedded", capabilities: .all, sessionTimeout: .milliseconds(2_000),
            open: { [options] in try await EmbeddedLog.open(path: place.path, options: options) },
            kill: { ($0 as? EmbeddedLog)?.abandon() },
            compact: { log, topic in try await (log as? EmbeddedLog)?.compact(topic) })
        try await conformance.run(on: subject)
    }
}
