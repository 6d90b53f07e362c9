/// What a column holds, in numbers.
public struct ColumnStatistics: Sendable, Hashable {
    /// The column.
    public let name: String
    /// What it holds.
    public let type: ColumnType
    /// Rows.
    public let count: Int
    /// Rows without a value.
    public let missing: Int
    /// Different values.
    public let distinct: Int
    /// The least number.
    public let minimum: Double?
    /// The greatest number.
    public let maximum: Double?
    /// The mean of the numbers.
    public let mean: Double?
    /// Their standard deviation (of the population).
    public let standardDeviation: Double?
    /// Their quantiles, at `quantileLevels`, interpolated as numpy does by default.
    public let quantiles: [Double]
    /// The most frequent values with their counts, up to ten; ties in the order of the text.
    public let top: [Top]

    /// A value and how often it stands there.
    public struct Top: Sendable, Hashable {
        /// The value as text.
        public let value: String
        /// Rows that have it.
        public let count: Int
    }

    /// Where `quantiles` are taken.
    public static let quantileLevels = [0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99]

    /// The share of rows without a value.
    public var missingShare: Double { count == 0 ? 0 : Double(missing) / Double(count) }

    init(_ column: FrameColumn) {
        name = column.name
        type = column.type
        count = column.count
        switch column.values {
        case .numbers(let numbers):
            let sorted = numbers.filter { !$0.isNaN }.sorted()
            missing = count - sorted.count
            var runs: [(value: Double, count: Int)] = []
            for value in sorted {
                if let last = runs.last, last.value == value {
                    runs[runs.count - 1].count += 1
                } else {
                    runs.append((value, 1))
                }
            }
            distinct = runs.count
            minimum = sorted.first
            maximum = sorted.last
            let total = Double(sorted.count)
            let mean = sorted.isEmpty ? nil : sorted.reduce(0, +) / total
            self.mean = mean
            standardDeviation = mean.map { mean in
                (sorted.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / total).squareRoot()
            }
            quantiles = sorted.isEmpty ? [] : Self.quantileLevels.map { Self.quantile(sorted, $0) }
            let isBoolean = column.type == .boolean
            top = runs.sorted { ($1.count, $0.value) < ($0.count, $1.value) }.prefix(10).map { run in
                let whole = isBoolean ? (run.value == 0 ? "false" : "true") : Self.text(run.value)
                return Top(value: whole, count: run.count)
            }
        case .codes(let codes, let categories):
            missing = codes.count { $0 < 0 }
            var counts = [Int](repeating: 0, count: categories.count)
            for code in codes where code >= 0 { counts[Int(code)] += 1 }
            distinct = categories.count
            minimum = nil
            maximum = nil
            mean = nil
            standardDeviation = nil
            quantiles = []
            top = categories.indices.prefix(10).map { Top(value: categories[$0], count: counts[$0]) }
        }
    }

    /// `level` of sorted numbers, linear between the two nearest.
    static func quantile(_ sorted: [Double], _ level: Double) -> Double {
        let place = level * Double(sorted.count - 1)
        let low = Int(place)
        let high = min(low + 1, sorted.count - 1)
        return sorted[low] + (sorted[high] - sorted[low]) * (place - Double(low))
    }

    private static func text(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? value.description
    }
}
