internal import Features

/// Holds the rows of a table against a schema. Pure.
enum SchemaCheck {
    private struct Finding {
        var count = 0
        var rows: [Int] = []

        mutating func add(_ row: Int) {
            count += 1
            if rows.count < TypeInference.linesNamed { rows.append(row) }
        }
    }

    /// What in `column` contradicts `feature`; `lines` are the rows' lines.
    static func check(_ column: FrameColumn, _ feature: Feature, lines: [Int]) -> [Anomaly] {
        var missing = Finding()
        var wrong = Finding()
        var outside = Finding()
        var unknown = Finding()
        var unknownTexts: [String] = []
        switch column.values {
        case .numbers(let numbers):
            for (row, number) in numbers.enumerated() {
                if number.isNaN {
                    missing.add(row)
                } else if !fits(number, feature.kind) {
                    wrong.add(row)
                } else if let range = feature.range, !range.contains(number) {
                    outside.add(row)
                }
            }
        case .codes(let codes, let categories):
            let known = Set(feature.categories)
            let isUnknown = categories.map { !feature.categories.isEmpty && !known.contains($0) }
            unknownTexts = zip(categories, isUnknown).filter(\.1).map(\.0)
            for (row, code) in codes.enumerated() {
                if code < 0 {
                    missing.add(row)
                } else if feature.kind != .categorical {
                    wrong.add(row)
                } else if isUnknown[Int(code)] {
                    unknown.add(row)
                }
            }
        }
        func anomaly(_ kind: Anomaly.Kind, _ finding: Finding, _ words: String) -> Anomaly? {
            guard finding.count > 0 else { return nil }
            return Anomaly(
                kind, column: feature.name, count: finding.count, lines: finding.rows.map { lines[$0] },
                "\(finding.count) row\(finding.count == 1 ? "" : "s") \(words)")
        }
        let bounds = feature.range.map { "outside \($0.lowerBound) to \($0.upperBound)" } ?? ""
        let shown = unknownTexts.prefix(3).map { "\"\($0)\"" }.joined(separator: ", ")
        return [
            feature.isRequired ? anomaly(.missingRequired, missing, "without the required value") : nil,
            anomaly(.wrongType, wrong, "not of the type \(feature.kind.rawValue)"),
            anomaly(.outOfRange, outside, bounds),
            anomaly(.unknownCategory, unknown, "with a category that the schema does not list: \(shown)"),
        ].compactMap { $0 }
    }

    private static func fits(_ number: Double, _ kind: Feature.Kind) -> Bool {
        switch kind {
        case .float: true
        case .integer: number == number.rounded()
        case .boolean: number == 0 || number == 1
        case .categorical: false
        }
    }
}
