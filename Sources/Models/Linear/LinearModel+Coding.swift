internal import Basics

/// The file `model.json` of a native linear model. Canonical: the same model gives the same bytes.
///
/// ```json
/// {"modelcast":"linear","version":1,"kind":"logistic","features":2,
///  "featureNames":["fare","miles"],"classLabels":["no","yes"],
///  "intercepts":[-0.5],"weights":[[0.25,-1.0]]}
/// ```
/// `featureNames` and `classLabels` may be missing. `weights` holds one list an output. Numbers are float32
/// in their shortest form. Unknown members are refused.
extension LinearModel {
    /// The member by which the file is known; its value is `linear`.
    static let formatKey = "modelcast"
    private static let formatVersion = 1

    /// The file's bytes.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 256 + weights.count * 14)
        writer.beginObject()
        writer.key(LinearModel.formatKey)
        writer.string("linear")
        writer.key("version")
        writer.integer(LinearModel.formatVersion)
        writer.key("kind")
        writer.string(kind.rawValue)
        writer.key("features")
        writer.integer(featureCount)
        if let featureNames { writer.strings("featureNames", featureNames) }
        if let classLabels { writer.strings("classLabels", classLabels) }
        writer.key("intercepts")
        writer.floats(intercepts[...])
        writer.key("weights")
        writer.beginArray()
        for output in intercepts.indices {
            writer.floats(weights[output * featureCount..<(output + 1) * featureCount])
        }
        writer.endArray()
        writer.endObject()
        return writer.take()
    }

    /// Reads the file.
    public init(decoding bytes: Span<UInt8>, limits: ModelLimits = ModelLimits()) throws(ModelError) {
        do throws(JSONFieldError) {
            let document: JSONValue
            do throws(JSONError) {
                document = try JSONValue(
                    parsing: bytes, limits: JSONValue.Limits(depthMax: 4, valuesMax: limits.weightsMax))
            } catch {
                throw JSONFieldError(path: "", problem: "is not sound: \(error.message)")
            }
            var fields = try JSONFields(document)
            try self.init(&fields, limits)
        } catch {
            throw .malformed("native linear model: \(error)", cause: error)
        }
    }

    private init(_ fields: inout JSONFields, _ limits: ModelLimits) throws(JSONFieldError) {
        let name = try fields.string(LinearModel.formatKey)
        let version = try fields.integer("version")
        guard name == "linear", version == LinearModel.formatVersion else {
            throw JSONFieldError(path: "version", problem: "`\(name)` \(version) is not known; linear 1 is")
        }
        let kindName = try fields.string("kind")
        guard let kind = Kind(rawValue: kindName) else {
            let known = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw JSONFieldError(path: "kind", problem: "`\(kindName)` is not known; \(known) are")
        }
        let featureCount = try fields.integer("features", in: 1...limits.featuresMax)
        let names = try fields.optional("featureNames")?.strings("featureNames", countMax: featureCount)
        let labels = try fields.optional("classLabels")?.strings("classLabels", countMax: limits.classesMax)
        let intercepts = try fields.required("intercepts").numbers("intercepts", countMax: limits.classesMax)
        var weights: [Float] = []
        for (index, list) in try fields.array("weights", countMax: intercepts.count).enumerated() {
            let values = try list.numbers("weights[\(index)]", countMax: featureCount)
            weights.append(contentsOf: values.map { Float($0) })
        }
        try fields.finish()
        do throws(ModelError) {
            try self.init(
                kind: kind, intercepts: intercepts.map { Float($0) }, weights: weights,
                featureCount: featureCount, featureNames: names, classLabels: labels)
        } catch {
            throw JSONFieldError(path: "", problem: "is not sound: \(error.message)")
        }
    }
}

extension JSONWriter {
    fileprivate mutating func strings(_ name: String, _ values: [String]) {
        key(name)
        beginArray()
        for value in values { string(value) }
        endArray()
    }

    fileprivate mutating func floats(_ values: ArraySlice<Float>) {
        beginArray()
        for value in values { number(value) }
        endArray()
    }
}
