import Basics
import Models

/// Models of thirty features as the scorer's benchmark scores with: the same ones every time.
enum HotpathModels {
    /// A logistic regression.
    static func logistic() throws -> any Predictor {
        var random = SeededRandom(seed: 2)
        return try LinearModel(
            kind: .logistic, intercepts: [0.1],
            weights: (0..<HotpathEvents.featureCount).map { _ in Float(random.unit() - 0.5) / 8 },
            featureCount: HotpathEvents.featureCount)
    }

    /// Boosted trees of depth six with a logistic link. A feature has some hundred different thresholds, as
    /// a trainer that bins features leaves them.
    static func trees(_ count: Int) throws -> any Predictor {
        var random = SeededRandom(seed: 3)
        var json = JSONWriter()
        json.beginObject()
        json.key("learner")
        json.beginObject()
        json.key("gradient_booster")
        json.beginObject()
        json.key("name")
        json.string("gbtree")
        json.key("model")
        json.beginObject()
        list("tree_info", (0..<count).map { _ in 0 }, &json)
        json.key("trees")
        json.beginArray()
        for _ in 0..<count { tree(&random, &json) }
        json.endArray()
        json.endObject()
        json.endObject()
        json.key("learner_model_param")
        json.beginObject()
        json.key("base_score")
        json.string("5E-1")
        json.key("num_feature")
        json.string(String(HotpathEvents.featureCount))
        json.endObject()
        json.key("objective")
        json.beginObject()
        json.key("name")
        json.string("binary:logistic")
        json.endObject()
        json.endObject()
        list("version", [2, 0, 0], &json)
        json.endObject()
        return try PredictorLoader.load(json.bytes)
    }

    /// A whole tree: 63 splits, then 64 leaves.
    private static func tree(_ random: inout SeededRandom, _ json: inout JSONWriter) {
        let splits = 63
        let nodes = 2 * splits + 1
        json.beginObject()
        list("left_children", (0..<nodes).map { $0 < splits ? 2 * $0 + 1 : -1 }, &json)
        list("right_children", (0..<nodes).map { $0 < splits ? 2 * $0 + 2 : -1 }, &json)
        list(
            "split_indices",
            (0..<nodes).map { _ in Int(random.next() % UInt64(HotpathEvents.featureCount)) }, &json)
        list("default_left", (0..<nodes).map { _ in Int(random.next() & 1) }, &json)
        json.key("split_conditions")
        json.beginArray()
        for node in 0..<nodes {
            // Between -12 and 12 in steps of 3/16: where the features' values are.
            let step = Float(random.next() % 128) - 64
            json.number(node < splits ? step * 0.1875 : Float(random.unit() - 0.5) / 8)
        }
        json.endArray()
        json.endObject()
    }

    private static func list(_ name: String, _ values: [Int], _ json: inout JSONWriter) {
        json.key(name)
        json.beginArray()
        for value in values { json.integer(value) }
        json.endArray()
    }
}
