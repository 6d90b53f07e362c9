public import Basics

/// Why a schema, a pipeline or another document about features was refused. Bad events are no errors: see
/// ``RowFault``.
public struct FeatureError: DescribedError {
    /// The kinds of failure. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name.
        public let description: String

        /// `schema.json` is not what it should be.
        public static let schema = Code(description: "schema-malformed")
        /// `pipeline.json` is not what it should be.
        public static let pipeline = Code(description: "pipeline-malformed")
        /// `baseline.json` is not what it should be.
        public static let baseline = Code(description: "baseline-malformed")
        /// `golden.json` is not what it should be.
        public static let golden = Code(description: "golden-malformed")
        /// Schema and pipeline are sound and do not fit each other.
        public static let mismatch = Code(description: "pipeline-mismatch")
    }

    /// The kind of failure.
    public let code: Code
    /// What was wrong, and at which field.
    public let message: String
    /// What to do about it.
    public let hint: String
    /// The failure below this one, if any.
    public let cause: (any Error)?

    /// A failure of the given kind.
    public init(_ code: Code, _ message: String, hint: String = "", cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.hint = hint
        self.cause = cause
    }

    /// The stable name of the code.
    public var codeName: String { code.description }
    /// Always ``Basics/Recovery/fixInput``: the same document is refused again.
    public var recovery: Recovery { .fixInput }

    static func mismatch(_ message: String, hint: String = "") -> FeatureError {
        FeatureError(.mismatch, message, hint: hint)
    }
}

/// Reads documents: parse, then fields, both errors in the module's own.
enum FeatureDocument {
    /// Parses `bytes` and hands the fields of the document's object to `read`; unread fields are an error.
    static func decode<Value>(
        _ bytes: Span<UInt8>, _ code: FeatureError.Code, limits: FeatureLimits,
        _ read: (inout JSONFields) throws(JSONFieldError) -> Value
    ) throws(FeatureError) -> Value {
        let name = code.description.split(separator: "-").first.map(String.init) ?? ""
        guard bytes.count <= limits.documentBytesMax else {
            throw FeatureError(
                code, "\(name).json has \(bytes.count) bytes; \(limits.documentBytesMax) are allowed")
        }
        let document: JSONValue
        do throws(JSONError) {
            document = try JSONValue(parsing: bytes, limits: JSONValue.Limits(depthMax: 24))
        } catch {
            throw FeatureError(code, "\(name).json: \(error.message)", cause: error)
        }
        do throws(JSONFieldError) {
            var fields = try JSONFields(document)
            let version = try fields.integer("version")
            guard version == 1 else {
                throw JSONFieldError(path: "version", problem: "is \(version); 1 is known")
            }
            let value = try read(&fields)
            try fields.finish()
            return value
        } catch {
            throw FeatureError(code, "\(name).json: \(error)", cause: error)
        }
    }
}
