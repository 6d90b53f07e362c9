/// How events are laid out: where the features are, and what the other fields are called.
public struct EventLayout: Hashable, Sendable {
    /// Where the features are.
    public enum Shape: String, Sendable, CaseIterable {
        /// Beside the id, or in a member, as each event has it. A feature that is in both places: the last
        /// wins.
        case auto
        /// In a member, which is an object of names or an array in the schema's order.
        case nested
        /// Beside the id.
        case flat
    }

    /// Where the features are.
    public var shape: Shape
    /// The member that holds the event's id: a string, a number or `null`.
    public var idField: String
    /// The member that holds the event's time: milliseconds since 1970, a text in ISO 8601, or `null`.
    public var timestampField: String
    /// The member that holds the features.
    public var featuresField: String

    /// A layout; by default with `id`, `ts`, `features`.
    public init(
        _ shape: Shape = .auto, idField: String = "id", timestampField: String = "ts",
        featuresField: String = "features"
    ) {
        self.shape = shape
        self.idField = idField
        self.timestampField = timestampField
        self.featuresField = featuresField
    }
}
