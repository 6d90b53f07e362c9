/// The reference kernel: plain Swift, no vector instructions.
///
/// Trees outside, a block of rows inside: the block stays in the first-level cache while one tree after the
/// other, itself small enough to stay there, is walked. Eight walks run side by side, because a step is a
/// chain of two loads and a comparison, and the processor overlaps chains that do not depend on each other.
/// For a single row the eight walks are eight trees.
enum PlainTreeKernel: TreeKernel {
    /// Bytes of rows in a block: half of a 32 KiB first-level cache.
    private static let blockBytes = 16 * 1024
    /// Trees deeper than this are walked until all rows have reached a leaf instead of a fixed number of
    /// steps.
    private static let fixedDepthMax = 12

    static func score(_ trees: CompiledTrees, _ rows: Span<Float>, count: Int, into margins: inout [Float]) {
        let width = trees.featureCount
        let groups = trees.groupCount
        precondition(
            count >= 0 && rows.count >= count * width, "\(rows.count) floats for \(count) rows of \(width)")
        margins.grow(to: count * groups)
        for row in 0..<count {
            for group in 0..<groups { margins[row * groups + group] = trees.baseMargins[group] }
        }
        let blockRows = min(max(blockBytes / (width * 4), 16), 512)
        // The pointers stay inside the closures. A row index is below `count`, and the check above says
        // that so many whole rows are there; a node's indices were checked by `TreeCompiler`.
        unsafe rows.withUnsafeBufferPointer { rows in
            unsafe trees.nodes.withUnsafeBufferPointer { nodes in
                guard let rows = rows.baseAddress, let nodes = nodes.baseAddress else { return }
                var start = 0
                while start < count {
                    let size = min(blockRows, count - start)
                    let block = unsafe Block(
                        rows: rows + start * width, width: width, count: size, firstMargin: start * groups)
                    let hasMissing = unsafe containsNaN(rows + start * width, size * width)
                    if trees.hasCategories {
                        unsafe walk(
                            CategoricalRule(words: trees.categoryWords), trees, nodes, block, &margins)
                    } else if hasMissing {
                        unsafe walk(MissingRule(), trees, nodes, block, &margins)
                    } else {
                        unsafe walk(CompleteRule(), trees, nodes, block, &margins)
                    }
                    start += size
                }
            }
        }
    }

    /// Rows that are scored together.
    @unsafe
    private struct Block {
        let rows: UnsafePointer<Float>
        let width: Int
        let count: Int
        let firstMargin: Int
    }

    @inline(__always)
    private static func walk<Rule: SplitRule>(
        _ rule: Rule, _ trees: CompiledTrees, _ nodes: UnsafePointer<TreeNode>, _ block: Block,
        _ margins: inout [Float]
    ) {
        let whole = unsafe block.count & ~7
        let groups = trees.groupCount
        if whole > 0 {
            for tree in trees.trees {
                var row = 0
                while row < whole {
                    let leaves = unsafe eightRows(
                        rule, tree, nodes, block.rows + row * block.width, block.width)
                    let first = unsafe block.firstMargin + row * groups + Int(tree.group)
                    for lane in 0..<8 {
                        margins[first + lane * groups] += unsafe nodes[Int(leaves[lane])].value
                    }
                    row += 8
                }
            }
        }
        for row in unsafe whole..<block.count {
            unsafe oneRow(
                rule, trees, nodes, block.rows + row * block.width, block.firstMargin + row * groups, &margins
            )
        }
    }

    /// The leaves that eight rows reach in one tree.
    @inline(__always)
    private static func eightRows<Rule: SplitRule>(
        _ rule: Rule, _ tree: CompiledTrees.Tree, _ nodes: UnsafePointer<TreeNode>,
        _ row: UnsafePointer<Float>,
        _ width: Int
    ) -> SIMD8<Int32> {
        var (a, b, c, d) = (tree.root, tree.root, tree.root, tree.root)
        var (e, f, g, h) = (a, b, c, d)
        var level: Int32 = 0
        while level < tree.depth {
            unsafe a = rule.next(nodes, a, row)
            unsafe b = rule.next(nodes, b, row + width)
            unsafe c = rule.next(nodes, c, row + 2 * width)
            unsafe d = rule.next(nodes, d, row + 3 * width)
            unsafe e = rule.next(nodes, e, row + 4 * width)
            unsafe f = rule.next(nodes, f, row + 5 * width)
            unsafe g = rule.next(nodes, g, row + 6 * width)
            unsafe h = rule.next(nodes, h, row + 7 * width)
            level += 1
            if level >= fixedDepthMax, level & 3 == 0 {
                let flags =
                    unsafe nodes[Int(a)].word & nodes[Int(b)].word & nodes[Int(c)].word & nodes[Int(d)].word
                    & nodes[Int(e)].word & nodes[Int(f)].word & nodes[Int(g)].word & nodes[Int(h)].word
                if flags & TreeNode.leafFlag != 0 { break }
            }
        }
        return SIMD8(a, b, c, d, e, f, g, h)
    }

