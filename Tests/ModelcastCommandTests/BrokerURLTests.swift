import Arguments
import Testing

@testable import ModelcastCommand

@Suite struct BrokerURLTests {
    @Test(arguments: [
        ("file:./modelcast.db", BrokerURL.file(path: "./modelcast.db")),
        ("file:/var/lib/log.db", .file(path: "/var/lib/log.db")),
        ("file:///var/lib/log.db", .file(path: "/var/lib/log.db")),
        ("kafka://localhost", .kafka(servers: ["localhost:9092"])),
        ("kafka://a:1,b:2/", .kafka(servers: ["a:1", "b:2"])),
        ("kafka://[::1]:9093", .kafka(servers: ["[::1]:9093"])),
    ])
    func isRead(text: String, url: BrokerURL) throws {
        #expect(try BrokerURL(text) == url)
    }

    @Test(arguments: [
        "", "file:", "file://host/x", "localhost:9092", "kafka://", "kafka://a,,b", "kafka://a:0",
        "kafka://a:99999",
        "kafka://user:password@host:9092", "kafka://a b",
    ])
    func isRefused(text: String) {
        #expect(throws: ValueError.self) { try BrokerURL(text) }
    }

    @Test func kafkaPropertiesBelongToKafka() throws {
        let error = #expect(throws: UsageError.self) {
            try TestProgram.command(["topics", "list", "--broker-config", "a=b"])
        }
        #expect(error?.code == .conflict)
        // From the environment they may stand there for other commands.
        _ = try TestProgram.command(["topics", "list"], environment: ["MODELCAST_BROKER_CONFIG": "a=b"])
    }
}

/// The program's own parser and resolution, without running anything.
enum TestProgram {
    struct NoCommand: Error {}

    static func command(_ words: [String], environment: [String: String] = [:]) throws -> any Command {
        guard case .run(let invocation) = try Program.parser.parse(words) else { throw NoCommand() }
        return try invocation.command(with: Program.resolve(invocation, environment: environment))
    }
}
