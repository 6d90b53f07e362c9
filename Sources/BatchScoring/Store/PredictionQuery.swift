public import Tabular

/// Which predictions are wanted. Without a run: those that are current.
public struct PredictionQuery: Sendable, Hashable {
    /// A run's name or its first digits: all its predictions, whatever was decided about it.
    public var run: String?
    /// Of this entity only.
    public var key: String?
    /// Of this model only.
    public var model: String?
    /// Of this version only.
    public var version: Int?
    /// At most so many.
    public var limit: Int?

    /// All current predictions, unless narrowed.
    public init(
        run: String? = nil, key: String? = nil, model: String? = nil, version: Int? = nil, limit: Int? = nil
    ) {
        self.run = run
        self.key = key
        self.model = model
        self.version = version
        self.limit = limit
    }
}

/// A prediction in the store.
public struct StoredPrediction: Sendable, Hashable {
    /// The model that made it.
    public let model: String
    /// The model's version.
    public let version: Int
    /// The run that wrote it.
    public let run: String
    /// The text of the key column.
    public let entity: String
    /// A number (`real`), or several (`list`).
    public let prediction: TableValue
    /// The scores by class; nil where the model gives none.
    public let scores: [Float]?
    /// The row's number in the run's input, from 0.
    public let row: Int
}
