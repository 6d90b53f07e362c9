/// The bounds of file scoring and of the prediction store.
public struct BatchLimits: Sendable, Hashable {
    /// Rows that are read, scored and committed together. Default 8 192: a write transaction then takes
    /// some tens of milliseconds, so that other writers of the store take their turn.
    public var blockRowsMax: Int
    /// Bytes of a bad row that are kept in the store and in the rejects file. Default 4 096.
    public var rejectBytesMax: Int
    /// Bytes of a key. A longer one makes its row a reject. Default 1 024.
    public var keyBytesMax: Int
    /// How long a writer of the store waits for the other writers. Default 60 s.
    public var busyTimeout: Duration

    /// The defaults, each of which may be changed.
    public init(
        blockRowsMax: Int = 8_192, rejectBytesMax: Int = 4_096, keyBytesMax: Int = 1_024,
        busyTimeout: Duration = .seconds(60)
    ) {
        self.blockRowsMax = max(1, blockRowsMax)
        self.rejectBytesMax = max(0, rejectBytesMax)
        self.keyBytesMax = max(1, keyBytesMax)
        self.busyTimeout = busyTimeout
    }
}
