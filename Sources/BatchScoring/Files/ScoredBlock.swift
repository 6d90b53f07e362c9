internal import Models

/// Consecutive rows of the input with what became of each: a prediction or a reject.
///
/// A value to be filled again and again by `FileScorer.next`, so that its memory is reused.
public struct ScoredBlock: Sendable {
    /// The rows, numbered from 0 among all rows of the input.
    public internal(set) var rows: Range<Int> = 0..<0
    /// The predictor's results; those of the scored row at `index` stand at `slots[index]`.
    var predictions = PredictionBlock()
    var slots: [Int] = []
    /// The numbers of the rows that have a prediction.
    public internal(set) var scoredRows: [Int] = []
    /// The rows that have none, in their order.
    public internal(set) var rejects: [RejectedRow] = []
    /// Where each scored row's key ends in `keyBytes`; empty where no key column was named.
    var keyEnds: [Int] = []
    var keyBytes: [UInt8] = []
    /// Whether each key was a JSON number.
    var keyIsNumber: [Bool] = []

    /// An empty block.
    public init() {}

    /// How many rows have a prediction.
    public var count: Int { scoredRows.count }

    /// Numbers in a prediction.
    public var predictionWidth: Int { predictions.predictionWidth }

    /// Numbers in the scores of a row; 0 where the model gives none.
    public var scoresWidth: Int { predictions.scoresWidth }

    /// The prediction of the scored row at `index`, where it is a single number; the first number otherwise.
    public func prediction(_ index: Int) -> Float { predictions.prediction(slots[index]) }

    /// The whole prediction of the scored row at `index`.
    public func predictionValues(_ index: Int) -> ArraySlice<Float> {
        predictions.predictionValues(slots[index])
    }

    /// The scores by class of the scored row at `index`; empty where the model gives none.
    public func scoreValues(_ index: Int) -> ArraySlice<Float> { predictions.scoreValues(slots[index]) }

    /// The UTF-8 of the key of the scored row at `index`; empty where no key column was named.
    func key(_ index: Int) -> Range<Int> {
        guard index < keyEnds.count else { return 0..<0 }
        return (index == 0 ? 0 : keyEnds[index - 1])..<keyEnds[index]
    }

    /// The key's text of the scored row at `index`; nil where no key column was named.
    public func keyText(_ index: Int) -> String? {
        index < keyEnds.count ? String(decoding: keyBytes[key(index)], as: UTF8.self) : nil
    }

    /// The scored rows from the one at `start` on, roughly in the order of their keys: an index is then
    /// written page by page instead of all over.
    func orderByKey(from start: Int) -> [Int] {
        guard keyEnds.count == count else { return Array(start..<count) }
        let order = (start..<count).map { index -> (UInt64, UInt64, Int) in
            let range = key(index)
            return (
                word(range.lowerBound, range.upperBound), word(range.lowerBound + 8, range.upperBound), index
            )
        }
        return order.sorted { ($0.0, $0.1, $0.2) < ($1.0, $1.1, $1.2) }.map(\.2)
    }

    /// Eight bytes of the keys as a number, those from `end` on as zeros.
    private func word(_ start: Int, _ end: Int) -> UInt64 {
        var word: UInt64 = 0
        for offset in 0..<8 {
            word = word << 8 | (start + offset < end ? UInt64(keyBytes[start + offset]) : 0)
        }
        return word
    }

    mutating func removeAll(from row: Int) {
        rows = row..<row
        slots.removeAll(keepingCapacity: true)
        scoredRows.removeAll(keepingCapacity: true)
        rejects.removeAll(keepingCapacity: true)
        keyEnds.removeAll(keepingCapacity: true)
        keyBytes.removeAll(keepingCapacity: true)
        keyIsNumber.removeAll(keepingCapacity: true)
    }
}

/// A row of the input that could not be scored.
public struct RejectedRow: Sendable, Hashable {
    /// Its number in the input, from 0.
    public var row: Int
    /// The line of the file at which it begins, from 1.
    public var line: Int
    /// The kind of fault, a stable name such as `ragged`, `wrong-type` or `missing-key`.
    public var reason: String
    /// What was wrong, in words.
    public var detail: String
    /// The row as it stands in the file, or its beginning.
    public var input: String
}
