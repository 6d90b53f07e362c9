import Modelcast
import Models
import Snapshots

extension ModelFiles {
    /// The files of a snapshot, by their paths there.
    init(_ files: [String: [UInt8]], of manifest: Manifest) {
        self.init(
            model: files[manifest.modelFile] ?? [], format: ModelFormat(name: manifest.format),
            schema: files[SnapshotPath.schema], pipeline: files[SnapshotPath.pipeline],
            baseline: files[SnapshotPath.baseline], golden: files[SnapshotPath.golden])
    }
}
