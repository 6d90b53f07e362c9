/// Where a batch run stands.
public enum RunState: String, Sendable, Hashable, CaseIterable {
    /// Rows are still to be scored, by a process that works now or by the same command again. Its rows are
    /// in no view.
    case running
    /// Complete, and waits for somebody to approve or reject it.
    case held
    /// Complete, and shown by `current_predictions`.
    case approved
    /// Taken out by somebody. What was written stays for inspection.
    case rejected
}
