import FoundationEssentials

/// A new folder for temporary files, removed with the value's last reference.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let root = ProcessInfo.processInfo.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        path = "\(root)/modelcast-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // What cannot be removed now is the system's to clear.
        try? FileManager.default.removeItem(atPath: path)
    }
}
