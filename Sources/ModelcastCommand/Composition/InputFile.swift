import Basics
import Glibc

/// Small files read whole: definitions, properties, schemas.
enum InputFile {
    /// The bytes of the file at `path`, which must not have more than `bytesMax`.
    static func read(_ path: String, bytesMax: Int) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(path, errno) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let before = bytes.count
            let count = min(64 << 10, bytesMax + 1 - before)
            bytes.append(contentsOf: repeatElement(0, count: count))
            let got = bytes.withUnsafeMutableBytes { buffer in
                Glibc.read(descriptor, buffer.baseAddress.map { $0 + before }, count)
            }
            if got < 0 {
                bytes.removeLast(count)
                if errno == EINTR { continue }
                throw unreadable(path, errno)
            }
            bytes.removeLast(count - got)
            if got == 0 { return bytes }
            guard bytes.count <= bytesMax else {
                throw CommandError(
                    .file, "\(path) has more than \(Units.bytes(bytesMax))", hint: "is it the right file?",
                    recovery: .fixInput)
            }
        }
    }

    /// The names of the files in `directory` that end in one of `suffixes`, sorted.
    static func names(in directory: String, suffixes: [String]) throws -> [String] {
        guard let stream = opendir(directory) else { throw unreadable(directory, errno) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if suffixes.contains(where: name.hasSuffix), name.first != "." { names.append(name) }
        }
        return names.sorted()
    }

    /// Whether anything stands at `path`.
    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    private static func unreadable(_ path: String, _ number: Int32) -> CommandError {
        CommandError(
            .file, "cannot read \(path): \(SystemError.text(number))",
            hint: "check the path and the permissions", recovery: .fixInput)
    }
}
