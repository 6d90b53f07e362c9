/// Help as people read it: at most 80 columns, headings, one column of names and one of explanations.
enum HelpText {
    static let width = 80
    private static let column = 26

    static func text(for node: CommandTree, path: [String], program: String) -> String {
        let call = ([program] + path).joined(separator: " ")
        var parts = [wrapped(node.spec.abstract, indent: 0)]
        parts.append(
            "Usage: " + (node.isGroup ? "\(call) COMMAND [OPTIONS]" : usage(of: node.spec, call: call)))
        for paragraph in paragraphs(node.spec.discussion) { parts.append(wrapped(paragraph, indent: 0)) }
        parts += node.isGroup ? commandSections(node) : optionSections(node.spec)
        if !node.spec.examples.isEmpty {
            let lines = node.spec.examples.map { "  \($0.line)\n\(wrapped($0.explanation, indent: 6))" }
            parts.append("Examples:\n" + lines.joined(separator: "\n"))
        }
        if node.isGroup {
            parts.append(
                "See '\(program) help\(([""] + path).joined(separator: " ")) COMMAND' for one of them.")
        }
        return parts.joined(separator: "\n\n") + "\n"
    }

    /// The words to write after "Usage:", required options spelled out.
    static func usage(of spec: CommandSpec, call: String) -> String {
        var words = [call] + spec.arguments.map(\.usage)
        words += spec.options.filter(\.isRequired).map(\.usage)
        if spec.options.contains(where: { !$0.isRequired }) { words.append("[OPTIONS]") }
        return words.joined(separator: " ")
    }

    private static func commandSections(_ node: CommandTree) -> [String] {
        sections(node.children, by: \.spec.section).map { heading, children in
            let rows = children.map { child in
                let note = child.spec.name == node.defaultChild ? " (default)" : ""
                return row(child.spec.name, child.spec.abstract + note)
            }
            return "\(heading):\n" + rows.joined(separator: "\n")
        }
    }

    private static func optionSections(_ spec: CommandSpec) -> [String] {
        var parts: [String] = []
        if !spec.arguments.isEmpty {
            parts.append(
                "Arguments:\n" + spec.arguments.map { row($0.name, $0.help) }.joined(separator: "\n"))
        }
        for (heading, options) in sections(spec.options, by: \.section) {
            parts.append("\(heading):\n" + options.map(row).joined(separator: "\n"))
        }
        return parts
    }

    private static func row(_ option: OptionSpec) -> String {
        var notes: [String] = []
        if option.isRequired { notes.append("required") }
        if option.arity == .repeated { notes.append("may be repeated") }
        if let text = option.defaultText { notes.append("default: \(text)") }
        let short = option.short.map { "-\($0), " } ?? ""
        return row(
            short + option.usage, option.help + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))"))
    }

    private static func row(_ name: String, _ explanation: String) -> String {
        let lines = wrapped(explanation, indent: column)
        let head = "  \(name)"
        guard head.count + 2 <= column else { return "\(head)\n\(lines)" }
        return head + String(repeating: " ", count: column - head.count) + lines.dropFirst(column)
    }

    /// Elements by heading, headings in the order of their first element.
    private static func sections<Element>(
        _ elements: [Element], by heading: (Element) -> String
    ) -> [(String, [Element])] {
        var order: [String] = []
        var members: [String: [Element]] = [:]
        for element in elements {
            let name = heading(element)
            if members[name] == nil { order.append(name) }
            members[name, default: []].append(element)
        }
        return order.map { ($0, members[$0] ?? []) }
    }

    private static func paragraphs(_ text: String) -> [String] {
        var paragraphs: [[Substring]] = [[]]
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { paragraphs.append([]) } else { paragraphs[paragraphs.count - 1].append(line) }
        }
        return paragraphs.filter { !$0.isEmpty }.map { $0.joined(separator: " ") }
    }

    /// The text broken between words so that every line fits; a word longer than a line stands alone.
    static func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = ""
        for word in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
            if !line.isEmpty, indent + line.count + 1 + word.count > width {
                lines.append(margin + line)
                line = ""
            }
            line += line.isEmpty ? String(word) : " \(word)"
        }
        return (lines + [margin + line]).joined(separator: "\n")
    }
}
