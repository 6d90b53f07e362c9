import Basics

/// What one check of `doctor` found, and what to do about it.
struct Finding: Sendable, Equatable {
    /// How serious it is.
    enum Status: String, Sendable {
        case ok
        /// It works, but somebody should look.
        case warning
        /// What needs it does not work.
        case failed
    }

    let check: String
    let status: Status
    let detail: String
    /// Empty when there is nothing to do.
    let remedy: String

    static func ok(_ check: String, _ detail: String) -> Finding {
        Finding(check: check, status: .ok, detail: detail, remedy: "")
    }

    static func warning(_ check: String, _ detail: String, remedy: String) -> Finding {
        Finding(check: check, status: .warning, detail: detail, remedy: remedy)
    }

    static func failed(_ check: String, _ detail: String, remedy: String) -> Finding {
        Finding(check: check, status: .failed, detail: detail, remedy: remedy)
    }

    var json: JSON {
        [
            "check": .string(check), "status": .string(status.rawValue), "detail": .string(detail),
            "remedy": .string(remedy),
        ]
    }

    /// A line for people, and the remedy on one of its own.
    var text: String {
        let word = status.rawValue + String(repeating: " ", count: 8 - status.rawValue.count)
        return Table.printable("\(word) \(check): \(detail)")
            + (remedy.isEmpty ? "" : "\n         → \(remedy)")
    }
}
