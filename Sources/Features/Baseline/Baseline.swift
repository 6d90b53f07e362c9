internal import Basics

/// How a model's features and predictions were distributed when it was trained: what drift is measured
/// against.
///
/// Travels with the model as `baseline.json`. Canonical: the same baseline gives the same bytes.
///
/// ```json
/// {"version":1,"rows":1000,"features":[
///   {"name":"fare","number":{"count":990,"missing":10,"mean":12.5,"deviation":3.0,
///      "minimum":0.0,"maximum":80.0,"edges":[5.0,9.5],"counts":[300,400,290]}},
///   {"name":"payment","category":{"count":1000,"missing":0,"categories":[{"category":"cash","count":700}],
///      "other":300,"hashCounts":[…64 numbers…]}}],
///  "prediction":{…as a number…}}
/// ```
public struct Baseline: Hashable, Sendable {
    /// One feature's distribution.
    public struct Feature: Hashable, Sendable {
        /// A number's or a category's.
        public enum Distribution: Hashable, Sendable {
            /// Of floats, integers and booleans.
            case number(NumberDistribution)
            /// Of categories.
            case category(CategoryDistribution)
        }

        /// The feature's name.
        public let name: String
        /// Its distribution.
        public let distribution: Distribution

        /// The distribution of that feature.
        public init(_ name: String, _ distribution: Distribution) {
            self.name = name
            self.distribution = distribution
        }

        /// The distribution of a number; nil for a category.
        public var number: NumberDistribution? {
            if case .number(let number) = distribution { number } else { nil }
        }

        /// The distribution of a category; nil for a number.
        public var category: CategoryDistribution? {
            if case .category(let category) = distribution { category } else { nil }
        }
    }

    /// Rows that it was made from.
    public let rows: Int
    /// The features, in the schema's order.
    public let features: [Feature]
    /// The predictions' distribution, where there were any.
    public let prediction: NumberDistribution?

    /// A baseline of these distributions.
    public init(rows: Int, features: [Feature], prediction: NumberDistribution?) {
        self.rows = rows
        self.features = features
        self.prediction = prediction
    }

    /// Reads the file.
    public init(decoding bytes: Span<UInt8>, limits: FeatureLimits = FeatureLimits()) throws(FeatureError) {
        self = try FeatureDocument.decode(bytes, .baseline, limits: limits) {
            (fields) throws(JSONFieldError) in
            let rows = try fields.integer("rows")
            var features: [Feature] = []
            for (index, value) in try fields.array("features", countMax: limits.featuresMax).enumerated() {
                var entry = try JSONFields(value, path: "features[\(index)]")
                let name = try entry.string("name")
                if let number = try entry.optionalObject("number") {
                    features.append(Feature(name, .number(try NumberDistribution(number, limits))))
                } else {
                    features.append(
                        Feature(
                            name, .category(try CategoryDistribution(try entry.object("category"), limits))))
                }
                try entry.finish()
            }
            var prediction: NumberDistribution?
            if let number = try fields.optionalObject("prediction") {
                prediction = try NumberDistribution(number, limits)
            }
            return Baseline(rows: rows, features: features, prediction: prediction)
        }
    }

    /// The file's bytes.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + features.count * 1024)
        writer.beginObject()
        writer.key("version")
        writer.integer(1)
        writer.key("rows")
        writer.integer(rows)
        writer.key("features")
        writer.beginArray()
        for feature in features {
            writer.beginObject()
            writer.key("name")
            writer.string(feature.name)
            switch feature.distribution {
            case .number(let number):
                writer.key("number")
                number.write(to: &writer)
            case .category(let category):
                writer.key("category")
                category.write(to: &writer)
            }
            writer.endObject()
        }
        writer.endArray()
        if let prediction {
            writer.key("prediction")
            prediction.write(to: &writer)
        }
        writer.endObject()
        return writer.take()
    }
}

extension NumberDistribution {
    fileprivate init(_ source: JSONFields, _ limits: FeatureLimits) throws(JSONFieldError) {
        var fields = source
        self.init(
            count: try fields.integer("count"), missing: try fields.integer("missing"),
            mean: try fields.number("mean"), deviation: try fields.number("deviation"),
            minimum: try fields.number("minimum"), maximum: try fields.number("maximum"),
            edges: try fields.required("edges").numbers(fields.place("edges"), countMax: limits.edgesMax),
            counts: try fields.counts("counts", countMax: limits.edgesMax + 1))
        try fields.finish()
        guard counts.count == edges.count + 1, zip(edges, edges.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw JSONFieldError(
                path: fields.place("edges"), problem: "must rise, and be one fewer than `counts`")
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        for (name, value) in [("count", count), ("missing", missing)] {
            writer.key(name)
            writer.integer(value)
        }
        for (name, value) in [
            ("mean", mean), ("deviation", deviation), ("minimum", minimum), ("maximum", maximum),
        ] {
            writer.key(name)
            writer.number(value)
        }
        writer.numbers("edges", edges)
        writer.integers("counts", counts)
        writer.endObject()
    }
}

extension CategoryDistribution {
    fileprivate init(_ source: JSONFields, _ limits: FeatureLimits) throws(JSONFieldError) {
        var fields = source
        let count = try fields.integer("count")
        let missing = try fields.integer("missing")
        var entries: [Entry] = []
        for (index, value) in try fields.array("categories", countMax: limits.categoriesMax).enumerated() {
            var entry = try JSONFields(value, path: "\(fields.place("categories"))[\(index)]")
            entries.append(Entry(try entry.string("category"), try entry.integer("count")))
            try entry.finish()
        }
        self.init(
            count: count, missing: missing, categories: entries, other: try fields.integer("other"),
            hashCounts: try fields.counts("hashCounts", countMax: CategoryDistribution.hashBuckets))
        try fields.finish()
        guard hashCounts.count == CategoryDistribution.hashBuckets else {
            throw JSONFieldError(path: fields.place("hashCounts"), problem: "must have 64 elements")
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("count")
        writer.integer(count)
        writer.key("missing")
        writer.integer(missing)
        writer.key("categories")
        writer.beginArray()
        for entry in categories {
            writer.beginObject()
            writer.key("category")
            writer.string(entry.category)
            writer.key("count")
            writer.integer(entry.count)
            writer.endObject()
        }
        writer.endArray()
        writer.key("other")
        writer.integer(other)
        writer.integers("hashCounts", hashCounts)
        writer.endObject()
    }
}

extension JSONFields {
    fileprivate mutating func counts(_ name: String, countMax: Int) throws(JSONFieldError) -> [Int] {
        var result: [Int] = []
        for (index, value) in try array(name, countMax: countMax).enumerated() {
            result.append(try value.integer("\(place(name))[\(index)]"))
        }
        return result
    }
}
