internal import CMicroHTTPD
internal import Glibc

/// Owns a libmicrohttpd daemon and, for as long as it runs, a reference to what its thread uses.
///
/// `@unchecked Sendable`: the daemon's functions may be called from any thread ("Thread safety" in
/// libmicrohttpd's manual); it is stopped once, by the one owner.
@safe struct DaemonHandle: ~Copyable, @unchecked Sendable {
    private let daemon: OpaquePointer
    /// The +1 that the callbacks borrow; given back after the daemon's thread has ended.
    private let core: Unmanaged<HTTPServerCore>

    /// Starts listening.
    init(_ address: ListenAddress, core: HTTPServerCore) throws(GatewayError) {
        guard let socketAddress = SocketAddress(address) else {
            throw GatewayError(
                .invalidAddress, "'\(address.host)' is no numeric address", hint: "Write 127.0.0.1 or [::1].")
        }
        var flags = MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_USE_ITC.rawValue
        if socketAddress.isIPv6 { flags |= MHD_USE_IPv6.rawValue }
        // Retained for the callbacks; released below when starting fails, else by `deinit`.
        let retained = unsafe Unmanaged.passRetained(core)
        let idleSeconds = max(1, core.limits.idleTimeout.components.seconds)
        let (daemon, code) = unsafe socketAddress.withBytes { bytes in
            var options = unsafe [
                MHD_OptionItem(
                    option: .CONNECTION_LIMIT, value: core.limits.connectionsMax, ptr_value: nil),
                MHD_OptionItem(
                    option: .CONNECTION_MEMORY_LIMIT, value: 2 * core.limits.headerBytesMax,
                    ptr_value: nil),
                MHD_OptionItem(
                    option: .CONNECTION_TIMEOUT, value: Int(idleSeconds), ptr_value: nil),
                MHD_OptionItem(option: .SOCK_ADDR, value: 0, ptr_value: bytes),
                MHD_OptionItem(
                    option: .NOTIFY_COMPLETED,
                    value: Int(bitPattern: unsafeBitCast(requestCompleted, to: UnsafeRawPointer.self)),
                    ptr_value: retained.toOpaque()),
                MHD_OptionItem(option: .END, value: 0, ptr_value: nil),
            ]
            errno = 0
            let daemon = unsafe modelcast_mhd_start(flags, handleRequest, retained.toOpaque(), &options)
            return unsafe (daemon, errno)
        }
        guard let daemon = unsafe daemon else {
            unsafe retained.release()
            throw Self.failure(address, code)
        }
        unsafe self.daemon = daemon
        unsafe self.core = retained
    }

    deinit {
        unsafe MHD_stop_daemon(daemon)
        unsafe core.release()
    }

    /// The port it listens on.
    var port: UInt16 { unsafe modelcast_mhd_port(daemon) }

    /// Accepts no more connections; those that are open stay.
    borrowing func stopListening() {
        let socket = unsafe MHD_quiesce_daemon(daemon)
        if socket >= 0 { close(socket) }
    }

    private static func failure(_ address: ListenAddress, _ code: Int32) -> GatewayError {
        switch code {
        case EADDRINUSE:
            return GatewayError(
                .addressInUse, "\(address) is in use by another process",
                hint: "Stop it, or listen on another port.")
        case EACCES, EPERM:
            return GatewayError(
                .notPermitted, "this user may not listen on \(address)", hint: "Choose a port from 1024 on.")
        default:
            let reason = code == 0 ? "" : unsafe ": " + String(cString: strerror(code))
            return GatewayError(
                .startFailed, "cannot listen on \(address)\(reason)",
                hint: "Choose an address of this machine.")
        }
    }
}
