import Basics
import Tabular

extension TableValue {
    /// The value for programs.
    var json: JSON {
        switch self {
        case .missing: .null
        case .integer(let number): .integer(number)
        case .real(let number): .number(number)
        // The digits of single precision, not those of the same number in double precision.
        case .float(let number): .number(Double(number.description) ?? Double(number))
        case .boolean(let truth): .boolean(truth)
        case .text(let text): .string(text)
        case .list(let numbers): .array(numbers.map { TableValue.float($0).json })
        }
    }

    /// The value for people.
    var cell: String {
        switch self {
        case .missing: ""
        case .integer(let number): String(number)
        case .real(let number): RowEncoding.number(number)
        case .float(let number): RowEncoding.number(number)
        case .boolean(let truth): truth ? "true" : "false"
        case .text(let text): text
        case .list(let numbers): numbers.map { RowEncoding.number($0) }.joined(separator: " ")
        }
    }
}
