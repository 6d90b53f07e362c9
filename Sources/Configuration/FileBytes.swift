#if canImport(Glibc)
    internal import Glibc
#else
    internal import Musl
#endif

/// Reads small files whole, and no more of a large one than the limit.
enum FileBytes {
    static func read(_ path: String, bytesMax: Int) throws(ConfigurationError) -> [UInt8] {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { room in
                unsafe Self.systemRead(descriptor, room)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(path, errno)
            }
            if count == 0 { return bytes }
            bytes += buffer.prefix(count)
            guard bytes.count <= bytesMax else {
                throw ConfigurationError(
                    .tooLarge, "\(path): more than \(bytesMax) bytes", hint: "Is this the right file?")
            }
        }
    }

    private static func systemRead(_ descriptor: Int32, _ room: UnsafeMutableRawBufferPointer) -> Int {
        #if canImport(Glibc)
            unsafe Glibc.read(descriptor, room.baseAddress, room.count)
        #else
            unsafe Musl.read(descriptor, room.baseAddress, room.count)
        #endif
    }

    private static func failure(_ path: String, _ code: Int32) -> ConfigurationError {
        let hint =
            switch code {
            case ENOENT: "Check the path; it is relative to the current directory."
            case EACCES: "Allow this user to read it."
            case EISDIR: "Name a file in it."
            default: ""
            }
        let reason = unsafe String(cString: strerror(code))
        return ConfigurationError(.unreadable, "\(path) cannot be read: \(reason)", hint: hint)
    }
}
