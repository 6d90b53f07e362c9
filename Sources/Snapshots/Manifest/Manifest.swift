public import Basics
public import Crypto

/// What one version of a model is: its files and where their bytes are, and what is known about it. The value
/// of a `version/…` record of the catalog.
public struct Manifest: Hashable, Sendable {
    /// The generation of the wire format that this program writes, and the highest that it reads.
    public static let wireVersion: Int64 = 1

    /// Where the lists of files and chunks are.
    public enum Location: Hashable, Sendable {
        /// In the manifest.
        case inline(SnapshotContents)
        /// Too long for one record: stored as chunks, whose raw bytes have this digest together.
        case chunks(IndexReference)
    }

    /// Lists of files and chunks that are stored as chunks themselves.
    public struct IndexReference: Hashable, Sendable {
        /// The SHA-256 of the index's bytes.
        public var digest: Digest
        /// The index's bytes.
        public var size: Int64
        /// The chunks of the index.
        public var chunks: [ChunkEntry]

        /// An index that is stored as `chunks`.
        public init(digest: Digest, size: Int64, chunks: [ChunkEntry]) {
            self.digest = digest
            self.size = size
            self.chunks = chunks
        }
    }

    /// Another version that this one may be sent as a change of.
    public struct Base: Hashable, Sendable {
        /// The version.
        public var version: ModelVersion
        /// Its snapshot's digest.
        public var digest: Digest

        /// A base version.
        public init(version: ModelVersion, digest: Digest) {
            self.version = version
            self.digest = digest
        }
    }

    /// The model.
    public var model: ModelName
    /// The version, as claimed.
    public var version: ModelVersion
    /// The snapshot's digest, over its files only.
    public var digest: Digest
    /// The model file's format, such as `xgboost-json`.
    public var format: String
    /// The path of the model file.
    public var modelFile: String
    /// Bytes of all files.
    public var byteCount: Int64
    /// How many files.
    public var fileCount: Int
    /// The lists of files and chunks.
    public var location: Location
    /// Reserved for deltas; the full snapshot is there as well.
    public var base: Base?
    /// What was measured, by name; finite.
    public var metrics: [String: Double]
    /// How it was trained, by name.
    public var parameters: [String: String]
    /// What it was made from.
    public var lineage: Lineage
    /// When it was published, by the publisher's clock.
    public var createdAt: Timestamp
    /// Who published it.
    public var publisher: String

    /// A manifest.
    public init(
        model: ModelName, version: ModelVersion, digest: Digest, format: String, modelFile: String,
        byteCount: Int64, fileCount: Int, location: Location, base: Base? = nil,
        metrics: [String: Double] = [:], parameters: [String: String] = [:], lineage: Lineage = Lineage(),
        createdAt: Timestamp, publisher: String
    ) {
        self.model = model
        self.version = version
        self.digest = digest
        self.format = format
        self.modelFile = modelFile
        self.byteCount = byteCount
        self.fileCount = fileCount
        self.location = location
        self.base = base
        self.metrics = metrics
        self.parameters = parameters
        self.lineage = lineage
        self.createdAt = createdAt
        self.publisher = publisher
    }

    /// The chunks that the manifest itself names: those of the snapshot, or of its index.
    public var listedChunks: [ChunkEntry] {
        switch location {
        case .inline(let contents): contents.chunks
        case .chunks(let index): index.chunks
        }
    }
}
