import Basics

/// One line of a benchmark's results: an object whose `bench` names the benchmark.
struct ResultLine: Sendable, Equatable {
    private let json: JSON

    /// Bytes of a file of results at the most.
    private static let fileBytesMax = 64 << 20

    init(_ json: JSON) { self.json = json }

    /// The member as text: a string as it is, a number or truth value as JSON writes it; nil when there is
    /// none.
    func text(_ key: String) -> String? {
        switch json[key] {
        case .string(let text): text
        case .integer, .number, .boolean: json[key]?.text
        default: nil
        }
    }

    /// The member as a number; nil when it is none.
    func number(_ key: String) -> Double? {
        switch json[key] {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    var bench: String { text("bench") ?? "" }

    /// The lines of files, in their order. Throws naming file and line of what is no object.
    static func read(_ paths: [String]) throws -> [ResultLine] {
        var lines: [ResultLine] = []
        for path in paths {
            let bytes = try InputFile.read(path, bytesMax: fileBytesMax)
            let texts = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            for (index, text) in texts.enumerated() where !text.allSatisfy({ $0 == 32 || $0 == 13 }) {
                lines.append(try line(Array(text), "\(path):\(index + 1)"))
            }
        }
        return lines
    }

    private static func line(_ bytes: [UInt8], _ place: String) throws -> ResultLine {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: bytes.span)
        } catch {
            throw CommandError(
                .badRows, "\(place) is no JSON: \(error.message)",
                hint: "each line is one object as `modelcast bench … --format json` prints it",
                recovery: .fixInput, cause: error)
        }
        guard case .object = json else {
            throw CommandError(.badRows, "\(place) is no JSON object", recovery: .fixInput)
        }
        return ResultLine(json)
    }
}

/// Median, least and greatest of a measurement's rounds.
struct Spread: Sendable, Equatable {
    let median: Double
    let least: Double
    let greatest: Double
    let count: Int

    /// Nil without a finite value.
    init?(_ values: [Double]) {
        let sorted = values.filter(\.isFinite).sorted()
        guard let first = sorted.first, let last = sorted.last else { return nil }
        let middle = sorted.count / 2
        median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        least = first
        greatest = last
        count = sorted.count
    }
}

extension [ResultLine] {
    /// The lines in groups that agree in `keys`, in the order in which the groups appear.
    func grouped(by keys: [String]) -> [(values: [String], lines: [ResultLine])] {
        var order: [[String]] = []
        var groups: [[String]: [ResultLine]] = [:]
        for line in self {
            let values = keys.map { line.text($0) ?? "" }
            if groups[values] == nil { order.append(values) }
            groups[values, default: []].append(line)
        }
        return order.map { ($0, groups[$0] ?? []) }
    }

    func spread(of key: String) -> Spread? { Spread(compactMap { $0.number(key) }) }

    func of(_ bench: String) -> [ResultLine] { filter { $0.bench == bench } }
}
