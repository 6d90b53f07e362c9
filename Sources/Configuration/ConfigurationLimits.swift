/// What bounds a configuration, so that a wrong or hostile file costs an error and nothing else.
public struct ConfigurationLimits: Sendable {
    /// Bytes of one configuration file.
    public var fileBytesMax = 1024 * 1024
    /// Mappings and sequences inside each other.
    public var depthMax = 32
    /// Scalars, sequences and mappings in one file.
    public var valuesMax = 100_000
    /// Bytes of a file that holds a secret or a single value.
    public var secretBytesMax = 64 * 1024

    /// The limits that hold when nothing else is said.
    public init() {}
}
