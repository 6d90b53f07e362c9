import Foundation
import Glibc

/// A file system of its own, of a few megabytes, that can really be full. It is gone with this object.
final class SmallDisk: Sendable {
    private let folder: String

    /// Whether this process may mount one.
    static let isAvailable: Bool = {
        let folder = FileManager.default.temporaryDirectory.appending(path: "disk-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return (try? SmallDisk(folder, megabytes: 1)) != nil
    }()

    /// Mounts one at `folder`, which is made.
    init(_ folder: String, megabytes: Int) throws {
        self.folder = folder
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard mount("tmpfs", folder, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EPERM)
        }
    }

    deinit {
        umount2(folder, Int32(MNT_DETACH))
    }

    /// Puts a file there that leaves `megabytes` free.
    func fill(leaving megabytes: Int) throws {
        var state = statvfs()
        guard statvfs(folder, &state) == 0 else { throw POSIXError(.EIO) }
        let free = Int(state.f_bavail) * Int(state.f_bsize) - megabytes << 20
        try Data(count: max(0, free)).write(to: URL(filePath: "\(folder)/ballast"))
    }

    /// Takes the file away.
    func makeRoom() throws { try FileManager.default.removeItem(atPath: "\(folder)/ballast") }
}
