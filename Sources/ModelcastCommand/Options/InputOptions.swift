import Arguments
import Tabular

/// How a table is read.
struct InputOptions: Sendable {
    static let format = Option(
        "input-format", optional: .cases(of: TabularFormat.self), section: "Input options",
        help: "The form of the rows; without it, the file's suffix tells.")
    static let header = Option(
        "header", .choice(["detect", "present", "absent"]), default: "detect", section: "Input options",
        help: "Whether the first row of a CSV file names the columns.")

    static let all: [any DeclaredOption] = [format, header]

    let format: TabularFormat?
    let header: TableHeader

    init(values: Values) throws {
        format = try values[Self.format]
        header =
            switch try values[Self.header] {
            case "present": .present
            case "absent": .absent
            default: .detect
            }
    }
}
