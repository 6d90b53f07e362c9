import Basics
import Scoring

/// What the demonstration showed.
struct DemoSummary: Sendable {
    /// Versions published.
    var versions = 0
    var audit = AuditReport()
    /// Events that are neither a prediction nor a dead letter.
    var lost: Int { audit.count(.lost) + audit.notYetScored }
    /// Predictions and dead letters beyond one an event.
    var doubled: Int { audit.count(.doubled) + audit.count(.unfounded) }
    var aucBefore = 0.0
    var aucAfter = 0.0
    /// The learner's prequential area under the curve.
    var aucLearned = 0.0
    /// From the publisher's call to the first committed prediction of the new version.
    var publishToLive: Duration = .zero
    /// The scorer's own rate over the whole stream, without the pacing.
    var eventsPerSecond = 0.0

    /// The summary for people.
    func text(broker: String, folder: String) -> String {
        let rows = [
            ("versions", "\(versions) published, verified and hot-loaded by the running scorer"),
            (
                "events",
                "\(Units.count(audit.events)) → \(Units.count(audit.predictions)) predictions, "
                    + "\(Units.count(audit.deadLetters)) dead letters"
            ),
            (
                "exactly once",
                "\(lost) lost, \(doubled) doubled; \(Units.count(audit.recomputed)) read back and "
                    + "computed again, bit for bit"
            ),
            ("AUC", "\(Self.round(aucBefore)) before, \(Self.round(aucAfter)) after, on rides held out"),
            (
                "publish to live",
                "\(Units.duration(publishToLive)) from the publisher's call to the first prediction"
            ),
            ("throughput", "\(Units.count(Int(eventsPerSecond))) events/s at full speed, exactly once"),
            ("log", broker),
            ("files", folder),
        ]
        return rows.map { "  \($0.0.padded(to: 16))\($0.1)" }.joined(separator: "\n")
    }

    static func round(_ value: Double) -> String { Units.measure((value * 10_000).rounded() / 10_000) }
}

extension String {
    /// This text with spaces behind it, at least `width` wide.
    func padded(to width: Int) -> String {
        self + String(repeating: " ", count: Swift.max(0, width - count))
    }
}
