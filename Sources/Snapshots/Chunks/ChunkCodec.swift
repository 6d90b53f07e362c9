internal import Basics
internal import Crypto
internal import EventLog
internal import Zstd

/// Raw bytes to frames and back, each way with its digest. Confined to one task at a time.
struct ChunkCodec: ~Copyable {
    private var compressor = Compressor(level: 3)
    private var decompressor = Decompressor()

    /// The partition that a chunk belongs to: the first four bytes of its digest, as a big-endian number,
    /// modulo the number of partitions.
    static func partition(of digest: Digest, count: Int32) -> Partition {
        precondition(count > 0, "a topic of \(count) partitions")
        return Partition(Int32(digest.prefix % UInt32(count)))
    }

    /// The frame of `raw`.
    mutating func compress(_ raw: [UInt8]) throws(SnapshotError) -> [UInt8] {
        do throws(ZstdError) {
            return try compressor.compress(raw.span)
        } catch {
            throw SnapshotError(
                .chunkCorrupt, "cannot compress a chunk: \(error.message)", recovery: .bug, cause: error)
        }
    }

    /// The raw bytes of the frame that was stored for `chunk`; throws unless size and digest are as the
    /// manifest states.
    mutating func open(_ frame: [UInt8], of chunk: ChunkEntry) throws(SnapshotError) -> [UInt8] {
        let raw: [UInt8]
        do throws(ZstdError) {
            raw = try decompressor.decompress(frame.span, expectedSize: chunk.size)
        } catch {
            throw SnapshotError(
                .chunkCorrupt, "chunk \(chunk.digest) at partition \(chunk.partition): \(error.message)",
                hint: "publish the version again", cause: error)
        }
        let actual = Digest(of: raw)
        guard actual == chunk.digest else {
            throw SnapshotError(
                .digestMismatch,
                "chunk \(chunk.digest) at partition \(chunk.partition) has the digest \(actual)",
                hint: "publish the version again")
        }
        return raw
    }
}