    /// Adds the leaves that one row reaches, four trees side by side.
    @inline(__always)
    private static func oneRow<Rule: SplitRule>(
        _ rule: Rule, _ trees: CompiledTrees, _ nodes: UnsafePointer<TreeNode>, _ row: UnsafePointer<Float>,
        _ firstMargin: Int, _ margins: inout [Float]
    ) {
        let list = trees.trees
        var index = 0
        while index + 4 <= list.count {
            let (first, second, third, fourth) = (
                list[index], list[index + 1], list[index + 2], list[index + 3]
            )
            var (a, b, c, d) = (first.root, second.root, third.root, fourth.root)
            let depth = max(max(first.depth, second.depth), max(third.depth, fourth.depth))
            for _ in 0..<depth {
                unsafe a = rule.next(nodes, a, row)
                unsafe b = rule.next(nodes, b, row)
                unsafe c = rule.next(nodes, c, row)
                unsafe d = rule.next(nodes, d, row)
            }
            margins[firstMargin + Int(first.group)] += unsafe nodes[Int(a)].value
            margins[firstMargin + Int(second.group)] += unsafe nodes[Int(b)].value
            margins[firstMargin + Int(third.group)] += unsafe nodes[Int(c)].value
            margins[firstMargin + Int(fourth.group)] += unsafe nodes[Int(d)].value
            index += 4
        }
        while index < list.count {
            var node = list[index].root
            for _ in 0..<list[index].depth { unsafe node = rule.next(nodes, node, row) }
            margins[firstMargin + Int(list[index].group)] += unsafe nodes[Int(node)].value
            index += 1
        }
    }

    private static func containsNaN(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
        var missing = SIMD8<Float>.zero
        var index = 0
        while index + 8 <= count {
            // NaN times zero is NaN, and so is infinity times zero: then the slower rule is used, which is
            // right too.
            unsafe missing += UnsafeRawPointer(values + index).loadUnaligned(as: SIMD8<Float>.self) * 0
            index += 8
        }
        var rest = missing.sum()
        while index < count {
            unsafe rest += values[index] * 0
            index += 1
        }
        return rest.isNaN
    }
}

/// Where a row goes at a node.
private protocol SplitRule {
    /// The index of the child that the row goes to; a leaf's own index at a leaf.
    @unsafe func next(_ nodes: UnsafePointer<TreeNode>, _ index: Int32, _ row: UnsafePointer<Float>) -> Int32
}

/// For rows without missing values and trees without categories.
private struct CompleteRule: SplitRule {
    @inline(__always)
    @unsafe func next(_ nodes: UnsafePointer<TreeNode>, _ index: Int32, _ row: UnsafePointer<Float>) -> Int32
    {
        let node = unsafe nodes[Int(index)]
        let value = unsafe row[Int(node.word & TreeNode.featureMask)]
        return node.left &+ (value < node.threshold ? 0 : 1)
    }
}

/// For rows with missing values and trees without categories.
private struct MissingRule: SplitRule {
    @inline(__always)
    @unsafe func next(_ nodes: UnsafePointer<TreeNode>, _ index: Int32, _ row: UnsafePointer<Float>) -> Int32
    {
        let node = unsafe nodes[Int(index)]
        let value = unsafe row[Int(node.word & TreeNode.featureMask)]
        // NaN is below nothing and so goes right, unless the flag (the highest bit) takes it left. A leaf
        // has no flag.
        let below: Int32 = value < node.threshold ? 1 : 0
        let missing: Int32 = value.isNaN ? 1 : 0
        return node.left &+ (1 &- (below | (missing & Int32(node.word >> 31))))
    }
}

/// For trees with categorical splits.
private struct CategoricalRule: SplitRule {
    let words: [UInt32]

    @inline(__always)
    @unsafe func next(_ nodes: UnsafePointer<TreeNode>, _ index: Int32, _ row: UnsafePointer<Float>) -> Int32
    {
        let node = unsafe nodes[Int(index)]
        guard node.word & TreeNode.categoricalFlag != 0 else {
            return unsafe MissingRule().next(nodes, index, row)
        }
        let value = unsafe row[Int(node.word & TreeNode.featureMask)]
        if value.isNaN { return node.left &+ (node.word & TreeNode.defaultLeftFlag != 0 ? 0 : 1) }
        let inSet = CategorySet.contains(value, words.span, at: Int(node.value.bitPattern))
        return node.left &+ (inSet ? 1 : 0)
    }
}
