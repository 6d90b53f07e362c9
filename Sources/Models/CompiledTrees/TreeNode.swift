/// A node of a compiled tree, 16 bytes. The right child stands behind the left one.
///
/// A leaf points to itself, so that a fixed number of steps may be taken without asking where the leaf is:
/// its threshold is NaN, so that every row goes "right" from it, and `left` is the index before its own.
struct TreeNode: BitwiseCopyable, Sendable {
    /// Values below it go left; NaN at a leaf; at a categorical split not used.
    var threshold: Float
    /// The feature in the low bits, and flags.
    var word: UInt32
    /// The index of the left child among all nodes.
    var left: Int32
    /// A leaf's value; at a categorical split the bit pattern of where its set begins.
    var value: Float

    static let featureMask: UInt32 = 0x00FF_FFFF
    static let leafFlag: UInt32 = 1 << 29
    static let categoricalFlag: UInt32 = 1 << 30
    static let defaultLeftFlag: UInt32 = 1 << 31

    static func leaf(at index: Int, value: Float) -> TreeNode {
        TreeNode(threshold: .nan, word: leafFlag, left: Int32(index - 1), value: value)
    }

    var isLeaf: Bool { word & TreeNode.leafFlag != 0 }
}
