public import Basics

/// Why a model file was refused.
///
/// Loading either gives a predictor that can score any row without a check, or throws one of these.
public struct ModelError: DescribedError {
    /// The kinds of failure. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name.
        public let description: String

        /// The bytes are of no format that is known here.
        public static let unknownFormat = Code(description: "model-format-unknown")
        /// The file is damaged, or not of the format that it claims.
        public static let malformed = Code(description: "model-malformed")
        /// The file is sound and asks for something that is not implemented, named in the message.
        public static let unsupported = Code(description: "model-unsupported")
        /// The file is larger, deeper or wider than the limits allow.
        public static let limitExceeded = Code(description: "model-limit-exceeded")
    }

    /// The kind of failure.
    public let code: Code
    /// What was wrong, and where in the file.
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
    /// Always ``Basics/Recovery/fixInput``: the same bytes are refused again.
    public var recovery: Recovery { .fixInput }

    static func malformed(_ message: String, cause: (any Error)? = nil) -> ModelError {
        ModelError(
            .malformed, message, hint: "save the model again with the library that trained it", cause: cause)
    }

    static func unsupported(_ message: String, hint: String = "") -> ModelError {
        ModelError(.unsupported, message, hint: hint)
    }

    static func limit(_ what: String, _ value: Int, _ maximum: Int) -> ModelError {
        ModelError(.limitExceeded, "the model has \(value) \(what); at most \(maximum) are allowed")
    }
}
