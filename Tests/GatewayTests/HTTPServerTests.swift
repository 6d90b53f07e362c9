import Dispatch
import Gateway
import Glibc
import Synchronization
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(1))) struct HTTPServerTests {
    private static let anywhere = ListenAddress(host: "127.0.0.1", port: 0)

    private final class Flag: Sendable {
        let isReady = Atomic<Bool>(false)
    }

    @Test func theHealthServerOnASocket() async throws {
        let metrics = MetricsRegistry()
        let flag = Flag()
        let server = try HTTPServer.health(on: Self.anywhere, metrics: metrics) {
            flag.isReady.load(ordering: .relaxed) ? .ready : .notReady("starting")
        }
        let port = server.address.port
        #expect(port > 0)
        let starting = try await RawClient.request(port, "GET", "/readyz")
        #expect(starting.status == "HTTP/1.1 503 Service Unavailable")
        #expect(starting.body == "not ready: starting\n")
        flag.isReady.store(true, ordering: .relaxed)
        #expect(try await RawClient.request(port, "GET", "/readyz?verbose=1").status == "HTTP/1.1 200 OK")
        let head = try await RawClient.request(port, "HEAD", "/healthz")
        #expect(head.status == "HTTP/1.1 200 OK")
        #expect(head.headers["content-length"] == "3")
        #expect(head.body == "")
        #expect(try await RawClient.request(port, "GET", "/nothing").status == "HTTP/1.1 404 Not Found")
        let wrong = try await RawClient.request(port, "DELETE", "/healthz")
        #expect(wrong.status == "HTTP/1.1 405 Method Not Allowed")
        #expect(wrong.headers["allow"] == "GET, HEAD")
        let scraped = try await RawClient.request(port, "GET", "/metrics")
        #expect(scraped.headers["content-type"] == PrometheusText.contentType)
        #expect(scraped.body.contains(#"modelcast_http_requests_total{method="GET",status="503"} 1"#))
        await server.stop()
        await #expect(throws: RawClient.NoConnection.self) {
            try await RawClient.request(port, "GET", "/healthz")
        }
    }

    @Test func aBodyIsWholeAndBounded() async throws {
        var limits = HTTPLimits()
        limits.bodyBytesMax = 100_000
        let echo = Router([.init("POST", "/") { .text(String(decoding: $0.body, as: UTF8.self)) }])
        let server = try HTTPServer(echo, on: Self.anywhere, limits: limits)
        let port = server.address.port
        for size in [0, 1, 5000, 100_000] {
            let body = String(repeating: "x", count: size)
            #expect(try await RawClient.request(port, "POST", "/", body: body).body == body + "\n")
        }
        let large = try await RawClient.request(
            port, "POST", "/", body: String(repeating: "x", count: 100_001))
        #expect(large.status.hasPrefix("HTTP/1.1 413"))
        let chunk = "186a0\r\n" + String(repeating: "x", count: 100_000) + "\r\n"
        let head = "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        #expect(try await RawClient.exchange(port, head + chunk + "0\r\n\r\n").hasPrefix("HTTP/1.1 200"))
        #expect(try await RawClient.exchange(port, head + chunk + chunk + "0\r\n\r\n") == "")
        #expect(try await RawClient.request(port, "POST", "/", body: "still there").body == "still there\n")
        await server.stop()
    }

    @Test func whatIsNotHTTPOrTooLargeIsRefusedAndTheServerLives() async throws {
        let server = try HTTPServer.health(on: Self.anywhere, metrics: MetricsRegistry()) { .ready }
        let port = server.address.port
        let longHeader = String(repeating: "x", count: 100_000)
        for text in [
            "\r\n\r\n\r\n", "nonsense\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: x\r\nA: \(longHeader)\r\n\r\n",
            "GET /\(longHeader) HTTP/1.1\r\nHost: x\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
            "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ] {
            let answer = try await RawClient.exchange(port, text)
            #expect(
                answer.isEmpty || answer.hasPrefix("HTTP/1.1 4"), "\(text.prefix(40)): \(answer.prefix(60))")
        }
        #expect(try await RawClient.request(port, "GET", "/healthz").body == "ok\n")
        await server.stop()
    }

    @Test func manyRequestsAtOnceAndOnOneConnection() async throws {
        let server = try HTTPServer.health(on: Self.anywhere, metrics: MetricsRegistry()) { .ready }
        let port = server.address.port
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<30 {
                group.addTask { try await RawClient.request(port, "GET", "/healthz").body }
            }
            for try await body in group { #expect(body == "ok\n") }
        }
        let one = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        let last = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        let answers = try await RawClient.exchange(port, one + one + last)
        #expect(answers.split(separator: "HTTP/1.1 200 OK").count == 3)
        await server.stop()
    }

    @Test func stoppingLetsARequestFinishAndRefusesNewOnes() async throws {
        let entered = DispatchSemaphore(value: 0)
        let leave = DispatchSemaphore(value: 0)
        let slow = Router([
            .init("GET", "/") { _ in
                entered.signal()
                leave.wait()
                return .text("finished")
            }
        ])
        let server = try HTTPServer(slow, on: Self.anywhere)
        let port = server.address.port
        async let answer = RawClient.request(port, "GET", "/")
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                entered.wait()
                continuation.resume()
            }
        }
        // An hour: only the end of the request can end this within the suite's limit.
        async let stopped: Void = server.stop(within: .seconds(3_600))
        try await Task.sleep(for: .milliseconds(500))
        await #expect(throws: RawClient.NoConnection.self) { try await RawClient.request(port, "GET", "/") }
        leave.signal()
        #expect(try await answer.body == "finished\n")
        await stopped
        await server.stop()
    }

    @Test func anIdleConnectionDoesNotHoldUpTheStop() async throws {
        let server = try HTTPServer.health(on: Self.anywhere, metrics: MetricsRegistry()) { .ready }
        let port = server.address.port
        async let idle = RawClient.exchange(port, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        try await Task.sleep(for: .milliseconds(200))
        await server.stop(within: .seconds(3_600))
        #expect(try await idle.hasSuffix("ok\n"))
    }

    @Test func aServerThatIsForgottenStops() async throws {
        var server: HTTPServer? = try HTTPServer.health(on: Self.anywhere, metrics: MetricsRegistry()) {
            .ready
        }
        let port = try #require(server?.address.port)
        server = nil
        await #expect(throws: RawClient.NoConnection.self) {
            try await RawClient.request(port, "GET", "/healthz")
        }
    }

    @Test func anAddressInUseOrForeignIsSaid() async throws {
        let server = try HTTPServer.health(on: Self.anywhere, metrics: MetricsRegistry()) { .ready }
        let taken = #expect(throws: GatewayError.self) {
            try HTTPServer.health(on: server.address, metrics: MetricsRegistry()) { .ready }
        }
        #expect(taken?.code == .addressInUse)
        #expect(taken?.message == "\(server.address) is in use by another process")
        let foreign = #expect(throws: GatewayError.self) {
            try HTTPServer.health(on: ListenAddress(host: "192.0.2.1", port: 0), metrics: MetricsRegistry()) {
                .ready
            }
        }
        #expect(foreign?.code == .startFailed)
        await server.stop()
    }

    @Test func overIPv6() async throws {
        let address = ListenAddress(host: "::1", port: 0)
        guard
            let server = try? HTTPServer.health(
                on: address, metrics: MetricsRegistry(), readiness: { .ready })
        else {
            try Test.cancel("this machine has no IPv6")
        }
        let text = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        #expect(try await RawClient.exchange(server.address.port, text, host: AF_INET6).hasSuffix("ok\n"))
        await server.stop()
    }
}
