internal import CMicroHTTPD

/// One request on its way in. Confined to the daemon's thread.
private final class IncomingRequest {
    var body: [UInt8] = []
    var isAnswered = false
}

/// Called by libmicrohttpd for a request: once with its head, then for each piece of its body, then once more
/// at its end.
func handleRequest(
    context: UnsafeMutableRawPointer?, connection: OpaquePointer?, url: UnsafePointer<CChar>?,
    method: UnsafePointer<CChar>?, version: UnsafePointer<CChar>?, upload: UnsafePointer<CChar>?,
    uploadSize: UnsafeMutablePointer<Int>?, state: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let context = unsafe context, let url = unsafe url, let method = unsafe method,
        let uploadSize = unsafe uploadSize, let state = unsafe state
    else { return .NO }
    // Borrowed: the handle keeps its reference until the daemon's thread has ended.
    let core = unsafe Unmanaged<HTTPServerCore>.fromOpaque(context).takeUnretainedValue()
    let methodText = unsafe String(cString: method)
    guard let stored = unsafe state.pointee else {
        let request = IncomingRequest()
        // Retained for the request's life; `requestCompleted` takes it back, however the request ends.
        unsafe state.pointee = Unmanaged.passRetained(request).toOpaque()
        core.requestBegan()
        guard unsafe contentLength(connection) > core.limits.bodyBytesMax else { return .YES }
        request.isAnswered = true
        return unsafe send(core.refuseLargeBody(methodText), connection)
    }
    // Borrowed: `requestCompleted` has not been called yet.
    let request = unsafe Unmanaged<IncomingRequest>.fromOpaque(stored).takeUnretainedValue()
    let size = unsafe uploadSize.pointee
    if size > 0 {
        unsafe uploadSize.pointee = 0
        // A body without a length that grows too large: close the connection.
        guard request.body.count + size <= core.limits.bodyBytesMax else { return .NO }
        unsafe request.body += UnsafeRawBufferPointer(start: upload, count: size)
        return .YES
    }
    guard !request.isAnswered else { return .YES }
    request.isAnswered = true
    let path = unsafe String(cString: url)
    let response = core.respond(to: HTTPRequest(method: methodText, path: path, body: request.body))
    return unsafe send(response, connection)
}

/// Called by libmicrohttpd when a request is over, answered or not.
let requestCompleted:
    @convention(c) (
        UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
        MHD_RequestTerminationCode
    ) -> Void = { context, _, state, _ in
        guard let context = unsafe context, let stored = unsafe state?.pointee else { return }
        unsafe state?.pointee = nil
        // Takes back the reference that `handleRequest` retained.
        unsafe Unmanaged<IncomingRequest>.fromOpaque(stored).release()
        // Borrowed: see `handleRequest`.
        unsafe Unmanaged<HTTPServerCore>.fromOpaque(context).takeUnretainedValue().requestEnded()
    }

/// The announced length of the body; 0 when none is announced, the greatest number when it cannot be read.
private func contentLength(_ connection: OpaquePointer?) -> Int {
    guard let text = unsafe MHD_lookup_connection_value(connection, .HEADER_KIND, "Content-Length") else {
        return 0
    }
    return unsafe Int(String(cString: text)) ?? .max
}

private func send(_ response: HTTPResponse, _ connection: OpaquePointer?) -> MHD_Result {
    var body = response.body
    let created = unsafe body.withUnsafeMutableBytes { bytes in
        unsafe MHD_create_response_from_buffer(bytes.count, bytes.baseAddress, .RESPMEM_MUST_COPY)
    }
    guard let created = unsafe created else { return .NO }
    // The connection holds a reference of its own from the moment it is queued.
    defer { unsafe MHD_destroy_response(created) }
    for header in response.headers {
        guard unsafe MHD_add_response_header(created, header.name, header.value) == .YES else {
            return .NO
        }
    }
    return unsafe MHD_queue_response(connection, UInt32(response.status), created)
}
