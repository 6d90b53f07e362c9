internal import EventLog

/// Events that were read and may have to be read again: what a service that gives up owes its successor.
struct UncommittedEvents: Sendable {
    /// Events whose transaction was not sealed: not committed.
    var gathered = 0
    /// Events of the transaction whose commit got no answer: committed or not, nobody knows.
    var inDoubt = 0

    private var failure: LogError?

    /// Notes what `ledger` holds when `error` has failed it, unless more was noted before: going back makes a
    /// ledger forget.
    mutating func note(_ ledger: TransactionLedger, _ error: LogError) {
        failure = error
        guard ledger.openRecords + ledger.sealedRecords >= gathered + inDoubt else { return }
        gathered = ledger.openRecords
        inDoubt = ledger.sealedRecords
    }

    /// Whether nothing is owed.
    private var isEmpty: Bool { gathered + inDoubt == 0 }

    /// What they were not committed for; nil when nothing is owed.
    var reason: LogError? { isEmpty ? nil : failure }

    /// What to tell of it; empty when nothing is owed.
    var text: String {
        if isEmpty { return "" }
        let certain = gathered == 0 ? [] : ["\(gathered) events were read and not committed"]
        let doubtful =
            inDoubt == 0
            ? [] : ["whether the last transaction, of \(inDoubt) events, was committed is not known"]
        return (certain + doubtful).joined(separator: ", and ")
    }
}
