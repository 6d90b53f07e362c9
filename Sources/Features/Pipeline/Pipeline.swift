/// How a model's input rows are made from features: columns, each a feature with transforms in order.
///
/// Travels with the model as `pipeline.json`, so that serving does exactly what training did; its layout is
/// in `Pipeline+Coding.swift`. A feature may stand in several columns or in none. ``FeatureProgram`` compiles
/// it.
public struct Pipeline: Hashable, Sendable {
    /// The columns, in the order of what they write.
    public let columns: [Column]

    /// One feature and what is done to it.
    public struct Column: Hashable, Sendable {
        /// The name of the feature in the schema.
        public let feature: String
        /// Applied one after the other; none writes the value as it is, a category as its place in the
        /// schema.
        public let transforms: [Transform]

        /// A column of that feature.
        public init(_ feature: String, _ transforms: [Transform] = []) {
            self.feature = feature
            self.transforms = transforms
        }
    }

    /// A pipeline of these columns. ``FeatureProgram`` checks it against a schema.
    public init(_ columns: [Column]) { self.columns = columns }
}

/// One step of a column. Numbers are computed in double and rounded to float32 at the end; missing stays
/// missing (NaN) save where a transform says otherwise.
public enum Transform: Hashable, Sendable {
    /// A missing number becomes `value`. With `indicator` the column writes one float more, in front: 1 where
    /// it was missing, else 0.
    case impute(value: Double, indicator: Bool)
    /// A missing category becomes `category`, which must be one of the schema's.
    case imputeCategory(String)
    /// (x - mean) / deviation; x - mean where the deviation is 0.
    case standardise(mean: Double, deviation: Double)
    /// (x - minimum) / (maximum - minimum); 0 where both are equal.
    case minMax(minimum: Double, maximum: Double)
    /// ln(1 + x); missing for x below -1, and for -1 the lowest finite float32.
    case log1p
    /// x, but not below `minimum` nor above `maximum`.
    case clip(minimum: Double, maximum: Double)
    /// The number of edges that are not above x: 0 below the first edge. Edges rise strictly.
    case bucketise(edges: [Double])
    /// One float a category, 1 at the row's own. With `unknown` one float more, behind: 1 for a category that
    /// is none of these. All 0 for a missing one. Categories must be the schema's.
    case oneHot(categories: [String], unknown: Bool)
    /// One float a bucket, 1 at bucket `FNV-1a64(UTF-8 of the text) mod buckets`. All 0 for a missing one.
    case hash(buckets: Int)
    /// The category's place in the schema, from 0; missing for an unknown one. What a column without
    /// transforms does, written out so that number transforms may follow.
    case ordinal
}
