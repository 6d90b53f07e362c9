internal import Basics
internal import EventLog

extension LogError {
    /// What `failure` means for the caller that was doing `what` (a verb and a place, such as `writing to
    /// events[3]`).
    static func kafka(_ failure: KafkaFailure, _ what: String) -> LogError {
        let row = KafkaErrorTable.row(of: failure.code)
        let severity: Severity
        if failure.isFatal || row.code == .fenced {
            severity = .fatal
        } else if failure.needsAbort || row.code == .notAssigned {
            // The group has moved on: the next read tells what this member still has.
            severity = .abortable
        } else {
            severity = failure.isRetriable || row.isRetriable ? .retriable : .fatal
        }
        let said = failure.text.isEmpty ? KafkaErrorTable.text(of: failure.code) : failure.text
        return LogError(
            row.code, "\(what): \(said) (\(failure.name))", hint: row.hint, severity: severity,
            recovery: recovery(for: row.code, severity), cause: failure)
    }

    /// The same error as one of an open transaction: it has to be aborted, unless the writer itself is
    /// finished. Input that is no longer this member's aborts the transaction too.
    func abortingTransaction() -> LogError {
        if code == .notAssigned { return .transactionAborted(message, cause: self) }
        if code == .fenced || code == .closed || (cause as? KafkaFailure)?.isFatal == true { return self }
        return LogError(code, message, hint: hint, severity: .abortable, recovery: recovery, cause: cause)
    }

    /// What librdkafka said, wherever in the chain of causes.
    var rootFailure: KafkaFailure? {
        if let failure = cause as? KafkaFailure { return failure }
        return (cause as? LogError)?.rootFailure
    }

    /// No answer within `limit` while doing `what`; `cause` is the last trouble heard of.
    static func timedOut(_ what: String, after limit: Duration, cause: KafkaFailure?) -> LogError {
        let reason = cause.map { ": \($0)" } ?? ""
        let code: Code = cause == nil ? .timedOut : KafkaErrorTable.row(of: cause?.code ?? 0).code
        return LogError(
            code == .engine ? .timedOut : code,
            "\(what): no answer within \(limit.wholeMilliseconds) ms\(reason)",
            hint: "check that the brokers run and that the address is right", severity: .retriable,
            recovery: .retry, cause: cause)
    }

    private static func recovery(for code: Code, _ severity: Severity) -> Recovery {
        switch code {
        case .unavailable, .timedOut: .retry
        case .denied, .configuration, .notFound, .topicMismatch: .fixConfiguration
        case .tooLarge, .invalidTopic: .fixInput
        default: severity == .fatal ? .restart : .retry
        }
    }
}
