/// What a model file may ask for. Checked before memory is taken.
public struct ModelLimits: Hashable, Sendable {
    /// Bytes of the file.
    public var fileBytesMax = 2 << 30
    /// Input features.
    public var featuresMax = 1 << 20
    /// Classes or targets.
    public var classesMax = 1 << 14
    /// Trees.
    public var treesMax = 1 << 20
    /// Nodes of all trees together.
    public var nodesMax = 1 << 27
    /// Levels of one tree below its root.
    public var treeDepthMax = 1 << 10
    /// 32-bit words of all category sets together.
    public var categoryWordsMax = 1 << 24
    /// Weights of a linear model: features times outputs.
    public var weightsMax = 1 << 26

    /// The defaults.
    public init() {}
}
