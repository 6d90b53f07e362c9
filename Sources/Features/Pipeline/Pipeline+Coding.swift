internal import Basics

/// The file `pipeline.json`. Canonical: the same pipeline gives the same bytes.
///
/// ```json
/// {"version":1,"columns":[
///   {"feature":"fare","transforms":[
///      {"transform":"impute","value":9.5,"indicator":true},{"transform":"log1p"},
///      {"transform":"standardise","mean":2.25,"deviation":0.5}]},
///   {"feature":"payment","transforms":[
///      {"transform":"oneHot","categories":["cash","card"],"unknown":true}]}]}
/// ```
/// Transforms: `impute` (`value`, `indicator`), `imputeCategory` (`category`), `standardise` (`mean`,
/// `deviation`), `minMax` and `clip` (`minimum`, `maximum`), `log1p`, `bucketise` (`edges`), `oneHot`
/// (`categories`, `unknown`), `hash` (`buckets`), `ordinal`. Unknown members are refused.
extension Pipeline {
    /// Reads the file.
    public init(decoding bytes: Span<UInt8>, limits: FeatureLimits = FeatureLimits()) throws(FeatureError) {
        let columns = try FeatureDocument.decode(bytes, .pipeline, limits: limits) {
            (fields) throws(JSONFieldError) in
            var columns: [Column] = []
            for (index, value) in try fields.array("columns", countMax: limits.pipelineColumnsMax)
                .enumerated()
            {
                var entry = try JSONFields(value, path: "columns[\(index)]")
                let feature = try entry.string("feature")
                var transforms: [Transform] = []
                let list = try entry.optionalArray("transforms", countMax: limits.transformsMax) ?? []
                for (position, value) in list.enumerated() {
                    var step = try JSONFields(value, path: "columns[\(index)].transforms[\(position)]")
                    transforms.append(try Transform(&step, limits))
                    try step.finish()
                }
                try entry.finish()
                columns.append(Column(feature, transforms))
            }
            return columns
        }
        self.init(columns)
    }

    /// The file's bytes.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + columns.count * 96)
        writer.beginObject()
        writer.key("version")
        writer.integer(1)
        writer.key("columns")
        writer.beginArray()
        for column in columns {
            writer.beginObject()
            writer.key("feature")
            writer.string(column.feature)
            if !column.transforms.isEmpty {
                writer.key("transforms")
                writer.beginArray()
                for transform in column.transforms { transform.write(to: &writer) }
                writer.endArray()
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.take()
    }
}

extension Transform {
    /// The name in `pipeline.json`.
    var name: String {
        switch self {
        case .impute: "impute"
        case .imputeCategory: "imputeCategory"
        case .standardise: "standardise"
        case .minMax: "minMax"
        case .log1p: "log1p"
        case .clip: "clip"
        case .bucketise: "bucketise"
        case .oneHot: "oneHot"
        case .hash: "hash"
        case .ordinal: "ordinal"
        }
    }

    fileprivate init(_ fields: inout JSONFields, _ limits: FeatureLimits) throws(JSONFieldError) {
        let name = try fields.string("transform")
        switch name {
        case "impute":
            self = .impute(
                value: try fields.number("value"), indicator: try fields.boolean("indicator", default: false))
        case "imputeCategory": self = .imputeCategory(try fields.string("category"))
        case "standardise":
            self = .standardise(mean: try fields.number("mean"), deviation: try fields.number("deviation"))
        case "minMax":
            self = .minMax(minimum: try fields.number("minimum"), maximum: try fields.number("maximum"))
        case "log1p": self = .log1p
        case "clip":
            self = .clip(minimum: try fields.number("minimum"), maximum: try fields.number("maximum"))
        case "bucketise":
            self = .bucketise(
                edges: try fields.required("edges").numbers(fields.place("edges"), countMax: limits.edgesMax))
        case "oneHot":
            self = .oneHot(
                categories: try fields.required("categories").strings(
                    fields.place("categories"), countMax: limits.categoriesMax),
                unknown: try fields.boolean("unknown", default: false))
        case "hash": self = .hash(buckets: try fields.integer("buckets", in: 1...limits.bucketsMax))
        case "ordinal": self = .ordinal
        default: throw JSONFieldError(path: fields.place("transform"), problem: "`\(name)` is not known")
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("transform")
        writer.string(name)
        switch self {
        case .impute(let value, let indicator):
            writer.key("value")
            writer.number(value)
            if indicator {
                writer.key("indicator")
                writer.boolean(true)
            }
        case .imputeCategory(let category):
            writer.key("category")
            writer.string(category)
        case .standardise(let mean, let deviation):
            writer.key("mean")
            writer.number(mean)
            writer.key("deviation")
            writer.number(deviation)
        case .minMax(let minimum, let maximum), .clip(let minimum, let maximum):
            writer.key("minimum")
            writer.number(minimum)
            writer.key("maximum")
            writer.number(maximum)
        case .bucketise(let edges): writer.numbers("edges", edges)
        case .oneHot(let categories, let unknown):
            writer.strings("categories", categories)
            if unknown {
                writer.key("unknown")
                writer.boolean(true)
            }
        case .hash(let buckets):
            writer.key("buckets")
            writer.integer(buckets)
        case .log1p, .ordinal: break
        }
        writer.endObject()
    }
}
