public import Basics

/// A frame that could not be made or opened.
public struct ZstdError: DescribedError, Equatable {
    /// What kind of failure; compared by name.
    public struct Code: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The code called `name`.
        public init(_ name: String) { self.name = name }

        /// The bytes are no whole zstd frame, or their checksum is wrong.
        public static let corrupt = Code("zstd-corrupt")
        /// The frame holds more or fewer bytes than it must.
        public static let wrongSize = Code("zstd-wrong-size")
        /// The frame asks for a larger window than allowed.
        public static let windowTooLarge = Code("zstd-window-too-large")
        /// The library refused a call that this module made.
        public static let library = Code("zstd-library")
    }

    /// The kind of failure.
    public let code: Code
    public let message: String
    public let hint: String
    public let recovery: Recovery
    public var cause: (any Error)? { nil }
    public var codeName: String { code.name }

    init(_ code: Code, _ message: String, hint: String = "", recovery: Recovery = .fixInput) {
        self.code = code
        self.message = message
        self.hint = hint
        self.recovery = recovery
    }

    /// Errors are equal when their codes are.
    public static func == (left: ZstdError, right: ZstdError) -> Bool { left.code == right.code }
}
