import Foundation
import Testing

/// The rules for code that a tool can check. `swift format lint` checks the rest, documentation of public
/// declarations included.
@Suite struct StyleTests {
    static let lineLengthMax = 110
    static let fileLinesMax = 600
    static let functionLinesMax = 60
    static let testFunctionLinesMax = 100

    /// Functions that are longer than the limit, with their length. An entry may shrink and vanish; none is
    /// added without a reason.
    static let longFunctions: [String: Int] = [:]

    /// Targets whose comments have not been through `scripts/format` yet. It only gets shorter.
    static let notRewrapped: Set<String> = ["KafkaLog"]

    @Test func linesAreShort() {
        for file in Repository.swift where file.path != "Package.swift" {
            let target = file.target.hasSuffix("Tests") ? String(file.target.dropLast(5)) : file.target
            if Self.notRewrapped.contains(target) { continue }
            for (index, line) in file.lines.enumerated() where line.utf8.count > Self.lineLengthMax {
                if line.count <= Self.lineLengthMax { continue }
                if line.contains("https://") { continue }
                Issue.record(
                    "\(file.path):\(index + 1) has \(line.count) columns, at most \(Self.lineLengthMax)")
            }
        }
    }

    @Test func filesAreShort() {
        for file in Repository.swift where file.lines.count > Self.fileLinesMax {
            Issue.record("\(file.path) has \(file.lines.count) lines, at most \(Self.fileLinesMax)")
        }
    }

    @Test func functionsAreShort() {
        var stale = Self.longFunctions
        for file in Repository.swift where file.path != "Package.swift" {
            let limit = file.path.hasPrefix("Sources/") ? Self.functionLinesMax : Self.testFunctionLinesMax
            for function in FunctionLength.functions(of: file) where function.lines > limit {
                let known = stale.removeValue(forKey: "\(file.path) \(function.name)")
                if known.map({ function.lines > $0 }) ?? true {
                    let place = "\(file.path):\(function.line) \(function.name)"
                    Issue.record("\(place) has \(function.lines) lines, at most \(limit)")
                } else if let known, function.lines < known {
                    Issue.record(
                        "\(file.path) \(function.name) shrank to \(function.lines) lines: lower its entry")
                }
            }
        }
        #expect(stale.isEmpty, "these are short now: remove their entries")
    }

    struct Ban: Sendable {
        let name: String
        /// Lines without it are not looked at closely.
        let word: String
        let instead: String
        var exceptions: [String] = []
        let pattern: @Sendable () -> Regex<Substring>

        func isIn(_ code: String) -> Bool { code.holds(word) && code.contains(pattern()) }
    }

    static let bans: [Ban] = [
        Ban(name: "try!", word: "try!", instead: "handle the error") { /\btry!/ },
        Ban(name: "as!", word: "as!", instead: "use as? and say what was there") { /\bas!/ },
        Ban(name: "fatalError", word: "fatalError", instead: "use precondition with the values") {
            /\bfatalError\b/
        },
        Ban(
            name: "print", word: "rint(", instead: "use the log",
            exceptions: ["Sources/ModelcastCommand/", "Tests/", "Benchmarks/", "Examples/"]
        ) { /(?:^|[^.\w])(?:print|debugPrint)\(/ },
        Ban(
            name: "sleep", word: "sleep(", instead: "wait for what you wait for",
            // SQLite's handler for a busy file has to wait; a test has a thread of its own to wait on.
            exceptions: ["Sources/SQLite/Connection.swift", "Tests/BasicsTests/ThreadTests.swift"]
        ) { /\bThread\.sleep\b|(?:^|[^.\w])u?sleep\((?![a-z]+:|(?:for|until) )/ },
        Ban(name: "Task.detached", word: "detached", instead: "use a task group or a service") {
            /\bTask\.detached\b/
        },
    ]

    @Test(arguments: bans.indices) func bannedCallsAreNotMade(index: Int) {
        let ban = Self.bans[index]
        for file in Repository.swift where !ban.exceptions.contains(where: file.path.hasPrefix) {
            for (number, code) in file.code.enumerated() where ban.isIn(code) {
                Issue.record("\(file.path):\(number + 1) uses \(ban.name): \(ban.instead)")
            }
        }
    }

    @Test func bansFindWhatTheyBanAndNothingElse() {
        let hits = [
            "try! f()", "x as! Y", "fatalError()", "  print(1)", "usleep(5)", "Task.detached {",
            "Thread.sleep(1)",
        ]
        for hit in hits { #expect(Self.bans.contains { $0.isIn(hit) }, "\(hit)") }
        for miss in [
            "try f()", "x as? Y", "self.print(1)", "blueprint(1)", "Task.sleep(for: x)", "entry!",
            "func sleep(for x: Y)",
        ] {
            #expect(!Self.bans.contains { $0.isIn(miss) }, "\(miss)")
        }
    }

    /// Whoever switches a check of the compiler off says what makes it right: on the line, or in a comment
    /// close above.
    @Test func everyUncheckedPromiseIsExplained() {
        for file in Repository.sources {
            for line in file.lines(holding: ["@unchecked", "nonisolated(unsafe)", "Unmanaged"]) {
                let above = max(0, line - 7)..<line
                if !file.hasComment[above].contains(true) {
                    Issue.record("\(file.path):\(line) says nothing of what makes it right")
                }
            }
        }
    }

    @Test func literalsAndCommentsAreNoCode() {
        let file = SourceFile(
            path: "x.swift",
            text: #"""
                let a = "try! \(b("as!")) x" // fatalError
                let c = #"as! " \n"#; /* print( */ let d = 1
                let e = """
                    try! \"""
                    """; let f = 2
                """#)
        #expect(
            file.code.joined(separator: "|") == #"let a = "" |let c = "";  let d = 1|let e = ||""; let f = 2"#
        )
        #expect(file.hasComment == [true, true, false, false, false])
    }
}
