/// The rule of file paths within a snapshot, which become paths on consumers' disks.
public enum SnapshotPath {
    /// The schema of the model's input.
    public static let schema = "schema.json"
    /// The transforms that travel with the model.
    public static let pipeline = "pipeline.json"
    /// The reference distributions.
    public static let baseline = "baseline.json"
    /// The recorded inputs with their expected outputs.
    public static let golden = "golden.json"
    /// The folder of further files.
    public static let attachments = "attachments/"

    /// Throws `invalidName` unless `path` is relative, with `/` between 1 to 16 parts, none of them empty,
    /// `.` or `..`, 1 to 512 bytes of UTF-8 without control characters, backslashes and colons.
    public static func check(_ path: String) throws(SnapshotError) {
        let parts = path.utf8.split(separator: 47, omittingEmptySubsequences: false)
        let isClean = path.utf8.allSatisfy { $0 >= 32 && $0 != 127 && $0 != 92 && $0 != 58 }
        let isRelative = parts.allSatisfy { part in
            !part.isEmpty && !part.elementsEqual(".".utf8) && !part.elementsEqual("..".utf8)
        }
        guard isClean, isRelative, parts.count <= SnapshotLimits.pathDepthMax,
            path.utf8.count <= SnapshotLimits.pathBytesMax
        else {
            throw SnapshotError(
                .invalidName, "'\(path.prefix(100))' is no path of a snapshot's file",
                hint:
                    "use a relative path of at most 512 bytes without '..', '\\', ':' and control characters"
            )
        }
    }

    /// Whether `left` stands before `right` in a manifest: the order of their UTF-8 bytes.
    static func precedes(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }
}
