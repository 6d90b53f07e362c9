internal import Synchronization

/// The files of a model on their way to the loader, which takes them: so that they are freed on its thread as
/// soon as they are read, and not by whoever handed them over.
final class HeldFiles: Sendable {
    private let files: Mutex<ModelFiles?>

    init(_ files: consuming ModelFiles) {
        self.files = Mutex(files)
    }

    /// The files; nil when they were taken.
    func take() -> ModelFiles? {
        files.withLock { files in
            defer { files = nil }
            return files
        }
    }
}
