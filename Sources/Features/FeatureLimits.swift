/// What schemas, pipelines, events and the documents beside them may ask for.
public struct FeatureLimits: Hashable, Sendable {
    /// Bytes of one document (schema, pipeline, baseline, golden rows).
    public var documentBytesMax = 64 << 20
    /// Features of a schema.
    public var featuresMax = 1 << 16
    /// Bytes of a feature's name or of a category.
    public var nameBytesMax = 4096
    /// Categories of one feature.
    public var categoriesMax = 1 << 16
    /// Columns of a pipeline.
    public var pipelineColumnsMax = 1 << 16
    /// Transforms of one column.
    public var transformsMax = 64
    /// Edges of one bucketise transform.
    public var edgesMax = 1 << 16
    /// Buckets of one hash transform.
    public var bucketsMax = 1 << 20
    /// Floats in a row that a pipeline writes.
    public var outputsMax = 1 << 20
    /// Bytes of one event.
    public var eventBytesMax = 1 << 20
    /// Levels of nesting of one event, at most 64.
    public var eventDepthMax = 32
    /// Bytes of an event's id.
    public var idBytesMax = 1024
    /// Golden rows.
    public var goldenRowsMax = 100_000

    /// The defaults.
    public init() {}
}
