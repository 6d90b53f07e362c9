import Testing

/// Every public declaration says what it is. What fulfils a protocol's requirement is documented there.
@Suite struct DocumentationTests {
    /// Requirements of the standard library's protocols.
    static let standardRequirements: Set<String> = [
        "description", "debugDescription", "customMirror", "hash", "==", "<", "encode", "init(from",
        "unownedExecutor",
        "enqueue", "asUnownedSerialExecutor", "asUnownedTaskExecutor", "next", "makeAsyncIterator",
        "makeIterator",
        "init(stringLiteral", "init(integerLiteral", "init(floatLiteral", "init(booleanLiteral",
        "init(arrayLiteral",
        "init(dictionaryLiteral", "index", "startIndex", "endIndex", "subscript", "rawValue", "init(rawValue",
        "allCases",
    ]

    private static var declaration: Regex<(Substring, Substring, Substring)> {
        #/
        ^\s*(?:@\S+\s+)*(?:public|open)\s+(?:[a-z]+(?:\([a-z]+\))?\s+)*?
        (func|var|let|struct|enum|class|actor|protocol|init|subscript|typealias)\b\s*(.*)
        /#
    }

    private static var requirement: Regex<(Substring, Substring, Substring)> {
        /^\s+(?:@\S+\s+)*(?:[a-z]+\s+)*?(func|var|init|subscript)\b\s*(.*)/
    }

    /// A declaration's name: `read`, `==`, or `init(from` with the first label.
    private static func name(_ keyword: Substring, _ rest: Substring) -> String {
        if keyword == "init" { return "init" + rest.prefix { $0 == "(" || $0.isLetter } }
        if keyword == "subscript" { return "subscript" }
        return String(rest.prefix { !" (:<=".contains($0) || (keyword == "func" && "<=".contains($0)) })
            .split(separator: "<", omittingEmptySubsequences: false).first.map(String.init).flatMap {
                $0.isEmpty ? String(rest.prefix { "<=".contains($0) }) : $0
            } ?? ""
    }

    /// Names of everything that a protocol of the product requires.
    private static let requirements: Set<String> = {
        var names = standardRequirements
        for file in Repository.sources {
            var isInProtocol = false
            for code in file.code {
                if code.holds("protocol"), code.contains(/^(?:[a-z]+ )?protocol\b/) { isInProtocol = true }
                if code.hasPrefix("}") { isInProtocol = false }
                if isInProtocol, let found = code.firstMatch(of: requirement) {
                    names.insert(name(found.1, found.2))
                }
            }
        }
        return names
    }()

    /// Lines (counted from one) of declarations that say nothing.
    static func undocumented(in file: SourceFile) -> [(line: Int, name: String)] {
        var found: [(line: Int, name: String)] = []
        for (index, code) in file.code.enumerated() {
            guard code.holds("public") || code.holds("open"), let match = code.firstMatch(of: declaration)
            else { continue }
            let name = name(match.1, match.2)
            if requirements.contains(name) { continue }
            let above = file.lines[..<index].last { !$0.contains(/^\s*(?:@|#if|#else)/) } ?? ""
            if !above.contains(/^\s*\/\/\//) { found.append((index + 1, name)) }
        }
        return found
    }

    @Test func publicDeclarationsAreDocumented() {
        for file in Repository.sources {
            for (line, name) in Self.undocumented(in: file) {
                Issue.record("\(file.path):\(line) says nothing of \(name)")
            }
        }
    }

    @Test func theRuleItself() {
        let file = SourceFile(
            path: "Sources/X/x.swift",
            text: """
                public struct A {
                    /// Said.
                    public let b: Int
                    @inlinable
                    public static func c<T>(_ t: T) {}
                    public var description: String { "" }
                    public static func < (left: A, right: A) -> Bool { true }
                    public private(set) var d = 1
                    public init(e: Int) {}
                    public init(from decoder: any Decoder) {}
                    /// Said.
                    @inlinable
                    public func f() {}
                    let g = 1
                }
                public extension A {}
                """)
        #expect(Self.undocumented(in: file).map(\.name) == ["A", "c", "d", "init(e"])
    }
}
