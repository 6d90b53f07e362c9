import Basics
import Glibc

/// What `doctor` checks of the machine: libraries and disk.
enum MachineChecks {
    /// Less free space than this stops an embedded log or a chunk cache soon.
    static let freeBytesMin: UInt64 = 1 << 30

    static func libraries() -> Finding {
        let libraries = LoadedLibraries.all()
        let missing = libraries.filter { $0.version == nil }.map(\.name)
        let list = libraries.compactMap { library in library.version.map { "\(library.name) \($0)" } }
        guard missing.isEmpty else {
            return .warning(
                "libraries", "\(missing.joined(separator: ", ")) do not tell their version",
                remedy: "check which files the program loads with ldd")
        }
        return .ok("libraries", list.joined(separator: ", "))
    }

    /// The free space where `path` (or the nearest folder above it that exists) lies.
    static func disk(_ what: String, path: String) -> Finding {
        var folder = path
        while !folder.isEmpty, !InputFile.exists(folder) {
            guard let slash = folder.lastIndex(of: "/") else {
                folder = "."
                break
            }
            folder = slash == folder.startIndex ? "/" : String(folder[..<slash])
        }
        var status = statvfs()
        guard statvfs(folder.isEmpty ? "." : folder, &status) == 0 else {
            return .failed(
                "disk", "\(what) at \(path): \(SystemError.text(errno))",
                remedy: "check the path and the permissions")
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        let detail = "\(Units.bytes(free)) free for \(what) at \(path)"
        guard access(folder, W_OK) == 0 else {
            return .failed(
                "disk", "\(what): \(folder) may not be written",
                remedy: "run as its owner, or choose another path")
        }
        return free < freeBytesMin
            ? .warning("disk", detail, remedy: "free some space, or move it to another disk")
            : .ok("disk", detail)
    }
}
