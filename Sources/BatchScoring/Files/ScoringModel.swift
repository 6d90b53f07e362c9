internal import Crypto
public import Features
public import Modelcast
public import Models
internal import Snapshots

/// What scoring a file needs of a model: the way from a row to a prediction, and the model's name for the
/// record.
public struct ScoringModel: Sendable {
    /// The model's name; of a file that was never published, the file's.
    public let name: String
    /// The version; 0 for a file that was never published.
    public let version: Int
    /// The digest of the version's files, or of the file.
    public let digest: String
    /// Turns decoded rows into the predictor's rows; holds the schema.
    public let program: FeatureProgram
    /// The model.
    public let predictor: any Predictor

    /// A model of these parts, which must fit each other.
    public init(name: String, version: Int, digest: String, program: FeatureProgram, predictor: any Predictor)
    {
        precondition(
            program.outputCount == predictor.featureCount,
            "the pipeline writes \(program.outputCount) floats, the model reads \(predictor.featureCount)")
        self.name = name
        self.version = version
        self.digest = digest
        self.program = program
        self.predictor = predictor
    }

    /// A version that was loaded, with every check.
    public init(_ loaded: LoadedModel) {
        self.init(
            name: loaded.name.text, version: loaded.version.number, digest: loaded.digest.hex,
            program: loaded.program, predictor: loaded.predictor)
    }
}
