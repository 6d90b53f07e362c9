/// Something wrong with the data, with the lines of the file where it stands.
public struct Anomaly: Sendable, Hashable {
    /// What is wrong. More kinds may be added.
    public struct Kind: Hashable, Sendable {
        /// The stable name.
        public let name: String

        /// The kind called `name`.
        public init(_ name: String) { self.name = name }

        /// A row that the format's rules refuse, or with too few or too many cells.
        public static let malformed = Kind("malformed")
        /// A cell that is not of the column's type.
        public static let wrongType = Kind("wrong-type")
        /// A number outside the schema's range.
        public static let outOfRange = Kind("out-of-range")
        /// Text that is none of the schema's categories.
        public static let unknownCategory = Kind("unknown-category")
        /// No value in a column that the schema requires.
        public static let missingRequired = Kind("missing-required")
        /// A column of the schema that the table does not have.
        public static let missingColumn = Kind("missing-column")
        /// One id in several rows.
        public static let duplicateID = Kind("duplicate-id")
        /// A column with one value only (a warning).
        public static let constant = Kind("constant")
        /// A column without any value (a warning).
        public static let allMissing = Kind("all-missing")
    }

    /// What is wrong.
    public let kind: Kind
    /// The column, where one is meant.
    public let column: String?
    /// How many rows.
    public let count: Int
    /// The lines of the first few of them, from 1.
    public let lines: [Int]
    /// In words.
    public let detail: String
    /// Whether training goes on.
    public let isWarning: Bool

    /// The words with the lines, for people: `fare: 3 cells are no numbers (lines 17, 20, 31)`.
    public var text: String {
        let place = lines.map(String.init).joined(separator: ", ")
        let lineText =
            lines.isEmpty
            ? "" : " (line\(lines.count == 1 ? "" : "s") \(place)\(count > lines.count ? ", …" : ""))"
        return (column.map { "\($0): " } ?? "") + detail + lineText
    }

    init(
        _ kind: Kind, column: String? = nil, count: Int = 0, lines: [Int] = [], isWarning: Bool = false,
        _ detail: String
    ) {
        self.kind = kind
        self.column = column
        self.count = count
        self.lines = lines
        self.detail = detail
        self.isWarning = isWarning
    }

    /// The error for these anomalies, with the worst few in the message; nil when all are warnings.
    static func refusal(_ anomalies: [Anomaly], file: String) -> TrainingError? {
        let wrong = anomalies.filter { !$0.isWarning }
        guard !wrong.isEmpty else { return nil }
        let shown = wrong.prefix(8).map(\.text).joined(separator: "; ")
        let more = wrong.count > 8 ? "; and \(wrong.count - 8) more findings" : ""
        return TrainingError(
            .anomalies, "\(file): \(shown)\(more)",
            hint: "correct the rows, leave a column out with --exclude, or give a schema that allows them")
    }
}
