internal import Glibc

/// Where a server listens: a numeric address and a port.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// The address in its usual spelling, IPv4 or IPv6.
    public let host: String
    /// The port; 0 asks the system for a free one.
    public let port: UInt16

    /// An address.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090`; `:9090` and `9090` mean all IPv4 addresses of the
    /// machine.
    ///
    /// Throws: ``GatewayError`` for anything else; names are not looked up.
    public init(_ text: String) throws(GatewayError) {
        let colon = text.lastIndex(of: ":")
        let portText = colon.map { text[text.index(after: $0)...] } ?? text[...]
        var host = String(colon.map { text[..<$0] } ?? "")
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if host.isEmpty { host = "0.0.0.0" }
        if host == "localhost" { host = "127.0.0.1" }
        guard let port = UInt16(portText), portText.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw Self.invalid(text)
        }
        self.init(host: host, port: port)
        guard SocketAddress(self) != nil else { throw Self.invalid(text) }
    }

    /// `host:port`, the host in brackets when it is IPv6.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func invalid(_ text: String) -> GatewayError {
        GatewayError(
            .invalidAddress, "'\(text)' is no address to listen on",
            hint: "Write a numeric address and a port, such as 0.0.0.0:9090, [::]:9090 or localhost:0.")
    }
}

/// An address as the system takes it.
enum SocketAddress {
    case ipv4(sockaddr_in)
    case ipv6(sockaddr_in6)

    init?(_ address: ListenAddress) {
        var ipv4 = sockaddr_in()
        var ipv6 = sockaddr_in6()
        if unsafe inet_pton(AF_INET, address.host, &ipv4.sin_addr) == 1 {
            ipv4.sin_family = sa_family_t(AF_INET)
            ipv4.sin_port = address.port.bigEndian
            self = .ipv4(ipv4)
        } else if unsafe inet_pton(AF_INET6, address.host, &ipv6.sin6_addr) == 1 {
            ipv6.sin6_family = sa_family_t(AF_INET6)
            ipv6.sin6_port = address.port.bigEndian
            self = .ipv6(ipv6)
        } else {
            return nil
        }
    }

    var isIPv6: Bool {
        if case .ipv6 = self { return true }
        return false
    }

    /// The address in memory, for the length of a call.
    func withBytes<Result>(_ body: (UnsafeMutableRawPointer) -> Result) -> Result {
        switch self {
        case .ipv4(var address): unsafe withUnsafeMutableBytes(of: &address) { unsafe body($0.baseAddress!) }
        case .ipv6(var address): unsafe withUnsafeMutableBytes(of: &address) { unsafe body($0.baseAddress!) }
        }
    }
}
