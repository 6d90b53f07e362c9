internal import Basics
internal import Crypto
internal import EventLog

extension SnapshotContents {
    /// The members `files` and `chunks` of a manifest, or the whole of an index.
    var json: [String: JSONValue] {
        [
            "files": .array(
                files.map { file in
                    JSONValue(sorting: [
                        "path": .string(file.path), "size": .integer(file.size),
                        "digest": .string(file.digest.hex),
                    ])
                }),
            "chunks": SnapshotContents.json(chunks),
        ]
    }

    /// A list of chunks.
    static func json(_ chunks: [ChunkEntry]) -> JSONValue {
        .array(
            chunks.map { chunk in
                JSONValue(sorting: [
                    "digest": .string(chunk.digest.hex), "size": .integer(Int64(chunk.size)),
                    "frameSize": .integer(Int64(chunk.frameSize)),
                    "partition": .integer(Int64(chunk.partition.number)),
                    "offset": .integer(chunk.offset.number),
                ])
            })
    }

    /// Reads the members `files` and `chunks`.
    init(_ fields: ManifestFields, limits: SnapshotLimits) throws(SnapshotError) {
        var files: [FileEntry] = []
        for (index, value) in try fields.array("files", countMax: limits.filesMax).enumerated() {
            let file = try ManifestFields(value, path: "files[\(index)]")
            files.append(
                FileEntry(
                    path: try file.string("path"), size: try file.integer("size", in: 0...Int64.max),
                    digest: try file.digest("digest")))
        }
        self.init(
            files: files,
            chunks: try SnapshotContents.chunks(try fields.array("chunks", countMax: limits.chunksMax)))
    }

    /// Reads a list of chunks.
    static func chunks(_ values: [JSONValue]) throws(SnapshotError) -> [ChunkEntry] {
        var chunks: [ChunkEntry] = []
        for (index, value) in values.enumerated() {
            let chunk = try ManifestFields(value, path: "chunks[\(index)]")
            chunks.append(
                ChunkEntry(
                    digest: try chunk.digest("digest"),
                    size: Int(try chunk.integer("size", in: 1...Int64(SnapshotLimits.chunkBytesMax))),
                    frameSize: Int(
                        try chunk.integer("frameSize", in: 1...Int64(SnapshotLimits.frameBytesMax))),
                    partition: Partition(
                        Int32(try chunk.integer("partition", in: 0...Int64(Int32.max)))),
                    offset: Offset(try chunk.integer("offset", in: 0...Int64.max))))
        }
        return chunks
    }

    /// Reads an index: the canonical JSON object of `files` and `chunks` that was itself stored as chunks.
    init(index bytes: [UInt8], limits: SnapshotLimits) throws(SnapshotError) {
        guard bytes.count <= limits.indexBytesMax else {
            throw SnapshotError(
                .limit, "index of \(bytes.count) bytes; at most \(limits.indexBytesMax) are allowed")
        }
        let value = try JSONValue(bounded: bytes, of: "index", limits: limits)
        try self.init(try ManifestFields(value, path: "index"), limits: limits)
    }

    /// The bytes of an index.
    var indexBytes: [UInt8] { JSONValue(sorting: json).encoded() }
}
