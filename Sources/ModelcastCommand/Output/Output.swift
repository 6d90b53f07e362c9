import Basics

/// What the command prints on standard output: lines for people, or one JSON object a line for programs.
///
/// A value; each call writes whole lines at once, so lines of several tasks do not mix.
struct Output: Sendable {
    /// For whom it prints.
    enum Format: String, CaseIterable, Sendable {
        case table
        case json
    }

    let format: Format

    var isJSON: Bool { format == .json }

    /// A line for people; programs do not get it.
    func line(_ text: String) throws {
        guard !isJSON else { return }
        try StandardStream.output.write(Array((text + "\n").utf8))
    }

    /// One thing: an object for programs, a line for people.
    func item(_ json: JSON, _ text: @autoclosure () -> String) throws {
        try isJSON ? object(json) : line(text())
    }

    /// An object for programs; people do not get it.
    func object(_ json: JSON) throws {
        guard isJSON else { return }
        try StandardStream.output.write(json.encoded() + [UInt8(ascii: "\n")])
    }

    /// A table for people, or its rows as objects for programs.
    func table(_ columns: [Table.Column], _ rows: [(json: JSON, cells: [String])], empty: String) throws {
        if isJSON {
            for row in rows { try object(row.json) }
            return
        }
        guard !rows.isEmpty else {
            // Said on standard error, so that a pipe sees an empty result as nothing at all.
            try StandardStream.error.write(Array((empty + "\n").utf8))
            return
        }
        var table = Table(columns)
        for row in rows { table.add(row.cells) }
        try StandardStream.output.write(
            Array(table.text(isTerminal: StandardStream.output.isTerminal).utf8))
    }

    /// The last thing that a command which ends prints: for programs an object whose `summary` names the
    /// command, for people a line (none when `text` is empty).
    func summary(_ name: String, _ members: [JSON.Member], _ text: @autoclosure () -> String) throws {
        if isJSON {
            try object(.object([JSON.Member("summary", .string(name))] + members))
        } else {
            let text = text()
            if !text.isEmpty { try line(text) }
        }
    }
}

extension Output {
    /// The last thing that a command which ends prints, with its members in order.
    func summary(
        _ name: String, _ members: KeyValuePairs<String, JSON> = [:], text: @autoclosure () -> String = ""
    ) throws {
        try summary(name, members.map { JSON.Member($0.key, $0.value) }, text())
    }
}
