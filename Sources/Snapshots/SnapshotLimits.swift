/// Every bound of this module, with its unit. Bytes from the log are refused above them, before memory is
/// taken.
public struct SnapshotLimits: Sendable, Hashable {
    /// Raw bytes of one chunk. zstd's worst case of it (789 504 bytes) stays under the brokers' default of 1
    /// MB.
    public static let chunkBytesMax = 768 << 10
    /// Bytes of one chunk's frame.
    public static let frameBytesMax = 1_000_000
    /// Bytes of one text in a manifest.
    public static let textBytesMax = 16 << 10
    /// Bytes of a path within a snapshot.
    public static let pathBytesMax = 512
    /// Folders deep.
    public static let pathDepthMax = 16

    /// Bytes of a manifest record's value that is read.
    public var manifestBytesMax = 640 << 10
    /// Bytes of file and chunk lists that are written into the manifest itself; longer lists become chunks.
    public var inlineIndexBytesMax = 256 << 10
    /// Bytes of file and chunk lists together.
    public var indexBytesMax = 128 << 20
    /// Files of a snapshot.
    public var filesMax = 100_000
    /// Chunks of a snapshot: 192 GiB of full ones.
    public var chunksMax = 262_144
    /// Metrics, parameters and lineage entries, each.
    public var entriesMax = 4_096
    /// Nested arrays and objects of a manifest.
    public var depthMax = 16
    /// Bytes of the files that are loaded into memory together (model, schema, pipeline, baseline, golden
    /// rows).
    public var memoryBytesMax: Int64 = 4 << 30
    /// Raw bytes of chunks fetched at once, and of chunks sent in one batch.
    public var windowBytesMax = 8 << 20
    /// Bytes of records behind a killed publisher's journal that are looked through for its last chunks.
    public var resumeScanBytesMax = 64 << 20
    /// How long one read of the log may bring nothing before a fetch fails.
    public var fetchTimeout: Duration = .seconds(30)
    /// Bytes of the chunk cache on disk.
    public var cacheBytesMax: Int64 = 4 << 30

    /// The defaults.
    public init() {}
}
