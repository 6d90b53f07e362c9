public import Tabular

/// How an input file is read.
///
/// CSV: with a header, columns are found by the features' names, others are ignored; without one, the
/// columns are the features in the schema's order. JSON lines: an event a line, flat, with the features in
/// `features` as an object, or there as an array in the schema's order. Times (`ts`) mean nothing here and
/// are not looked at.
public struct InputOptions: Sendable, Hashable {
    /// The path; `-` is standard input.
    public var path: String
    /// The format; nil: as the suffix of `path` says.
    public var format: TabularFormat?
    /// Whether the first row of a CSV file names the columns.
    public var header: TableHeader
    /// The column (JSON: the member beside the features) whose text names the row. In a CSV file without a
    /// header, its number from 0; the features are then in the other columns.
    public var keyColumn: String?

    /// The file at `path`.
    public init(
        path: String, format: TabularFormat? = nil, header: TableHeader = .detect, keyColumn: String? = nil
    ) {
        self.path = path
        self.format = format
        self.header = header
        self.keyColumn = keyColumn
    }
}
