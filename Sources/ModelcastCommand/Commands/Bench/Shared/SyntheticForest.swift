import Basics

/// Makes XGBoost files (UBJSON) of any size in little time: full binary trees over random splits, with every
/// field that XGBoost writes. They predict nothing; reading, checking and scoring them costs what real ones
/// cost.
struct SyntheticForest: Sendable {
    let featureCount: Int
    let treeCount: Int
    /// Levels below the root.
    let depth: Int

    /// Bytes of a node in XGBoost's files: eight lists of four bytes, two of one.
    private static let nodeBytes = 34
    /// Names and parameters of a tree, about.
    private static let treeBytes = 420

    /// About a hundred trees, or fewer, whose file has about `bytes` bytes.
    init(bytes: Int, featureCount: Int = 30) {
        self.featureCount = featureCount
        var depth = 4
        while depth < 20, (2 << (depth + 1)) * Self.nodeBytes * 100 <= bytes { depth += 1 }
        self.depth = depth
        let tree = ((2 << depth) - 1) * Self.nodeBytes + Self.treeBytes
        treeCount = max(1, bytes / tree)
    }

    private var nodeCount: Int { (2 << depth) - 1 }

    /// The file. Another seed gives another model, all through.
    func encoded(seed: UInt64) -> [UInt8] {
        var random = SeededRandom(seed: seed)
        var out = UBJSONBuilder()
        out.reserve(treeCount * (nodeCount * Self.nodeBytes + Self.treeBytes) + 2_000)
        out.object {
            $0.key("learner")
            $0.object {
                $0.key("feature_names")
                $0.strings((0..<featureCount).map { "f\($0)" })
                $0.key("gradient_booster")
                $0.object { writeBooster(&$0, &random) }
                $0.key("learner_model_param")
                $0.stringMap([
                    ("base_score", "5E-1"), ("num_class", "0"), ("num_feature", "\(featureCount)"),
                    ("num_target", "1"),
                ])
                $0.key("objective")
                $0.object {
                    $0.key("name")
                    $0.string("binary:logistic")
                }
            }
            $0.key("version")
            $0.integers([2, 1, 0])
        }
        return out.bytes
    }

    private func writeBooster(_ out: inout UBJSONBuilder, _ random: inout SeededRandom) {
        out.key("model")
        out.object { out in
            out.key("gbtree_model_param")
            out.stringMap([("num_parallel_tree", "1"), ("num_trees", "\(treeCount)")])
            out.key("tree_info")
            out.integers([Int32](repeating: 0, count: treeCount))
            out.key("trees")
            out.array(count: treeCount) { out in
                for number in 0..<treeCount { writeTree(number, &out, &random) }
            }
        }
        out.key("name")
        out.string("gbtree")
    }

    private func writeTree(_ number: Int, _ out: inout UBJSONBuilder, _ random: inout SeededRandom) {
        let count = nodeCount
        let firstLeaf = count / 2
        func floats(_ scale: Float) -> [Float] { (0..<count).map { _ in (random.unitFloat() - 0.5) * scale } }
        var left = [Int32](repeating: -1, count: count)
        var right = left
        var parents = [Int32](repeating: 2_147_483_647, count: count)
        var features = [Int32](repeating: 0, count: count)
        for node in 0..<firstLeaf {
            left[node] = Int32(2 * node + 1)
            right[node] = Int32(2 * node + 2)
            parents[2 * node + 1] = Int32(node)
            parents[2 * node + 2] = Int32(node)
            features[node] = Int32(truncatingIfNeeded: random.next() % UInt64(featureCount))
        }
        var conditions = floats(2)
        for leaf in firstLeaf..<count { conditions[leaf] *= 0.05 }
        out.object {
            $0.key("base_weights")
            $0.floats(floats(0.1))
            $0.key("default_left")
            $0.bytes([UInt8](repeating: 1, count: count))
            $0.key("id")
            $0.integer(Int32(number))
            $0.key("left_children")
            $0.integers(left)
            $0.key("loss_changes")
            $0.floats(floats(10))
            $0.key("parents")
            $0.integers(parents)
            $0.key("right_children")
            $0.integers(right)
            $0.key("split_conditions")
            $0.floats(conditions)
            $0.key("split_indices")
            $0.integers(features)
            $0.key("split_type")
            $0.bytes([UInt8](repeating: 0, count: count))
            $0.key("sum_hessian")
            $0.floats(floats(1_000))
            $0.key("tree_param")
            $0.stringMap([
                ("num_deleted", "0"), ("num_feature", "\(featureCount)"), ("num_nodes", "\(count)"),
                ("size_leaf_vector", "1"),
            ])
        }
    }
}

extension SeededRandom {
    /// A number in 0 ..< 1 with 24 random bits.
    fileprivate mutating func unitFloat() -> Float { Float(next() >> 40) * 0x1p-24 }
}
