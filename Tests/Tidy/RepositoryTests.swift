import Foundation
import Testing

/// What belongs together in the repository is together.
@Suite struct RepositoryTests {
    private static func names(_ pattern: Regex<(Substring, Substring)>, in text: String) -> Set<String> {
        Set(text.matches(of: pattern).map { String($0.1) })
    }

    @Test func theRootIsFound() {
        #expect(Repository.files.contains("Package.swift"))
        #expect(Repository.swift.count > 50)
        #expect(Repository.testTargets.contains("Tidy") && Repository.testTargets.contains("BasicsTests"))
    }

    /// Paths of somebody's machine and notes to oneself do not travel.
    @Test func nothingOfAMachineIsLeftBehind() throws {
        let words = [
            "/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/[a-z]", "TO" + "DO\\b", "FIX" + "ME\\b", "X" + "XX\\b",
        ]
        let pattern = try Regex(words.joined(separator: "|"))
        for path in Repository.files where path != "LICENSE" {
            guard let text = Repository.text(path), text.contains(pattern) else { continue }
            for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
                if let found = line.firstMatch(of: pattern) {
                    Issue.record("\(path):\(index + 1) has \(line[found.range])")
                }
            }
        }
    }

    /// What a page for newcomers points to is there.
    @Test(arguments: ["ARCHITECTURE.md", "CONTRIBUTING.md"])
    func pathsOnThePagesExist(page: String) throws {
        let text = try #require(Repository.text(page))
        let roots = [
            "Sources", "Tests", "docs", "scripts", "topics", "services", "deploy", "Examples", "Benchmarks",
        ]
        for match in text.matches(of: /`([A-Za-z]+\/[A-Za-z0-9_.\/+-]+)`/) {
            let path = String(match.1).split(separator: "*")[0]
            guard let first = path.split(separator: "/").first, roots.contains(String(first)) else {
                continue
            }
            let isThere = FileManager.default.fileExists(
                atPath: Repository.root.appendingPathComponent(String(path)).path)
            #expect(isThere, "\(page) names \(path)")
        }
    }

    /// `scripts/test` runs each test target by name, so that none is forgotten; Tidy makes sure of the list.
    @Test func everyTestTargetIsRun() throws {
        let script = try #require(Repository.text("scripts/test"))
        let list = try #require(script.firstMatch(of: /suites=\(([^)]*)\)/))
        let run = list.1.split(whereSeparator: \.isWhitespace).map(String.init)
        let empty =
            Self.names(/not_written=\(([^)]*)\)/, in: script).first?.split(separator: " ").map(String.init)
            ?? []
        #expect(Set(run + empty) == Set(Repository.testTargets))
        #expect(Set(run).isDisjoint(with: empty), "a suite is either run or not written yet")
        for suite in empty {
            let folder = Repository.swift.filter { $0.path.hasPrefix("Tests/\(suite)/") }
            #expect(
                !folder.contains { !$0.lines(holding: ["@Test"]).isEmpty },
                "\(suite) has tests: list it in scripts/test")
        }
    }

    @Test func theLibrariesAreTheSameEverywhere() throws {
        let manifest = try #require(Repository.text("Package.swift"))
        let packages = Self.names(/"(lib[a-z0-9-]+-dev)"/, in: manifest)
        #expect(packages.count >= 6)
        for path in ["scripts/lib.sh", "deploy/Dockerfile"] {
            guard let text = Repository.text(path) else { continue }
            for package in packages { #expect(text.contains(package), "\(path) does not install \(package)") }
        }
    }

    @Test(
        .enabled(
            if: Repository.files.contains("ARCHITECTURE.md"), "the page that names the topics is not written")
    )
    func topicsAreReferenced() throws {
        let topics = Repository.files.filter { $0.hasPrefix("topics/") && $0.hasSuffix(".yaml") }
        let others = Repository.files.filter { !$0.hasPrefix("topics/") && !$0.hasPrefix("Tests/Tidy/") }
        let texts = others.compactMap(Repository.text)
        for path in topics {
            let name = String(path.dropFirst("topics/".count).dropLast(".yaml".count))
            let isSaid = texts.contains { $0.holds(name) }
            let isNamed = Repository.text(path)?.holds("name: \(name)\n") ?? false
            #expect(isNamed, "\(path) is not called after its topic")
            #expect(isSaid, "nothing speaks of the topic \(name)")
        }
    }

    @Test func servicesAreReferenced() throws {
        guard let compose = Repository.text("docker-compose.yml") else { return }
        let folders = Repository.files.filter { $0.hasPrefix("services/") }
            .compactMap { $0.split(separator: "/").dropFirst().first }
        for folder in Set(folders) {
            #expect(
                compose.contains("services/\(folder)"),
                "no service of docker-compose.yml uses services/\(folder)")
        }
    }

    @Test func scriptsAreExecutableAndSound() throws {
        let scripts = Repository.files.filter { path in
            (path.hasPrefix("scripts/") || path.hasPrefix(".ci/"))
                && Repository.text(path)?.hasPrefix("#!") ?? false
        }
        #expect(scripts.contains("scripts/demo") && scripts.contains("scripts/test"))
        for path in scripts {
            let full = Repository.root.appendingPathComponent(path).path
            #expect(FileManager.default.isExecutableFile(atPath: full), "\(path) is not executable")
        }
    }

    @Test func linksOfDocumentsLeadSomewhere() {
        for path in Repository.files where path.hasSuffix(".md") {
            let folder = Repository.root.appendingPathComponent(path).deletingLastPathComponent()
            for match in (Repository.text(path) ?? "").matches(of: /\]\(([^)\s#]+)(?:#[^)]*)?\)/) {
                let link = String(match.1)
                if link.contains("://") || link.hasPrefix("mailto:") { continue }
                let target = folder.appendingPathComponent(link).path
                #expect(FileManager.default.fileExists(atPath: target), "\(path) links to \(link)")
            }
        }
    }
}
