public import Telemetry

/// Whether a service does its work, for load balancers and orchestrators.
public struct Readiness: Sendable, Equatable {
    /// Whether work can be sent to it.
    public let isReady: Bool
    /// Why not, in words; shown to whoever asks.
    public let reason: String

    /// It works.
    public static let ready = Readiness(isReady: true, reason: "")

    /// It does not work yet, or no more.
    public static func notReady(_ reason: String) -> Readiness { Readiness(isReady: false, reason: reason) }
}

extension Router {
    /// `/metrics` for Prometheus, `/healthz` (the process lives) and `/readyz` (it does its work, else 503
    /// with the reason).
    ///
    /// `readiness` is called on the server's thread and must return at once.
    public static func health(
        metrics: MetricsRegistry, readiness: @escaping @Sendable () -> Readiness
    ) -> [Route] {
        [
            Route("GET", "/metrics") { _ in
                HTTPResponse(
                    status: 200, contentType: PrometheusText.contentType,
                    body: Array(PrometheusText.text(of: metrics).utf8))
            },
            Route("GET", "/healthz") { _ in .text("ok") },
            Route("GET", "/readyz") { _ in
                let readiness = readiness()
                return readiness.isReady
                    ? .text("ready") : .text("not ready: \(readiness.reason)", status: 503)
            },
        ]
    }
}
