internal import Basics

/// Why an event or a table row gave no row of features. A value without text, so that bad input costs no more
/// than good.
public struct RowFault: Hashable, Sendable {
    /// The reasons. Their raw values are the reasons of dead letters.
    public enum Code: String, Sendable, CaseIterable {
        /// The bytes are not JSON.
        case notJSON = "not-json"
        /// JSON, but no object, or `features` is neither an object nor an array.
        case notAnEvent = "not-an-event"
        /// A field of another type than the schema says.
        case wrongType = "wrong-type"
        /// A number that no double holds.
        case outOfRange = "out-of-range"
        /// A required feature is missing or `null`.
        case missingRequired = "missing-required"
        /// An array of features, or a table row, with more or fewer values than there should be.
        case wrongCount = "wrong-count"
        /// More bytes, a longer id or deeper nesting than is allowed.
        case tooLarge = "too-large"
    }

    /// What a fault is about.
    public enum Field: Hashable, Sendable {
        /// The event as a whole.
        case event
        /// The id.
        case id
        /// The time.
        case timestamp
        /// The member that holds the features.
        case features
        /// The feature of that place in the schema.
        case feature(Int)
    }

    /// The reason.
    public let code: Code
    /// The field.
    public let field: Field
    /// The byte of the event at which it was noticed, from 0; in a table row, of the cell.
    public let offset: Int

    /// A fault of the given kind and place.
    public init(_ code: Code, _ field: Field, at offset: Int) {
        self.code = code
        self.field = field
        self.offset = offset
    }

    /// What was wrong, and where, in words.
    public func message(_ schema: Schema) -> String {
        var bytes: [UInt8] = []
        append(messageTo: &bytes, schema)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends what was wrong, and where, in words. Allocates nothing where `bytes` has room.
    public func append(messageTo bytes: inout [UInt8], _ schema: Schema) {
        switch field {
        case .event: break
        case .id: bytes.append(fixed: "id: ")
        case .timestamp: bytes.append(fixed: "ts: ")
        case .features: bytes.append(fixed: "features: ")
        case .feature(let index):
            bytes.append(fixed: "feature `")
            bytes.append(text: schema.features[index].name)
            bytes.append(0x60)
            if code == .missingRequired {
                bytes.append(fixed: ": ")
                return bytes.append(text: code.phrase)
            }
            bytes.append(fixed: " (")
            bytes.append(text: schema.features[index].kind.rawValue)
            bytes.append(fixed: "): ")
        }
        bytes.append(text: code.phrase)
        bytes.append(fixed: " at byte ")
        bytes.append(decimal: offset)
    }

    init(_ error: JSONError, _ field: Field, from start: Int) {
        let code: Code =
            switch error.code {
            case .wrongType: field == .event || field == .features ? .notAnEvent : .wrongType
            case .numberOutOfRange: .outOfRange
            case .tooDeep, .tooManyValues, .numberTooLong: .tooLarge
            default: .notJSON
            }
        self.init(code, code == .notJSON ? .event : field, at: error.offset - start)
    }
}

extension RowFault.Code {
    /// The reason in words.
    public var phrase: String {
        switch self {
        case .notJSON: "not JSON"
        case .notAnEvent: "not an event"
        case .wrongType: "wrong type"
        case .outOfRange: "number out of range"
        case .missingRequired: "missing and required"
        case .wrongCount: "wrong number of values"
        case .tooLarge: "too large"
        }
    }
}
