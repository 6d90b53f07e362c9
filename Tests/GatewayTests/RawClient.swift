import Dispatch
import Glibc

/// Speaks HTTP by hand, so that a test sees each byte of the answer.
enum RawClient {
    struct NoConnection: Error {
        let code: Int32
    }

    /// Sends bytes to a port of this machine and returns everything that comes back until the server closes
    /// or is silent for two seconds.
    ///
    /// Runs on a dispatch thread: it blocks.
    static func exchange(_ port: UInt16, _ text: String, host: Int32 = AF_INET) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(with: Result { try exchangeBlocking(port, Array(text.utf8), host) })
            }
        }
    }

    /// A request with `Connection: close`; the answer is split into status line, headers (lower case) and
    /// body.
    static func request(
        _ port: UInt16, _ method: String, _ path: String, body: String? = nil
    ) async throws -> (status: String, headers: [String: String], body: String) {
        let length = body.map { "Content-Length: \($0.utf8.count)\r\n" } ?? ""
        let answer = try await exchange(
            port, "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\(length)\r\n\(body ?? "")")
        guard let end = answer.firstRange(of: "\r\n\r\n") else { return (answer, [:], "") }
        let lines = answer[..<end.lowerBound].split(separator: "\r\n")
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = String(line[line.index(colon, offsetBy: 2)...])
        }
        return (lines.first.map(String.init) ?? "", headers, String(answer[end.upperBound...]))
    }

    private static func exchangeBlocking(_ port: UInt16, _ bytes: [UInt8], _ family: Int32) throws -> String {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var silence = timeval(tv_sec: 2, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &silence, socklen_t(MemoryLayout<timeval>.size))
        guard connect(descriptor, port, family) == 0 else { throw NoConnection(code: errno) }
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        var answer: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += buffer.prefix(count)
        }
    }

    private static func connect(_ descriptor: Int32, _ port: UInt16, _ family: Int32) -> Int32 {
        if family == AF_INET6 {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            address.sin6_addr = in6addr_loopback
            return connect(descriptor, &address)
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return connect(descriptor, &address)
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
