/// How long each step of a load took, waiting for its turn included.
public struct LoadSteps: Sendable, Hashable {
    /// Chunks were fetched, checked and put together.
    public var fetching: Duration
    /// The files were read and compiled, and the golden rows scored.
    public var verifying: Duration
    /// Memory was touched.
    public var warming: Duration
}
