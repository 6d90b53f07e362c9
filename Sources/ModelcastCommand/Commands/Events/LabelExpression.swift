import Basics
import SQLite
import Tabular

/// A label computed from a row: the name of a column, or an SQL expression over the columns, evaluated by
/// SQLite.
///
/// Confined to one thread.
final class LabelExpression {
    /// The columns that the expression mentions.
    let columns: [String]

    private let connection: Connection
    private let statement: Statement
    private let places: [Int]

    /// Compiles `text` for rows of `columns`; throws when it is no expression over them.
    init(_ text: String, columns: [String]) throws {
        var options = Connection.Options()
        options.writeAheadLog = false
        connection = try Connection(path: ":memory:", options)
        do {
            try connection.execute(
                "CREATE TABLE input (\(columns.map(Self.quoted).joined(separator: ", ")))")
            // A column of this name wins over an expression that happens to be spelled alike.
            let expression = columns.contains(text) ? Self.quoted(text) : text
            let read = try connection.columnsRead(by: "SELECT (\(expression)) FROM input").map(\.column)
            let used = columns.indices.filter { read.contains(columns[$0]) }
            let inputs = used.enumerated().map { "?\($0 + 1) AS \(Self.quoted(columns[$1]))" }
            let source = inputs.isEmpty ? "" : " FROM (SELECT \(inputs.joined(separator: ", ")))"
            statement = try connection.prepare("SELECT (\(expression))\(source)")
            places = used
            self.columns = used.map { columns[$0] }
        } catch {
            throw CommandError(
                .label, "'\(text)' is no column and no SQL expression over the columns: \(error.message)",
                hint: "columns: \(columns.prefix(40).joined(separator: ", "))", recovery: .fixInput,
                cause: error)
        }
    }

    /// The label of a row; nil when the expression is null, as it is when a column that matters is missing.
    func label(of row: Int, in batch: RowBatch) throws -> JSON? {
        for (parameter, column) in places.enumerated() {
            let value: Value =
                switch batch.value(row, column) {
                case .missing: .null
                case .integer(let number): .integer(number)
                case .real(let number): .real(number)
                case .float(let number): .real(Double(number))
                case .boolean(let truth): .integer(truth ? 1 : 0)
                case .text(let text): .text(text)
                case .list: .null
                }
            try statement.bind(parameter + 1, value)
        }
        defer { statement.reset() }
        guard try statement.step() else { return nil }
        switch statement.value(0) {
        case .null, .blob: return nil
        case .integer(let number): return .integer(number)
        case .real(let number): return .number(number)
        case .text(let text): return .string(text)
        }
    }

    private static func quoted(_ name: String) -> String {
        "\"" + name.replacing("\"", with: "\"\"") + "\""
    }
}

extension CommandError.Code {
    /// A label that is neither a column nor an expression.
    static let label = CommandError.Code("label-expression")
}
