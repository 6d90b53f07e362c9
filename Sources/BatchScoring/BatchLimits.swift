/// The bounds of file scoring and of the prediction store.
public struct BatchLimits: Sendable, Hashable {
    /// Rows that are read, scored and committed together. Default 16 384: a write transaction then takes
    /// about a tenth of a second, so that other writers of the store take their turn.
    public var blockRowsMax: Int
    /// Numbers in a block, its decoded and its transformed rows each: wide rows make smaller blocks. Default
    /// 4 194 304.
    public var blockValuesMax: Int
    /// Bytes of a bad row that are kept in the store and in the rejects file. Default 4 096.
    public var rejectBytesMax: Int
    /// Bytes of a key. A longer one makes its row a reject. Default 1 024.
    public var keyBytesMax: Int
    /// Pages of 4 KiB that the store's write-ahead log holds before they are moved into the file. Default
    /// 16 384: 64 MiB.
    public var logPagesMax: Int
    /// How long a writer of the store waits for the other writers. Default 60 s.
    public var busyTimeout: Duration

    /// The defaults, each of which may be changed.
    public init(
        blockRowsMax: Int = 16_384, blockValuesMax: Int = 1 << 22, rejectBytesMax: Int = 4_096,
        keyBytesMax: Int = 1_024,
        logPagesMax: Int = 16_384, busyTimeout: Duration = .seconds(60)
    ) {
        self.blockRowsMax = max(1, blockRowsMax)
        self.blockValuesMax = max(1, blockValuesMax)
        self.rejectBytesMax = max(0, rejectBytesMax)
        self.keyBytesMax = max(1, keyBytesMax)
        self.logPagesMax = max(100, logPagesMax)
        self.busyTimeout = busyTimeout
    }
}
