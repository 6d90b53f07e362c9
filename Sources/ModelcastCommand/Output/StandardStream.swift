import Basics
import Glibc

/// Standard output and standard error, written without a buffer between, so that nothing is lost at the end.
enum StandardStream: Sendable {
    case output
    case error

    private var descriptor: Int32 { self == .output ? STDOUT_FILENO : STDERR_FILENO }

    /// Whether a person looks at it.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Columns of the terminal; 80 where it does not say.
    var columns: Int {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Writes all of it. Throws `BrokenPipe` when nobody reads any more, and `CommandError` when the system
    /// refuses.
    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EPIPE: throw BrokenPipe()
            case EAGAIN:
                // Somebody made the shared descriptor non-blocking: wait until it takes bytes again.
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&ready, 1, 1_000)
            default:
                throw CommandError(
                    .file, "cannot write to standard \(self): \(SystemError.text(errno))",
                    hint: "check the space on the disk it goes to", recovery: .fixConfiguration)
            }
        }
    }
}

/// Nobody reads the output any more (`modelcast … | head`): the program ends, and that is a success.
struct BrokenPipe: Error {}
