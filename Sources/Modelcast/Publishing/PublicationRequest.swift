public import Catalog
public import Models
public import Snapshots

/// What to publish.
public struct PublicationRequest: Sendable {
    /// The model.
    public var model: ModelName
    /// The model file; its path in the snapshot is the file's own name, or the format's usual one.
    public var modelFile: SnapshotFile
    /// Its format; nil to tell it from the contents.
    public var format: ModelFormat?
    /// `schema.json`; nil: one is made from the model (its names, or `f0`, `f1`, …; numbers that may be
    /// missing).
    public var schema: SnapshotFile.Source?
    /// `pipeline.json`.
    public var pipeline: SnapshotFile.Source?
    /// `baseline.json`.
    public var baseline: SnapshotFile.Source?
    /// `golden.json`: rows that every consumer scores and compares before it uses the version.
    public var golden: SnapshotFile.Source?
    /// Further files, by name; they stand under `attachments/`.
    public var attachments: [String: SnapshotFile.Source]
    /// What was measured; finite.
    public var metrics: [String: Double]
    /// How it was trained.
    public var parameters: [String: String]
    /// What it was made from.
    public var lineage: Lineage
    /// The number to get; nil: the next one.
    public var version: ModelVersion?
    /// An alias to point to the version once it is visible.
    public var alias: AliasName?
    /// What the alias must point to before.
    public var aliasExpectation: AliasExpectation
    /// Why, for the audit topic.
    public var why: String

    /// A request to publish `modelFile` as the next version of `model`.
    public init(
        model: ModelName, modelFile: SnapshotFile, format: ModelFormat? = nil,
        schema: SnapshotFile.Source? = nil,
        pipeline: SnapshotFile.Source? = nil, baseline: SnapshotFile.Source? = nil,
        golden: SnapshotFile.Source? = nil, attachments: [String: SnapshotFile.Source] = [:],
        metrics: [String: Double] = [:], parameters: [String: String] = [:], lineage: Lineage = Lineage(),
        version: ModelVersion? = nil, alias: AliasName? = nil, aliasExpectation: AliasExpectation = .any,
        why: String = ""
    ) {
        self.model = model
        self.modelFile = modelFile
        self.format = format
        self.schema = schema
        self.pipeline = pipeline
        self.baseline = baseline
        self.golden = golden
        self.attachments = attachments
        self.metrics = metrics
        self.parameters = parameters
        self.lineage = lineage
        self.version = version
        self.alias = alias
        self.aliasExpectation = aliasExpectation
        self.why = why
    }

    /// A request to publish the model file at `path` on disk.
    public init(model: ModelName, path: String) {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        self.init(model: model, modelFile: SnapshotFile(path: name, source: .file(path)))
    }

    /// All files as they will stand in the snapshot.
    var files: [SnapshotFile] {
        var files = [modelFile]
        let companions = [
            (SnapshotPath.schema, schema), (SnapshotPath.pipeline, pipeline),
            (SnapshotPath.baseline, baseline),
            (SnapshotPath.golden, golden),
        ]
        for case (let path, let source?) in companions {
            files.append(SnapshotFile(path: path, source: source))
        }
        for (name, source) in attachments.sorted(by: { $0.key < $1.key }) {
            files.append(SnapshotFile(path: SnapshotPath.attachments + name, source: source))
        }
        return files
    }
}

/// What was published.
public struct Publication: Sendable {
    /// The manifest as it stands in the catalog.
    public var manifest: Manifest
    /// The change of the alias, if one was asked for.
    public var aliasChange: AliasChange?
    /// Claims that were needed for the version's number.
    public var attempts: Int
    /// Chunks of the snapshot.
    public var chunkCount: Int
    /// Chunks that were sent; the others were in the log already.
    public var sentChunks: Int
    /// Bytes of the frames that were sent.
    public var sentBytes: Int64
    /// How long it took, in all.
    public var duration: Duration
    /// Why the audit topic has no record of it, if so.
    public var auditFailure: CatalogError?
}

/// How far a publication has come.
public struct PublicationProgress: Sendable, Hashable {
    /// What is being done.
    public var phase: PublicationMachine.Phase
    /// Raw bytes of chunks that are in the log.
    public var sentBytes: Int64
    /// Raw bytes of chunks that were read back.
    public var checkedBytes: Int64
    /// Raw bytes of the snapshot; 0 while that is not known.
    public var totalBytes: Int64
}
