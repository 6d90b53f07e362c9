internal import Basics
internal import EventLog
internal import Glibc
internal import SQLite

/// How far each partition was acknowledged, in a file beside the log: what tells damage from an end.
///
/// SQLite takes a write-ahead log that is cut off or damaged for one that ends there, and goes on without
/// what stood behind. The marks know better: a log that holds less than was acknowledged says so when it is
/// opened.
///
/// Layout, little-endian: 32 bytes with the log's name (ASCII, from its table `identity`), then 8 bytes for
/// each partition id from 0 on: the next offset. Marks of another name are of a file that was there before,
/// and begin anew. A mark is written after its commit and before its acknowledgement, without waiting for the
/// disk; several processes may leave the lower of two marks, which is less strict and never wrong.
///
/// Confined to the thread of the `WriteStore` that owns it.
@safe final class AcknowledgedMarks {
    /// Partitions with higher ids have no mark.
    static let partitionsMax: Int64 = 1 << 20
    private static let nameBytes = 32

    private let path: String
    private let descriptor: Int32

    init(path: String, mode: mode_t) throws(LogError) {
        self.path = path
        descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, mode)
        guard descriptor >= 0 else {
            throw LogError(
                .unavailable, "cannot open \(path): \(SystemError.text(errno))",
                hint: "check the permissions of the file and of its folder", recovery: .fixConfiguration)
        }
    }

    deinit { close(descriptor) }

    /// Notes that everything before `next` of the partition with `id` is committed.
    func note(_ id: Int64, next: Int64) {
        guard (0..<Self.partitionsMax).contains(id) else { return }
        var word = next.littleEndian
        // A mark that cannot be written only makes the next opening less strict.
        _ = unsafe pwrite(descriptor, &word, 8, off_t(Self.nameBytes) + off_t(id) * 8)
    }

    /// Throws `corrupt` when the log at `log` holds less than its marks say.
    func check(_ connection: Connection, log: String) throws(LogError) {
        // The marks first: what is committed meanwhile must not look missing.
        let noted = read()
        let (name, rows) = try translating("opening the log") { () throws(SQLiteError) in
            (
                try connection.query("SELECT name FROM identity").first?["name"]?.text ?? "",
                try connection.query(
                    """
                    SELECT p.id, t.name, p.number, p.next FROM partitions p JOIN topics t ON t.id = p.topic
                    """)
            )
        }
        guard noted.prefix(Self.nameBytes).elementsEqual(Array(name.utf8)) else { return begin(name) }
        for row in rows {
            guard let id = row["id"]?.integer, let next = row["next"]?.integer else { continue }
            let mark = Self.mark(id, in: noted)
            guard mark > next else { continue }
            let place = "\(row["name"]?.text ?? "?")[\(row["number"]?.integer ?? -1)]"
            throw LogError(
                .corrupt,
                "\(log): the records of \(place) from offset \(next) to \(mark - 1) were acknowledged and "
                    + "are missing: \(log)-wal was damaged or removed, or the file is an older copy",
                hint: "restore the file and its -wal from a copy; "
                    + "to go on without these records, delete \(path)",
                severity: .fatal, recovery: .fixInput)
        }
    }

    /// Forgets all marks; those to come are of the log called `name`.
    private func begin(_ name: String) {
        let bytes = Array(name.utf8.prefix(Self.nameBytes))
        _ = ftruncate(descriptor, 0)
        _ = unsafe pwrite(descriptor, bytes, bytes.count, 0)
    }

    private func read() -> [UInt8] {
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { return [] }
        let count = min(Int(status.st_size), Self.nameBytes + Int(Self.partitionsMax) * 8)
        guard count > 0 else { return [] }
        var bytes = [UInt8](repeating: 0, count: count)
        let read = unsafe pread(descriptor, &bytes, count, 0)
        return Array(bytes.prefix(max(0, read)))
    }

    /// The mark of partition `id`; 0 without one.
    private static func mark(_ id: Int64, in bytes: [UInt8]) -> Int64 {
        guard (0..<partitionsMax).contains(id) else { return 0 }
        let start = nameBytes + Int(id) * 8
        guard start + 8 <= bytes.count else { return 0 }
        var word: UInt64 = 0
        for index in (0..<8).reversed() { word = word << 8 | UInt64(bytes[start + index]) }
        // Beyond what an offset can be it is damage of the marks themselves.
        return word <= UInt64(Schema.offsetMax) ? Int64(word) : 0
    }
}
