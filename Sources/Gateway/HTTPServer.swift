internal import Basics
internal import Synchronization
public import Telemetry

/// What bounds a server.
public struct HTTPLimits: Sendable {
    /// Connections at a time; further ones wait in the system's queue.
    public var connectionsMax = 256
    /// Bytes of a request's line and header fields together; more is 431.
    public var headerBytesMax = 16 * 1024
    /// Bytes of a request's body; more is 413.
    public var bodyBytesMax = 1024 * 1024
    /// A connection on which nothing happens for so long is closed. Whole seconds.
    public var idleTimeout: Duration = .seconds(15)

    /// The limits that hold when nothing else is said.
    public init() {}
}

/// An HTTP server on one address, with a thread of its own. Safe to use from any thread.
///
/// It listens once `init` has returned and until ``stop(within:)``, or until its last reference is gone.
public final class HTTPServer: Sendable {
    /// Where it listens; the port is the real one, also where 0 was asked for.
    public let address: ListenAddress
    private let core: HTTPServerCore
    private let daemon: Mutex<DaemonHandle?>

    /// Starts to listen.
    ///
    /// Throws: ``GatewayError`` when the address is in use or not allowed.
    public init(
        _ router: Router, on address: ListenAddress, limits: HTTPLimits = HTTPLimits(),
        metrics: MetricsRegistry = MetricsRegistry()
    ) throws(GatewayError) {
        core = HTTPServerCore(router: router, limits: limits, metrics: metrics)
        let handle = try DaemonHandle(address, core: core)
        self.address = ListenAddress(host: address.host, port: handle.port)
        daemon = Mutex(handle)
    }

    /// Serves `/metrics`, `/healthz` and `/readyz` and nothing else.
    public static func health(
        on address: ListenAddress, metrics: MetricsRegistry, readiness: @escaping @Sendable () -> Readiness
    ) throws(GatewayError) -> HTTPServer {
        var limits = HTTPLimits()
        limits.connectionsMax = 64
        limits.bodyBytesMax = 0
        let router = Router(Router.health(metrics: metrics, readiness: readiness))
        return try HTTPServer(router, on: address, limits: limits, metrics: metrics)
    }

    /// Stops listening, waits for the requests that are being answered (at most for the given time), then
    /// closes every connection.
    ///
    /// A second call does nothing.
    public func stop(within timeout: Duration = .seconds(5)) async {
        guard let handle = daemon.withLock({ $0.take() }) else { return }
        handle.stopListening()
        let deadline = ContinuousClock.now + timeout
        while core.requestsInFlight > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(5))
        }
        // Closing joins the server's thread, which must not hold one of Swift's pool.
        let last = HandleBox(handle)
        await ThreadExecutor(name: "http-stop").run { last.close() }
    }
}

/// Carries a handle, which is unique, into a closure.
private final class HandleBox: Sendable {
    private let handle: Mutex<DaemonHandle?>

    init(_ handle: consuming DaemonHandle) { self.handle = Mutex(handle) }

    func close() { _ = handle.withLock { $0.take() } }
}

/// What the server's thread needs: the router, the bounds and the counts.
final class HTTPServerCore: Sendable {
    let router: Router
    let limits: HTTPLimits
    private let metrics: MetricsRegistry
    private let inFlight = Atomic<Int>(0)

    init(router: Router, limits: HTTPLimits, metrics: MetricsRegistry) {
        self.router = router
        self.limits = limits
        self.metrics = metrics
    }

    var requestsInFlight: Int { inFlight.load(ordering: .acquiring) }

    func requestBegan() { inFlight.add(1, ordering: .acquiringAndReleasing) }

    func requestEnded() { inFlight.subtract(1, ordering: .acquiringAndReleasing) }

    func respond(to request: HTTPRequest) -> HTTPResponse {
        let response = router.respond(to: request)
        count(request.method, response.status)
        return response
    }

    /// The answer to a request whose body is larger than allowed.
    func refuseLargeBody(_ method: String) -> HTTPResponse {
        count(method, 413)
        return .text("the body is larger than \(limits.bodyBytesMax) bytes", status: 413)
    }

    private func count(_ method: String, _ status: Int) {
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"]
        metrics.counter(
            "modelcast_http_requests_total", help: "HTTP requests answered, by method and status.",
            labels: ["method": known.contains(method) ? method : "other", "status": String(status)]
        ).increment()
    }
}
