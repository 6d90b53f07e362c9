/// Why a chart cannot be drawn.
public struct ChartError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What kind of fault; compared by name.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name.
        public let description: String

        /// The code called `description`.
        public init(_ description: String) { self.description = description }

        /// There is nothing to draw.
        public static let empty = Code("empty-chart")
        /// A value is NaN or infinite, or cannot stand on its axis.
        public static let value = Code("chart-value")
        /// Lists that belong together have different lengths.
        public static let shape = Code("chart-shape")
    }

    /// What kind.
    public let code: Code
    /// What was wrong and where.
    public let message: String

    /// An error.
    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}
