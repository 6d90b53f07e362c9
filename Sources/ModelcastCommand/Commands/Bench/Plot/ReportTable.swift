import Basics

/// A table of a document, made from results: what its marker says.
///
/// ```
/// <!-- table stream engine=kafka | model delivery peer | eventsPerSecond cpuSecondsPer100k -->
/// <!-- end -->
/// ```
/// names a benchmark and values that its lines must have; the members that tell rows apart; and the numbers
/// that are shown, each as the median over the lines of a row, with least and greatest where they differ.
struct ReportTable: Sendable, Equatable {
    private let bench: String
    private let wanted: [(key: String, value: String)]
    private let keys: [String]
    private let numbers: [String]

    static func == (left: ReportTable, right: ReportTable) -> Bool {
        left.bench == right.bench && left.keys == right.keys && left.numbers == right.numbers
            && left.wanted.elementsEqual(right.wanted, by: ==)
    }

    private static let prefix = "<!-- table "
    private static let suffix = " -->"
    static let end = "<!-- end -->"

    /// Reads a marker's line; nil when the line is none, or says too little.
    init?(marker line: some StringProtocol) {
        guard line.hasPrefix(Self.prefix), line.hasSuffix(Self.suffix) else { return nil }
        let parts = String(line).dropFirst(Self.prefix.count).dropLast(Self.suffix.count)
            .split(separator: "|").map { $0.split(separator: " ").map(String.init) }
        guard parts.count == 3, let bench = parts[0].first, !parts[1].isEmpty, !parts[2].isEmpty else {
            return nil
        }
        self.bench = bench
        wanted = parts[0].dropFirst().compactMap { word in
            let sides = word.split(separator: "=", maxSplits: 1).map(String.init)
            return sides.count == 2 ? (sides[0], sides[1]) : nil
        }
        keys = parts[1]
        numbers = parts[2]
    }

    /// The table in Markdown; nil without a line that fits.
    func markdown(_ lines: [ResultLine]) -> String? {
        let fitting = lines.of(bench).filter { line in
            wanted.allSatisfy { line.text($0.key) == $0.value }
        }
        guard !fitting.isEmpty else { return nil }
        var text = "| " + (keys + numbers).map(Self.heading).joined(separator: " | ") + " |\n"
        text += "|" + keys.map { _ in "---|" }.joined() + numbers.map { _ in "---:|" }.joined() + "\n"
        for (values, lines) in fitting.grouped(by: keys) {
            let cells = numbers.map { key in
                lines.spread(of: key).map { Self.cell($0, key) } ?? "–"
            }
            text += "| " + (values.map(Self.escaped) + cells).joined(separator: " | ") + " |\n"
        }
        return text
    }

    /// `p99Ms` as `p99, ms`; `eventsPerSecond` as `events per second`.
    static func heading(_ key: String) -> String {
        if key.hasSuffix("Ms") { return "\(words(String(key.dropLast(2)))), ms" }
        return words(key)
    }

    private static func words(_ key: String) -> String {
        if key == "p999" { return "p99.9" }
        var text = ""
        var isInCapitals = false
        for character in key {
            if character.isUppercase, !isInCapitals, !text.isEmpty { text.append(" ") }
            isInCapitals = character.isUppercase
            text += character.lowercased()
        }
        return text
    }

    private static func cell(_ spread: Spread, _ key: String) -> String {
        func text(_ value: Double) -> String {
            if key.lowercased().hasSuffix("bytes"), value < 1e18 { return Units.bytes(Int(value)) }
            return abs(value) >= 9_999.5 && abs(value) < 1e18
                ? Units.count(Int(value.rounded())) : Units.digits(value)
        }
        let least = text(spread.least)
        let greatest = text(spread.greatest)
        guard least != greatest else { return text(spread.median) }
        return "\(text(spread.median)) (\(least)–\(greatest))"
    }

    private static func escaped(_ text: String) -> String {
        text.isEmpty ? "–" : text.replacing("|", with: "\\|")
    }
}

/// A document with tables between markers.
enum ReportDocument {
    private static let plotPrefix = "<!-- plot "

    /// The document with every table made anew from `lines`, and, behind each `<!-- plot NAME | TEXT -->`,
    /// the picture that `plots` has under that name (its path from the document). A marker for which there
    /// is nothing keeps what it has. Throws naming the line of a marker that has no end or no meaning.
    static func filled(
        _ text: String, from lines: [ResultLine], plots: [String: String] = [:]
    ) throws -> String {
        var result: [Substring] = []
        var rest = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
        var number = 0
        while let line = rest.popFirst() {
            number += 1
            result.append(line)
            if let picture = picture(line, plots) {
                result.append(picture)
                if rest.first?.hasPrefix("![") == true {
                    _ = rest.popFirst()
                    number += 1
                }
            }
            guard line.hasPrefix("<!-- table") else { continue }
            guard let table = ReportTable(marker: line), let end = rest.firstIndex(of: ReportTable.end[...])
            else {
                throw CommandError(
                    .badRows, "line \(number): the table's marker has no meaning or no end",
                    hint: "write <!-- table BENCH KEY=VALUE… | KEYS | NUMBERS --> and \(ReportTable.end)",
                    recovery: .fixInput)
            }
            let old = rest[..<end]
            if let markdown = table.markdown(lines) {
                result.append("")
                result += markdown.split(separator: "\n")
                result.append("")
            } else {
                result += old
            }
            number += old.count
            rest = rest[end...]
        }
        return result.joined(separator: "\n")
    }

    /// What stands behind a plot's marker; nil where the line is none, or there is no such plot.
    private static func picture(_ line: Substring, _ plots: [String: String]) -> Substring? {
        guard line.hasPrefix(plotPrefix), line.hasSuffix(" -->") else { return nil }
        let parts = line.dropFirst(plotPrefix.count).dropLast(4).split(separator: "|", maxSplits: 1)
            .map { $0.split(separator: " ").joined(separator: " ") }
        guard parts.count == 2, let path = plots[parts[0]] else { return nil }
        return "![\(parts[1])](\(path))"
    }
}
