public import Models
internal import Snapshots

/// The files of a model that are needed to score with it, in memory.
public struct ModelFiles: Sendable {
    /// The model file.
    public var model: [UInt8]
    /// Its format; nil to tell it from the contents.
    public var format: ModelFormat?
    /// `schema.json`; nil: one is made from the model.
    public var schema: [UInt8]?
    /// `pipeline.json`; nil: features go to the model as they are.
    public var pipeline: [UInt8]?
    /// `baseline.json`.
    public var baseline: [UInt8]?
    /// `golden.json`; nil: nothing is compared.
    public var golden: [UInt8]?

    /// The files of a model.
    public init(
        model: [UInt8], format: ModelFormat? = nil, schema: [UInt8]? = nil, pipeline: [UInt8]? = nil,
        baseline: [UInt8]? = nil, golden: [UInt8]? = nil
    ) {
        self.model = model
        self.format = format
        self.schema = schema
        self.pipeline = pipeline
        self.baseline = baseline
        self.golden = golden
    }

    /// The files of a snapshot, by their paths there.
    init(_ files: [String: [UInt8]], modelFile: String, format: ModelFormat?) {
        self.init(
            model: files[modelFile] ?? [], format: format, schema: files[SnapshotPath.schema],
            pipeline: files[SnapshotPath.pipeline], baseline: files[SnapshotPath.baseline],
            golden: files[SnapshotPath.golden])
    }

    /// Whether a snapshot's file is among those that scoring needs.
    static func isNeeded(_ path: String, modelFile: String) -> Bool {
        path == modelFile
            || [SnapshotPath.schema, SnapshotPath.pipeline, SnapshotPath.baseline, SnapshotPath.golden]
                .contains(path)
    }
}
