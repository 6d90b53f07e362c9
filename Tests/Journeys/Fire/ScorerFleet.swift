import Basics
import EventLogTesting
import Foundation
import Scoring
import Testing

/// Scorers of one stream, as a supervisor keeps them: killed ones come back under their name, others leave
/// and new ones join.
///
/// Confined to one task.
final class ScorerFleet {
    private let stream: FireStream
    private let delivery: Delivery
    private var running: [(name: String, program: RunningProgram)] = []
    private var names = 0
    private(set) var kills = 0
    private(set) var joins = 0
    private(set) var leaves = 0
    /// Scorers that gave up by themselves, with what they said.
    private(set) var ownEnds: [String] = []
    /// Starts that found no broker, said so, and ended: the supervisor tries again.
    private(set) var refusedStarts = 0

    init(_ stream: FireStream, delivery: Delivery = .exactlyOnce) {
        self.stream = stream
        self.delivery = delivery
    }

    var count: Int { running.count }

    /// A new instance under a new name.
    func join() throws {
        names += 1
        joins += 1
        try start("fire-\(names)")
    }

    private func start(_ name: String) throws {
        let program = try stream.workspace.start(
            [
                "score", "--model", "sum@production", "--instance", name, "--delivery", delivery.rawValue,
                "--format", "json",
            ] + stream.words)
        running.append((name, program))
    }

    /// Kills a random one with SIGKILL and starts it again under its name.
    func kill(using random: inout SeededRandom) async throws {
        try await replaceEnded()
        guard !running.isEmpty else { return }
        let victim = running.remove(at: Int.random(in: 0..<running.count, using: &random))
        victim.program.signal(SIGKILL)
        let outcome = await victim.program.outcome()
        if outcome.code == -SIGKILL { kills += 1 } else { note(outcome) }
        try start(victim.name)
    }

    /// Asks a random one to leave, and waits until it has.
    func leave(using random: inout SeededRandom) async throws {
        try await replaceEnded()
        guard running.count > 1 else { return }
        let leaver = running.remove(at: Int.random(in: 0..<running.count, using: &random))
        // Whoever has not come so far as to listen for the signal would be ended by it.
        let isUp = try await leaver.program.wait { $0.errorOutput.contains("model is live") }
        leaver.program.signal(SIGTERM)
        let outcome = await leaver.program.outcome()
        leaves += 1
        if isUp { note(outcome) }
    }

    /// As a supervisor does: whoever ended by itself is started again.
    func replaceEnded() async throws {
        for (index, member) in running.enumerated().reversed() where !member.program.isRunning {
            note(await member.program.outcome())
            running.remove(at: index)
            try start(member.name)
        }
    }

    private func note(_ outcome: Outcome) {
        guard outcome.code != 0 else { return }
        let wasRefused =
            !outcome.error.contains("model is live") && outcome.error.contains(#""code":"unavailable""#)
            && outcome.error.contains(#""recovery":"retry""#)
        if wasRefused { refusedStarts += 1 } else { ownEnds.append("\(outcome)") }
    }

    /// Whether a running scorer has made `version` live.
    func isLive(_ version: Int) -> Bool { running.contains { Self.hasMadeLive(version, $0.program) } }

    /// Whether all running scorers have.
    func isLiveEverywhere(_ version: Int) -> Bool {
        running.allSatisfy { Self.hasMadeLive(version, $0.program) }
    }

    private static func hasMadeLive(_ version: Int, _ program: RunningProgram) -> Bool {
        program.errorOutput.contains("model is live model=sum version=\(version) ")
    }

    /// Ends all gracefully.
    func end() async throws {
        try await replaceEnded()
        for member in running {
            _ = try await member.program.wait { $0.errorOutput.contains("model is live") }
            member.program.signal(SIGTERM)
        }
        for member in running {
            let outcome = await member.program.outcome()
            note(outcome)
        }
        running = []
    }
}
