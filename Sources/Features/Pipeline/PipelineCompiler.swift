/// Checks a pipeline's columns against a schema and lays out their operations.
struct PipelineCompiler {
    let schema: Schema
    let limits: FeatureLimits
    private(set) var names: [String] = []
    private(set) var plans: [FeatureProgram.ColumnPlan] = []
    private(set) var operations: [FeatureProgram.Operation] = []
    private(set) var edges: [Double] = []
    private(set) var positions: [Int32] = []
    private let places: [String: Int]

    init(schema: Schema, limits: FeatureLimits) {
        self.schema = schema
        self.limits = limits
        places = Dictionary(uniqueKeysWithValues: schema.features.enumerated().map { ($1.name, $0) })
    }

    /// Whether all columns write the features as they are, in the schema's order.
    var isIdentity: Bool {
        operations.isEmpty && plans.map(\.feature) == Array(schema.features.indices)
            && plans.allSatisfy { if case .number = $0.ending { true } else { false } }
    }

    /// Adds a column.
    mutating func add(_ column: Pipeline.Column) throws(FeatureError) {
        guard let index = places[column.feature] else {
            throw .mismatch(
                "the pipeline names the feature `\(column.feature)`, which the schema does not have")
        }
        guard column.transforms.count <= limits.transformsMax else {
            throw .mismatch("the column `\(column.feature)` has \(column.transforms.count) transforms")
        }
        let feature = schema.features[index]
        let firstOperation = operations.count
        var ending: FeatureProgram.Ending = feature.kind == .categorical ? .ordinal : .number
        var isCategory = feature.kind == .categorical
        var isDone = false
        var width = 1
        var suffixes = [""]
        for transform in column.transforms {
            guard !isDone else {
                throw mismatch(feature, transform, "nothing can follow one-hot or hash")
            }
            guard isCategory == transform.takesCategory else {
                throw mismatch(feature, transform, isCategory ? "it takes numbers" : "it takes categories")
            }
            switch transform {
            case .ordinal:
                operations.append(.ordinal)
                (isCategory, ending) = (false, .number)
            case .oneHot(let categories, let unknown):
                ending = try oneHot(feature, transform, categories, unknown)
                width = categories.count + (unknown ? 1 : 0)
                suffixes = categories.map { "=\($0)" } + (unknown ? ["=?"] : [])
                isDone = true
            case .hash(let buckets):
                guard (1...limits.bucketsMax).contains(buckets) else {
                    throw mismatch(feature, transform, "\(buckets) buckets")
                }
                ending = .hash
                width = buckets
                suffixes = []
                isDone = true
            default: try addOperation(feature, transform)
            }
        }
        guard names.count + width <= limits.outputsMax else {
            throw .mismatch("the pipeline writes more than \(limits.outputsMax) floats a row")
        }
        let output = names.count
        if suffixes.isEmpty { suffixes = (0..<width).map { "#\($0)" } }
        names.append(contentsOf: suffixes.map { column.feature + $0 })
        plans.append(
            FeatureProgram.ColumnPlan(
                feature: index, categorical: categoricalPlace(index),
                operations: firstOperation..<operations.count,
                ending: ending, output: output, width: width))
    }

    private func categoricalPlace(_ index: Int) -> Int {
        guard schema.features[index].kind == .categorical else { return -1 }
        return schema.features[..<index].count { $0.kind == .categorical }
    }

    private mutating func addOperation(_ feature: Feature, _ transform: Transform) throws(FeatureError) {
        switch transform {
        case .impute(let value, let indicator):
            guard value.isFinite else { throw mismatch(feature, transform, "the value is not finite") }
            if indicator { names.append("\(feature.name).missing") }
            operations.append(.impute(value: value, indicator: indicator ? names.count - 1 : -1))
        case .imputeCategory(let category):
            guard let code = feature.categories.firstIndex(of: category) else {
                throw mismatch(feature, transform, "the schema does not list `\(category)`")
            }
            operations.append(.imputeCategory(code: Double(code), hash: FNV1a.hash(category)))
        case .standardise(let mean, let deviation):
            guard mean.isFinite, deviation.isFinite, deviation >= 0 else {
                throw mismatch(feature, transform, "mean \(mean), deviation \(deviation)")
            }
            operations.append(.scale(subtract: mean, divide: deviation == 0 ? 1 : deviation))
        case .minMax(let minimum, let maximum):
            guard minimum <= maximum, (maximum - minimum).isFinite else {
                throw mismatch(feature, transform, "minimum \(minimum), maximum \(maximum)")
            }
            operations.append(
                minimum == maximum ? .zero : .scale(subtract: minimum, divide: maximum - minimum))
        case .log1p: operations.append(.log1p)
        case .clip(let minimum, let maximum):
            guard minimum <= maximum else {
                throw mismatch(feature, transform, "minimum \(minimum), maximum \(maximum)")
            }
            operations.append(.clip(minimum: minimum, maximum: maximum))
        case .bucketise(let list):
            guard !list.isEmpty, list.count <= limits.edgesMax, list.allSatisfy(\.isFinite),
                zip(list, list.dropFirst()).allSatisfy({ $0 < $1 })
            else { throw mismatch(feature, transform, "the edges must rise") }
            operations.append(.bucketise(edges: edges.count..<edges.count + list.count))
            edges += list
        case .oneHot, .hash, .ordinal: break
        }
    }

    private mutating func oneHot(
        _ feature: Feature, _ transform: Transform, _ categories: [String], _ unknown: Bool
    ) throws(FeatureError) -> FeatureProgram.Ending {
        guard !categories.isEmpty, Set(categories).count == categories.count else {
            throw mismatch(feature, transform, "the categories must be some, and different")
        }
        let other = unknown ? categories.count : -1
        var table = [Int32](repeating: Int32(other), count: feature.categories.count)
        let codes = Dictionary(uniqueKeysWithValues: feature.categories.enumerated().map { ($1, $0) })
        for (position, category) in categories.enumerated() {
            guard let code = codes[category] else {
                throw mismatch(feature, transform, "the schema does not list `\(category)`")
            }
            table[code] = Int32(position)
        }
        defer { positions += table }
        return .oneHot(table: positions.count, unknown: other)
    }

    private func mismatch(_ feature: Feature, _ transform: Transform, _ problem: String) -> FeatureError {
        .mismatch(
            "column `\(feature.name)` (\(feature.kind.rawValue)), transform `\(transform.name)`: \(problem)")
    }
}

extension Transform {
    /// Whether it works on a category rather than a number.
    fileprivate var takesCategory: Bool {
        switch self {
        case .imputeCategory, .oneHot, .hash, .ordinal: true
        case .impute, .standardise, .minMax, .log1p, .clip, .bucketise: false
        }
    }
}
