/// The bounds of what a reader takes from a table.
public struct TabularLimits: Sendable, Hashable {
    /// Bytes of one row, its line end not counted. A longer row is rejected and skipped. Default 1 MiB.
    public var rowBytesMax: Int
    /// Columns of a table. Default 4 096.
    public var columnsMax: Int
    /// Bytes of one column's name. Default 1 024.
    public var nameBytesMax: Int
    /// Nesting of JSON values inside a row, at most 64. Default 32.
    public var depthMax: Int
    /// Bytes asked of the system in one read. Default 256 KiB.
    public var chunkBytes: Int

    /// The defaults, each of which may be changed.
    public init(
        rowBytesMax: Int = 1 << 20, columnsMax: Int = 4_096, nameBytesMax: Int = 1_024, depthMax: Int = 32,
        chunkBytes: Int = 256 << 10
    ) {
        self.rowBytesMax = rowBytesMax
        self.columnsMax = columnsMax
        self.nameBytesMax = nameBytesMax
        self.depthMax = depthMax
        self.chunkBytes = max(1, chunkBytes)
    }
}
