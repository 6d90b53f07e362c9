/// How the values of a number were distributed: counts, moments, and a histogram over quantiles.
public struct NumberDistribution: Hashable, Sendable {
    /// Values that were there.
    public var count: Int
    /// Values that were missing.
    public var missing: Int
    /// Their mean; 0 when there were none.
    public var mean: Double
    /// Their standard deviation (of the population).
    public var deviation: Double
    /// The least.
    public var minimum: Double
    /// The greatest.
    public var maximum: Double
    /// Where one bin ends and the next begins, rising strictly: bin `i` holds values from edge `i - 1` on and
    /// below edge `i`; the first bin has no lower end, the last no upper one.
    public var edges: [Double]
    /// Values in each bin: one more than there are edges. Of a sample, where there were more values than fit
    /// one.
    public var counts: [Int]

    /// A distribution of these numbers.
    public init(
        count: Int, missing: Int, mean: Double, deviation: Double, minimum: Double, maximum: Double,
        edges: [Double], counts: [Int]
    ) {
        self.count = count
        self.missing = missing
        self.mean = mean
        self.deviation = deviation
        self.minimum = minimum
        self.maximum = maximum
        self.edges = edges
        self.counts = counts
    }

    /// The bin of a value.
    public func bin(_ value: Double) -> Int {
        var (low, high) = (0, edges.count)
        while low < high {
            let middle = (low + high) / 2
            if edges[middle] <= value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// How the categories of a feature were distributed.
public struct CategoryDistribution: Hashable, Sendable {
    /// One category and how often it was there.
    public struct Entry: Hashable, Sendable {
        /// The text.
        public let category: String
        /// How often.
        public let count: Int

        /// A category that was there so often.
        public init(_ category: String, _ count: Int) {
            self.category = category
            self.count = count
        }
    }

    /// Buckets of ``hashCounts``.
    public static let hashBuckets = 64

    /// Values that were there.
    public var count: Int
    /// Values that were missing.
    public var missing: Int
    /// The most frequent categories of the schema, by falling count, then in the schema's order.
    public var categories: [Entry]
    /// Values of all other categories, known and unknown.
    public var other: Int
    /// All values by `FNV-1a64 mod 64`: a distribution also where the schema does not list the categories.
    public var hashCounts: [Int]

    /// A distribution of these categories.
    public init(count: Int, missing: Int, categories: [Entry], other: Int, hashCounts: [Int]) {
        self.count = count
        self.missing = missing
        self.categories = categories
        self.other = other
        self.hashCounts = hashCounts
    }
}
