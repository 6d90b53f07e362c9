public import Basics

/// Why a server could not start.
public struct GatewayError: DescribedError, Equatable {
    /// The kind of failure. More may be added.
    public struct Code: Sendable, Equatable {
        let name: String

        private init(_ name: String) { self.name = name }

        /// The address is not a numeric one with a port.
        public static let invalidAddress = Code("invalid-address")
        /// Another process listens there.
        public static let addressInUse = Code("address-in-use")
        /// This user may not listen there.
        public static let notPermitted = Code("not-permitted")
        /// The system refused for another reason.
        public static let startFailed = Code("start-failed")
    }

    /// The kind of failure.
    public let code: Code
    /// What was wrong, with the address.
    public let message: String
    /// What to do about it.
    public let hint: String
    /// Nothing is below.
    public var cause: (any Error)? { nil }
    /// The kind's stable name.
    public var codeName: String { code.name }
    /// All of them are settings.
    public var recovery: Recovery { .fixConfiguration }

    init(_ code: Code, _ message: String, hint: String) {
        self.code = code
        self.message = message
        self.hint = hint
    }

    /// Two errors are equal when they are of the same kind.
    public static func == (left: GatewayError, right: GatewayError) -> Bool { left.code == right.code }
}
