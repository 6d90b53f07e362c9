internal import Basics
internal import Glibc

/// Where a table's bytes come from: a file, standard input, or memory. Confined to one thread; reading
/// blocks, so it belongs on a `ThreadExecutor`.
public final class ByteSource {
    /// The name for messages: the path, or `standard input`.
    public let name: String
    /// Sees every chunk once, in order, before it is parsed (a digest of the whole input, a progress line).
    public var tap: ((ArraySlice<UInt8>) -> Void)?

    private let descriptor: Int32
    private let closes: Bool
    private var memory: ArraySlice<UInt8>

    /// Opens the file at `path`; `-` is standard input.
    public init(path: String) throws(TabularError) {
        memory = []
        if path == "-" {
            name = "standard input"
            descriptor = STDIN_FILENO
            closes = false
            return
        }
        name = path
        let opened = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard opened >= 0 else {
            throw TabularError(
                .unreadable, "\(path): \(SystemError.text(errno))", hint: "check the path and its permissions"
            )
        }
        descriptor = opened
        closes = true
    }

    /// Reads `bytes`; messages call them `name`.
    public init(bytes: [UInt8], name: String = "memory") {
        self.name = name
        memory = bytes[...]
        descriptor = -1
        closes = false
    }

    deinit {
        if closes { close(descriptor) }
    }

    /// Appends at most `count` bytes to `buffer`; false at the end.
    func read(_ count: Int, into buffer: inout [UInt8]) throws(TabularError) -> Bool {
        let before = buffer.count
        if descriptor < 0 {
            buffer.append(contentsOf: memory.prefix(count))
            memory = memory.dropFirst(count)
        } else {
            let result = Self.fill(&buffer, from: descriptor, count: count)
            guard result >= 0 else {
                throw TabularError(
                    .unreadable, "\(name): \(SystemError.text(Int32(-result)))", recovery: .retry)
            }
        }
        guard buffer.count > before else { return false }
        tap?(buffer[before...])
        return true
    }

    /// Reads to the end and keeps nothing: `tap` sees the bytes.
    public func drain(chunkBytes: Int = 256 << 10) throws(TabularError) {
        var buffer: [UInt8] = []
        while try read(max(1, chunkBytes), into: &buffer) { buffer.removeAll(keepingCapacity: true) }
    }

    /// Grows `buffer` by what one read returns; the bytes read, or the negative `errno`.
    private static func fill(_ buffer: inout [UInt8], from descriptor: Int32, count: Int) -> Int {
        var result = 0
        var number: Int32 = 0
        let chunk = unsafe [UInt8](unsafeUninitializedCapacity: count) { bytes, initialized in
            repeat {
                result = unsafe Glibc.read(descriptor, bytes.baseAddress, bytes.count)
                number = errno
            } while result < 0 && number == EINTR
            // The system has written that many bytes.
            initialized = max(0, result)
        }
        buffer.append(contentsOf: chunk)
        return result < 0 ? -Int(number) : result
    }
}
