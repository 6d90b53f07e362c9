import Arguments
import Basics
import EmbeddedLog
import EventLog
import FoundationEssentials
import KafkaLog
import Telemetry

extension CommonOptions {
    /// How long the end of a command waits for a log that does not answer.
    static let closeDeadline = Duration.seconds(5)

    /// Opens the log, hands it to `body`, and closes it whatever happens.
    func withLog<Value: Sendable>(
        _ instruments: Instruments, _ body: (any EventLog) async throws -> Value
    ) async throws -> Value {
        let log = try await openLog(instruments)
        do {
            let value = try await body(log)
            await log.close(deadline: Self.closeDeadline)
            return value
        } catch {
            await log.close(deadline: Self.closeDeadline)
            throw error
        }
    }

    /// The same, for a job that is silent unless something is wrong.
    func withLog<Value: Sendable>(
        _ component: String, _ body: (any EventLog) async throws -> Value
    ) async throws -> Value {
        try await withLog(instruments(component), body)
    }

    /// The one place that chooses an engine.
    func openLog(_ instruments: Instruments) async throws -> any EventLog {
        switch broker.url {
        case .file(let path):
            return try await EmbeddedLog.open(path: path)
        case .kafka:
            return try KafkaLog.open(url: broker.url.description, options: kafkaOptions(instruments))
        }
    }

    /// Properties of the environment, of the file, of the command line: the later wins.
    private func kafkaOptions(_ instruments: Instruments) throws -> KafkaOptions {
        var options = KafkaOptions()
        options.load(environment: ProcessInfo.processInfo.environment)
        if let path = broker.propertiesFile {
            let bytes = try InputFile.read(path, bytesMax: BrokerOptions.propertiesFileBytesMax)
            try options.load(properties: String(decoding: bytes, as: UTF8.self), name: path)
        }
        for property in broker.properties { options.properties[property.key] = property.value }
        options.route(to: instruments.log.named("kafka"))
        return options
    }
}
