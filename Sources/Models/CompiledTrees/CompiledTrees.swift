/// Many decision trees in one flat array, checked, ready to be scored.
///
/// Each tree's nodes stand in breadth-first order with siblings side by side. Nothing that a row may hold
/// leads out of the arrays or in a circle: ``TreeCompiler`` makes no other trees. How rows are walked is a
/// ``TreeKernel``'s.
struct CompiledTrees: Sendable {
    /// One tree among them.
    struct Tree: BitwiseCopyable, Sendable {
        /// The index of its root.
        var root: Int32
        /// Levels below the root.
        var depth: Int32
        /// The output that its leaves are added to.
        var group: Int32
    }

    /// Floats in a row.
    let featureCount: Int
    /// Outputs of a row; every tree adds to one of them.
    let groupCount: Int
    /// In the order in which leaves are added.
    var trees: [Tree] = []
    /// The nodes of all trees.
    var nodes: [TreeNode] = []
    /// For each categorical split: the number of words, then that many words of bits, one bit a category.
    var categoryWords: [UInt32] = []
    /// The numbers that the sums begin with, one an output.
    var baseMargins: [Float]

    /// Whether any split is categorical.
    var hasCategories: Bool { !categoryWords.isEmpty }

    /// Writes `count * groupCount` margins, row by row: for each output its base margin, then its trees'
    /// leaves, added in float32 in the order of the trees.
    func score(_ rows: Span<Float>, count: Int, into margins: inout [Float]) {
        PlainTreeKernel.score(self, rows, count: count, into: &margins)
    }
}

/// A way to walk compiled trees. All kernels give the same leaves, and sums in the same order.
protocol TreeKernel {
    /// Writes `count * groupCount` margins, row by row.
    static func score(_ trees: CompiledTrees, _ rows: Span<Float>, count: Int, into margins: inout [Float])
}
