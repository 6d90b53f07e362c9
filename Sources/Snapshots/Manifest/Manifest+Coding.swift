internal import Basics
internal import Crypto

extension Manifest {
    /// The canonical JSON bytes: what a `version/…` record holds.
    public var bytes: [UInt8] { JSONValue(sorting: json).encoded() }

    private var json: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "kind": .string("version"), "wire": .integer(Manifest.wireVersion), "model": .string(model.text),
            "version": .integer(Int64(version.number)), "digest": .string(digest.hex),
            "format": .string(format), "modelFile": .string(modelFile), "bytes": .integer(byteCount),
            "fileCount": .integer(Int64(fileCount)), "createdAt": .string(createdAt.description),
            "publisher": .string(publisher),
        ]
        switch location {
        case .inline(let contents):
            members.merge(contents.json) { _, new in new }
        case .chunks(let index):
            members["index"] = JSONValue(sorting: [
                "digest": .string(index.digest.hex), "size": .integer(index.size),
                "chunks": SnapshotContents.json(index.chunks),
            ])
        }
        if let base {
            members["base"] = JSONValue(sorting: [
                "version": .integer(Int64(base.version.number)), "digest": .string(base.digest.hex),
            ])
        }
        if !metrics.isEmpty { members["metrics"] = JSONValue(sorting: metrics.mapValues { .number($0) }) }
        if !parameters.isEmpty {
            members["parameters"] = JSONValue(sorting: parameters.mapValues { .string($0) })
        }
        if let lineage = lineage.json { members["lineage"] = lineage }
        return members
    }

    /// Reads the value of a `version/…` record. Throws `malformed` naming the member, `limit`, or
    /// `unsupported` when a newer program wrote it. Members that this program does not know are ignored.
    public init(bytes: [UInt8], limits: SnapshotLimits = SnapshotLimits()) throws(SnapshotError) {
        let value = try JSONValue(record: bytes, of: "manifest", limits: limits)
        try self.init(try ManifestFields(value, path: "manifest"), limits: limits)
    }

    /// Reads the members of a manifest.
    package init(_ fields: ManifestFields, limits: SnapshotLimits) throws(SnapshotError) {
        let wire = try fields.integer("wire", in: 1...Int64.max)
        guard wire <= Manifest.wireVersion else {
            throw SnapshotError(
                .unsupported, "manifest of wire format \(wire); this program reads \(Manifest.wireVersion)",
                hint: "update the program that reads it", recovery: .fixConfiguration)
        }
        self.init(
            model: try fields.modelName("model"), version: try fields.version("version"),
            digest: try fields.digest("digest"), format: try fields.string("format"),
            modelFile: try fields.string("modelFile"),
            byteCount: try fields.integer("bytes", in: 0...Int64.max),
            fileCount: Int(try fields.integer("fileCount", in: 1...Int64(limits.filesMax))),
            location: try Manifest.location(fields, limits: limits), base: try Manifest.base(fields),
            metrics: try fields.numbers("metrics", countMax: limits.entriesMax),
            parameters: try fields.texts("parameters", countMax: limits.entriesMax),
            lineage: fields.optional("lineage") == nil
                ? Lineage() : try Lineage(try fields.object("lineage"), limits: limits),
            createdAt: try fields.timestamp("createdAt"), publisher: try fields.string("publisher"))
        try SnapshotPath.check(modelFile)
        if case .inline(let contents) = location { try check(contents, limits: limits) }
    }

    /// Throws unless `contents`, which the manifest holds or refers to, fit it: counts, sizes, the model
    /// file, and the snapshot's digest.
    func check(_ contents: SnapshotContents, limits: SnapshotLimits) throws(SnapshotError) {
        try contents.validate(limits)
        guard contents.files.count == fileCount, contents.byteCount == byteCount else {
            throw SnapshotError(
                .malformed,
                "manifest of \(model)@\(version) states \(fileCount) files of \(byteCount) bytes and "
                    + "lists \(contents.files.count) of \(contents.byteCount)")
        }
        guard contents.files.contains(where: { $0.path == modelFile }) else {
            throw SnapshotError(.malformed, "model file '\(modelFile)' is not among the files")
        }
        let actual = SnapshotContents.digest(of: contents.files)
        guard actual == digest else {
            throw SnapshotError(
                .digestMismatch,
                "snapshot digest of \(model)@\(version) is \(actual), the manifest states \(digest)")
        }
    }

    private static func location(
        _ fields: ManifestFields, limits: SnapshotLimits
    ) throws(SnapshotError) -> Location {
        guard fields.optional("index") != nil else {
            return .inline(try SnapshotContents(fields, limits: limits))
        }
        guard fields.optional("files") == nil, fields.optional("chunks") == nil else {
            throw fields.error("index", "stands beside 'files' or 'chunks'")
        }
        let index = try fields.object("index")
        let reference = IndexReference(
            digest: try index.digest("digest"),
            size: try index.integer("size", in: 1...Int64(limits.indexBytesMax)),
            chunks: try SnapshotContents.chunks(try index.array("chunks", countMax: limits.chunksMax)))
        guard try SnapshotContents.checkedSize(of: reference.chunks) == reference.size else {
            throw index.error("chunks", "do not add up to the size of \(reference.size)")
        }
        return .chunks(reference)
    }

    private static func base(_ fields: ManifestFields) throws(SnapshotError) -> Base? {
        guard fields.optional("base") != nil else { return nil }
        let base = try fields.object("base")
        return Base(version: try base.version("version"), digest: try base.digest("digest"))
    }
}
