/// Mean and standard deviation of each column of a stream of rows, one row at a time, in constant memory.
///
/// Welford's method (Knuth, The Art of Computer Programming 2, section 4.2.2). A missing value (NaN) changes
/// nothing of its column. The same rows in the same order give the same bits.
public struct RunningScale: Sendable, Equatable {
    /// Values seen, by column.
    public private(set) var counts: [Int]
    /// Means, by column; 0 before the first value.
    public private(set) var means: [Double]
    /// Sums of squared distances from the mean, by column.
    public private(set) var squares: [Double]

    /// The scale of `width` columns, before the first row.
    public init(width: Int) {
        counts = Array(repeating: 0, count: width)
        means = Array(repeating: 0, count: width)
        squares = means
    }

    /// A scale that was stored; nil when the lists differ in length.
    public init?(counts: [Int], means: [Double], squares: [Double]) {
        guard counts.count == means.count, means.count == squares.count else { return nil }
        self.counts = counts
        self.means = means
        self.squares = squares
    }

    /// How many columns.
    public var width: Int { counts.count }

    /// Takes a row into account.
    public mutating func update(_ row: some Collection<Float>) {
        for (column, value) in row.enumerated() where !value.isNaN {
            let number = Double(value)
            counts[column] += 1
            let distance = number - means[column]
            means[column] += distance / Double(counts[column])
            squares[column] += distance * (number - means[column])
        }
    }

    /// The standard deviation of `column`; 1 while there is none, so that dividing by it is always sound.
    public func deviation(_ column: Int) -> Double {
        guard counts[column] > 1 else { return 1 }
        let variance = squares[column] / Double(counts[column])
        return variance > 1e-12 ? variance.squareRoot() : 1
    }
}
