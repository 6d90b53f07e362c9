internal import Basics
internal import Crypto
internal import EventLog

/// The chunks of one publication that the log has acknowledged, in a local file, so that a killed publisher
/// does not send them again. A hint only: every chunk that it names is read back before the manifest is
/// written.
///
/// One line a chunk, `DIGEST SIZE FRAMESIZE PARTITION OFFSET\n`, and before the first of a run one a
/// partition, `from PARTITION OFFSET\n`, where that ended then; a torn last line is ignored. Blocks on the
/// disk.
struct PublicationJournal {
    /// What earlier tries have left.
    struct Contents {
        /// The chunks that the log acknowledged.
        var chunks: [Digest: ChunkEntry] = [:]
        /// Where the next record of the last try may stand that was sent and not noted: behind what was
        /// noted, and not before where it began.
        var unknownFrom: [Partition: Offset] = [:]
    }

    private static let mark = "from"
    private let path: String

    /// The journal of the snapshot `digest` on its way to `topic` of `log`, in `folder`.
    init(folder: String, log: String, topic: TopicName, snapshot: Digest) throws(SnapshotError) {
        try FileSystem.makeFolder(folder)
        let place = Digest(of: Array("\(log)\n\(topic)".utf8))
        path = "\(folder)/\(place.hex.prefix(16))-\(snapshot.hex).journal"
    }

    /// What earlier tries have noted.
    func load() -> Contents {
        var contents = Contents()
        guard let information = FileSystem.information(path), information.size <= 64 << 20 else {
            return contents
        }
        var bytes: [UInt8] = []
        do throws(SnapshotError) {
            let handle = try FileHandle.open(path)
            try handle.read(at: 0, count: Int(information.size), into: &bytes)
        } catch {
            return contents
        }
        var noted: [Partition: Offset] = [:]
        for line in bytes.split(separator: 10) {
            let text = String(decoding: line, as: UTF8.self)
            if let (partition, offset) = PublicationJournal.parseMark(text) {
                contents.unknownFrom[partition] = offset
            } else if let chunk = PublicationJournal.parse(text) {
                contents.chunks[chunk.digest] = chunk
                noted[chunk.partition] = max(noted[chunk.partition] ?? chunk.offset, chunk.offset)
            }
        }
        for (partition, offset) in contents.unknownFrom {
            if let last = noted[partition] { contents.unknownFrom[partition] = max(offset, last.next) }
        }
        return contents
    }

    /// Notes where the partitions end before the first chunk of this try is sent.
    func begin(_ ends: [Partition: Offset]) throws(SnapshotError) {
        var text = ""
        for (partition, end) in ends.sorted(by: { $0.key < $1.key }) {
            text += "\(PublicationJournal.mark) \(partition) \(end)\n"
        }
        try write(text)
    }

    /// Adds acknowledged chunks.
    func append(_ chunks: [ChunkEntry]) throws(SnapshotError) {
        var text = ""
        for chunk in chunks {
            text +=
                "\(chunk.digest.hex) \(chunk.size) \(chunk.frameSize) \(chunk.partition) \(chunk.offset)\n"
        }
        try write(text)
    }

    private func write(_ text: String) throws(SnapshotError) {
        let handle = try FileHandle.append(path)
        try handle.write(Array(text.utf8)[...])
    }

    /// Removes the file: the catalog knows the chunks now.
    func remove() {
        FileSystem.remove(path)
    }

    private static func parseMark(_ line: String) -> (Partition, Offset)? {
        let parts = line.split(separator: " ")
        guard parts.count == 3, parts[0] == mark, let partition = Int32(parts[1]),
            let offset = Int64(parts[2]), partition >= 0, offset >= 0
        else { return nil }
        return (Partition(partition), Offset(offset))
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
