/// One decision tree as a file describes it: nodes as parallel arrays, node 0 the root. Not checked yet.
///
/// The rule at a node: a row whose value is missing (NaN) takes the default direction; otherwise it goes
/// left if `value < threshold` in float32, or, at a categorical split, if its category is *not* in the
/// node's set. A library that compares `value <= t` in double comes down to the same rule, with the least
/// float32 above `t` as threshold.
struct TreeSource {
    /// The index of each node's left child; negative at a leaf.
    var leftChildren: [Int32] = []
    /// The index of each node's right child.
    var rightChildren: [Int32] = []
    /// The feature that each node looks at.
    var features: [Int32] = []
    /// Each node's threshold; at a leaf, its value.
    var thresholds: [Float] = []
    /// Whether a missing value goes left.
    var defaultsLeft: [Bool] = []
    /// Which of `categorySets` a categorical split uses, by node.
    var categorySetOfNode: [Int32: Int] = [:]
    /// The categories that go right.
    var categorySets: [[Int32]] = []
}
