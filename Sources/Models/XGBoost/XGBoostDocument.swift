internal import Basics

/// An XGBoost model file as it stands, both generations (1.x and 2.x/3.x), read but not yet judged.
///
/// Fields that do not change predictions (statistics, attributes, `best_iteration`, training parameters)
/// are skipped.
struct XGBoostDocument {
    var version: [Int32] = []
    var featureNames: [String] = []
    var featureTypes: [String] = []
    /// `gbtree`, `dart` or `gblinear`.
    var booster = ""
    /// The output that each tree belongs to.
    var treeInfo: [Int32] = []
    var trees: [XGBoostTree] = []
    /// The factor of each tree; `dart` only.
    var treeWeights: [Float] = []
    /// Features times outputs, then a bias an output; `gblinear` only.
    var linearWeights: [Float] = []
    var objective = ""
    var learnerParameters: [String: String] = [:]
    var hasLearner = false

    /// Reads a file.
    init<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>, limits: ModelLimits
    ) throws(ModelError) {
        var document = XGBoostDocument()
        try reader.members(bytes) { (reader, key) throws(ModelError) in
            switch key {
            case "version": document.version = try reader.integers(bytes, countMax: 8)
            case "learner":
                document.hasLearner = true
                try document.readLearner(&reader, bytes, limits)
            default: return false
            }
            return true
        }
        try reader.finish(bytes)
        guard document.hasLearner else { throw .malformed("XGBoost: the file has no `learner`") }
        self = document
    }

    private init() {}

    private mutating func readLearner<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>, _ limits: ModelLimits
    ) throws(ModelError) {
        try reader.beginObject(bytes)
        while let key = try reader.nextKey(bytes) {
            switch key {
            case "feature_names": featureNames = try reader.strings(bytes, countMax: limits.featuresMax)
            case "feature_types": featureTypes = try reader.strings(bytes, countMax: limits.featuresMax)
            case "gradient_booster": try readBooster(&reader, bytes, limits)
            case "learner_model_param": learnerParameters = try XGBoostDocument.parameters(&reader, bytes)
            case "objective": try readObjective(&reader, bytes)
            default: try reader.skipValue(bytes)
            }
        }
    }

    private mutating func readObjective<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>
    ) throws(ModelError) {
        try reader.beginObject(bytes)
        while let key = try reader.nextKey(bytes) {
            if key == "name" { objective = try reader.string(bytes) } else { try reader.skipValue(bytes) }
        }
    }

    /// Reads `gradient_booster`; the one of `dart` holds that of `gbtree`.
    private mutating func readBooster<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>, _ limits: ModelLimits, isInner: Bool = false
    ) throws(ModelError) {
        try reader.beginObject(bytes)
        while let key = try reader.nextKey(bytes) {
            switch key {
            case "name":
                let name = try reader.string(bytes)
                if !isInner { booster = name }
            case "model": try readModel(&reader, bytes, limits)
            case "gbtree" where !isInner: try readBooster(&reader, bytes, limits, isInner: true)
            case "weight_drop": treeWeights = try reader.floats(bytes, countMax: limits.treesMax)
            default: try reader.skipValue(bytes)
            }
        }
    }

    private mutating func readModel<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>, _ limits: ModelLimits
    ) throws(ModelError) {
        var nodes = 0
        try reader.beginObject(bytes)
        while let key = try reader.nextKey(bytes) {
            switch key {
            case "tree_info": treeInfo = try reader.integers(bytes, countMax: limits.treesMax)
            case "weights": linearWeights = try reader.floats(bytes, countMax: limits.weightsMax)
            case "trees":
                trees = []
                try reader.beginArray(bytes)
                while try reader.nextElement(bytes) {
                    guard trees.count < limits.treesMax else {
                        throw .limit("trees", trees.count + 1, limits.treesMax)
                    }
                    let tree = try XGBoostTree(&reader, bytes, limits)
                    nodes += tree.leftChildren.count
                    guard nodes <= limits.nodesMax else { throw .limit("tree nodes", nodes, limits.nodesMax) }
                    trees.append(tree)
                }
            default: try reader.skipValue(bytes)
            }
        }
    }

    /// Reads an object of strings, which is how XGBoost writes parameters.
    static func parameters<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>
    ) throws(ModelError) -> [String: String] {
        var result: [String: String] = [:]
        try reader.beginObject(bytes)
        while let key = try reader.nextKey(bytes) {
            guard result.count < 64 else { throw .limit("parameters", result.count + 1, 64) }
            result[key] = try reader.string(bytes)
        }
        return result
    }
}

