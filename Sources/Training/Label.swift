internal import Tabular

/// The label of each row: what the models learn to predict.
struct Label: Sendable {
    let task: TrainingTask
    /// A number, a class index, or 0 and 1; not a number where the expression gave NULL.
    let values: [Float]
    /// The classes' names in the order of their indices; empty for regression.
    let classes: [String]

    /// Classes of a label at most.
    static let classesMax = 100

    var missingCount: Int { values.count { $0.isNaN } }

    /// Decides what is predicted from the values: 0 and 1 (or booleans, or two texts) are two classes, texts
    /// are classes, other numbers are a number. `task` overrides it.
    init(_ values: [TableValue], expression: String, task wanted: TrainingTask?) throws(TrainingError) {
        func refusal(_ why: String, _ hint: String = "") -> TrainingError {
            TrainingError(.label, "the label \(expression) \(why)", hint: hint)
        }
        let present = values.filter { $0 != .missing }
        guard !present.isEmpty else { throw refusal("is NULL in every row") }
        let hasText = present.contains { if case .text = $0 { true } else { false } }
        let numbers = hasText ? [] : present.map(Self.number)
        let isBinary = !hasText && numbers.allSatisfy { $0 == 0 || $0 == 1 }
        if hasText, wanted == .regression { throw refusal("holds text, which is no number") }
        if hasText || wanted == .multiclass || (wanted == .binary && !isBinary) {
            let names = values.map(Self.name)
            let isWhole = !hasText && numbers.allSatisfy { $0 == $0.rounded() }
            let distinct = Set(names.compactMap { $0 })
            let classes =
                isWhole ? distinct.sorted { (Double($0) ?? 0) < (Double($1) ?? 0) } : distinct.sorted()
            guard classes.count >= 2 else { throw refusal("has one value only: \(classes[0])") }
            guard classes.count <= Self.classesMax else {
                throw refusal(
                    "has \(classes.count) classes",
                    "at most \(Self.classesMax) are allowed: group the rare ones")
            }
            guard classes.count == 2 || wanted != .binary else {
                throw refusal("has \(classes.count) values, where two classes were asked for")
            }
            let index = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, Float($0)) })
            self.values = names.map { $0.flatMap { index[$0] } ?? .nan }
            self.classes = classes
            task = classes.count == 2 && wanted != .multiclass ? .binary : .multiclass
            return
        }
        task = wanted ?? (isBinary ? .binary : .regression)
        if task == .binary, Set(numbers).count < 2 {
            throw refusal("has one value only: \(numbers[0] == 0 ? "0" : "1")")
        }
        self.values = values.map { $0 == .missing ? .nan : Float(Self.number($0)) }
        classes = task == .binary ? ["0", "1"] : []
        guard present.count == self.values.count(where: { $0.isFinite }) else {
            throw refusal("holds numbers that are not finite in single precision")
        }
    }

    private static func number(_ value: TableValue) -> Double {
        switch value {
        case .integer(let value): Double(value)
        case .real(let value): value
        case .boolean(let value): value ? 1 : 0
        default: .nan
        }
    }

    private static func name(_ value: TableValue) -> String? {
        switch value {
        case .text(let text): text
        case .integer(let value): String(value)
        case .real(let value): RowEncoding.number(value)
        case .boolean(let value): value ? "1" : "0"
        default: nil
        }
    }
}
