import Foundation
import Testing

/// docs/cli-json.md as a check: what a summary has is what the page says.
enum Contract {
    /// The members of each summary, by its name, as the page lists them.
    static let summaries: [String: Set<String>] = {
        let path = Workspace.root.appending(path: "docs/cli-json.md")
        let page = (try? String(contentsOf: path, encoding: .utf8)) ?? ""
        var found: [String: Set<String>] = [:]
        for line in page.split(separator: "\n") where line.hasPrefix(#"{"summary":""#) {
            let members = members(of: line)
            guard let names = line.firstMatch(of: /"summary":"([^"]+)"/)?.1 else { continue }
            for name in names.split(separator: "|") { found[String(name)] = members }
        }
        return found
    }()

    /// The names of the outermost members.
    static func members(of line: Substring) -> Set<String> {
        var names: Set<String> = []
        var depth = 0
        var text: String?
        var last = ""
        for character in line {
            if let open = text {
                if character == "\"" {
                    last = open
                    text = nil
                } else {
                    text = open + String(character)
                }
                continue
            }
            switch character {
            case "\"": text = ""
            case "{", "[": depth += 1
            case "}", "]": depth -= 1
            case ":" where depth == 1: names.insert(last)
            default: break
            }
            if depth == 0 { break }
        }
        return names
    }

    /// Records an issue when a summary has other members than the page says.
    static func check(_ summary: [String: Any]) {
        guard let name = summary["summary"] as? String else { return }
        guard let documented = summaries[name] else {
            Issue.record("docs/cli-json.md has no summary of \(name)")
            return
        }
        // Lines that say "the same" as another are shorter than what they mean.
        if documented == ["summary"] { return }
        #expect(Set(summary.keys) == documented, "\(name) and docs/cli-json.md")
    }
}
