import Basics
import Scoring

/// Waits for what a scorer does, and shows it on a terminal meanwhile.
struct DemoWatch {
    let progress: ScoringProgress
    /// Events that will come.
    let total: Int

    /// What takes longer does not come any more.
    private static let limit = Duration.seconds(300)

    /// Waits until `isDone` holds; `what` is for the error.
    func wait(_ what: String, until isDone: (ScoringProgress) -> Bool) async throws {
        let line = Progress("scored")
        defer { line.finish() }
        let deadline = ContinuousClock.now + Self.limit
        while !isDone(progress) {
            let tally = progress.tally
            line.update(
                tally.events, of: total,
                note: "version \(tally.versions.last.map { String($0.version) } ?? "–")")
            guard ContinuousClock.now < deadline else {
                throw CommandError(
                    .demoStuck, "waited \(Units.duration(Self.limit)) in vain until \(what)",
                    hint: "run it again with --verbose", recovery: .retry)
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }
}
