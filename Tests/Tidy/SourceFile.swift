import Foundation

/// A Swift file, with its code apart from its comments and the contents of its string literals.
struct SourceFile: Sendable {
    let path: String
    let lines: [String]
    /// The lines with comments and the contents of literals blanked out.
    let code: [String]
    /// Whether a line has a comment, or is part of one.
    let hasComment: [Bool]

    /// The folder below `Sources` or `Tests`.
    var target: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        var scanner = CodeScanner()
        var code: [String] = []
        var hasComment: [Bool] = []
        for line in lines {
            code.append(scanner.code(of: line))
            hasComment.append(scanner.sawComment)
        }
        self.code = code
        self.hasComment = hasComment
    }

    /// Lines (counted from one) whose code holds one of the words.
    func lines(holding words: [String]) -> [Int] {
        code.indices.filter { index in words.contains { code[index].holds($0) } }.map { $0 + 1 }
    }
}

/// Walks through a file line by line and keeps what is code.
private struct CodeScanner {
    private enum Mode: Equatable {
        case code
        case blockComment(depth: Int)
        /// Inside a literal of several lines, which ends with three quotes and so many number signs.
        case text(signs: Int)
    }

    private var mode = Mode.code
    private(set) var sawComment = false

    mutating func code(of line: String) -> String {
        sawComment = mode != .code && !isText
        let bytes = Array(line.utf8)
        var kept: [UInt8] = []
        var index = 0
        while index < bytes.count { index = step(bytes, index, &kept) }
        return String(decoding: kept, as: UTF8.self)
    }

    private var isText: Bool {
        if case .text = mode { return true }
        return false
    }

    /// Takes what begins at an index and returns where to go on.
    private mutating func step(_ bytes: [UInt8], _ index: Int, _ kept: inout [UInt8]) -> Int {
        switch mode {
        case .blockComment(let depth):
            if Self.has("*/", bytes, index) {
                mode = depth == 1 ? .code : .blockComment(depth: depth - 1)
                return index + 2
            }
            if Self.has("/*", bytes, index) {
                mode = .blockComment(depth: depth + 1)
                return index + 2
            }
            return index + 1
        case .text(let signs):
            if Self.has("\\" + String(repeating: "#", count: signs), bytes, index) {
                return index + signs + 2
            }
            let end = "\"\"\"" + String(repeating: "#", count: signs)
            guard Self.has(end, bytes, index) else { return index + 1 }
            mode = .code
            kept += "\"\"".utf8
            return index + end.utf8.count
        case .code: return stepCode(bytes, index, &kept)
        }
    }

    private mutating func stepCode(_ bytes: [UInt8], _ index: Int, _ kept: inout [UInt8]) -> Int {
        if Self.has("//", bytes, index) {
            sawComment = true
            return bytes.count
        }
        if Self.has("/*", bytes, index) {
            sawComment = true
            mode = .blockComment(depth: 1)
            return index + 2
        }
        let signs = bytes[index...].prefix { $0 == UInt8(ascii: "#") }.count
        let quote = index + signs
        guard quote < bytes.count, bytes[quote] == UInt8(ascii: "\"") else {
            kept.append(bytes[index])
            return index + 1
        }
        if Self.has("\"\"\"", bytes, quote) {
            mode = .text(signs: signs)
            return quote + 3
        }
        kept += "\"\"".utf8
        return Self.endOfLiteral(bytes, quote + 1, signs: signs)
    }

    /// The index after a literal of one line. Interpolations with literals inside are literals to us as well.
    private static func endOfLiteral(_ bytes: [UInt8], _ start: Int, signs: Int) -> Int {
        let end = "\"" + String(repeating: "#", count: signs)
        let escape = "\\" + String(repeating: "#", count: signs)
        var index = start
        var depth = 0
        while index < bytes.count {
            if depth == 0, has(end, bytes, index) { return index + end.utf8.count }
            if has(escape + "(", bytes, index) {
                depth += 1
                index += escape.utf8.count + 1
            } else if depth == 0, has(escape, bytes, index) {
                index += escape.utf8.count + 1
            } else if depth > 0, bytes[index] == UInt8(ascii: "\"") {
                index = endOfLiteral(bytes, index + 1, signs: 0)
            } else {
                if depth > 0, bytes[index] == UInt8(ascii: "(") { depth += 1 }
                if depth > 0, bytes[index] == UInt8(ascii: ")") { depth -= 1 }
                index += 1
            }
        }
        return index
    }

    private static func has(_ text: String, _ bytes: [UInt8], _ index: Int) -> Bool {
        bytes[index...].starts(with: text.utf8)
    }
}

extension String {
    /// Whether a text stands in it: much faster than a pattern, so a search asks this first.
    func holds(_ text: String) -> Bool { range(of: text, options: .literal) != nil }
}