/// One tree of an XGBoost file, as it stands.
struct XGBoostTree {
    var leftChildren: [Int32] = []
    var rightChildren: [Int32] = []
    var splitIndices: [Int32] = []
    var splitConditions: [Float] = []
    var defaultLeft: [Int32] = []
    /// 1 at a categorical split; missing in old files.
    var splitTypes: [Int32] = []
    var categories: [Int32] = []
    var categoriesNodes: [Int32] = []
    var categoriesSegments: [Int32] = []
    var categoriesSizes: [Int32] = []
    var parameters: [String: String] = [:]

    init<Reader: DocumentReader>(
        _ reader: inout Reader, _ bytes: Span<UInt8>, _ limits: ModelLimits
    ) throws(ModelError) {
        let most = limits.nodesMax
        try reader.beginObject(bytes)
        while let key = try reader.nextKey(bytes) {
            Pacer.point()
            switch key {
            case "left_children": leftChildren = try reader.integers(bytes, countMax: most)
            case "right_children": rightChildren = try reader.integers(bytes, countMax: most)
            case "split_indices": splitIndices = try reader.integers(bytes, countMax: most)
            case "split_conditions": splitConditions = try reader.floats(bytes, countMax: most)
            case "default_left": defaultLeft = try reader.integers(bytes, countMax: most)
            case "split_type": splitTypes = try reader.integers(bytes, countMax: most)
            case "categories": categories = try reader.integers(bytes, countMax: most)
            case "categories_nodes": categoriesNodes = try reader.integers(bytes, countMax: most)
            case "categories_segments": categoriesSegments = try reader.integers(bytes, countMax: most)
            case "categories_sizes": categoriesSizes = try reader.integers(bytes, countMax: most)
            case "tree_param": parameters = try XGBoostDocument.parameters(&reader, bytes)
            default: try reader.skipValue(bytes)
            }
        }
    }

    /// The tree as the compiler takes it, its category lists checked.
    func source(_ name: String) throws(ModelError) -> TreeSource {
        if let size = parameters["size_leaf_vector"], size != "0", size != "1" {
            throw .unsupported(
                "\(name) has vectors as leaves (`multi_strategy=multi_output_tree`)",
                hint: "train with `multi_strategy=one_output_per_tree`")
        }
        var source = TreeSource(
            leftChildren: leftChildren, rightChildren: rightChildren, features: splitIndices,
            thresholds: splitConditions, defaultsLeft: defaultLeft.map { $0 != 0 })
        guard categoriesNodes.count == categoriesSegments.count,
            categoriesNodes.count == categoriesSizes.count
        else { throw .malformed("\(name): its lists of categories are of different lengths") }
        // Segments do not overlap, so all sets together are no larger than the list.
        guard categoriesSizes.reduce(0, { $0 + Int($1) }) <= categories.count else {
            throw .malformed("\(name): its categories overlap")
        }
        for (index, node) in categoriesNodes.enumerated() {
            let start = Int(categoriesSegments[index])
            let size = Int(categoriesSizes[index])
            guard start >= 0, size >= 0, start + size <= categories.count else {
                throw .malformed("\(name): the categories of node \(node) lie outside the list")
            }
            source.categorySetOfNode[node] = source.categorySets.count
            source.categorySets.append(Array(categories[start..<start + size]))
        }
        for (node, type) in splitTypes.enumerated()
        where type == 1 && node < leftChildren.count && leftChildren[node] >= 0 {
            guard source.categorySetOfNode[Int32(node)] != nil else {
                throw .malformed("\(name): node \(node) is categorical and has no categories")
            }
        }
        return source
    }
}
