import Basics
import Synchronization

/// A table of any number of rows, printed while they come: the first rows decide the columns' widths.
///
/// Safe to call from any thread; rows keep the order of the calls.
final class TableStream: Sendable {
    private struct State {
        var table: Table
        var widths: [Int]?
        var rows = 0
    }

    /// Rows that are looked at before the first is printed.
    private static let sample = 200

    private let output: Output
    private let state: Mutex<State>

    init(_ columns: [Table.Column], output: Output) {
        self.output = output
        state = Mutex(State(table: Table(columns)))
    }

    /// Rows printed or waiting.
    var count: Int { state.withLock { $0.rows } }

    /// Adds a row: an object for programs, cells for people.
    func add(_ json: @autoclosure () -> JSON, cells: @autoclosure () -> [String]) throws {
        if output.isJSON {
            state.withLock { $0.rows += 1 }
            return try output.object(json())
        }
        let cells = cells()
        let text = state.withLock { state in
            state.rows += 1
            state.table.add(cells)
            return state.table.rows.count >= Self.sample ? Self.flush(&state) : ""
        }
        try StandardStream.output.write(Array(text.utf8))
    }

    /// Prints what waits; for people also `empty`, on standard error, when there was no row.
    func finish(empty: String) throws {
        guard !output.isJSON else { return }
        let (text, isEmpty) = state.withLock { state in
            state.rows == 0 ? ("", true) : (Self.flush(&state), false)
        }
        try isEmpty
            ? StandardStream.error.write(Array((empty + "\n").utf8))
            : StandardStream.output.write(Array(text.utf8))
    }

    private static func flush(_ state: inout State) -> String {
        let isFirst = state.widths == nil
        let widths = state.widths ?? state.table.widths
        state.widths = widths
        let text =
            (isFirst
                ? state.table.headingText(widths, isTerminal: StandardStream.output.isTerminal) : "")
            + state.table.rowsText(widths)
        state.table.removeRows()
        return text
    }
}
