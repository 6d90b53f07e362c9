internal import Basics

/// Recorded inputs with the predictions that a model must give for them, within a tolerance: the acceptance
/// check that travels with a model as `golden.json`.
///
/// ```json
/// {"version":1,"tolerance":{"absolute":1e-06,"relative":1e-05},"rows":[
///   {"features":{"fare":9.5,"payment":"cash"},"prediction":[0.75]},
///   {"features":{"fare":null},"prediction":[0.5],"scores":[0.5,0.5]}]}
/// ```
/// `features` is an event's member of that name, as an object or as an array in the schema's order;
/// `prediction` and `scores` are lists of numbers, `null` for NaN.
public struct GoldenRows: Hashable, Sendable {
    /// One input and what belongs to it.
    public struct Row: Hashable, Sendable {
        /// The JSON of the features, an object or an array.
        public let features: [UInt8]
        /// The numbers of the prediction, one save for predictions that are lists.
        public let prediction: [Float]
        /// The scores by class; empty where the model gives none, or where they are not checked.
        public let scores: [Float]

        /// A row of these features.
        public init(features: [UInt8], prediction: [Float], scores: [Float] = []) {
            self.features = features
            self.prediction = prediction
            self.scores = scores
        }

        /// An event that holds the features, to be decoded like any other.
        public var event: [UInt8] { Array(#"{"features":"#.utf8) + features + Array("}".utf8) }
    }

    /// The difference that is always allowed.
    public let absoluteTolerance: Double
    /// The difference allowed besides, as a part of the expected value.
    public let relativeTolerance: Double
    /// The rows.
    public let rows: [Row]

    /// Golden rows with a tolerance; by default that of float32 rounding over a few hundred trees.
    public init(_ rows: [Row], absoluteTolerance: Double = 1e-6, relativeTolerance: Double = 1e-5) {
        self.rows = rows
        self.absoluteTolerance = absoluteTolerance
        self.relativeTolerance = relativeTolerance
    }

    /// What of a row's results is wrong, in words; nil when it is within the tolerance.
    public func mismatch(
        _ row: Int, prediction: ArraySlice<Float>, scores: ArraySlice<Float>
    ) -> String? {
        let golden = rows[row]
        if let problem = difference(prediction, golden.prediction) {
            return "row \(row): prediction \(problem)"
        }
        if golden.scores.isEmpty { return nil }
        return difference(scores, golden.scores).map { "row \(row): scores \($0)" }
    }

    private func difference(_ actual: ArraySlice<Float>, _ expected: [Float]) -> String? {
        guard actual.count == expected.count else {
            return "has \(actual.count) numbers, expected \(expected.count)"
        }
        for (value, wanted) in zip(actual, expected) {
            if value == wanted || value.isNaN && wanted.isNaN { continue }
            let allowed = absoluteTolerance + relativeTolerance * Double(abs(wanted))
            // A NaN on either side is no number within any distance.
            if abs(Double(value) - Double(wanted)) <= allowed { continue }
            return "is \(value), expected \(wanted) within \(allowed)"
        }
        return nil
    }
}

/// The file `golden.json`.
extension GoldenRows {
    /// Reads the file.
    public init(decoding bytes: Span<UInt8>, limits: FeatureLimits = FeatureLimits()) throws(FeatureError) {
        self = try FeatureDocument.decode(bytes, .golden, limits: limits) { (fields) throws(JSONFieldError) in
            var tolerance = try fields.object("tolerance")
            let absolute = try tolerance.number("absolute")
            let relative = try tolerance.number("relative")
            try tolerance.finish()
            guard absolute >= 0, relative >= 0 else {
                throw JSONFieldError(path: "tolerance", problem: "must not be negative")
            }
            var rows: [Row] = []
            for (index, value) in try fields.array("rows", countMax: limits.goldenRowsMax).enumerated() {
                var row = try JSONFields(value, path: "rows[\(index)]")
                let features = try row.required("features")
                switch features {
                case .object, .array: break
                default:
                    throw JSONFieldError(
                        path: row.place("features"), problem: "must be an object or an array")
                }
                rows.append(
                    Row(
                        features: features.encoded(),
                        prediction: try GoldenRows.floats(
                            row.required("prediction"), row.place("prediction")),
                        scores: try row.optional("scores").map { value throws(JSONFieldError) in
                            try GoldenRows.floats(value, row.place("scores"))
                        } ?? []))
                try row.finish()
            }
            return GoldenRows(rows, absoluteTolerance: absolute, relativeTolerance: relative)
        }
    }

    /// The file's bytes. Canonical: the same rows give the same bytes.
    public func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 128 + rows.reduce(0) { $0 + $1.features.count + 64 })
        writer.beginObject()
        writer.key("version")
        writer.integer(1)
        writer.key("tolerance")
        writer.beginObject()
        writer.key("absolute")
        writer.number(absoluteTolerance)
        writer.key("relative")
        writer.number(relativeTolerance)
        writer.endObject()
        writer.key("rows")
        writer.beginArray()
        for row in rows {
            writer.beginObject()
            writer.key("features")
            writer.raw(row.features.span)
            GoldenRows.write(row.prediction, "prediction", to: &writer)
            if !row.scores.isEmpty { GoldenRows.write(row.scores, "scores", to: &writer) }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.take()
    }

    private static func write(_ values: [Float], _ name: String, to writer: inout JSONWriter) {
        writer.key(name)
        writer.beginArray()
        for value in values { writer.number(value) }
        writer.endArray()
    }

    private static func floats(_ value: JSONValue, _ path: String) throws(JSONFieldError) -> [Float] {
        var result: [Float] = []
        for (index, element) in try value.elements(path).enumerated() {
            result.append(element == .null ? .nan : Float(try element.number("\(path)[\(index)]")))
        }
        return result
    }
}
