/// Why some bytes are not the JSON that the caller asked for, and at which byte.
///
/// Small and free of allocation, so that it can be thrown once an event on the scoring path.
public struct JSONError: Error, Hashable, Sendable {
    /// The kinds of failure.
    public enum Code: UInt8, Sendable, CaseIterable {
        /// The text ends inside a value.
        case unexpectedEnd
        /// A byte that cannot stand here (RFC 8259 grammar).
        case unexpectedByte
        /// A value of another type than the caller asked for.
        case wrongType
        /// A control character inside a string; RFC 8259 wants it escaped.
        case controlCharacter
        /// A backslash followed by nothing that RFC 8259 knows, or half of a surrogate pair.
        case invalidEscape
        /// Bytes that are not UTF-8.
        case invalidUTF8
        /// A number that no `Double` (or, where an integer was asked for, no `Int64`) holds.
        case numberOutOfRange
        /// A number of more than ``JSONScanner/numberBytesMax`` bytes.
        case numberTooLong
        /// More levels of nesting than the caller allows.
        case tooDeep
        /// More values than the caller allows.
        case tooManyValues
        /// The same key twice in an object where that is not allowed.
        case duplicateKey
        /// Something follows the value.
        case trailingBytes
    }

    /// The kind of failure.
    public let code: Code
    /// The index of the byte at which it was noticed.
    public let offset: Int

    /// A failure of the given kind at the given byte.
    @inlinable
    public init(_ code: Code, at offset: Int) {
        self.code = code
        self.offset = offset
    }
}

extension JSONError: DescribedError {
    /// `json-` and the code's name.
    public var codeName: String { "json-\(code)" }
    /// The failure in words, with the byte offset.
    public var message: String { "\(code.phrase) at byte \(offset)" }
    /// Empty: the message says it all.
    public var hint: String { "" }
    /// Always ``Recovery/fixInput``.
    public var recovery: Recovery { .fixInput }
    /// Always nil.
    public var cause: (any Error)? { nil }
}

extension JSONError.Code {
    /// The failure in words, without a place.
    public var phrase: String {
        switch self {
        case .unexpectedEnd: "the JSON text ends too early"
        case .unexpectedByte: "not JSON: unexpected byte"
        case .wrongType: "a JSON value of another type is needed"
        case .controlCharacter: "not JSON: control character in a string"
        case .invalidEscape: "not JSON: invalid escape"
        case .invalidUTF8: "not JSON: invalid UTF-8"
        case .numberOutOfRange: "number out of range"
        case .numberTooLong: "number too long"
        case .tooDeep: "JSON nested too deeply"
        case .tooManyValues: "too many JSON values"
        case .duplicateKey: "the same key twice in a JSON object"
        case .trailingBytes: "not JSON: something follows the value"
        }
    }
}
