import Basics
import Synchronization

/// A line on standard error that is rewritten while work goes on; nothing at all unless a person looks at it.
///
/// Safe to call from any thread; cheap enough to call per batch.
final class Progress: Sendable {
    private struct State {
        var shown: Duration?
        var isVisible = false
    }

    private let label: String
    private let isBytes: Bool
    private let isShown: Bool
    private let time = SystemTime()
    private let start: Duration
    private let state = Mutex(State())
    /// Between two drawings; faster than eyes is waste.
    private static let interval = Duration.milliseconds(100)

    /// A line that says `label` and counts things, or bytes.
    init(_ label: String, isBytes: Bool = false, isShown: Bool = StandardStream.error.isTerminal) {
        self.label = label
        self.isBytes = isBytes
        self.isShown = isShown
        start = time.elapsed()
    }

    /// Says that `done` units are done (of `total`, where that is known), with `note` behind.
    func update(_ done: Int, of total: Int? = nil, note: @autoclosure () -> String = "") {
        guard isShown else { return }
        let now = time.elapsed()
        let isDue = state.withLock { state in
            if let shown = state.shown, now - shown < Progress.interval { return false }
            state.shown = now
            state.isVisible = true
            return true
        }
        guard isDue else { return }
        let text = Progress.text(
            label: label, done: done, total: total, isBytes: isBytes, elapsed: now - start, note: note())
        draw("\r\u{1b}[K" + text.prefix(max(20, StandardStream.error.columns - 1)))
    }

    /// Removes the line.
    func finish() {
        let wasVisible = state.withLock { state in
            defer { state.isVisible = false }
            return state.isVisible
        }
        if wasVisible { draw("\r\u{1b}[K") }
    }

    /// The line: label, bar or count, rate, note.
    static func text(
        label: String, done: Int, total: Int?, isBytes: Bool = false, elapsed: Duration, note: String
    ) -> String {
        let rate = elapsed.seconds > 0 ? Double(done) / elapsed.seconds : 0
        var parts = [label]
        if let total, total > 0 {
            let share = min(1, Double(done) / Double(total))
            let filled = Int(share * 20)
            parts.append(
                "[" + String(repeating: "#", count: filled) + String(repeating: " ", count: 20 - filled) + "]"
            )
            parts.append("\(Int(share * 100)) %")
        }
        parts.append(isBytes ? Units.bytes(done) : Units.count(done))
        parts.append(isBytes ? "\(Units.bytes(Int(rate)))/s" : Units.rate(rate))
        if !note.isEmpty { parts.append(note) }
        return parts.joined(separator: "  ")
    }

    private func draw(_ text: String) {
        // A progress line that cannot be written is no failure of the work.
        try? StandardStream.error.write(Array(text.utf8))
    }
}
