/// Finds functions by their indentation, which the formatter guarantees.
enum FunctionLength {
    struct Function {
        let name: String
        let line: Int
        let lines: Int
    }

    /// All functions, initialisers and accessors with a body of several lines.
    static func functions(of file: SourceFile) -> [Function] {
        var functions: [Function] = []
        for (index, code) in file.code.enumerated() {
            guard code.holds("func") || code.holds("init") || code.holds("subscript"),
                let found = code.firstMatch(
                    of: /^( *)(?:[@\w().]+ +)*?(func +[^ (<]+|init[?(<]|deinit\b|subscript\b)/)
            else {
                continue
            }
            let margin = String(found.1)
            let rest = file.code[index...]
            let end = rest.firstIndex { $0.hasPrefix(margin + "}") }
            // A requirement of a protocol has no body: something else stands at its margin first.
            let next = rest.dropFirst().firstIndex { line in
                line.hasPrefix(margin)
                    && line.dropFirst(margin.count).first.map { $0.isLetter || $0 == "@" } ?? false
            }
            guard let end, end < next ?? .max else { continue }
            let name = found.2.split(separator: " ").last.map(String.init) ?? ""
            functions.append(
                Function(name: name.filter { $0.isLetter }, line: index + 1, lines: end - index + 1))
        }
        return functions
    }
}
