/// Builds a ``Baseline`` from blocks of rows and from predictions, in bounded memory. The same rows in the
/// same order give the same baseline.
public struct BaselineBuilder: Sendable {
    /// What a baseline keeps.
    public struct Options: Hashable, Sendable {
        /// Bins of a number's histogram.
        public var binsMax = 20
        /// Categories that are kept by name.
        public var categoriesMax = 64
        /// Values of a number from which quantiles are taken.
        public var sampleMax = 65_536

        /// The defaults.
        public init() {}
    }

    private struct CategorySummary: Sendable {
        var feature: Int
        var missing = 0
        var unknown = 0
        var counts: [Int]
        var hashCounts = [Int](repeating: 0, count: CategoryDistribution.hashBuckets)
    }

    private let schema: Schema
    private let options: Options
    private var rows = 0
    private var numbers: [Int: NumberSummary] = [:]
    private var categories: [CategorySummary] = []
    private var predictions: NumberSummary

    /// A builder for rows of that schema.
    public init(schema: Schema, options: Options = Options()) {
        self.schema = schema
        self.options = options
        for (index, feature) in schema.features.enumerated() {
            if feature.kind == .categorical {
                categories.append(
                    CategorySummary(
                        feature: index, counts: Array(repeating: 0, count: feature.categories.count)))
            } else {
                numbers[index] = NumberSummary(sampleMax: options.sampleMax, seed: UInt64(index))
            }
        }
        predictions = NumberSummary(sampleMax: options.sampleMax, seed: UInt64.max)
    }

    /// Adds all rows of a block.
    public mutating func add(_ block: FeatureBlock) {
        precondition(block.featureCount == schema.features.count, "a block of another schema")
        rows += block.count
        for index in numbers.keys {
            for row in 0..<block.count { numbers[index]?.add(block.value(row, index)) }
        }
        for place in categories.indices {
            for row in 0..<block.count {
                let value = block.value(row, categories[place].feature)
                guard !value.isNaN else {
                    categories[place].missing += 1
                    continue
                }
                let bucket = Int(block.hash(row, place) % UInt64(CategoryDistribution.hashBuckets))
                categories[place].hashCounts[bucket] += 1
                if value < 0 {
                    categories[place].unknown += 1
                } else {
                    categories[place].counts[Int(value)] += 1
                }
            }
        }
    }

    /// Adds predictions: one number a row, such as the probability.
    public mutating func add(predictions values: Span<Float>) {
        for index in values.indices { predictions.add(Double(values[index])) }
    }

    /// The baseline of all that was added.
    public func finish() -> Baseline {
        var features: [Baseline.Feature] = []
        var place = 0
        for (index, feature) in schema.features.enumerated() {
            if let summary = numbers[index] {
                features.append(
                    Baseline.Feature(feature.name, .number(summary.distribution(bins: options.binsMax))))
            } else {
                features.append(Baseline.Feature(feature.name, .category(distribution(categories[place]))))
                place += 1
            }
        }
        let scores = predictions.distribution(bins: options.binsMax)
        return Baseline(rows: rows, features: features, prediction: scores.count == 0 ? nil : scores)
    }

    private func distribution(_ summary: CategorySummary) -> CategoryDistribution {
        let names = schema.features[summary.feature].categories
        let ranked = summary.counts.indices.sorted {
            (summary.counts[$1], $0) < (summary.counts[$0], $1)
        }
        let kept = ranked.prefix(options.categoriesMax)
        let count = summary.counts.reduce(summary.unknown, +)
        return CategoryDistribution(
            count: count, missing: summary.missing,
            categories: kept.map { CategoryDistribution.Entry(names[$0], summary.counts[$0]) },
            other: count - kept.reduce(0) { $0 + summary.counts[$1] }, hashCounts: summary.hashCounts)
    }
}
