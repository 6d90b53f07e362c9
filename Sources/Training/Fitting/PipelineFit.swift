internal import Features
internal import Glibc

/// Chooses the transforms of each feature from the rows to train on, for a family of algorithms.
enum PipelineFit {
    /// A column of numbers, none below zero, that leans to the right more than this is taken by its
    /// logarithm.
    static let skewnessMax = 2.0
    /// Whole numbers above this lose digits in float32.
    static let exactMax = 16_777_216.0
    /// Buckets of hashed texts.
    static let hashBuckets = 128

    /// For weighted sums: nothing missing, everything of one scale.
    static func linear(_ schema: Schema, _ columns: [FrameColumn], train: [Int]) -> Pipeline {
        pipeline(schema, columns, train) { numbers, isBoolean in
            let present = train.map { numbers[$0] }.filter { !$0.isNaN }
            let hasMissing = present.count < train.count
            guard !present.isEmpty else { return [.impute(value: 0, indicator: true)] }
            if isBoolean {
                let mean = present.reduce(0, +) / Double(present.count)
                return [.impute(value: mean >= 0.5 ? 1 : 0, indicator: hasMissing)]
            }
            let sorted = present.sorted()
            let median = ColumnStatistics.quantile(sorted, 0.5)
            var transforms: [Transform] = [.impute(value: median, indicator: hasMissing)]
            var values = train.map { numbers[$0].isNaN ? median : numbers[$0] }
            if sorted[0] >= 0, skewness(values) > skewnessMax {
                // Serving may see what training did not: below zero the logarithm would give nothing.
                transforms += [.clip(minimum: 0, maximum: Double.greatestFiniteMagnitude), .log1p]
                values = values.map { log1p($0) }
            }
            let (mean, deviation) = moments(values)
            return transforms + [.standardise(mean: mean, deviation: deviation)]
        }
    }

    /// For trees: numbers as they are, missing ones too.
    static func trees(_ schema: Schema, _ columns: [FrameColumn], train: [Int]) -> Pipeline {
        pipeline(schema, columns, train) { numbers, _ in
            let present = train.map { numbers[$0] }.filter { !$0.isNaN }
            guard let minimum = present.min(), let maximum = present.max() else { return [] }
            guard max(abs(minimum), abs(maximum)) > exactMax else { return [] }
            // Large numbers close to each other (times, codes) would fall together in float32.
            return [.standardise(mean: minimum, deviation: 1)]
        }
    }

    private static func pipeline(
        _ schema: Schema, _ columns: [FrameColumn], _ train: [Int], numeric: ([Double], Bool) -> [Transform]
    ) -> Pipeline {
        var result: [Pipeline.Column] = []
        for (feature, column) in zip(schema.features, columns) {
            switch column.values {
            case .numbers(let numbers):
                result.append(Pipeline.Column(feature.name, numeric(numbers, feature.kind == .boolean)))
            case .codes(let codes, let categories):
                if feature.categories.isEmpty {
                    result.append(Pipeline.Column(feature.name, [.hash(buckets: hashBuckets)]))
                } else {
                    let frequent = frequent(codes, categories, feature, train)
                    result.append(
                        Pipeline.Column(feature.name, [.oneHot(categories: frequent, unknown: true)]))
                }
            }
        }
        return Pipeline(result)
    }

    /// The schema's categories that get a float of their own: the most frequent ones of the rows to train on.
    private static func frequent(
        _ codes: [Int32], _ categories: [String], _ feature: Feature, _ train: [Int]
    ) -> [String] {
        var counts: [String: Int] = [:]
        for row in train where codes[row] >= 0 { counts[categories[Int(codes[row])], default: 0] += 1 }
        let order = feature.categories.indices.sorted { left, right in
            let (a, b) = (feature.categories[left], feature.categories[right])
            return (counts[b] ?? 0, left) < (counts[a] ?? 0, right)
        }
        return order.prefix(FeaturePlan.categoriesOneHotMax).map { feature.categories[$0] }
    }

    private static func moments(_ values: [Double]) -> (mean: Double, deviation: Double) {
        let count = Double(max(1, values.count))
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
        return (mean, variance.squareRoot())
    }

    private static func skewness(_ values: [Double]) -> Double {
        let (mean, deviation) = moments(values)
        guard deviation > 0 else { return 0 }
        return values.reduce(0) { sum, value in
            let unit = (value - mean) / deviation
            return sum + unit * unit * unit
        } / Double(values.count)
    }
}
