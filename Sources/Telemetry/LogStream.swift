internal import Synchronization

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Log lines to a file descriptor, whole and in order, without ever holding up the program for long.
///
/// A caller appends its line to a bounded buffer. The one who finds nobody writing writes until the buffer is
/// empty; the others go on. Where the descriptor accepts nothing for a tenth of a second (a pipe that nobody
/// reads), the lines wait, up to ``LogLimits/waitingBytesMax``; further ones are dropped, and the next line
/// that is written says how many. Safe to use from any thread.
public final class LogStream: LogOutput {
    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isWriting = false
        var isStalled = false
    }

    private let descriptor: Int32
    private let format: LogFormat
    private let state = Mutex(State())

    /// Lines to an open descriptor, which stays the caller's.
    public init(descriptor: Int32, format: LogFormat) {
        self.descriptor = descriptor
        self.format = format
    }

    /// Lines to standard error.
    public static func standardError(format: LogFormat) -> LogStream {
        LogStream(descriptor: STDERR_FILENO, format: format)
    }

    /// Takes an entry; usually it is written when this returns.
    public func write(_ entry: LogEntry) {
        let line = format.line(entry)
        let waitMilliseconds: Int32? = state.withLock { state in
            if state.waiting.count + line.count > LogLimits.waitingBytesMax {
                state.dropped += 1
            } else {
                state.waiting += line
            }
            guard !state.isWriting else { return nil }
            state.isWriting = true
            return state.isStalled ? 0 : 100
        }
        if let waitMilliseconds { drain(waitMilliseconds: waitMilliseconds) }
    }

    /// Writes what waits, for a second at most.
    public func flush() {
        let mayWrite = state.withLock { state in
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if mayWrite { drain(waitMilliseconds: 1000) }
    }

    /// Lines that were dropped and not reported yet.
    public var droppedCount: Int { state.withLock { $0.dropped } }

    /// Writes until nothing waits or the descriptor accepts no more. Only the caller that set `isWriting` is
    /// here.
    private func drain(waitMilliseconds: Int32) {
        while true {
            let chunk: [UInt8] = state.withLock { state in
                if state.waiting.isEmpty, state.dropped > 0 {
                    state.waiting = droppedLine(state.dropped)
                    state.dropped = 0
                }
                if state.waiting.isEmpty {
                    state.isWriting = false
                    state.isStalled = false
                }
                // A pipe that poll reports as writable takes PIPE_BUF (4096) bytes without blocking.
                return Array(state.waiting.prefix(4096))
            }
            guard !chunk.isEmpty else { return }
            let written = writeOnce(chunk, waitMilliseconds: waitMilliseconds)
            let goesOn = state.withLock { state in
                switch written {
                case .bytes(let count): state.waiting.removeFirst(count)
                case .notNow:
                    state.isStalled = true
                    state.isWriting = false
                    return false
                case .closed:
                    // Nobody will ever read these lines.
                    state.waiting = []
                    state.dropped = 0
                }
                return true
            }
            guard goesOn else { return }
        }
    }

    private enum Written {
        case bytes(Int)
        case notNow
        case closed
    }

    private func writeOnce(_ chunk: [UInt8], waitMilliseconds: Int32) -> Written {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        switch unsafe poll(&ready, 1, waitMilliseconds) {
        case 0: return .notNow
        case ..<0: return errno == EINTR ? .bytes(0) : .closed
        default: break
        }
        let count = unsafe chunk.withUnsafeBytes { bytes in unsafe Self.systemWrite(descriptor, bytes) }
        if count >= 0 { return .bytes(count) }
        switch errno {
        case EINTR: return .bytes(0)
        case EAGAIN: return .notNow
        default: return .closed
        }
    }

    private static func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.write(descriptor, bytes.baseAddress, bytes.count)
        #else
            unsafe Musl.write(descriptor, bytes.baseAddress, bytes.count)
        #endif
    }

    private func droppedLine(_ count: Int) -> [UInt8] {
        let log = LogMemory()
        Log(output: log, component: "log").warning("lines dropped", [LogKey("lines"): .integer(Int64(count))])
        return log.entries.first.map(format.line) ?? []
    }
}
