/// A pipeline compiled for a schema: a flat list of operations that turns blocks of decoded rows into float32
/// rows.
///
/// Rows are written one behind the other, missing values as NaN. Immutable; safe to use from several threads,
/// each with rows and scratch of its own.
public struct FeatureProgram: Sendable {
    /// The schema of the blocks that it reads.
    public let schema: Schema
    /// The names of the floats in a row: the feature's; `fare.missing` for an indicator; `payment=cash` and
    /// `payment=?` (unknown) for one-hot; `company#7` for a bucket of a hash.
    public let outputNames: [String]
    /// Floats in a row.
    public var outputCount: Int { outputNames.count }

    var plans: [ColumnPlan] = []
    var operations: [Operation] = []
    var edges: [Double] = []
    var positions: [Int32] = []
    /// Whether every feature is written as it is: the rows are the block's values.
    let isIdentity: Bool

    /// What is done for one column.
    struct ColumnPlan: Sendable {
        /// The feature that is read.
        var feature: Int
        /// Its place among the categorical features, or -1.
        var categorical: Int
        /// Its operations.
        var operations: Range<Int>
        /// How the value is written.
        var ending: Ending
        /// The first float that it writes.
        var output: Int
        /// Floats that the ending writes.
        var width: Int
    }

    /// How a column's value is written.
    enum Ending: Sendable {
        /// One float.
        case number
        /// One float, a category that is unknown being missing.
        case ordinal
        /// One at the category's position. The table begins at `positions[table]`; `unknown` is the position
        /// of unknown ones, or -1.
        case oneHot(table: Int, unknown: Int)
        /// One at the hash's bucket.
        case hash
    }

    /// One operation on a column's values.
    enum Operation: Sendable {
        /// A missing value becomes `value`; with an output of 0 or more, 1 or 0 is written there.
        case impute(value: Double, indicator: Int)
        /// A missing category becomes this one.
        case imputeCategory(code: Double, hash: UInt64)
        /// (x - subtract) / divide
        case scale(subtract: Double, divide: Double)
        /// Every value that is not missing becomes 0.
        case zero
        case log1p
        case clip(minimum: Double, maximum: Double)
        case bucketise(edges: Range<Int>)
        /// An unknown category becomes missing.
        case ordinal
    }

    /// Compiles a pipeline; without one, every feature is written as it is, in the schema's order.
    ///
    /// - Throws: ``FeatureError`` when the pipeline names a feature or a category that the schema does not
    /// have, applies a transform to a type that it does not take, or has senseless parameters.
    public init(
        schema: Schema, pipeline: Pipeline? = nil, limits: FeatureLimits = FeatureLimits()
    ) throws(FeatureError) {
        let columns = pipeline?.columns ?? schema.features.map { Pipeline.Column($0.name) }
        var compiler = PipelineCompiler(schema: schema, limits: limits)
        for column in columns { try compiler.add(column) }
        guard !compiler.names.isEmpty else { throw .mismatch("the pipeline writes nothing") }
        self.schema = schema
        outputNames = compiler.names
        plans = compiler.plans
        operations = compiler.operations
        edges = compiler.edges
        positions = compiler.positions
        isIdentity = compiler.isIdentity
    }

    /// Writes all rows of a block into `rows`, one behind the other, `outputCount` floats each.
    ///
    /// `rows` grows when it is too short and never shrinks; what stands behind the last row is left over.
    /// Allocates nothing once it has grown.
    public func write(_ block: FeatureBlock, into rows: inout [Float], scratch: inout FeatureScratch) {
        precondition(block.featureCount == schema.features.count, "a block of another schema")
        let size = block.count * outputCount
        if rows.count < size { rows.append(contentsOf: repeatElement(0, count: size - rows.count)) }
        if isIdentity {
            let values = block.values.span.extracting(0..<size)
            var output = rows.mutableSpan
            for index in 0..<size { output[index] = Float(values[index]) }
            return
        }
        // Moved out while they are written, since a span of one member keeps the other from being changed.
        var values = scratch.values
        var hashes = scratch.hashes
        scratch.values = []
        scratch.hashes = []
        defer {
            scratch.values = values
            scratch.hashes = hashes
        }
        var output = rows.mutableSpan
        var valueSpan = values.mutableSpan
        var hashSpan = hashes.mutableSpan
        var start = 0
        while start < block.count {
            let end = min(start + FeatureScratch.rows, block.count)
            for index in plans.indices {
                run(plans[index], block, start..<end, &output, &valueSpan, &hashSpan)
            }
            start = end
        }
    }
}

/// Working memory of a ``FeatureProgram``, kept by the caller between calls. One for each thread.
public struct FeatureScratch: Sendable {
    /// Rows that are worked on together: a column of them stays in the first-level cache.
    static let rows = 64
    var values = [Double](repeating: 0, count: FeatureScratch.rows)
    var hashes = [UInt64](repeating: 0, count: FeatureScratch.rows)

    /// Working memory.
    public init() {}
}
