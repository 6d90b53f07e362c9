/// Finds the handler of a request by path and method. A value without a socket, so tests ask it directly.
///
/// A `HEAD` request gets the answer of `GET`; the server leaves the body out. A path without the method is
/// 405 with `Allow`, an unknown path 404. Handlers run on the server's thread: they return at once and never
/// wait.
public struct Router: Sendable {
    /// A handler and what it is for.
    public struct Route: Sendable {
        /// The method in capitals.
        public let method: String
        /// The whole path.
        public let path: String
        /// Answers a request.
        public let handle: @Sendable (HTTPRequest) -> HTTPResponse

        /// A route. Registering `HEAD` is not needed where there is `GET`.
        public init(
            _ method: String, _ path: String, handle: @escaping @Sendable (HTTPRequest) -> HTTPResponse
        ) {
            self.method = method
            self.path = path
            self.handle = handle
        }
    }

    private let routes: [String: [String: Route]]

    /// A router for routes of which no two have the same method and path.
    public init(_ routes: [Route]) {
        var table: [String: [String: Route]] = [:]
        for route in routes {
            precondition(route.path.hasPrefix("/"), "the path \(route.path) does not begin with /")
            let former = table[route.path, default: [:]].updateValue(route, forKey: route.method)
            precondition(former == nil, "two routes for \(route.method) \(route.path)")
        }
        self.routes = table
    }

    /// The answer to a request.
    public func respond(to request: HTTPRequest) -> HTTPResponse {
        guard let methods = routes[request.path] else {
            return .text(
                "no such path; there are \(routes.keys.sorted().joined(separator: " "))", status: 404)
        }
        if let route = methods[request.method] { return route.handle(request) }
        if request.method == "HEAD", let route = methods["GET"] { return route.handle(request) }
        var allowed = Set(methods.keys)
        if allowed.contains("GET") { allowed.insert("HEAD") }
        return .text(
            "method not allowed", status: 405,
            headers: [.init("Allow", allowed.sorted().joined(separator: ", "))])
    }
}
