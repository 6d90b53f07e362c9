/// A loaded model: float32 rows in, predictions out.
///
/// A predictor is immutable and safe to call from several threads, each with a block and a scratch of its
/// own. It was checked when it was loaded, so that no row makes it fail, trap or loop. A row's result
/// depends on that row alone: the same bits come out whatever the batch it is in.
public protocol Predictor: Sendable {
    /// The format that it was loaded from.
    var format: ModelFormat { get }
    /// Floats in a row.
    var featureCount: Int { get }
    /// The names of the features in row order, where the file has them.
    var featureNames: [String]? { get }
    /// What comes out.
    var output: PredictionShape { get }

    /// Scores rows.
    ///
    /// Allocates nothing once `block` and `scratch` have grown to the batch's size.
    ///
    /// - Parameters:
    ///   - rows: `count` rows of `featureCount` floats, NaN where a value is missing. What stands behind
    ///     them is ignored.
    ///   - count: how many rows; trapped when `rows` is too short, for that is the caller's mistake.
    ///   - block: receives the results of these rows alone.
    ///   - scratch: working memory, kept between calls by the caller.
    func predict(
        rows: Span<Float>, count: Int, into block: inout PredictionBlock, scratch: inout PredictionScratch)
}

extension Predictor {
    /// Scores rows into a new block. Convenient where speed does not matter.
    public func predict(rows: [Float]) -> PredictionBlock {
        var block = PredictionBlock()
        var scratch = PredictionScratch()
        let count = featureCount == 0 ? 0 : rows.count / featureCount
        predict(rows: rows.span, count: count, into: &block, scratch: &scratch)
        return block
    }
}

/// What a predictor gives for each row.
public struct PredictionShape: Hashable, Sendable {
    /// What the numbers mean. More kinds may be added.
    public struct Kind: Hashable, Sendable, CustomStringConvertible {
        /// The stable name.
        public let description: String

        /// `prediction` is a value.
        public static let regression = Kind(description: "regression")
        /// `prediction` is the probability of the positive class.
        public static let binaryProbability = Kind(description: "binary-probability")
        /// `prediction` is the index of the likeliest class, `scores` the probabilities by class.
        public static let classIndex = Kind(description: "class-index")
        /// `prediction` is the list of the probabilities by class, and `scores` the same.
        public static let classProbabilities = Kind(description: "class-probabilities")
        /// `prediction` is a score that has no unit (a margin, a rank).
        public static let raw = Kind(description: "raw")
    }

    /// What the numbers mean.
    public let kind: Kind
    /// Numbers in a prediction: 1, or the number of classes or targets.
    public let predictionWidth: Int
    /// Numbers in the scores by class: the number of classes, or 0 where there are no scores.
    public let scoresWidth: Int
    /// The classes' names in the order of the scores, where the model knows them.
    public let classLabels: [String]?

    /// A shape of the given kind.
    public init(kind: Kind, predictionWidth: Int = 1, scoresWidth: Int = 0, classLabels: [String]? = nil) {
        self.kind = kind
        self.predictionWidth = predictionWidth
        self.scoresWidth = scoresWidth
        self.classLabels = classLabels
    }
}

/// The results of a batch, in memory that the caller keeps from batch to batch.
public struct PredictionBlock: Sendable {
    /// Rows in the block.
    public private(set) var count = 0
    /// Numbers in a prediction.
    public private(set) var predictionWidth = 1
    /// Numbers in the scores of a row; 0 where the model gives none.
    public private(set) var scoresWidth = 0
    /// `count * predictionWidth` numbers, row by row; what stands behind them is left over from larger
    /// batches.
    public var predictions: [Float] = []
    /// `count * scoresWidth` numbers, row by row; what stands behind them is left over from larger batches.
    public var scores: [Float] = []

    /// An empty block.
    public init() {}

    /// Makes room for the results of `count` rows: how a predictor begins.
    public mutating func prepare(count: Int, shape: PredictionShape) {
        prepare(count: count, predictionWidth: shape.predictionWidth, scoresWidth: shape.scoresWidth)
    }

    mutating func prepare(count: Int, predictionWidth: Int, scoresWidth: Int) {
        self.count = count
        self.predictionWidth = predictionWidth
        self.scoresWidth = scoresWidth
        predictions.grow(to: count * predictionWidth)
        scores.grow(to: count * scoresWidth)
    }

    /// The prediction of a row, where it is a single number; the first number otherwise.
    @inlinable
    public func prediction(_ row: Int) -> Float { predictions[row * predictionWidth] }

    /// The whole prediction of a row.
    public func predictionValues(_ row: Int) -> ArraySlice<Float> {
        predictions[row * predictionWidth..<(row + 1) * predictionWidth]
    }

    /// The scores by class of a row; empty where the model gives none.
    public func scoreValues(_ row: Int) -> ArraySlice<Float> {
        scores[row * scoresWidth..<(row + 1) * scoresWidth]
    }
}

/// A predictor's working memory, kept by the caller between calls. One for each thread.
public struct PredictionScratch: Sendable {
    var margins: [Float] = []

    /// Empty working memory.
    public init() {}
}

extension [Float] {
    /// Makes the array at least `size` long; never shorter.
    mutating func grow(to size: Int) {
        if count < size { append(contentsOf: repeatElement(0, count: size - count)) }
    }
}
