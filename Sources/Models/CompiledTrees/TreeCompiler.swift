internal import Basics

/// Checks trees one by one and lays them out for scoring.
struct TreeCompiler {
    private var result: CompiledTrees
    private let limits: ModelLimits

    init(
        featureCount: Int, groupCount: Int, baseMargins: [Float], limits: ModelLimits
    ) throws(ModelError) {
        guard (1...min(limits.featuresMax, Int(TreeNode.featureMask))).contains(featureCount) else {
            throw .limit("features", featureCount, limits.featuresMax)
        }
        guard (1...limits.classesMax).contains(groupCount), baseMargins.count == groupCount else {
            throw .limit("outputs", groupCount, limits.classesMax)
        }
        result = CompiledTrees(featureCount: featureCount, groupCount: groupCount, baseMargins: baseMargins)
        self.limits = limits
    }

    /// The trees added so far.
    consuming func finish() -> CompiledTrees { result }

    /// Adds a tree whose leaves count for `group`, each multiplied by `weight`.
    mutating func add(_ source: TreeSource, group: Int, weight: Float = 1) throws(ModelError) {
        let name = "tree \(result.trees.count)"
        let count = source.leftChildren.count
        guard result.trees.count < limits.treesMax else {
            throw .limit("trees", result.trees.count + 1, limits.treesMax)
        }
        guard count >= 1, result.nodes.count + count <= min(limits.nodesMax, Int(Int32.max) - 2) else {
            throw count < 1
                ? .malformed("\(name) has no nodes")
                : .limit("tree nodes", result.nodes.count + count, limits.nodesMax)
        }
        guard source.rightChildren.count == count, source.features.count == count,
            source.thresholds.count == count, source.defaultsLeft.count == count
        else { throw .malformed("\(name): its lists of nodes are of different lengths") }
        guard (0..<result.groupCount).contains(group) else {
            throw .malformed("\(name) belongs to output \(group); the model has \(result.groupCount)")
        }
        let root = result.nodes.count
        let depth = try layOut(source, weight: weight, name: name)
        result.trees.append(CompiledTrees.Tree(root: Int32(root), depth: Int32(depth), group: Int32(group)))
    }

    /// Appends the nodes that the root reaches, level by level, and returns the number of levels below the
    /// root.
    ///
    /// A node that is reached twice ends it: so there are no circles and no shared branches, and the work
    /// is bounded by the number of nodes.
    private mutating func layOut(
        _ source: TreeSource, weight: Float, name: String
    ) throws(ModelError) -> Int {
        let count = source.leftChildren.count
        var reached = [Bool](repeating: false, count: count)
        reached[0] = true
        var level: [Int] = [0]
        var depth = 0
        // Where the next level begins: behind this one.
        var nextIndex = result.nodes.count + 1
        while true {
            var children: [Int] = []
            Pacer.point()
            for node in level {
                let left = Int(source.leftChildren[node])
                guard left >= 0 else {
                    try appendLeaf(source.thresholds[node] * weight, name: name)
                    continue
                }
                let right = Int(source.rightChildren[node])
                guard left < count, (0..<count).contains(right), left != right, !reached[left],
                    !reached[right]
                else { throw .malformed("\(name): node \(node) has no two children of its own") }
                reached[left] = true
                reached[right] = true
                try appendSplit(source, node, left: nextIndex + children.count, name: name)
                children.append(left)
                children.append(right)
            }
            guard !children.isEmpty else { return depth }
            depth += 1
            guard depth <= limits.treeDepthMax else {
                throw .limit("levels in \(name)", depth, limits.treeDepthMax)
            }
            nextIndex += children.count
            level = children
        }
    }

    private mutating func appendLeaf(_ value: Float, name: String) throws(ModelError) {
        guard value.isFinite else { throw .malformed("\(name): a leaf's value is not finite") }
        result.nodes.append(.leaf(at: result.nodes.count, value: value))
    }

    private mutating func appendSplit(
        _ source: TreeSource, _ node: Int, left: Int, name: String
    ) throws(ModelError) {
        let feature = Int(source.features[node])
        guard (0..<result.featureCount).contains(feature) else {
            throw .malformed("\(name): node \(node) asks for feature \(feature) of \(result.featureCount)")
        }
        var split = TreeNode(
            threshold: source.thresholds[node], word: UInt32(feature), left: Int32(left), value: 0)
        if source.defaultsLeft[node] { split.word |= TreeNode.defaultLeftFlag }
        if let set = source.categorySetOfNode[Int32(node)] {
            split.word |= TreeNode.categoricalFlag
            split.value = Float(bitPattern: UInt32(result.categoryWords.count))
            try appendCategories(source.categorySets[set], name: name)
        }
        result.nodes.append(split)
    }

    private mutating func appendCategories(_ categories: [Int32], name: String) throws(ModelError) {
        let greatest = categories.max() ?? -1
        guard categories.allSatisfy({ $0 >= 0 }), greatest < CategorySet.categoriesMax else {
            throw .malformed("\(name): a category is out of range")
        }
        let words = Int(greatest + 32) / 32
        guard result.categoryWords.count + words + 1 <= limits.categoryWordsMax else {
            throw .limit("words of categories", result.categoryWords.count + words, limits.categoryWordsMax)
        }
        let start = result.categoryWords.count
        result.categoryWords.append(UInt32(words))
        result.categoryWords.append(contentsOf: repeatElement(0, count: words))
        for category in categories {
            result.categoryWords[start + 1 + Int(category) / 32] |= 1 << UInt32(category % 32)
        }
    }
}

/// Sets of categories as XGBoost reads them.
enum CategorySet {
    /// A category from here on is invalid, as are negative ones; float32 counts exactly up to here.
    static let categoriesMax: Int32 = 1 << 24

    /// Whether a value that is not missing goes right: its category is valid and in the set. Fractions are
    /// cut off.
    @inline(__always)
    static func contains(_ value: Float, _ words: Span<UInt32>, at start: Int) -> Bool {
        guard value >= 0, value < Float(categoriesMax) else { return false }
        let category = Int(value)
        guard category / 32 < Int(words[start]) else { return false }
        return words[start + 1 + category / 32] >> UInt32(category % 32) & 1 == 1
    }
}
