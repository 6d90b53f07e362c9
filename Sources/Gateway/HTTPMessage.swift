/// A request as handlers see it: the body is whole and bounded.
public struct HTTPRequest: Sendable {
    /// The method in capitals: `GET`, `POST`, ….
    public let method: String
    /// The path without the query, percent-decoded; begins with `/`.
    public let path: String
    /// The body; empty when there is none.
    public let body: [UInt8]

    /// A request.
    public init(method: String, path: String, body: [UInt8] = []) {
        self.method = method
        self.path = path
        self.body = body
    }
}

/// An answer. The length of the body is sent by the server.
public struct HTTPResponse: Sendable, Equatable {
    /// One header field.
    public struct Header: Sendable, Equatable {
        /// The field's name.
        public let name: String
        /// Its value, without line breaks.
        public let value: String

        /// A header field.
        public init(_ name: String, _ value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The status code.
    public let status: Int
    /// Header fields, `Content-Type` among them.
    public let headers: [Header]
    /// The body. For a `HEAD` request its length is sent, but not the body itself.
    public let body: [UInt8]

    /// An answer of any type.
    public init(status: Int, contentType: String, headers: [Header] = [], body: [UInt8]) {
        self.status = status
        self.headers = [Header("Content-Type", contentType)] + headers
        self.body = body
    }

    /// A line of plain text.
    public static func text(_ text: String, status: Int = 200, headers: [Header] = []) -> HTTPResponse {
        HTTPResponse(
            status: status, contentType: "text/plain; charset=utf-8", headers: headers,
            body: Array("\(text)\n".utf8))
    }

    /// The value of a header field.
    public func header(_ name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }
}
