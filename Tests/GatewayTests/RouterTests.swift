import Gateway
import Telemetry
import Testing

@Suite struct RouterTests {
    private let router = Router([
        .init("GET", "/a") { .text("a \($0.method)") },
        .init("POST", "/a") { HTTPResponse(status: 201, contentType: "x/y", body: $0.body) },
        .init("POST", "/b") { _ in .text("b") },
    ])

    private func respond(_ method: String, _ path: String, _ body: [UInt8] = []) -> HTTPResponse {
        router.respond(to: HTTPRequest(method: method, path: path, body: body))
    }

    @Test func pathAndMethodChooseTheHandler() {
        #expect(respond("GET", "/a").body == Array("a GET\n".utf8))
        #expect(respond("POST", "/a", [1, 2]).body == [1, 2])
        #expect(respond("POST", "/a").status == 201)
        #expect(respond("POST", "/a").header("content-type") == "x/y")
    }

    @Test func headIsAnsweredByGet() {
        #expect(respond("HEAD", "/a").status == 200)
        #expect(respond("HEAD", "/b").status == 405)
    }

    @Test func anUnknownPathIs404AndAnUnknownMethod405() {
        for path in ["/", "/A", "/a/", "/a/b", "", "a", "//a"] { #expect(respond("GET", path).status == 404) }
        #expect(respond("DELETE", "/a").status == 405)
        #expect(respond("DELETE", "/a").header("Allow") == "GET, HEAD, POST")
        #expect(respond("GET", "/b").header("Allow") == "POST")
        #expect(respond("get", "/a").status == 405)
    }

    @Test func readinessFollowsTheClosure() {
        for (readiness, status, body) in [
            (Readiness.ready, 200, "ready\n"), (.notReady("no model yet"), 503, "not ready: no model yet\n"),
        ] {
            let router = Router(Router.health(metrics: MetricsRegistry()) { readiness })
            let response = router.respond(to: HTTPRequest(method: "GET", path: "/readyz"))
            #expect(response.status == status)
            #expect(response.body == Array(body.utf8))
            #expect(router.respond(to: HTTPRequest(method: "GET", path: "/healthz")).status == 200)
        }
    }

    @Test func metricsAreServedAsPrometheusWantsThem() {
        let metrics = MetricsRegistry()
        metrics.gauge("lag", help: "Lag.").set(7)
        let router = Router(Router.health(metrics: metrics) { .ready })
        let response = router.respond(to: HTTPRequest(method: "GET", path: "/metrics"))
        #expect(response.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        #expect(String(decoding: response.body, as: UTF8.self).hasSuffix("\nlag 7\n"))
    }

    @Test func addresses() throws {
        for (text, expected) in [
            ("127.0.0.1:80", "127.0.0.1:80"), (":9090", "0.0.0.0:9090"), ("9090", "0.0.0.0:9090"),
            ("localhost:0", "127.0.0.1:0"), ("[::1]:5", "[::1]:5"), ("[::]:5", "[::]:5"),
        ] {
            #expect(try ListenAddress(text).description == expected)
        }
        for text in [
            "", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "1.2.3:80", "host:80", "127.0.0.1:-1",
            "a:b:c",
        ] {
            let error = #expect(throws: GatewayError.self, "\(text)") { try ListenAddress(text) }
            #expect(error?.code == .invalidAddress)
        }
    }
}
