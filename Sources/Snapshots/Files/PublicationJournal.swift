internal import Basics
internal import Crypto
internal import EventLog

/// The chunks of one publication that the log has acknowledged, in a local file, so that a killed publisher
/// does not send them again. A hint only: every chunk that it names is read back before the manifest is
/// written.
///
/// One line a chunk, `DIGEST SIZE FRAMESIZE PARTITION OFFSET\n`; a torn last line is ignored. Blocks on the
/// disk.
struct PublicationJournal {
    private let path: String

    /// The journal of the snapshot `digest` on its way to `topic` of `log`, in `folder`.
    init(folder: String, log: String, topic: TopicName, snapshot: Digest) throws(SnapshotError) {
        try FileSystem.makeFolder(folder)
        let place = Digest(of: Array("\(log)\n\(topic)".utf8))
        path = "\(folder)/\(place.hex.prefix(16))-\(snapshot.hex).journal"
    }

    /// The chunks that an earlier try has sent.
    func load() -> [Digest: ChunkEntry] {
        guard let information = FileSystem.information(path), information.size <= 64 << 20 else { return [:] }
        var bytes: [UInt8] = []
        do throws(SnapshotError) {
            let handle = try FileHandle.open(path)
            try handle.read(at: 0, count: Int(information.size), into: &bytes)
        } catch {
            return [:]
        }
        var chunks: [Digest: ChunkEntry] = [:]
        for line in bytes.split(separator: 10) {
            guard let chunk = PublicationJournal.parse(String(decoding: line, as: UTF8.self)) else {
                continue
            }
            chunks[chunk.digest] = chunk
        }
        return chunks
    }

    /// Adds acknowledged chunks.
    func append(_ chunks: [ChunkEntry]) throws(SnapshotError) {
        var text = ""
        for chunk in chunks {
            text +=
                "\(chunk.digest.hex) \(chunk.size) \(chunk.frameSize) \(chunk.partition) \(chunk.offset)\n"
        }
        let handle = try FileHandle.append(path)
        try handle.write(Array(text.utf8)[...])
    }

    /// Removes the file: the catalog knows the chunks now.
    func remove() {
        FileSystem.remove(path)
    }

    private static func parse(_ line: String) -> ChunkEntry? {
        let parts = line.split(separator: " ")
        guard parts.count == 5, let digest = Digest(hex: parts[0]), let size = Int(parts[1]),
            let frameSize = Int(parts[2]), let partition = Int32(parts[3]), let offset = Int64(parts[4]),
            (1...SnapshotLimits.chunkBytesMax).contains(size),
            (1...SnapshotLimits.frameBytesMax).contains(frameSize), partition >= 0, offset >= 0
        else { return nil }
        return ChunkEntry(
            digest: digest, size: size, frameSize: frameSize, partition: Partition(partition),
            offset: Offset(offset))
    }
}
