public import Crypto
public import Features
public import Models
public import Snapshots

/// One version of a model, ready to score: verified, compiled and warm. Immutable; safe to use from any
/// number of threads.
///
/// ```swift
/// var decoder = EventDecoder(schema: model.schema)
/// var block = FeatureBlock(schema: model.schema)
/// ```
/// decode events into the block, let `program` write rows from it, and `predictor` score the rows.
public final class LoadedModel: Sendable {
    /// The model.
    public let name: ModelName
    /// The version.
    public let version: ModelVersion
    /// The snapshot's digest.
    public let digest: Digest
    /// The manifest; nil for a model that was loaded from local files.
    public let manifest: Manifest?
    /// The features that an event gives.
    public let schema: Schema
    /// Makes rows from features.
    public let program: FeatureProgram
    /// Scores rows.
    public let predictor: any Predictor
    /// The reference distributions, where the snapshot has them.
    public let baseline: Baseline?
    /// How many golden rows were scored and compared.
    public let goldenRowsChecked: Int

    /// A model from its parts. `ModelLoader` makes one from files, with every check.
    public init(
        name: ModelName, version: ModelVersion, digest: Digest = Digest(of: []), manifest: Manifest? = nil,
        schema: Schema, program: FeatureProgram, predictor: any Predictor, baseline: Baseline? = nil,
        goldenRowsChecked: Int = 0
    ) {
        self.name = name
        self.version = version
        self.digest = digest
        self.manifest = manifest
        self.schema = schema
        self.program = program
        self.predictor = predictor
        self.baseline = baseline
        self.goldenRowsChecked = goldenRowsChecked
    }
}

extension LoadedModel: CustomStringConvertible {
    public var description: String { "\(name)@\(version)" }
}
