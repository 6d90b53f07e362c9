internal import Basics
internal import EventLog

/// The brokers that a URL names.
struct BrokerAddress: Hashable {
    /// `host:port`, at least one.
    var brokers: [String]

    private static let defaultPort = 9_092

    /// Reads `kafka://host[:port][,host[:port]]…`. Throws `configuration` for anything else; never repeats a
    /// URL that may hold a password.
    init(url: String) throws(LogError) {
        let scheme = "kafka://"
        guard url.hasPrefix(scheme) else {
            throw BrokerAddress.malformed("it does not begin with \(scheme)")
        }
        var rest = url.dropFirst(scheme.count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard !rest.contains("@") else {
            throw LogError(
                .configuration, "the broker URL holds a user or a password",
                hint: "set sasl.username and sasl.password as properties instead", recovery: .fixConfiguration
            )
        }
        brokers = []
        for part in rest.split(separator: ",", omittingEmptySubsequences: false) {
            brokers.append(try BrokerAddress.hostAndPort(part))
        }
    }

    /// What librdkafka takes as `bootstrap.servers`.
    var bootstrap: String { brokers.joined(separator: ",") }

    /// The URL that names the same brokers.
    var url: String { "kafka://\(bootstrap)" }

    private static func hostAndPort(_ text: Substring) throws(LogError) -> String {
        var host = text
        var port = defaultPort
        // An IPv6 address stands in brackets, so that its colons are not taken for the port's.
        let afterBracket = text.firstIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
        if text.hasPrefix("["), afterBracket == text.startIndex { throw malformed("a bracket is not closed") }
        if let colon = text[afterBracket...].firstIndex(of: ":") {
            host = text[..<colon]
            guard let number = Int(text[text.index(after: colon)...]), (1...65_535).contains(number) else {
                throw malformed("'\(text)' has no port between 1 and 65535")
            }
            port = number
        }
        guard !host.isEmpty, host.allSatisfy({ !$0.isWhitespace && $0 != "/" && $0 != "?" }) else {
            throw malformed("'\(text)' names no host")
        }
        return "\(host):\(port)"
    }

    private static func malformed(_ reason: String) -> LogError {
        LogError(
            .configuration, "the broker URL is malformed: \(reason)",
            hint: "write kafka://HOST:PORT[,HOST:PORT]", recovery: .fixConfiguration)
    }
}
