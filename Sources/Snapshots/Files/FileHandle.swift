internal import Basics
internal import Glibc

/// An open file. Calls block: use it on a thread that may.
struct FileHandle: ~Copyable {
    private let descriptor: Int32
    private let path: String

    private init(descriptor: Int32, path: String) {
        self.descriptor = descriptor
        self.path = path
    }

    deinit {
        _ = Glibc.close(descriptor)
    }

    /// Opens `path` for reading; throws `storage` unless it is a plain file.
    static func open(_ path: String) throws(SnapshotError) -> FileHandle {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileSystem.error("open", path) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            _ = Glibc.close(descriptor)
            throw SnapshotError(.storage, "'\(path)' is no plain file")
        }
        return FileHandle(descriptor: descriptor, path: path)
    }

    /// Makes `path` for writing; throws when it exists.
    static func create(_ path: String) throws(SnapshotError) -> FileHandle {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileSystem.error("create", path) }
        return FileHandle(descriptor: descriptor, path: path)
    }

    /// Opens `path` for appending; makes it when it is missing.
    static func append(_ path: String) throws(SnapshotError) -> FileHandle {
        let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw FileSystem.error("open", path) }
        return FileHandle(descriptor: descriptor, path: path)
    }

    /// The file's bytes now.
    borrowing func size() throws(SnapshotError) -> Int64 {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw FileSystem.error("measure", path) }
        return Int64(status.st_size)
    }

    /// Appends exactly `count` bytes from `offset` on to `bytes`; throws `changed` when the file ends before.
    borrowing func read(
        at offset: Int64, count: Int, into bytes: inout [UInt8]
    ) throws(SnapshotError) {
        var done = 0
        var failure: SnapshotError?
        let part = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            while done < count {
                let taken = pread(
                    descriptor, buffer.baseAddress! + done, count - done, off_t(offset + Int64(done)))
                if taken < 0, errno == EINTR { continue }
                if taken <= 0 {
                    failure =
                        taken < 0
                        ? FileSystem.error("read", path)
                        : SnapshotError(.changed, "'\(path)' ended before byte \(offset + Int64(count))")
                    break
                }
                done += taken
            }
            initialised = done
        }
        if let failure { throw failure }
        bytes.append(contentsOf: part)
    }

    /// Bytes of one call: many kernels hold the core for the whole of it, whoever else wants it.
    private static let writeBytesMax = 64 << 10

    /// Writes all of `bytes` where the last write ended.
    borrowing func write(_ bytes: ArraySlice<UInt8>) throws(SnapshotError) {
        let failure = bytes.withUnsafeBytes { buffer -> SnapshotError? in
            var done = 0
            while done < buffer.count {
                let count = min(buffer.count - done, FileHandle.writeBytesMax)
                let written = Glibc.write(descriptor, buffer.baseAddress! + done, count)
                if written < 0, errno == EINTR { continue }
                if written < 0 { return FileSystem.error("write", path) }
                done += written
            }
            return nil
        }
        if let failure { throw failure }
    }

    /// Waits until the bytes are on the disk.
    borrowing func synchronise() throws(SnapshotError) {
        guard fsync(descriptor) == 0 else { throw FileSystem.error("synchronise", path) }
    }
}

/// Calls on names.
enum FileSystem {
    /// The last system call's failure.
    static func error(_ doing: String, _ path: String) -> SnapshotError {
        let number = errno
        return SnapshotError(
            .storage, "cannot \(doing) '\(path)': \(SystemError.text(number))",
            hint: number == ENOSPC ? "free some space" : "", recovery: .fixConfiguration)
    }

    /// Makes `path` and the folders above it.
    static func makeFolder(_ path: String) throws(SnapshotError) {
        if mkdir(path, 0o777) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
            throw error("make the folder", path)
        }
        try makeFolder(String(path[..<slash]))
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw error("make the folder", path) }
    }

    /// Gives `from` the name `to`, in place of what had it.
    static func rename(_ from: String, to: String) throws(SnapshotError) {
        guard Glibc.rename(from, to) == 0 else { throw error("rename to", to) }
    }

    /// Removes a file; a missing one is no error.
    static func remove(_ path: String) {
        _ = unlink(path)
    }

    /// Whether something has the name `path`.
    static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// The names in a folder; none when it cannot be read.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Size, and seconds since the epoch of the last change, of a plain file.
    static func information(_ path: String) -> (size: Int64, changed: Int)? {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return (Int64(status.st_size), status.st_mtim.tv_sec)
    }

    /// Marks a file as used now.
    static func touch(_ path: String) {
        _ = utimensat(AT_FDCWD, path, nil, 0)
    }

    /// Removes a folder with all that is in it.
    static func removeFolder(_ path: String) {
        for name in names(in: path) {
            let inner = "\(path)/\(name)"
            if unlink(inner) != 0 { removeFolder(inner) }
        }
        _ = rmdir(path)
    }

    /// Seconds since the epoch.
    static var seconds: Int { Int(Timestamp.now.milliseconds / 1_000) }

    /// A name that nobody else makes: this process and a random number.
    static func uniqueSuffix() -> String {
        "\(getpid())-\(String(UInt64.random(in: 0 ... .max), radix: 36))"
    }
}
