/// What an axis shows.
public struct Axis: Sendable, Hashable {
    /// What the values are, with their unit.
    public var label: String
    /// How distances follow from values.
    public var scale: Scale.Kind

    /// An axis.
    public init(_ label: String, _ scale: Scale.Kind = .linear) {
        self.label = label
        self.scale = scale
    }
}
