import Arguments
import Basics
import Gateway
import Telemetry

/// What every long-running service takes.
struct ServiceOptions: Sendable {
    static let section = "Service options"
    static let http = Option(
        "http", optional: .listenAddress, section: section,
        help: "Serve /metrics, /healthz and /readyz here; port 0 takes a free one.")
    static let instance = Option(
        "instance", optional: .instance, valueName: "NAME", section: section,
        help: "The stable name of this process; without it, the first free slot on this host.")

    static let all: [any DeclaredOption] = [http, instance]

    let http: ListenAddress?
    let instance: String?

    init(values: Values) throws {
        http = try values[Self.http]
        instance = try values[Self.instance]
    }

    /// The name of this process among those of `service`; hold on to it as long as the service runs.
    func slot(of service: String) throws -> InstanceSlot {
        try instance.map { .named($0) } ?? InstanceSlot.firstFree(of: service)
    }

    /// Answers health checks and scrapes while `body` runs.
    func serving<Value: Sendable>(
        _ instruments: Instruments, readiness: @escaping @Sendable () -> Readiness,
        _ body: () async throws -> Value
    ) async throws -> Value {
        ProcessMetrics.register(in: instruments.metrics)
        guard let http else { return try await body() }
        let server = try HTTPServer.health(
            on: http, metrics: instruments.metrics, readiness: readiness)
        instruments.log.info("listening", [.address: .string(server.address.description)])
        do {
            let value = try await body()
            await server.stop()
            return value
        } catch {
            await server.stop()
            throw error
        }
    }
}

extension LogKey {
    fileprivate static let address = LogKey("address")
}

extension ValueParser where Value == ListenAddress {
    /// `ADDRESS:PORT`.
    static var listenAddress: Self {
        ValueParser("ADDRESS:PORT") { text throws(ValueError) in
            do throws(GatewayError) {
                return try ListenAddress(text)
            } catch {
                throw ValueError(expected: "a numeric address and a port, such as 127.0.0.1:9464")
            }
        }
    }
}

extension ValueParser where Value == String {
    /// The name of a running process: part of transactional ids and group members.
    static var instance: Self {
        ValueParser("NAME", expected: "1 to 100 letters, digits, dots, underscores and hyphens") { text in
            let isName = (1...100).contains(text.utf8.count)
            return isName
                && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) }
                ? text : nil
        }
    }
}
