/// What `promtool check metrics` would say: the grammar of the text format 0.0.4 and the naming rules of its
/// linter.
///
/// Written from the format's specification, not from the code under test.
struct PrometheusRules {
    struct Sample {
        let name: String
        let labels: [(name: String, value: String)]
        let value: Double
    }

    private(set) var problems: [String] = []
    private(set) var samples: [Sample] = []
    private var types: [String: String] = [:]
    private var helps: [String: String] = [:]
    private var finished: Set<String> = []
    private var current: String?

    init(checking text: String) {
        if !text.isEmpty, !text.hasSuffix("\n") { problems.append("the last line does not end") }
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
            read(String(line))
        }
        checkNames()
        checkHistograms()
    }

    /// The value of a series, labels written as in the text.
    func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
        samples.first { sample in
            sample.name == name
                && Dictionary(sample.labels.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }) == labels
        }?.value
    }

    private mutating func read(_ line: String) {
        let words = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(
            String.init)
        if words.count == 4, words[0] == "#", words[1] == "HELP" {
            if helps.updateValue(words[3], forKey: words[2]) != nil {
                problems.append("second HELP for \(words[2])")
            }
            begin(words[2])
        } else if words.count == 4, words[0] == "#", words[1] == "TYPE" {
            if types.updateValue(words[3], forKey: words[2]) != nil {
                problems.append("second TYPE for \(words[2])")
            }
            if !["counter", "gauge", "histogram"].contains(words[3]) { problems.append("type \(words[3])") }
            begin(words[2])
        } else if let sample = Self.sample(line) {
            append(sample, line)
        } else {
            problems.append("no sample: \(line)")
        }
    }

    private mutating func begin(_ family: String) {
        guard current != family else { return }
        if let current { finished.insert(current) }
        if finished.contains(family) { problems.append("\(family) is not in one piece") }
        current = family
    }

    private mutating func append(_ sample: Sample, _ line: String) {
        let suffixes = ["", "_bucket", "_sum", "_count"]
        let belongs = suffixes.contains { "\(current ?? "?")\($0)" == sample.name }
        if !belongs { problems.append("\(sample.name) stands under \(current ?? "nothing")") }
        let series = line.split(separator: "}").first ?? ""
        if samples.contains(where: { $0.name == sample.name && "\($0.labels)" == "\(sample.labels)" }) {
            problems.append("twice: \(series)")
        }
        if Set(sample.labels.map(\.name)).count != sample.labels.count {
            problems.append("label twice: \(line)")
        }
        samples.append(sample)
    }

    private mutating func checkNames() {
        for (family, type) in types {
            if helps[family]?.isEmpty ?? true { problems.append("\(family) has no help") }
            if type == "counter", !family.hasSuffix("_total") { problems.append("\(family) lacks _total") }
            if type != "counter", family.hasSuffix("_total") { problems.append("\(family) is no counter") }
            for unit in ["milliseconds", "ms", "kilobytes", "megabytes", "minutes", "percent"] {
                if family.split(separator: "_").contains(Substring(unit)) {
                    problems.append("\(family) not in base units")
                }
            }
            if !samples.contains(where: { $0.name.hasPrefix(family) }) {
                problems.append("\(family) has no sample")
            }
        }
    }

    private mutating func checkHistograms() {
        for family in types.filter({ $0.value == "histogram" }).keys {
            var buckets: [String: [(bound: Double, count: Double)]] = [:]
            for sample in samples where sample.name == family + "_bucket" {
                guard
                    let bound = sample.labels.first(where: { $0.name == "le" }).flatMap({
                        Self.number($0.value)
                    })
                else {
                    problems.append("\(family) bucket without le")
                    continue
                }
                let key = "\(sample.labels.filter { $0.name != "le" })"
                buckets[key, default: []].append((bound, sample.value))
            }
            for (key, ranges) in buckets {
                let isAscending = zip(ranges, ranges.dropFirst()).allSatisfy {
                    $0.bound < $1.bound && $0.count <= $1.count
                }
                if !isAscending { problems.append("\(family)\(key) does not ascend") }
                if ranges.last?.bound != .infinity { problems.append("\(family)\(key) lacks +Inf") }
                let count = samples.first { $0.name == family + "_count" && "\($0.labels)" == key }?.value
                if count != ranges.last?.count {
                    problems.append("\(family)\(key): count is not that of +Inf")
                }
            }
        }
    }

    private static func sample(_ line: String) -> Sample? {
        var rest = Substring(line)
        let name = String(
            rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ":") })
        guard let first = name.first, !first.isNumber else { return nil }
        rest = rest.dropFirst(name.count)
        var labels: [(name: String, value: String)] = []
        if rest.first == "{" {
            rest.removeFirst()
            while rest.first != "}" {
                let label = String(rest.prefix { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") })
                guard !label.isEmpty, rest.dropFirst(label.count).hasPrefix("=\"") else { return nil }
                rest = rest.dropFirst(label.count + 2)
                guard let value = quoted(&rest) else { return nil }
                labels.append((label, value))
                if rest.first == "," { rest.removeFirst() }
            }
            rest.removeFirst()
        }
        guard rest.first == " ", let value = number(String(rest.dropFirst())) else { return nil }
        return Sample(name: name, labels: labels, value: value)
    }

    private static func quoted(_ rest: inout Substring) -> String? {
        var value = ""
        while let character = rest.popFirst() {
            switch character {
            case "\"": return value
            case "\\":
                switch rest.popFirst() {
                case "n": value.append("\n")
                case "\\": value.append("\\")
                case "\"": value.append("\"")
                default: return nil
                }
            default: value.append(character)
            }
        }
        return nil
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "+Inf": .infinity
        case "-Inf": -.infinity
        case "NaN": .nan
        default: text.first?.isLetter ?? true ? nil : Double(text)
        }
    }
}
