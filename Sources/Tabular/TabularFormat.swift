/// The form of a table's rows in a file.
public enum TabularFormat: String, Sendable, CaseIterable {
    /// Comma-separated values (RFC 4180).
    case csv
    /// One JSON object a line.
    case jsonLines = "jsonl"

    /// The format that the suffix of `path` names: `.csv`, or `.jsonl`, `.ndjson`, `.json`; nil for any
    /// other.
    public init?(path: String) {
        let name = path.utf8.split(separator: UInt8(ascii: "/")).last.map { String(Substring($0)) } ?? path
        let lower = name.lowercased()
        if lower.hasSuffix(".csv") {
            self = .csv
        } else if [".jsonl", ".ndjson", ".json"].contains(where: { lower.hasSuffix($0) }) {
            self = .jsonLines
        } else {
            return nil
        }
    }

    /// The format of `path`, or `given` where one was given.
    ///
    /// Throws `unknownFormat` when neither says.
    public static func of(_ path: String, given: TabularFormat? = nil) throws(TabularError) -> TabularFormat {
        if let format = given ?? TabularFormat(path: path) { return format }
        throw TabularError(
            .unknownFormat, "\(path == "-" ? "standard input or output" : path): the format is not known",
            hint: "use a name that ends in .csv or .jsonl, or name the format")
    }
}
