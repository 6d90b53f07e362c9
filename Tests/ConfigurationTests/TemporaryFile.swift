import Foundation

/// A file with a text, removed with its last reference.
final class TemporaryFile: Sendable {
    let path: String

    init(_ text: String, name: String = "score.yaml") throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "modelcast-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        path = file.path
    }

    deinit {
        try? FileManager.default.removeItem(atPath: (path as NSString).deletingLastPathComponent)
    }
}
