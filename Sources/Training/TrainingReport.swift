public import Models

/// What training did and came to.
public struct TrainingReport: Sendable {
    /// Rows of the table, those left out because their label is NULL, and those of each part.
    public struct Rows: Sendable, Hashable {
        /// Rows of the table.
        public let total: Int
        /// Rows without a label.
        public let unlabelled: Int
        /// Rows to train on.
        public let train: Int
        /// Rows to choose by.
        public let validation: Int
        /// Rows that the metrics are reported on.
        public let test: Int
    }

    /// What was predicted.
    public let task: TrainingTask
    /// The classes in the order of their indices; empty for regression.
    public let classes: [String]
    /// How many rows went where.
    public let rows: Rows
    /// Every column of the table in numbers.
    public let statistics: [ColumnStatistics]
    /// Columns that are no features, with the reason.
    public let excluded: [(column: String, reason: String)]
    /// What was found in the data and did not stop training.
    public let anomalies: [Anomaly]
    /// What a person should know.
    public let notices: [String]
    /// The metric that chose.
    public let metric: Metric
    /// All that was fitted, in the order of the request.
    public let candidates: [Candidate]
    /// The champion's evaluation on the test part, where there was one that could be evaluated.
    public let championEvaluation: Evaluation?
    /// Requirements and the comparison with the champion.
    public let gate: [GateResult]
    /// The best candidate as a snapshot, whether or not it passed the gate.
    public let model: TrainedModel

    /// Whether the model may be published.
    public var passed: Bool { gate.allSatisfy(\.passed) }
    /// The candidate that `model` is.
    public var chosen: Candidate { candidates.first { $0.algorithm == model.algorithm } ?? candidates[0] }
}

/// A fitted model with its evaluation.
public struct Candidate: Sendable {
    /// How it was fitted.
    public let algorithm: Algorithm
    /// The parameters that it was fitted with, in order.
    public let parameters: [(name: String, value: String)]
    /// Its evaluation on each part.
    public let evaluations: [DataPart: Evaluation]
    /// The bytes of its model file.
    public let modelBytes: Int
    /// Floats in a row.
    public let inputCount: Int
    /// How long fitting took.
    public let duration: Duration

    /// Its evaluation on the rows that nothing was fitted to.
    public var test: Evaluation? { evaluations[.test] }
}

/// A trained model with all that its consumers need: the files of a snapshot and what its manifest says.
public struct TrainedModel: Sendable {
    /// A file of the snapshot.
    public struct File: Sendable, Hashable {
        /// Its name, such as `model.json`.
        public let name: String
        /// Its bytes.
        public let bytes: [UInt8]
    }

    /// How it was fitted.
    public let algorithm: Algorithm
    /// The format of the model file.
    public let format: ModelFormat
    /// The model file first, then `schema.json`, `pipeline.json`, `baseline.json`, `golden.json`. The same
    /// data, request and libxgboost give the same bytes.
    public let files: [File]
    /// The metrics on the test part by name.
    public let metrics: [String: Double]
    /// What it was fitted with.
    public let parameters: [String: String]
    /// What it was fitted to.
    public let lineage: TrainingLineage

    /// The bytes of a file; nil when there is none of that name.
    public func file(_ name: String) -> [UInt8]? { files.first { $0.name == name }?.bytes }

    /// The model file.
    public var modelFile: File { files[0] }
}

/// Where a trained model comes from: enough to train it again.
public struct TrainingLineage: Sendable, Hashable {
    /// The name of the data file, without its folder.
    public let dataName: String
    /// Its SHA-256 in hexadecimal.
    public let dataDigest: String
    /// Rows with a label.
    public let rows: Int
    /// The label's expression as given.
    public let label: String
    /// The division into parts.
    public let split: Split
    /// The column that the division hashes; nil: the whole row.
    public let splitKey: String?
    /// XGBoost's version, where it was used.
    public let libraryVersion: String?
}

/// How far training is.
public enum TrainingProgress: Sendable {
    /// The table is being read.
    case loading
    /// The table is there.
    case loaded(rows: Int, columns: Int)
    /// An algorithm begins.
    case fitting(Algorithm)
    /// A round of boosting is done, with the metric on the validation part.
    case round(Algorithm, Int, of: Int, value: Double)
    /// A candidate is there.
    case fitted(Candidate)
}
