import Arguments

/// What the commands around batch predictions share.
enum BatchOptions {
    static let store = Option("store", .file, valueName: "DB", help: "The SQLite file with the predictions.")
    static let run = Argument("RUN", .text, help: "A run; the first digits of its name suffice.")
    static let note = Option("note", optional: .text, help: "Why; kept with the decision.")
}
