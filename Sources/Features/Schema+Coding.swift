internal import Basics

/// The file `schema.json`. Canonical: the same schema gives the same bytes.
///
/// ```json
/// {"version":1,"features":[
///   {"name":"fare","kind":"float","required":true,"minimum":0.0,"maximum":500.0},
///   {"name":"payment","kind":"categorical","categories":["cash","card"]}]}
/// ```
/// `required` (false when missing), `minimum` with `maximum`, and `categories` may be missing. Unknown
/// members are refused.
extension Schema {
    /// Reads the file.
    public init(decoding bytes: Span<UInt8>, limits: FeatureLimits = FeatureLimits()) throws(FeatureError) {
        let features = try FeatureDocument.decode(bytes, .schema, limits: limits) {
            (fields) throws(JSONFieldError) in
            var features: [Feature] = []
            for (index, value) in try fields.array("features", countMax: limits.featuresMax).enumerated() {
                var entry = try JSONFields(value, path: "features[\(index)]")
                features.append(try Feature(&entry, limits))
                try entry.finish()
            }
            return features
        }
        try self.init(features, limits: limits)
    }

    /// The file's bytes.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 64 + features.count * 64)
        writer.beginObject()
        writer.key("version")
        writer.integer(1)
        writer.key("features")
        writer.beginArray()
        for feature in features { feature.write(to: &writer) }
        writer.endArray()
        writer.endObject()
        return writer.take()
    }
}

extension Feature {
    fileprivate init(_ fields: inout JSONFields, _ limits: FeatureLimits) throws(JSONFieldError) {
        let name = try fields.string("name")
        let kindName = try fields.string("kind")
        guard let kind = Kind(rawValue: kindName) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw JSONFieldError(path: fields.place("kind"), problem: "is `\(kindName)`; known are \(known)")
        }
        let minimum = try fields.optionalNumber("minimum")
        let maximum = try fields.optionalNumber("maximum")
        var range: ClosedRange<Double>?
        if minimum != nil || maximum != nil {
            guard let minimum, let maximum, minimum <= maximum else {
                throw JSONFieldError(
                    path: fields.place("minimum"), problem: "must stand with a `maximum` that is not below it"
                )
            }
            range = minimum...maximum
        }
        self.init(
            name, kind, isRequired: try fields.boolean("required", default: false), range: range,
            categories: try fields.optional("categories")?.strings(
                fields.place("categories"), countMax: limits.categoriesMax) ?? [])
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.beginObject()
        writer.key("name")
        writer.string(name)
        writer.key("kind")
        writer.string(kind.rawValue)
        if isRequired {
            writer.key("required")
            writer.boolean(true)
        }
        if let range {
            writer.key("minimum")
            writer.number(range.lowerBound)
            writer.key("maximum")
            writer.number(range.upperBound)
        }
        if !categories.isEmpty { writer.strings("categories", categories) }
        writer.endObject()
    }
}

extension JSONWriter {
    /// Writes a member that is a list of strings.
    mutating func strings(_ name: String, _ values: [String]) {
        key(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    /// Writes a member that is a list of numbers.
    mutating func numbers(_ name: String, _ values: [Double]) {
        key(name)
        beginArray()
        for value in values { number(value) }
        endArray()
    }

    /// Writes a member that is a list of integers.
    mutating func integers(_ name: String, _ values: [Int]) {
        key(name)
        beginArray()
        for value in values { integer(value) }
        endArray()
    }
}
