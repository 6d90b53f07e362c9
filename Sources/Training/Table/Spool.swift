internal import Basics
internal import Glibc

/// A temporary copy of standard input, because a table is read twice. Removed with its owner.
final class Spool {
    let path: String

    private init(path: String) {
        self.path = path
    }

    deinit {
        _ = unsafe unlink(path)
    }

    static func standardInput() throws(TrainingError) -> Spool {
        // mkstemp replaces six of these letters.
        var template = Array(("/tmp/modelcast-table-" + String(repeating: "X", count: 6)).utf8CString)
        let descriptor = unsafe mkstemp(&template)
        guard descriptor >= 0 else {
            throw TrainingError(
                .data, "no temporary file in /tmp: \(SystemError.text(errno))", recovery: .fixConfiguration)
        }
        defer { close(descriptor) }
        let spool = Spool(
            path: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
            if count == 0 { return spool }
            if count < 0, errno == EINTR { continue }
            guard count > 0, write(buffer, count, to: descriptor) else {
                throw TrainingError(
                    .data, "standard input cannot be copied: \(SystemError.text(errno))", recovery: .retry)
            }
        }
    }

    private static func write(_ bytes: [UInt8], _ count: Int, to descriptor: Int32) -> Bool {
        var written = 0
        while written < count {
            let result = unsafe bytes.withUnsafeBytes { buffer -> Int in
                guard let base = buffer.baseAddress else { return -1 }
                return unsafe Glibc.write(descriptor, base + written, count - written)
            }
            if result < 0, errno != EINTR { return false }
            written += max(0, result)
        }
        return true
    }
}
