import Arguments

/// Which engine to use and where: what `--broker` says.
enum BrokerURL: Sendable, Equatable, CustomStringConvertible {
    /// The embedded log in one SQLite file.
    case file(path: String)
    /// A Kafka cluster: bootstrap servers as `HOST:PORT`.
    case kafka(servers: [String])

    static let kafkaPort = 9092

    /// Reads `file:PATH`, `file:///PATH` or `kafka://HOST[:PORT][,HOST[:PORT]]…`.
    init(_ text: String) throws(ValueError) {
        if text.hasPrefix("file:") {
            var path = text.dropFirst("file:".count)
            if path.hasPrefix("///") { path = path.dropFirst(2) }
            guard !path.isEmpty, !path.hasPrefix("//") else { throw Self.expected }
            self = .file(path: String(path))
            return
        }
        guard text.hasPrefix("kafka://") else { throw Self.expected }
        let list = text.dropFirst("kafka://".count)
        if list.contains("@") {
            throw ValueError(
                expected: "no user in the URL: give --broker-config sasl.username=… and sasl.password=… "
                    + "(best in the file of --broker-config-file)")
        }
        var servers: [String] = []
        for server in list.split(separator: ",", omittingEmptySubsequences: false) {
            servers.append(try Self.server(server))
        }
        self = .kafka(servers: servers)
    }

    /// `HOST:PORT` of `HOST[:PORT]`; an IPv6 address stands in brackets.
    private static func server(_ text: Substring) throws(ValueError) -> String {
        var text = text
        if text.last == "/" { text = text.dropLast() }
        let afterAddress = text.lastIndex(of: "]").map { text.index(after: $0) } ?? text.startIndex
        guard let colon = text[afterAddress...].firstIndex(of: ":") else {
            guard isHost(text) else { throw expected }
            return "\(text):\(kafkaPort)"
        }
        guard isHost(text[..<colon]), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
            throw expected
        }
        return "\(text[..<colon]):\(port)"
    }

    private static func isHost(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_[]:%".contains($0)) }
    }

    private static var expected: ValueError {
        ValueError(expected: "file:PATH or kafka://HOST:PORT[,HOST:PORT…]")
    }

    var description: String {
        switch self {
        case .file(let path): "file:\(path)"
        case .kafka(let servers): "kafka://\(servers.joined(separator: ","))"
        }
    }
}
