import Basics
import Foundation
import Models
import Testing

/// Damaged and hostile files: loading throws or gives a predictor that scores; it never traps.
struct HostileFilesTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appendingPathComponent(
        "Fixtures")
    /// A small file of each format.
    private static let files: [(ModelFormat, [UInt8])] = [
        (.xgboostJSON, read("stump.json")), (.xgboostUBJSON, read("stump.ubj")), (.nativeLinear, linear),
    ]
    private static let linear: [UInt8] = Array(
        #"{"modelcast":"linear","version":1,"kind":"softmax","features":2,"featureNames":["a","b"],"#
            .appending(#""classLabels":["x","y"],"intercepts":[0.5,-1],"weights":[[1,2],[3.5,-4]]}"#).utf8)

    private static func read(_ name: String) -> [UInt8] {
        (try? Data(contentsOf: folder.appendingPathComponent(name))).map { [UInt8]($0) } ?? []
    }

    /// Loads, and scores rows of every kind where that succeeds. True when it was refused.
    private func isRefused(_ bytes: [UInt8], _ format: ModelFormat) -> Bool {
        do throws(ModelError) {
            let predictor = try PredictorLoader.load(bytes, format: format)
            let values: [Float] = [.nan, 0, 1e30, -1e30, 3, .infinity, -1]
            let rows = (0..<predictor.featureCount * 9).map { values[$0 % values.count] }
            let block = predictor.predict(rows: rows)
            #expect(block.count == 9)
            return false
        } catch {
            #expect(!error.message.isEmpty)
            return true
        }
    }

    @Test(arguments: files.indices)
    func everyTruncationIsRefused(index: Int) {
        let (format, bytes) = Self.files[index]
        #expect(!isRefused(bytes, format))
        for count in 0..<bytes.count {
            #expect(isRefused(Array(bytes[..<count]), format), "cut at byte \(count)")
        }
    }

    @Test(arguments: files.indices)
    func noFlippedBitTraps(index: Int) {
        let (format, bytes) = Self.files[index]
        var refused = 0
        for position in bytes.indices {
            for bit in 0..<8 {
                var damaged = bytes
                damaged[position] ^= 1 << UInt8(bit)
                if isRefused(damaged, format) { refused += 1 }
            }
        }
        #expect(refused > bytes.count)
    }

    @Test(arguments: files.indices)
    func noRandomDamageTraps(index: Int) {
        let (format, bytes) = Self.files[index]
        var random = SeededRandom(seed: 7)
        for _ in 0..<2_000 {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let position = Int.random(in: 0..<damaged.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: damaged[position] = UInt8.random(in: 0...255, using: &random)
                case 1: damaged.remove(at: position)
                default: damaged.insert(UInt8.random(in: 0...255, using: &random), at: position)
                }
            }
            _ = isRefused(damaged, format)
        }
    }

    @Test(arguments: ["[", "{\"a\":", "{\"learner\":["])
    func deepNestingIsRefused(unit: String) {
        let bytes = Array(String(repeating: unit, count: 200_000).utf8)
        #expect(isRefused(bytes, .xgboostJSON))
        #expect(isRefused(bytes, .nativeLinear))
        #expect(isRefused([0x7B, 0x69, 1, 0x61] + [UInt8](repeating: 0x5B, count: 200_000), .xgboostUBJSON))
    }

    /// Counts that the file cannot hold are refused before memory is taken for them.
    @Test(arguments: [
        "5B2464234C7FFFFFFFFFFFFFFF", "5B234C7FFFFFFFFFFFFFFF", "5B2454234C7FFFFFFFFFFFFFFF",
        "534C7FFFFFFFFFFFFFFF",
        "5B2464234CFFFFFFFFFFFFFFFF", "7B234C7FFFFFFFFFFFFFFF", "5B245B236C7FFFFFFF",
    ])
    func hugeCountsAreRefused(value: String) throws {
        var bytes: [UInt8] = [0x7B, 0x69, 7] + Array("version".utf8)
        let digits = Array(value.utf8)
        for index in stride(from: 0, to: digits.count, by: 2) {
            let pair = String(decoding: digits[index..<index + 2], as: UTF8.self)
            bytes.append(try #require(UInt8(pair, radix: 16)))
        }
        #expect(isRefused(bytes + [0x7D], .xgboostUBJSON))
    }

    /// A tree whose `left`/`right` children are as given, in an otherwise sound file.
    private func file(left: String, right: String, features: String = "0,0,0,0,0", extra: String = "")
        -> [UInt8]
    {
        let tree = """
            {"left_children":[\(left)],"right_children":[\(right)],"split_indices":[\(features)],\(extra)
            "split_conditions":[0.5,1,2,3,4],"default_left":[0,0,0,0,0],"tree_param":{"size_leaf_vector":"0"}}
            """
        return Array(
            """
            {"version":[1,7,6],"learner":{"gradient_booster":{"name":"gbtree","model":{"tree_info":[0],
            "trees":[\(tree)]}},"objective":{"name":"reg:squarederror"},
            "learner_model_param":{"base_score":"5E-1","num_class":"0","num_feature":"2"}}}
            """.utf8)
    }

    @Test func soundTreesLoad() {
        #expect(!isRefused(file(left: "1,3,-1,-1,-1", right: "2,4,-1,-1,-1"), .xgboostJSON))
        #expect(!isRefused(file(left: "-1,3,-1,-1,-1", right: "-1,4,-1,-1,-1"), .xgboostJSON))
    }

    @Test(arguments: [
        ("0,-1,-1,-1,-1", "1,-1,-1,-1,-1"), ("1,0,-1,-1,-1", "2,3,-1,-1,-1"),
        ("1,-1,-1,-1,-1", "1,-1,-1,-1,-1"),
        ("1,3,3,-1,-1", "2,4,4,-1,-1"), ("5,-1,-1,-1,-1", "1,-1,-1,-1,-1"),
        ("1,-1,-1,-1,-1", "-1,-1,-1,-1,-1"),
        ("1,-1,-1,-1,-1", "2147483647,-1,-1,-1,-1"), ("1,-1,-1,-1", "2,-1,-1,-1"),
    ])
    func impossibleTreesAreRefused(left: String, right: String) {
        #expect(isRefused(file(left: left, right: right), .xgboostJSON))
    }

    @Test(arguments: ["2,0,0,0,0", "-1,0,0,0,0", "16777216,0,0,0,0"])
    func impossibleFeaturesAreRefused(features: String) {
        #expect(
            isRefused(file(left: "1,3,-1,-1,-1", right: "2,4,-1,-1,-1", features: features), .xgboostJSON))
    }

    @Test(arguments: [
        ("1,2", "0", "0", "3", true), ("1,2", "0", "-1", "1", true), ("1,2", "0,1", "0,0", "2,2", true),
        ("-5", "0", "0", "1", true), ("16777216", "0", "0", "1", true), ("16777215", "0", "0", "1", false),
    ])
    func impossibleCategoriesAreRefused(
        list: String, nodes: String, segments: String, sizes: String, refused: Bool
    ) {
        let extra = """
            "categories":[\(list)],"categories_nodes":[\(nodes)],"categories_segments":[\(segments)],
            "categories_sizes":[\(sizes)],
            """
        let bytes = file(left: "1,3,-1,-1,-1", right: "2,4,-1,-1,-1", extra: extra)
        #expect(isRefused(bytes, .xgboostJSON) == refused)
    }

    @Test func aCategoricalSplitWithoutCategoriesIsRefused() {
        let extra = #""split_type":[1,0,0,0,0],"#
        #expect(isRefused(file(left: "1,3,-1,-1,-1", right: "2,4,-1,-1,-1", extra: extra), .xgboostJSON))
    }

    @Test func whatIsUnsupportedIsNamed() throws {
        let text = String(decoding: file(left: "1,3,-1,-1,-1", right: "2,4,-1,-1,-1"), as: UTF8.self)
        for (from, to) in [("reg:squarederror", "survival:cox"), ("gbtree", "gbforest")] {
            let error = #expect(throws: ModelError.self) {
                _ = try PredictorLoader.load(Array(text.replacing(from, with: to).utf8))
            }
            #expect(error?.code == .unsupported)
            #expect(error?.message.contains(to) == true)
        }
    }

    @Test func limitsHold() throws {
        let bytes = file(left: "1,3,-1,-1,-1", right: "2,4,-1,-1,-1")
        for (path, value) in [
            (\ModelLimits.fileBytesMax, 100), (\.featuresMax, 1), (\.treesMax, 0), (\.nodesMax, 4),
            (\.treeDepthMax, 1),
        ] {
            var limits = ModelLimits()
            limits[keyPath: path] = value
            #expect(throws: ModelError.self) { _ = try PredictorLoader.load(bytes, limits: limits) }
        }
    }

    @Test func otherFilesAreOfNoKnownFormat() {
        for text in ["", "{}", "[]", "tree\nversion=v4", "{\"a\":1}", "PK\u{3}\u{4}", "{\"learner"] {
            #expect(ModelFormat.detect(Array(text.utf8).span) == nil)
        }
    }
}
